/**
 * A machine whose boot is stuck is replaced: it is no longer counted, so that another is started or made in its place, and it
 * is stopped. It carries nothing, so stopping it takes nothing away; and it is not started again for a day.
 *
 * The trap is a cause that is not the machine's: an image that does not start, a database that is away. Then every
 * replacement gets stuck too. So there are only so many a day, none without another machine to put in its place, none while
 * any rule keeps the pool, and never the pinned one.
 */
import { type Action, planGrowth } from "./actions.ts";
import { isLocked } from "./constraints/index.ts";
import { activeCount, isActive, type Machine } from "./fleet.ts";
import { type Observation, partValue } from "./observation.ts";
import { isStuck } from "./phase.ts";

/** Machines to be replaced now, those that were asked for first first. */
export function machinesToReplace(observation: Observation): Machine[] {
  const machines = partValue(observation.machines) ?? [];
  const { policy, tally, pool, slot, attempt, fly } = observation;
  const stuck = machines.filter((one) => isActive(one) && isStuck(one) && one.id !== policy.pinnedMachineId);
  if (stuck.length === 0 || isLocked(observation, activeCount(machines))) return [];
  const left = policy.replacementsPerDay - (tally?.replacedToday ?? 0);
  const others = machines.filter((one) => !stuck.includes(one));
  const room = planGrowth(stuck.length, pool, others, { slot, attempt }, fly).length;
  return stuck
    .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    .slice(0, Math.max(0, Math.min(left, room)));
}

/** What the decision is made from: the pool without them. */
export function without(observation: Observation, aside: readonly Machine[]): Observation {
  if (aside.length === 0 || observation.machines.status === "missing") return observation;
  const ids = new Set(aside.map(({ id }) => id));
  const value = observation.machines.value.filter(({ id }) => !ids.has(id));
  return { ...observation, machines: { ...observation.machines, value } };
}

/**
 * Their stops, and the planned actions beside them. Where the maximum leaves no room for both, a start waits until the stuck
 * machine is stopped.
 * @param running machines that the pool is left with, without them; draining ones run too
 */
export function withReplaced(
  actions: readonly Action[],
  aside: readonly Machine[],
  running: number,
  maxWorkers: number,
): Action[] {
  const stops = aside.map(({ id }): Action => ({ kind: "stop", machineId: id, because: "stuck" }));
  let room = maxWorkers - running - aside.length;
  const waiting = aside.map(({ id }) => id);
  const fitted = actions.map((action): Action => {
    if (action.kind !== "start" && action.kind !== "create") return action;
    room -= 1;
    const insteadOf = room < 0 ? waiting.shift() : undefined;
    return insteadOf === undefined ? action : { ...action, insteadOf };
  });
  return [...stops, ...fitted];
}

/** For the reason of the decision; "" where there is nothing to tell. */
export function sayStuck(
  machines: readonly Machine[],
  aside: readonly Machine[],
  { policy, tally }: Observation,
): string {
  const stuck = machines.filter((machine) => isActive(machine) && isStuck(machine));
  if (stuck.length === 0) return "";
  const names = stuck.map(({ id, phase }) => `${id} (${phase?.name})`).join(", ");
  const who = stuck.length === 1 ? `Machine ${names} is` : `Machines ${names} are`;
  const today = (tally?.replacedToday ?? 0) + aside.length;
  const what =
    aside.length === 0
      ? "not replaced now"
      : `${aside.length} replaced, ${today} of ${policy.replacementsPerDay} today`;
  return ` ${who} stuck on the way to serving: ${what}.`;
}
