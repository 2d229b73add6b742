/**
 * What one machine carries, and how long it takes to serve. Given by the owner for now; learned later.
 */
import type { Policy } from "../policy.ts";

export type CapacityModel = {
  /** Requests a minute. */
  readonly requestsPerWorker: number;
  readonly leadMs: number;
};

export function capacityModelOf(policy: Policy): CapacityModel {
  return { requestsPerWorker: policy.requestsPerWorker, leadMs: policy.leadSeconds * 1_000 };
}

/** More than anybody has: an absurd load must stay a number that every column can hold. */
const MOST_MACHINES = 1_000_000;

/** The fewest machines that carry `load` requests a minute. */
export function machinesFor(load: number, model: CapacityModel): number {
  return Math.min(MOST_MACHINES, Math.max(0, Math.ceil(load / model.requestsPerWorker - 1e-9)));
}
