/**
 * The part of a Policy that narrows decisions: one or two numbers for each rule in constraints/, in the order in which the
 * rules apply; and at its end how machines are moved. docs/rules.md has the table.
 *
 * Zero switches a rule off. No default delays growth. The trap: a stored record leaves out what is as RECORDED_RULES says, so
 * that must never change; other defaults go into DEFAULT_RULES beside it.
 */
export type Rules = {
  /** Samples that turn stale: so long nothing is changed at all, in either direction. */
  readonly staleHoldSeconds: number;
  /** So long after the newest sample the forecast may still raise the pool; then it is not believed any more. */
  readonly staleTrustSeconds: number;
  /** What a pool without believable data is raised to; null: its minimum. */
  readonly floorWorkers: number | null;
  /** Floors and ceilings by local time, "mon-fri 08:00-18:00 min 4; daily 22:00-06:00 max 2"; "": none. */
  readonly schedule: string;
  /** Growth ends at so many times the normal count. */
  readonly capFactor: number;
  /** For a month of UTC; the lower of both counts. */
  readonly budgetMachineHours: number;
  readonly budgetUsd: number;
  /** So many changes of direction within 24 hours, then the pool only grows. */
  readonly flapsPerDay: number;
  /** Machines a tick, and share of the machines there are: the greater counts. */
  readonly growStepWorkers: number;
  readonly growStepShare: number;
  readonly shrinkStepWorkers: number;
  readonly shrinkStepShare: number;
  /** Below this confidence, in [0, 1], one machine at a time. */
  readonly lowConfidence: number;
  /** After a change, so long nothing is grown that is not needed at this moment. */
  readonly growCooldownSeconds: number;
  /** A shrinkage by less than this share is not worth it. */
  readonly shrinkBand: number;
  /** Without a request for so long a pool may go to zero, where its minimum allows. */
  readonly zeroAfterSeconds: number;
  /** So many machines stay created; null: as many as the past week needed at its peak. */
  readonly keepCreated: number | null;
  /** Whether machines beyond those are destroyed; without it they stay, stopped. */
  readonly destroySurplus: boolean;
  /** A machine that is to rest is out of Fly Proxy's routing for so long first. */
  readonly drainSeconds: number;
  /** How machines rest; "suspend" only where Fly can. */
  readonly restBy: RestBy;
  /** So many stuck machines a day are replaced by others. */
  readonly replacementsPerDay: number;
  /** Whether Fly Proxy's min_machines_running follows the pool's minimum (fly-proxy.ts). */
  readonly keepMinRunning: boolean;
};

export const REST_BY = ["stop", "suspend"] as const;
export type RestBy = (typeof REST_BY)[number];

/** "More than anybody has": the off value where zero would be the strictest wish. */
const MOST_WORKERS = 1_000_000;
const YEAR_SECONDS = 31_536_000;

/** Nothing is narrowed beyond bounds, pinned machine, freeze, override and data that is not there. */
export const RULES_OFF: Rules = {
  staleHoldSeconds: 0,
  staleTrustSeconds: YEAR_SECONDS,
  floorWorkers: null,
  schedule: "",
  capFactor: 0,
  budgetMachineHours: 0,
  budgetUsd: 0,
  flapsPerDay: 0,
  growStepWorkers: 0,
  growStepShare: 0,
  shrinkStepWorkers: 0,
  shrinkStepShare: 0,
  lowConfidence: 0,
  growCooldownSeconds: 0,
  shrinkBand: 0,
  zeroAfterSeconds: 0,
  keepCreated: MOST_WORKERS,
  destroySurplus: false,
  drainSeconds: 0,
  restBy: "stop",
  replacementsPerDay: 0,
  keepMinRunning: false,
};

/** What a record means by leaving a value out. */
export const RECORDED_RULES: Rules = {
  ...RULES_OFF,
  staleTrustSeconds: 86_400,
  flapsPerDay: 24,
  shrinkStepWorkers: 5,
  shrinkStepShare: 0.5,
  shrinkBand: 0.05,
  zeroAfterSeconds: 1_800,
  keepCreated: null,
  replacementsPerDay: 3,
};

/** A day of trust carries a daily pattern through once; halving takes the sting out of a number that is a mistake; ten seconds are what flyctl waits too (decision 19). */
export const DEFAULT_RULES: Rules = { ...RECORDED_RULES, drainSeconds: 10 };

/** The rules that a record has to keep: those that differ from RECORDED_RULES. */
export function rulesToRecord(rules: Rules): Partial<Rules> {
  const recorded: Record<string, unknown> = RECORDED_RULES;
  const names = Object.keys(RECORDED_RULES) as (keyof Rules)[];
  return Object.fromEntries(
    names.filter((name) => rules[name] !== recorded[name]).map((name) => [name, rules[name]]),
  );
}
