/**
 * What the simulated Fly holds. Everything that changes lives in one `World` value, which the small files around this one
 * read and change; there is no clock, no promise and no input or output in any of them.
 *
 * Time is `world.now` and moves only when a call arrives or when somebody sleeps. The trap: a timer in
 * `world.queue` is only a hint. It acts on its machine when the machine's `epoch` is still the one it was set for; every
 * new plan raises the epoch.
 */
import type { Random } from "../random.ts";
import type { FaultRule } from "./faults.ts";
import type { Bucket } from "./limits.ts";
import type { Instant, Json, MachineConfig, Settings } from "./options.ts";
import type { Queue } from "./queue.ts";
import type { MachineState, Verb } from "./states.ts";

export type By = "api" | "person" | "fault";

/** One effective change of a machine: refused and repeated calls are not here. */
export type LogEntry = {
  at: Instant;
  app: string;
  processGroup: string;
  region: string;
  machineId: string;
  name: string;
  action: Verb | "create" | "cordon" | "uncordon" | "fail";
  from: MachineState | null;
  to: MachineState;
  by: By;
  requestId: string | null;
};

export type LedgerRow = {
  /** Start of the minute. */
  at: Instant;
  app: string;
  processGroup: string;
  region: string;
  /** Requests in the minute; 0 where not recorded. */
  demand: number;
  /** False where the demand is unknown: then billed is 0 and short is false. */
  recorded: boolean;
  /** Machines in state started, averaged over the minute; sum / 60 = machine-hours. */
  billed: number;
  /** Machines that served, averaged over the minute. */
  serving: number;
  /** Requests that the serving machines carry in the minute. */
  capacity: number;
  short: boolean;
  unservedRequests: number;
};

/** Counters of one app + process group + region; the two …Ms are machine-milliseconds since `settledAt`'s minute began. */
export type PoolMeter = {
  app: string;
  processGroup: string;
  region: string;
  billed: number;
  serving: number;
  billedMs: number;
  servingMs: number;
  settledAt: Instant;
};

export type MachineEvent = {
  id: string;
  type: string;
  status: string;
  source: "user" | "flyd";
  timestamp: Instant;
  request?: Json;
};

/** What happens to a machine by itself, one after the other; `state` absent: only `ready` or `gone`. */
export type Step = {
  afterMs: number;
  state?: MachineState;
  event?: { type: string; request?: Json };
  ready?: true;
  gone?: true;
  byFault?: true;
};

export type Lease = {
  nonce: string;
  owner: string;
  description: string;
  expiresAt: Instant;
  version: string;
};

export type Machine = {
  id: string;
  app: string;
  name: string;
  region: string;
  state: MachineState;
  instanceId: string;
  config: MachineConfig;
  privateIp: string;
  createdAt: Instant;
  updatedAt: Instant;
  /** From when lists show it. */
  listedAt: Instant;
  /** Checks pass. */
  ready: boolean;
  /** When they last changed. */
  checkedAt: Instant;
  cordoned: boolean;
  events: MachineEvent[];
  plan: Step[];
  epoch: number;
  boots: number;
  lease: Lease | null;
  counted: { meter: PoolMeter; billed: boolean; serving: boolean; reserved: boolean } | null;
};

export type Volume = {
  id: string;
  name: string;
  region: string;
  sizeGb: number;
  encrypted: boolean;
  createdAt: Instant;
  zone: string;
  attachedTo: string | null;
};

export type App = {
  id: string;
  name: string;
  machines: Map<string, Machine>;
  /** Destroyed and past their tombstone; only lists with include_deleted show them. */
  gone: Machine[];
  volumes: Map<string, Volume>;
};

export type World = {
  readonly settings: Settings;
  now: Instant;
  sequence: number;
  readonly queue: Queue;
  readonly apps: Map<string, App>;
  readonly machines: Map<string, Machine>;
  readonly meters: Map<string, PoolMeter>;
  /** Machines that hold CPU and memory, by region. */
  readonly reserved: Map<string, number>;
  readonly lostRegions: Set<string>;
  readonly buckets: Map<string, Bucket>;
  readonly faults: FaultRule[];
  readonly ledger: LedgerRow[];
  /** Start of the minute whose row is written next. */
  minuteStart: Instant;
  readonly log: LogEntry[];
  /** Calls by action and status, for reports: "start 429" → 3. */
  readonly tally: Map<string, number>;
  /** Made-up image digests by image, kept because every list shows them. */
  readonly digests: Map<string, string>;
  readonly random: { root: Random; ids: Random };
};
