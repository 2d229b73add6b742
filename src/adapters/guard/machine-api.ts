/**
 * The Machines API behind the guard. Each region has breakers of its own, and so has each app's token: a region that is
 * down, or a token that was revoked, stops nothing else. A list is of no region.
 *
 * Fly counts each action on each machine, or app where no machine is named (core/fly-limits.ts): the keys here say which. Retries
 * stay with the tick, which looks before it repeats; so every call here goes out once.
 */
import type { Verdict } from "../../core/breaker/breaker.ts";
import { OUR_ACTIONS, OUR_GETS } from "../../core/fly-limits.ts";
import { SECOND_MS } from "../../core/time.ts";
import {
  isHeldBackError,
  isMachineApiError,
  MachineApiError,
  type MachineApiErrorKind,
} from "../../errors.ts";
import type { Guard, MachineApi, OutgoingCall } from "../../ports.ts";

/** A token is waited for no longer: the tick read its fence before. What then has none is for the next tick. */
const DEADLINE_MS = 5 * SECOND_MS;

/** It waits until Fly has the machine ready again: seconds, on a good day. */
const UPDATE_PATIENCE_MS = 20 * SECOND_MS;

export function guardMachineApi(api: MachineApi, guard: Guard): MachineApi {
  /** Where each machine is, as the lists told. */
  const regions = new Map<string, string>();
  const write = (app: string, region: string | undefined, key: string) =>
    flyCall("write", app, region, { key: `fly:${key}`, rule: OUR_ACTIONS });

  async function go<T>(call: OutgoingCall, attempt: () => Promise<T>): Promise<T> {
    try {
      return await guard(call, attempt);
    } catch (error) {
      if (!isHeldBackError(error)) throw error;
      throw new MachineApiError("heldBack", error.message, { retryAfterMs: error.retryAfterMs });
    }
  }

  return {
    async list(app) {
      const call = flyCall("read", app, undefined, { key: `fly:list:${app}`, rule: OUR_ACTIONS });
      const machines = await go(call, () => api.list(app));
      for (const { id, region } of machines) regions.set(id, region);
      return machines;
    },
    get: (app, id) =>
      go(flyCall("read", app, regions.get(id), { key: `fly:get:${id}`, rule: OUR_GETS }), () =>
        api.get(app, id),
      ),
    start: (app, id) => go(write(app, regions.get(id), `start:${id}`), () => api.start(app, id)),
    keepMinRunning: (app, id, minRunning) => {
      const call = { ...write(app, regions.get(id), `update:${id}`), patienceMs: UPDATE_PATIENCE_MS };
      return go(call, () => api.keepMinRunning(app, id, minRunning));
    },
    stop: (app, id) => go(write(app, regions.get(id), `stop:${id}`), () => api.stop(app, id)),
    suspend: (app, id) => go(write(app, regions.get(id), `suspend:${id}`), () => api.suspend(app, id)),
    cordon: (app, id) => go(write(app, regions.get(id), `cordon:${id}`), () => api.cordon(app, id)),
    uncordon: (app, id) => go(write(app, regions.get(id), `uncordon:${id}`), () => api.uncordon(app, id)),
    destroy: (app, id) => go(write(app, regions.get(id), `destroy:${id}`), () => api.destroy(app, id)),
    async create(app, request) {
      const machine = await go(write(app, request.region, `create:${app}`), () => api.create(app, request));
      regions.set(machine.id, machine.region);
      return machine;
    },
  };
}

function flyCall(
  kind: "read" | "write",
  app: string,
  region: string | undefined,
  bucket: OutgoingCall["bucket"],
): OutgoingCall {
  const dependency = `fly:${kind}`;
  return {
    dependency,
    breakers: [
      { name: region === undefined ? dependency : `${dependency}:${region}`, counts: "health" },
      { name: `fly:access:${app}`, counts: "access" },
    ],
    bucket,
    kind,
    tries: 1,
    deadlineMs: DEADLINE_MS,
    judge: judgeFly,
  };
}

const RESULT: Partial<Record<MachineApiErrorKind, Verdict["result"]>> = {
  transient: "failure",
  ambiguous: "failure",
  rateLimited: "limited",
  auth: "denied",
};

/** Fly is well where it refuses with a reason: no capacity, a lease, a wrong state. */
function judgeFly(error: unknown): Verdict {
  if (!isMachineApiError(error)) return { result: "failure", retryAfterMs: null };
  return { result: RESULT[error.kind] ?? "ignored", retryAfterMs: error.retryAfterMs };
}
