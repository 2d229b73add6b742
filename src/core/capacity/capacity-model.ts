/**
 * What one machine carries, and how long it takes to serve: given by the owner, or learned (learn-capacity.ts, lead-time.ts)
 * where what was measured is good enough.
 */
import type { Policy } from "../policy.ts";
import { fewestMachines, type Room } from "./staffing.ts";

export type CapacityModel = {
  /** Requests a minute. */
  readonly requestsPerWorker: number;
  readonly leadMs: number;
  /** Room for what happens inside a bin; absent where nobody said what it takes. */
  readonly room?: Room | undefined;
};

/** What was measured well enough to be used in place of what the owner said; absent parts are the owner's. */
export type Learned = {
  readonly leadMs?: number;
  readonly requestsPerWorker?: number;
  /** One sentence for each: what is learned is never used silently. */
  readonly says: readonly string[];
};

export function capacityModelOf(policy: Policy, learned?: Learned): CapacityModel {
  return {
    requestsPerWorker: learned?.requestsPerWorker ?? policy.requestsPerWorker,
    leadMs: learned?.leadMs ?? policy.leadSeconds * 1_000,
  };
}

/** The fewest machines that carry `load` requests a minute. */
export function machinesFor(
  load: number,
  { requestsPerWorker, room }: Pick<CapacityModel, "requestsPerWorker" | "room">,
): number {
  return fewestMachines(load, requestsPerWorker, room ?? null);
}
