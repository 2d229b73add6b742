/**
 * GET …/wait: the call that takes virtual time. The clock runs until the machine is there, or until the timeout.
 *
 * So a wait of a minute costs no real time, and everything else in the world goes on meanwhile. `settled` means
 * any state that does not end by itself. A timeout is 408, not a failure: the machine may get there a moment later.
 */

import type { Call, Reply } from "./call.ts";
import { advanceUntil } from "./clock.ts";
import { isSettled } from "./life.ts";
import { badRequest, notFound, ok, refuse } from "./reply.ts";
import type { Machine, World } from "./world.ts";

const STATES = ["started", "stopped", "suspended", "destroyed", "failed", "settled"];

export function waitForState(world: World, call: Call): Reply {
  const machine = call.machine!;
  const wanted = call.query.getAll("state").flatMap((text) => text.split(","));
  if (wanted.length === 0) wanted.push("started");
  const unknown = wanted.find((state) => !STATES.includes(state));
  if (unknown !== undefined) return badRequest(`state ${unknown} must be one of ${STATES.join(", ")}`);
  const timeoutSeconds = Number(call.query.get("timeout") ?? 60);
  if (!(timeoutSeconds >= 1 && timeoutSeconds <= 60)) {
    return badRequest(`timeout ${call.query.get("timeout")}: value must be inside range [1s, 1m0s]`);
  }
  const version = call.query.get("version") ?? call.query.get("instance_id");
  if (version !== null && version !== machine.instanceId) return notFound(`machine version ${version}`);
  const afterEvent = call.query.get("from_event_id") ?? "";
  const isThere = () => matches(machine, wanted) && (machine.events[0]?.id ?? "") > afterEvent;
  if (advanceUntil(world, world.now + timeoutSeconds * 1000, isThere)) return ok(showReached(machine));
  const text = `machine failed to reach desired state, ${wanted.join(",")}, currently ${machine.state}`;
  return refuse(408, `deadline_exceeded: ${text}`);
}

function matches(machine: Machine, wanted: readonly string[]): boolean {
  return wanted.includes(machine.state) || (wanted.includes("settled") && isSettled(machine));
}

function showReached(machine: Machine) {
  return {
    ok: true,
    state: machine.state,
    version: machine.instanceId,
    event_id: machine.events[0]?.id ?? "",
  };
}
