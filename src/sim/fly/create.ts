/**
 * POST /machines: the one call that must never be repeated blindly.
 *
 * A name that is taken is refused with the id of the machine that has it; that is the only idempotency Fly offers. The
 * answer comes at once with state `created`; the machine is missing from lists for a while (`listLagMs`), though
 * its id already works. `skip_launch` ends in `stopped`, and until then a start is refused.
 */
import { showMachine } from "./answer-shapes.ts";
import type { Call, Reply } from "./call.ts";
import { readConfig } from "./config.ts";
import { newLease } from "./leases.ts";
import { addEvent, enter, note } from "./life.ts";
import { newMachine } from "./machines.ts";
import type { MachineConfig } from "./options.ts";
import { placeNew } from "./placement.ts";
import { launchPlan } from "./plans.ts";
import { badRequest, ok, refuse } from "./reply.ts";
import { attachVolumes, volumeProblem } from "./volumes.ts";
import type { App, World } from "./world.ts";

export function createMachine(world: World, call: Call): Reply {
  const app = call.app!;
  const { name, region, skip_launch, skip_service_registration, lease_ttl } = call.body;
  const config = readConfig(call.body.config);
  if (typeof config === "string") return badRequest(config);
  if (name !== undefined && (typeof name !== "string" || !/^[a-z0-9][a-z0-9_-]*$/i.test(name))) {
    return badRequest(`name ${JSON.stringify(name)} may hold letters, digits, - and _`);
  }
  if (region !== undefined && typeof region !== "string") return badRequest("region must be a text");
  const problem = nameProblem(app, name) ?? limitProblem(world);
  if (problem !== null) return problem;
  const isParked = skip_launch === true;
  const wanted = region ?? homeRegion(app);
  const order = { app: app.name, wanted, hasVolume: (config.mounts?.length ?? 0) > 0, needsRoom: !isParked };
  const placed = placeNew(world, order);
  if ("refusal" in placed) return placed.refusal;
  const volumeRefusal = volumeProblem(app, config, placed.region);
  if (volumeRefusal !== null) return volumeRefusal;
  const machine = launch(world, call, {
    config,
    region: placed.region,
    isParked,
    ...(name === undefined ? {} : { name }),
  });
  machine.cordoned = skip_service_registration === true;
  if (typeof lease_ttl !== "number") return ok(showMachine(world, machine));
  machine.lease = newLease(world, machine, { ttlSeconds: lease_ttl, owner: call.user, description: "" });
  return ok({ ...showMachine(world, machine), nonce: machine.lease.nonce });
}

function launch(
  world: World,
  call: Call,
  made: { name?: string; region: string; config: MachineConfig; isParked: boolean },
) {
  const machine = newMachine(world, call.app!, { ...made, listedAt: world.now + world.settings.listLagMs });
  attachVolumes(call.app!, machine);
  enter(world, machine, "created", launchPlan(world, machine, made.isParked));
  addEvent(world, machine, { type: "launch", source: "user" });
  note(world, machine, { action: "create", from: null, by: "api", requestId: call.requestId });
  return machine;
}

function nameProblem(app: App, name: string | undefined): Reply | null {
  if (name === undefined) return null;
  for (const machine of app.machines.values()) {
    if (machine.name !== name || machine.state === "destroyed") continue;
    const text = `machine ID ${machine.id} already exists with name "${name}"`;
    return refuse(409, `already_exists: unique machine name violation, ${text}`);
  }
  return null;
}

function limitProblem(world: World): Reply | null {
  if (world.machines.size < world.settings.machineLimit) return null;
  return refuse(422, "Your organization has reached its machine limit. Please contact billing@fly.io");
}

/** Where a create without a region lands: beside the app's first machine. */
function homeRegion(app: App): string {
  for (const machine of app.machines.values()) return machine.region;
  return "iad";
}
