/**
 * The plans: what follows each verb, and how long it takes.
 *
 * Durations are log-normal around their median, drawn from a stream of the machine and its boot number, so one
 * machine's boot time is the same whatever else happens in the run. `started` is not `serving`: the checks pass
 * `serveDelayMs` later, and that is the step people forget.
 */
import { BOOTING, type FaultRule, strike } from "./faults.ts";
import type { MachineState } from "./states.ts";
import type { Machine, Step, World } from "./world.ts";

/** created → starting → started → serving, or created → stopped with `skipLaunch`. */
export function launchPlan(world: World, machine: Machine, skipLaunch: boolean): Step[] {
  const afterMs = draw(world, machine, "create", world.settings.boot.createMs);
  if (skipLaunch) return [{ afterMs, state: "stopped", event: { type: "launch" } }];
  const start: Step = { afterMs, state: "starting", event: { type: "start" } };
  return [start, ...bootPlan(world, machine, "create")];
}

/** starting → started → serving, unless a fault decides otherwise. */
export function bootPlan(world: World, machine: Machine, action: string): Step[] {
  const { boot, serveDelayMs } = world.settings;
  const isResume = action === "start" && machine.state === "suspended";
  const usualMs = draw(world, machine, "start", isResume ? boot.resumeMs : boot.startMs);
  const site = { action, app: machine.app, region: machine.region };
  const fault = strike(world.faults, BOOTING, site, world.now);
  if (fault?.kind === "bootFails") return failedBoot(world, usualMs, fault);
  const slowMs = fault?.serveDelayMs === undefined ? usualMs * 10 : usualMs;
  const afterMs = fault === null ? usualMs : (fault.bootMs ?? slowMs);
  return [
    { afterMs, state: "started", event: { type: "start" } },
    { afterMs: fault?.serveDelayMs ?? serveDelayMs, ready: true },
  ];
}

/** stopping → stopped, suspending → suspended. */
export function restPlan(world: World, machine: Machine, state: "stopped" | "suspended"): Step[] {
  const afterMs = draw(world, machine, "stop", world.settings.boot.stopMs);
  return [{ afterMs, state, event: state === "stopped" ? exitEvent(0, true) : { type: "suspend" } }];
}

/** replacing → started and serving again if it was started, else stopped: an update drops the snapshot. */
export function updatePlan(world: World, machine: Machine, skipLaunch: boolean): Step[] {
  const afterMs = draw(world, machine, "update", world.settings.boot.updateMs);
  if (machine.state !== "started" || skipLaunch)
    return [{ afterMs, state: "stopped", event: { type: "update" } }];
  return [{ afterMs, state: "starting", event: { type: "update" } }, ...bootPlan(world, machine, "update")];
}

/** destroying → destroyed → gone. */
export function destroyPlan(world: World, machine: Machine): Step[] {
  const afterMs = draw(world, machine, "stop", world.settings.boot.stopMs);
  return [{ afterMs, state: "destroyed", event: { type: "destroy" } }, tombstone(world)];
}

function failedBoot(world: World, afterMs: number, fault: FaultRule): Step[] {
  const state: MachineState = fault.endState ?? "failed";
  const failed: Step = { afterMs, state, event: exitEvent(1, false), byFault: true };
  if (state !== "launch_failed") return [failed];
  return [failed, { afterMs: 1000, state: "destroyed", event: { type: "destroy" } }, tombstone(world)];
}

function tombstone(world: World): Step {
  return { afterMs: world.settings.tombstoneMs, gone: true };
}

function exitEvent(exitCode: number, requestedStop: boolean): NonNullable<Step["event"]> {
  const exit = {
    exit_code: exitCode,
    oom_killed: false,
    requested_stop: requestedStop,
    restarting: false,
    signal: -1,
  };
  return { type: "exit", request: { exit_event: exit, restart_count: 0 } };
}

function draw(world: World, machine: Machine, what: string, medianMs: number): number {
  const random = world.random.root.fork(`${what}/${machine.id}/${machine.boots++}`);
  return Math.round(random.logNormal(medianMs, world.settings.boot.jitter));
}
