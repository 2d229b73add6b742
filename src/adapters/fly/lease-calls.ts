/**
 * A machine's own lease at Fly: who holds its nonce is the only one who may start, stop, update, cordon or destroy it. It
 * guards neither its metadata nor the creation of others.
 *
 * Traps: Fly wraps these answers in {status, data}, which its description does not show; both are read. A machine whose
 * lease is held is not started by Fly Proxy either, so a lease is held for seconds and given back at once.
 */
import { z } from "zod";
import { type Instant, SECOND_MS } from "../../core/time.ts";
import { isMachineApiError } from "../../errors.ts";
import type { FlyCall, FlyCaller } from "./call.ts";

export type MachineLease = {
  /** To be sent with every call that changes the machine. */
  readonly nonce: string;
  readonly expiresAt: Instant;
  readonly owner: string | null;
  readonly description: string | null;
};

export type LeaseCalls = {
  /** `leaseHeld` where somebody else has it. `description` is what they read who find it held. */
  acquire(
    app: string,
    machineId: string,
    terms: { ttlSeconds: number; description: string },
  ): Promise<MachineLease>;
  /** So many seconds from now; `leaseHeld` where it is another's by now. */
  refresh(app: string, machineId: string, nonce: string, ttlSeconds: number): Promise<MachineLease>;
  /** alreadyDone: it had run out. */
  release(app: string, machineId: string, nonce: string): Promise<"done" | "alreadyDone">;
  /** Who holds it, or null. Fly may keep the nonce to itself; then it is "". */
  get(app: string, machineId: string): Promise<MachineLease | null>;
};

const flatLease = z.object({
  nonce: z.string().catch(""),
  /** Seconds. */
  expires_at: z.number(),
  owner: z.string().nullish().catch(null),
  description: z.string().nullish().catch(null),
});
const leaseShape = z.union([z.object({ data: flatLease }).transform(({ data }) => data), flatLease]);
/** To write with, the nonce has to be there. */
const takenShape = leaseShape.refine(({ nonce }) => nonce !== "", { path: ["nonce"] });

export function createLeaseCalls(call: FlyCaller): LeaseCalls {
  const of = (app: string, id: string, task: string): Pick<FlyCall, "app" | "path" | "task"> => {
    const words = `${task} the lease of machine ${id} of app ${app}`;
    return { app, path: ["apps", app, "machines", id, "lease"], task: words };
  };

  return {
    async acquire(app, id, { ttlSeconds: ttl, description }) {
      const body = { ttl, description };
      return toLease(
        await call({ ...of(app, id, "take"), phase: "write", method: "POST", body }, takenShape),
      );
    },

    async refresh(app, id, nonce, ttlSeconds) {
      const body = { ttl: ttlSeconds };
      const request = { ...of(app, id, "refresh"), phase: "write", method: "POST", body, nonce } as const;
      return toLease(await call(request, takenShape));
    },

    async release(app, id, nonce) {
      try {
        await call({ ...of(app, id, "release"), phase: "write", method: "DELETE", nonce }, z.unknown());
        return "done";
      } catch (error) {
        if (isMachineApiError(error) && error.kind === "notFound") return "alreadyDone";
        throw error;
      }
    },

    async get(app, id) {
      try {
        return toLease(await call({ ...of(app, id, "read"), phase: "read", method: "GET" }, leaseShape));
      } catch (error) {
        if (isMachineApiError(error) && error.kind === "notFound") return null;
        throw error;
      }
    },
  };
}

function toLease({ nonce, expires_at, owner, description }: z.infer<typeof flatLease>): MachineLease {
  return {
    nonce,
    expiresAt: expires_at * SECOND_MS,
    owner: owner ?? null,
    description: description ?? null,
  };
}
