/**
 * Fly's own per-machine lease: who holds its nonce is the only one who may change the machine.
 *
 * It guards start, stop, suspend, restart, update, cordon and destroy; not metadata, not creation, not reading. A deploy
 * takes it on every machine, which is why a scaler must expect 409. Taking it again with the nonce makes it longer. The
 * trap: answers come in an envelope {status, data}, unlike everything else in this API and unlike its own specification.
 */

import type { Call, Reply } from "./call.ts";
import { hexId } from "./ids.ts";
import type { Lease, Machine, World } from "./world.ts";

const DEFAULT_TTL_SECONDS = 60;

export function newLease(
  world: World,
  machine: Machine,
  terms: { ttlSeconds: number; owner: string; description: string },
): Lease {
  const expiresAt = world.now + terms.ttlSeconds * 1000;
  const { owner, description } = terms;
  return { nonce: hexId(world.random.ids, 12), owner, description, expiresAt, version: machine.instanceId };
}

/** The lease that holds now; an expired one is none. */
export function heldLease(world: World, machine: Machine): Lease | null {
  return machine.lease !== null && machine.lease.expiresAt > world.now ? machine.lease : null;
}

/** 409 when somebody else holds the machine. */
export function leaseProblem(world: World, machine: Machine, nonce: string | null): Reply | null {
  const lease = heldLease(world, machine);
  return lease === null || lease.nonce === nonce ? null : heldBy(machine, lease);
}

export function getLease(world: World, call: Call): Reply {
  const lease = heldLease(world, call.machine!);
  return lease === null ? problem(404, "lease not found") : envelope(200, lease);
}

export function acquireLease(world: World, call: Call): Reply {
  const machine = call.machine!;
  const asked = call.body.ttl ?? call.query.get("ttl") ?? DEFAULT_TTL_SECONDS;
  const ttlSeconds = Number(asked);
  if (!(ttlSeconds > 0))
    return problem(400, `invalid_argument: ttl ${JSON.stringify(asked)} must be seconds above 0`);
  const lease = heldLease(world, machine);
  if (lease !== null && lease.nonce !== call.nonce) return heldBy(machine, lease);
  const description =
    typeof call.body.description === "string" ? call.body.description : (lease?.description ?? "");
  const next = newLease(world, machine, { ttlSeconds, owner: call.user, description });
  machine.lease = lease === null ? next : { ...next, nonce: lease.nonce };
  return envelope(201, machine.lease);
}

export function releaseLease(world: World, call: Call): Reply {
  const machine = call.machine!;
  const lease = heldLease(world, machine);
  if (lease === null) return problem(404, "lease not found");
  if (call.nonce === null)
    return problem(400, "invalid_argument: header fly-machine-lease-nonce is required");
  if (lease.nonce !== call.nonce) return heldBy(machine, lease);
  machine.lease = null;
  return { status: 200, body: { status: "success" } };
}

function heldBy(machine: Machine, lease: Lease): Reply {
  const until = new Date(lease.expiresAt).toISOString();
  return problem(409, `machine ID ${machine.id} lease currently held by ${lease.owner}, expires at ${until}`);
}

function problem(status: number, message: string): Reply {
  return { status, body: { status: "error", message } };
}

function envelope(status: number, lease: Lease): Reply {
  const { nonce, owner, description, version } = lease;
  const data = { nonce, expires_at: Math.floor(lease.expiresAt / 1000), owner, description, version };
  return { status, body: { status: "success", data } };
}
