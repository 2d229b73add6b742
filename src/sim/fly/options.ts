/**
 * What a simulated Fly is built from. Everything has a default but the seed, the start and the apps.
 *
 * Durations are medians in virtual milliseconds. The defaults follow what was measured on the live service: a start
 * refused for nine seconds after a create, boots of two. The trap: `started` is billed, and `serveDelayMs`
 * passes before it serves.
 */
/** Milliseconds since the epoch, UTC. */
export type Instant = number;

export type Json = Record<string, unknown>;

export type MachineConfig = Json & {
  image?: string;
  guest?: { cpu_kind?: string; cpus?: number; memory_mb?: number };
  metadata?: Record<string, string>;
  mounts?: { volume?: string; path?: string }[];
  checks?: Record<string, Json>;
  services?: Json[];
};

/** Machines that exist when the simulation starts. */
export type MachineSeed = {
  region: string;
  /** Default "app". */
  processGroup?: string;
  /** Default 1. */
  count?: number;
  /** Default "started"; started ones serve from the first moment. */
  state?: "started" | "stopped" | "suspended" | "failed";
  guest?: MachineConfig["guest"];
  /** Laid over the default configuration. */
  config?: MachineConfig;
  /** Each of them mounts a volume of its own of this name. */
  volume?: { name: string; path: string; sizeGb?: number };
};

export type AppSeed = { name: string; machines?: readonly MachineSeed[] };

/** A token and what it may see; a plain string sees every app. */
export type TokenSeed = string | { token: string; apps?: readonly string[]; user?: string };

/** Requests in the minute that starts at `minute`; null where no record exists: then no row is scored or billed. */
export type Demand = (app: string, processGroup: string, region: string, minute: Instant) => number | null;

/** Medians in ms; `jitter` is the deviation of the logarithm (0: always the median). */
export type BootTimes = {
  /** stopped → started. Default 2,000. */
  startMs: number;
  /** created → image and disk ready. Default 9,000. */
  createMs: number;
  /** suspended → started. Default 400. */
  resumeMs: number;
  /** replacing → the state after it. Default 3,500. */
  updateMs: number;
  /** stopping → stopped, suspending → suspended, destroying → destroyed. Default 1,000. */
  stopMs: number;
  /** Default 0. */
  jitter: number;
};

export type FlyOptions = {
  seed: number | string;
  start: Instant;
  /** Default "personal". */
  organisation?: string;
  /** Tokens that are accepted; when absent, any token that is not empty. */
  tokens?: readonly TokenSeed[];
  apps: readonly AppSeed[];
  boot?: Partial<BootTimes>;
  /** Virtual time that one API call takes. Default 50. */
  callMs?: number;
  /** Requests a minute that one serving machine carries. Default 500. */
  requestsPerMachine?: number;
  /** Default: no demand. */
  demand?: Demand;
  /** Fly's rate limits. Default true. */
  limits?: boolean;
  /** How long a created machine is missing from lists. Default 0. */
  listLagMs?: number;
  /** Most machines that may hold CPU and memory at once, by region; a region not named has no bound. */
  capacity?: Readonly<Record<string, number>>;
  /** Most machines of the organisation that exist. Default: no bound. */
  machineLimit?: number;
  /** From `started` to passing checks. Default 1,000. */
  serveDelayMs?: number;
  /** How long a destroyed machine is still shown by its id. Default 10,000. */
  tombstoneMs?: number;
  /** First instant of the ledger. Default `start`. */
  ledgerFrom?: Instant;
};

export type Settings = Required<Omit<FlyOptions, "tokens" | "boot" | "machineLimit">> & {
  tokens: readonly TokenSeed[] | null;
  boot: BootTimes;
  machineLimit: number;
};
