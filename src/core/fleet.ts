/**
 * Fly's own words, and the Pool: one app, one process group, one region, with its machines. The pool is what is scaled.
 */
import type { BootPath } from "./capacity/boots.ts";
import type { ProxySettings } from "./fly-proxy.ts";
import type { PhaseNow } from "./phase.ts";
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

/** The newest boot that Fly's events and checks tell of, of a machine that runs. */
export type ToldBoot = {
  readonly path: BootPath;
  readonly askedAt: Instant;
  readonly startedAt: Instant;
  /** When its last check passed, or it started where it has none; null: not yet, or nobody can tell. */
  readonly servingAt: Instant | null;
};

/** The release that a machine was made of, or brought up to; its number counts the app's releases. */
export type Release = { readonly id: string; readonly version: number | null };

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
  /** Requests or connections in flight, over all its services, from which on Fly's proxy prefers others; absent where it has none. */
  readonly softLimit?: number | undefined;
  /** Absent where Fly does not tell. */
  readonly release?: Release;
  /** Whether it has a volume, which is lost with it; absent where Fly does not tell. */
  readonly hasVolume?: boolean;
  /** Absent where it has no service: Fly Proxy never touches it. */
  readonly proxy?: ProxySettings;
  /** Absent where it has none: then "started" is all that Fly knows. */
  readonly hasChecks?: boolean;
  /** Whether Fly can suspend one that is made so; absent: it cannot, or nobody knows. */
  readonly maySuspend?: boolean;
  /** Absent where its events do not reach back to its start. */
  readonly lastBoot?: ToldBoot;
  /** Put in by a tick, from what the books say; absent outside of one. */
  readonly phase?: PhaseNow;
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
