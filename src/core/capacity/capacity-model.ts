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

export function capacityModelOf(policy: Policy): CapacityModel {
  return { requestsPerWorker: policy.requestsPerWorker, leadMs: policy.leadSeconds * 1_000 };
}

/** The fewest machines that carry `load` requests a minute. */
export function machinesFor(
  load: number,
  { requestsPerWorker, room }: Pick<CapacityModel, "requestsPerWorker" | "room">,
): number {
  return fewestMachines(load, requestsPerWorker, room ?? null);
}
