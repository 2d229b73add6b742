/**
 * Fly's own words, and the Pool: one app, one process group, one region, with its machines. The pool is what is scaled.
 */
import type { Instant } from "./time.ts";

export type PoolKey = { readonly app: string; readonly region: string; readonly processGroup: string };

/** One line a person can read and a map can use: "shop/web@fra". */
export function poolName(key: PoolKey): string {
  return `${key.app}/${key.processGroup}@${key.region}`;
}

/** Every state that Fly documents; what a later Fly invents arrives as "unknown" and is never counted or touched. */
export const MACHINE_STATES = [
  "created",
  "creating",
  "starting",
  "started",
  "stopping",
  "stopped",
  "suspending",
  "suspended",
  "restarting",
  "updating",
  "replacing",
  "replaced",
  "migrated",
  "failed",
  "launch_failed",
  "destroying",
  "destroyed",
] as const;
export type MachineState = (typeof MACHINE_STATES)[number] | "unknown";

export type MachineHealth = "passing" | "failing" | "unknown";

/**
 * The newest call to start or stop the machine and who made it, in Fly's words: "user" for a call to the API. What the
 * platform reports of itself (it has started, it has exited) is no call.
 */
export type LastAsked = { readonly verb: "start" | "stop"; readonly by: string; readonly at: Instant };

/** What a machine was made with, in Fly's words; it decides the price. */
export type MachineSize = { readonly cpuKind: string; readonly cpus: number; readonly memoryMb: number };

export type Machine = {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly processGroup: string;
  readonly state: MachineState;
  readonly health: MachineHealth;
  readonly cordoned: boolean;
  readonly createdAt: Instant;
  readonly lastAsked: LastAsked | null;
  /** null where Fly does not tell. */
  readonly size: MachineSize | null;
  /** The app's release that it was made or last updated with; absent where Fly does not tell. */
  readonly release?: number;
  /** Whether it has a volume, which is lost with it; absent where Fly does not tell. */
  readonly hasVolume?: boolean;
  /** Requests or connections in flight, over all its services, from which on Fly's proxy prefers others; absent where it has none. */
  readonly softLimit?: number | undefined;
};

const ACTIVE: ReadonlySet<MachineState> = new Set([
  "created",
  "creating",
  "starting",
  "started",
  "restarting",
  "updating",
  "replacing",
]);
const RESTING: ReadonlySet<MachineState> = new Set(["stopped", "suspended"]);

/** Serves or is on its way to serve: what the bounds and the decision count. */
export function isActive(machine: Pick<Machine, "state" | "cordoned">): boolean {
  return ACTIVE.has(machine.state) && !machine.cordoned;
}

/** Stands still because somebody wanted it to; one start call brings it to serve. */
export function isResting({ state, cordoned }: Machine): boolean {
  return RESTING.has(state) && !cordoned;
}

export function activeCount(machines: readonly Machine[]): number {
  return machines.filter(isActive).length;
}
