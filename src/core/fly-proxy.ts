/**
 * Fly Proxy beside us. It starts and stops machines by what their services ask of it, and does not know of any forecast:
 *
 *   autostop on      it stops what was started ahead of the traffic, one machine a region every few minutes
 *   autostart off    nothing starts a machine when flyahead is dead: the one thing that must be safe
 *   min_machines_running above the pool's minimum: it keeps what was to be stopped (only where autostop is on)
 *
 * Recommended: autostop off, autostart on. The trap: settings belong to each machine, so after a half-done deploy some of a
 * group may still have the old ones; the sentence says how many. And to set one restarts a machine that runs: so where the policy
 * wants min_machines_running kept in step, it is set as machines are made or about to be started, and on no others.
 */
import type { Action } from "./actions.ts";
import type { Machine } from "./fleet.ts";
import type { Policy } from "./policy.ts";

/** What a machine's services ask of Fly Proxy; of several services, whatever lets it do more. */
export type ProxySettings = {
  readonly autostop: "off" | "stop" | "suspend";
  readonly autostart: boolean;
  readonly minRunning: number;
  /** Outside the app's primary region, where Fly minds no `minRunning`. */
  readonly isSecondary?: true;
};

/**
 * What would undo decisions, and what to do about it, in one sentence; null: nothing. Machines without services are never touched.
 * @param isKept whether min_machines_running follows the minimum
 */
export function proxyConflict(
  machines: readonly Machine[],
  minWorkers: number,
  isKept = false,
): string | null {
  const served = machines.flatMap(({ proxy }) => (proxy === undefined ? [] : [proxy]));
  if (served.length === 0) return null;
  const stopping = served.filter(({ autostop }) => autostop !== "off");
  const unstarted = served.filter(({ autostart }) => !autostart);
  const minded = stopping.filter(({ isSecondary }) => !isSecondary);
  const keeping = Math.max(0, ...minded.map(({ minRunning }) => minRunning));
  const strays = isKept ? minded.filter(({ minRunning }) => minRunning !== minWorkers).length : 0;
  const faults = [
    stopping.length > 0 &&
      `it may ${words(stopping)} what was started ahead of the traffic (autostop ${words(stopping)} on ${stopping.length} of ${served.length} machines)`,
    keeping > minWorkers &&
      `it keeps ${keeping} running where the minimum is ${minWorkers} (min_machines_running ${keeping})`,
    strays > 0 &&
      `min_machines_running is kept in step and not ${minWorkers} yet on ${strays} of ${served.length} machines (set when flyahead next starts them, of running ones after they rested)`,
    unstarted.length > 0 &&
      `it starts nothing should flyahead be away (autostart off on ${unstarted.length} of ${served.length} machines)`,
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return null;
  return `Fly Proxy: ${faults.join(", ")}; set autostop off and autostart on for all`;
}

/** The actions, with the pool's minimum on what is started and made, where the policy wants that. */
export function withMinRunning(
  actions: readonly Action[],
  { keepMinRunning, minWorkers }: Pick<Policy, "keepMinRunning" | "minWorkers">,
): readonly Action[] {
  if (!keepMinRunning) return actions;
  return actions.map((action) =>
    action.kind === "start" || action.kind === "create" ? { ...action, minRunning: minWorkers } : action,
  );
}

function words(stopping: readonly ProxySettings[]): string {
  return [...new Set(stopping.map(({ autostop }) => autostop))].sort().join(" or ");
}
