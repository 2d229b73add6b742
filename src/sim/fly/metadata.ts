/**
 * A machine's metadata: small texts that can be changed without a restart and without the machine's lease.
 *
 * The bulk calls set and remove: null or "" removes a key, and keys that are not named stay. `machine_version` makes them
 * conditional. The trap: the process group lives here, so a write can move a machine from one pool to another.
 */

import type { Call, Reply } from "./call.ts";
import { recount } from "./ledger.ts";
import { badRequest, noContent, notFound, ok, refuse } from "./reply.ts";
import type { World } from "./world.ts";

export function getMetadata(_world: World, call: Call): Reply {
  return ok({ ...call.machine!.config.metadata });
}

export function mergeMetadata(world: World, call: Call): Reply {
  const machine = call.machine!;
  const { metadata, machine_version } = call.body;
  if (typeof metadata !== "object" || metadata === null)
    return badRequest("metadata is required and must be an object");
  if (machine_version !== undefined && machine_version !== machine.instanceId) {
    return refuse(
      412,
      `failed_precondition: machine version is ${machine.instanceId}, not ${machine_version}`,
    );
  }
  const entries = Object.entries(metadata);
  const wrong = entries.find(([, value]) => value !== null && typeof value !== "string");
  if (wrong !== undefined) return badRequest(`metadata ${wrong[0]} must be a text or null`);
  return write(world, call, entries as [string, string | null][]);
}

export function getMetadataKey(_world: World, call: Call): Reply {
  const metadata = call.machine!.config.metadata ?? {};
  const key = call.params.key ?? "";
  return Object.hasOwn(metadata, key) ? ok({ value: metadata[key] }) : notFound(`metadata key ${key}`);
}

export function setMetadataKey(world: World, call: Call): Reply {
  const { value } = call.body;
  if (typeof value !== "string") return badRequest("value is required and must be a text");
  return write(world, call, [[call.params.key ?? "", value]]);
}

export function deleteMetadataKey(world: World, call: Call): Reply {
  return write(world, call, [[call.params.key ?? "", null]]);
}

function write(world: World, call: Call, entries: readonly [string, string | null][]): Reply {
  const machine = call.machine!;
  const kept = new Map(Object.entries(machine.config.metadata ?? {}));
  for (const [key, value] of entries) {
    if (value === null || value === "") kept.delete(key);
    else kept.set(key, value);
  }
  machine.config.metadata = Object.fromEntries(kept);
  machine.updatedAt = world.now;
  recount(world, machine);
  return noContent();
}
