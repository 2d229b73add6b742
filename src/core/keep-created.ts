/**
 * How many machines stay created. A stopped machine starts in a second and costs little, a new one takes longer and may find no
 * room; so as many are kept as the past week needed at its peak, or will be needed tomorrow. The rest may go for good, where the
 * policy wants that (destroySurplus).
 *
 * The traps are all about what cannot be undone: a volume goes with its machine, a week's quiet may be an outage, a person may
 * have set a machine aside. So only machines go that are known to have no volume and were asked to stop a week ago, one a
 * day, at the first tick of the day (UTC), and none while anything else happens or any rule keeps the pool.
 */
import type { Action } from "./actions.ts";
import { capacityModelOf, machinesFor } from "./capacity/capacity-model.ts";
import { isLocked } from "./constraints/index.ts";
import type { Decision } from "./decide.ts";
import { isActive, isResting, type Machine } from "./fleet.ts";
import type { Forecast } from "./forecast/forecast.ts";
import { type Observation, partValue } from "./observation.ts";
import { DAY_MS, floorTo, type Instant, WEEK_MS } from "./time.ts";

/** The week that `lately` is about: who stood through all of it was not needed at its peak. */
const STOOD_MS = WEEK_MS;
const DESTROYED_A_DAY = 1;

/** Machines to destroy now; none at most ticks. */
export function surplusMachines(
  decision: Decision,
  observation: Observation,
  forecast: Forecast | null,
): Action[] {
  const { slot, cadenceMs, now, policy } = observation;
  const isFirstOfDay = floorTo(slot, DAY_MS) > slot - cadenceMs;
  if (forecast === null || !isFirstOfDay || !policy.destroySurplus) return [];
  if (decision.kind !== "hold" || decision.constraints.length > 0 || isLocked(observation, decision.from))
    return [];
  const machines = partValue(observation.machines) ?? [];
  const created = machines.filter((machine) => isActive(machine) || isResting(machine)).length;
  const surplus = created - keptCreated(decision, observation, forecast);
  return machines
    .filter((machine) => machine.id !== policy.pinnedMachineId && mayGo(machine, now))
    .sort((a, b) => a.lastAsked!.at - b.lastAsked!.at || (a.id < b.id ? -1 : 1))
    .slice(0, Math.max(0, Math.min(DESTROYED_A_DAY, surplus)))
    .map(({ id }) => ({ kind: "destroy", machineId: id }));
}

/** Never fewer than run, than the minimum, or than the floor; and one at least, from which others can be cloned. */
export function keptCreated(decision: Decision, { policy }: Observation, { lately }: Forecast): number {
  const recentPeak = machinesFor(lately.at(-1) ?? 0, capacityModelOf(policy));
  const ahead = Math.max(0, ...decision.foreseen.map(({ machines }) => machines));
  const { from, to } = decision;
  const least = Math.max(1, from, to, policy.minWorkers, policy.floorWorkers ?? 0);
  return Math.max(least, policy.keepCreated ?? Math.max(recentPeak, ahead));
}

function mayGo(machine: Machine, now: Instant): boolean {
  const { state, hasVolume, lastAsked, cordoned } = machine;
  if (state !== "stopped" || cordoned || hasVolume !== false) return false;
  return lastAsked?.verb === "stop" && now - lastAsked.at >= STOOD_MS;
}
