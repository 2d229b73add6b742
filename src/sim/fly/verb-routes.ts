/**
 * The routes that change a machine: start, stop, suspend, restart, update, destroy, cordon, uncordon.
 *
 * They read what the caller sent, let `perform` do it, and say it in Fly's words. Start on a started machine answers 200
 * and does nothing. The trap is update: it takes the whole configuration, so whatever is left out is lost.
 */
import { showMachine } from "./answer-shapes.ts";
import type { Call, Reply } from "./call.ts";
import { readConfig } from "./config.ts";
import { recount } from "./ledger.ts";
import { note } from "./life.ts";
import { perform } from "./machines.ts";
import { badRequest, ok, refuse } from "./reply.ts";
import type { Verb } from "./states.ts";
import type { World } from "./world.ts";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM"];

export function startMachine(world: World, call: Call): Reply {
  const done = perform(world, call.machine!, "start", byApi(call));
  if ("refusal" in done) return done.refusal;
  return ok({ previous_state: done.previous, migrated: false, new_host: "" });
}

export function stopMachine(world: World, call: Call): Reply {
  return plainVerb(world, call, "stop", call.body.signal);
}

export function restartMachine(world: World, call: Call): Reply {
  return plainVerb(world, call, "restart", call.query.get("signal") ?? undefined);
}

export function suspendMachine(world: World, call: Call): Reply {
  return plainVerb(world, call, "suspend");
}

export function destroyMachine(world: World, call: Call): Reply {
  const force = call.query.get("force") === "true" || call.query.get("kill") === "true";
  const done = perform(world, call.machine!, "destroy", byApi(call), { force });
  return "refusal" in done ? done.refusal : ok({ ok: true });
}

export function updateMachine(world: World, call: Call): Reply {
  const machine = call.machine!;
  const { region, name, current_version, skip_launch } = call.body;
  const config = readConfig(call.body.config);
  if (typeof config === "string") return badRequest(config);
  if (region !== undefined && region !== machine.region)
    return badRequest("region of a machine cannot be changed");
  if (name !== undefined && name !== machine.name) return badRequest("name of a machine cannot be changed");
  if (current_version !== undefined && current_version !== machine.instanceId) {
    return refuse(409, `aborted: current_version is ${machine.instanceId}, not ${current_version}`);
  }
  const done = perform(world, machine, "update", byApi(call), { config, skipLaunch: skip_launch === true });
  return "refusal" in done ? done.refusal : ok(showMachine(world, machine));
}

export function cordonMachine(world: World, call: Call): Reply {
  return setCordon(world, call, true);
}

export function uncordonMachine(world: World, call: Call): Reply {
  return setCordon(world, call, false);
}

function setCordon(world: World, call: Call, cordoned: boolean): Reply {
  const machine = call.machine!;
  if (machine.cordoned === cordoned) return ok({ ok: true });
  machine.cordoned = cordoned;
  machine.updatedAt = world.now;
  recount(world, machine);
  note(world, machine, { action: cordoned ? "cordon" : "uncordon", from: machine.state, ...byApi(call) });
  return ok({ ok: true });
}

function plainVerb(world: World, call: Call, verb: Verb, signal?: unknown): Reply {
  if (signal !== undefined && !SIGNALS.includes(signal as string)) {
    return badRequest(`signal ${JSON.stringify(signal)} must be one of ${SIGNALS.join(", ")}`);
  }
  const done = perform(world, call.machine!, verb, byApi(call));
  return "refusal" in done ? done.refusal : ok({ ok: true });
}

function byApi(call: Call) {
  return { by: "api" as const, requestId: call.requestId };
}
