/**
 * How a machine comes to rest without cutting off what it is working on:
 *
 *   cordon ──▶ (drainSeconds, nothing new arrives) ──▶ stop or suspend ──▶ uncordon
 *
 * The last step counts: a cordon stays on a stopped machine, Fly Proxy could not start it any more, and should flyahead be
 * away nobody would. What a tick leaves half done the next one finishes, or undoes where the need is back.
 */
import type { Action } from "./actions.ts";
import type { Machine } from "./fleet.ts";
import { isDraining } from "./phase.ts";
import type { Rules } from "./rules.ts";

export type RestTerms = Pick<Rules, "drainSeconds" | "restBy"> & {
  /** Nothing was in flight in the whole pool in its newest minute. */
  readonly isIdle: boolean;
};
export const STOP_AT_ONCE: RestTerms = { drainSeconds: 0, restBy: "stop", isIdle: false };

/** For the news of a cordon to reach every proxy. */
const IDLE_DRAIN_SECONDS = 2;

/** Brings one machine to rest; what has no service, or does not serve, has nothing to drain. */
export function restActions(machine: Machine, terms: RestTerms): Action[] {
  const machineId = machine.id;
  const rest = restAction(machine, terms);
  if (terms.drainSeconds === 0 || !isRouted(machine)) return [rest];
  const drainSeconds = terms.isIdle ? Math.min(IDLE_DRAIN_SECONDS, terms.drainSeconds) : terms.drainSeconds;
  return [{ kind: "cordon", machineId, drainSeconds }, rest, { kind: "uncordon", machineId }];
}

/**
 * What is left to do of earlier ticks: drained machines are stopped, and a cordon of ours is lifted where its machine does
 * not drain any more.
 * @param taken ids of draining machines that this tick has another use for
 */
export function finishResting(
  machines: readonly Machine[],
  pinnedMachineId: string | null,
  taken: ReadonlySet<string>,
  terms: RestTerms,
): Action[] {
  return machines
    .filter((machine) => machine.phase?.isOurs === true && machine.cordoned && !taken.has(machine.id))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((machine): Action[] => {
      const lift: Action = { kind: "uncordon", machineId: machine.id };
      if (machine.state === "stopped" || machine.state === "suspended" || machine.id === pinnedMachineId)
        return [lift];
      return isDraining(machine) && machine.phase?.isOver === true ? [restAction(machine, terms), lift] : [];
    });
}

function restAction({ id: machineId, maySuspend }: Machine, { restBy }: RestTerms): Action {
  return { kind: restBy === "suspend" && maySuspend === true ? "suspend" : "stop", machineId };
}

function isRouted({ proxy, state, health, phase }: Machine): boolean {
  return proxy !== undefined && state === "started" && health !== "failing" && phase?.name !== "warming";
}
