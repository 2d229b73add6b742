/**
 * The environment, read once and checked as a whole: every fault is reported together, with the variable's name and what
 * it should be, never with the value (it may be a secret). Per-pool values in Postgres outrank the scaling defaults.
 */
import { z } from "zod";
import { isSchedule } from "./core/constraints/schedule-text.ts";
import { MODES, type Mode } from "./core/policy.ts";
import { DEFAULT_RULES, REST_BY } from "./core/rules.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "./core/time.ts";
import { LOAD_FIELDS, type MetricQuery } from "./core/traffic.ts";
import { placeOfHost } from "./core/url-place.ts";
import { isTimeZone } from "./core/zone.ts";
import type { TickSettings } from "./tick/settings.ts";

/** Where a test or the demo runs: loopback, and nothing else. */
const LOOPBACK = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;

const part = (fallback: number) => z.coerce.number().min(0).max(1).default(fallback);
const percent = (fallback: number) =>
  z.coerce
    .number()
    .min(0)
    .max(100)
    .default(100 * fallback);
const whole = (low: number, high: number, fallback: number) =>
  z.coerce.number().int().min(low).max(high).default(fallback);
/** Where it may point to is looked at apart (placeFault). */
const webUrl = z.url({ protocol: /^https?$/ });
const appName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

const metricQueries = z.record(
  z.string().regex(new RegExp(`^(${LOAD_FIELDS.join("|")})(:[A-Za-z0-9_-]{1,63})?$`)),
  z.string().min(1).max(2_000),
);

/** The driver decodes each part; a % of a password that stands for itself is written %25. */
function isDecodable(url: string): boolean {
  try {
    return typeof decodeURIComponent(url) === "string";
  } catch {
    return false;
  }
}

/** null where the text is no JSON object of field (or field:group) to query. */
function readQueries(text: string): MetricQuery[] | null {
  try {
    return Object.entries(metricQueries.parse(JSON.parse(text))).map(([name, query]) => {
      const [field, processGroup = null] = name.split(":");
      return { field: field as MetricQuery["field"], processGroup, text: query };
    });
  } catch {
    return null;
  }
}

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).refine(isDecodable),
  REDIS_URL: webUrl,
  REDIS_TOKEN: z.string().min(1),
  FLY_API_TOKEN: z.string().min(1),
  FLY_API_URL: webUrl.default("https://api.machines.dev"),
  FLY_APPS: z
    .string()
    .transform((list) => list.split(/[\s,]+/).filter((name) => name !== ""))
    .pipe(z.array(appName).min(1)),
  SCALING_MODE: z.enum(MODES).default("advise"),
  CADENCE_MINUTES: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(5), z.literal(15)]))
    .default(15),
  REQUESTS_PER_WORKER: z.coerce.number().positive().default(500),
  LEARN_CAPACITY: z.enum(["true", "false"]).default("true"),
  MIN_WORKERS_PER_REGION: whole(0, 10_000, 1),
  MAX_WORKERS_PER_REGION: whole(0, 10_000, 10),
  SCALING_COOLDOWN_SECONDS: whole(0, 86_400, 300),
  SHORT_MINUTES_PERCENT: z.coerce.number().min(0.01).max(20).optional(),
  UNSERVED_PRICE: z.coerce.number().gt(1).max(10_000).optional(),
  LEAD_SECONDS: whole(0, 3_600, 60),
  STABILISATION_SECONDS: whole(0, 21_600, 900),
  STALE_SECONDS: whole(60, 86_400, 600),
  MANUAL_OVERRIDE_SECONDS: whole(0, 604_800, 3_600),
  STALE_HOLD_SECONDS: whole(0, 86_400, DEFAULT_RULES.staleHoldSeconds),
  STALE_TRUST_SECONDS: whole(0, 31_536_000, DEFAULT_RULES.staleTrustSeconds),
  FLOOR_WORKERS: z.coerce.number().int().min(0).max(10_000).optional(),
  SCHEDULE: z.string().refine(isSchedule).default(DEFAULT_RULES.schedule),
  CAP_FACTOR: z.coerce.number().min(0).max(10_000).default(DEFAULT_RULES.capFactor),
  BUDGET_MACHINE_HOURS: z.coerce.number().min(0).default(DEFAULT_RULES.budgetMachineHours),
  BUDGET_USD: z.coerce.number().min(0).default(DEFAULT_RULES.budgetUsd),
  FLAPS_PER_DAY: whole(0, 10_000, DEFAULT_RULES.flapsPerDay),
  GROW_STEP_WORKERS: whole(0, 10_000, DEFAULT_RULES.growStepWorkers),
  GROW_STEP_PERCENT: z.coerce
    .number()
    .min(0)
    .max(10_000)
    .default(100 * DEFAULT_RULES.growStepShare),
  SHRINK_STEP_WORKERS: whole(0, 10_000, DEFAULT_RULES.shrinkStepWorkers),
  SHRINK_STEP_PERCENT: percent(DEFAULT_RULES.shrinkStepShare),
  LOW_CONFIDENCE: part(DEFAULT_RULES.lowConfidence),
  GROW_COOLDOWN_SECONDS: whole(0, 86_400, DEFAULT_RULES.growCooldownSeconds),
  SHRINK_BAND_PERCENT: percent(DEFAULT_RULES.shrinkBand),
  ZERO_AFTER_SECONDS: whole(0, 86_400, DEFAULT_RULES.zeroAfterSeconds),
  KEEP_CREATED: z.coerce.number().int().min(0).max(1_000_000).optional(),
  DESTROY_SURPLUS: z.enum(["true", "false"]).default("false"),
  DRAIN_SECONDS: whole(0, 3_600, DEFAULT_RULES.drainSeconds),
  REST_BY: z.enum(REST_BY).default(DEFAULT_RULES.restBy),
  REPLACEMENTS_PER_DAY: whole(0, 1_000, DEFAULT_RULES.replacementsPerDay),
  KEEP_MIN_RUNNING: z.enum(["true", "false"]).default("false"),
  TIME_ZONE: z.string().refine(isTimeZone).default("UTC"),
  TICK_DEADLINE_SECONDS: whole(1, 140, 100),
  LEASE_SECONDS: whole(1, 600, 150),
  APPS_AT_A_TIME: whole(1, 32, 4),
  INGEST_REQUESTS_PER_MINUTE: whole(1, 1_000_000, 120),
  ADDRESS_REQUESTS_PER_MINUTE: whole(1, 1_000_000, 600),
  CLIENT_ADDRESS_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .default("cf-connecting-ip"),
  SAMPLE_MAX_AGE_DAYS: whole(1, 3_650, 90),
  PROMETHEUS_URL: webUrl.optional(),
  PROMETHEUS_TOKEN: z.string().min(1).optional(),
  PROMETHEUS_QUERIES: z
    .string()
    .transform((text, context) => readQueries(text) ?? context.addIssue("unreadable") ?? z.NEVER)
    .optional(),
  EXPERTS_URL: webUrl.optional(),
  EXPERTS_TOKEN: z.string().min(1).optional(),
  EXPERTS_DEADLINE_SECONDS: whole(1, 30, 5),
  HEARTBEAT_URL: webUrl.optional(),
  LOCAL_MODE: z.enum(["true", "false"]).default("false"),
  SIMULATION_URL: z.string().regex(LOOPBACK).optional(),
});
const URLS = [
  "DATABASE_URL",
  "REDIS_URL",
  "FLY_API_URL",
  "PROMETHEUS_URL",
  "EXPERTS_URL",
  "HEARTBEAT_URL",
] as const;

/** A call begun just before the deadline, its look and the closing write still happen under the lease. */
const LEASE_OVER_DEADLINE = 1.5;

/** What each variable should be, in words; the message of every fault. */
const EXPECTED: Record<string, string> = {
  DATABASE_URL:
    "a postgres:// URL, in its password %25 for % and %40 for @ (SUPABASE_DB_URL is taken where it is not set)",
  REDIS_URL: "the https:// URL of an Upstash Redis (or UPSTASH_REDIS_REST_URL)",
  REDIS_TOKEN: "the token of that Redis (or UPSTASH_REDIS_REST_TOKEN)",
  FLY_API_TOKEN: "a Fly deploy token, or several as app=token, separated by spaces",
  FLY_API_URL: "the https:// URL of the Machines API; leave it out for Fly itself",
  FLY_APPS: "names of Fly apps, separated by commas",
  SCALING_MODE: "observe, advise or act",
  CADENCE_MINUTES: "1, 5 or 15",
  REQUESTS_PER_WORKER: "the requests a minute that one machine carries, above 0",
  LEARN_CAPACITY: "true or false",
  MIN_WORKERS_PER_REGION: "a whole number from 0, not above MAX_WORKERS_PER_REGION",
  MAX_WORKERS_PER_REGION: "a whole number from 0 to 10000",
  SCALING_COOLDOWN_SECONDS: "whole seconds from 0 to 86400",
  SHORT_MINUTES_PERCENT:
    "the percentage of minutes that may be short of machines, from 0.01 to 20, or nothing",
  UNSERVED_PRICE: "how many machine-hours an unserved one is worth, above 1 and up to 10000, or nothing",
  LEAD_SECONDS: "whole seconds from 0 to 3600",
  STABILISATION_SECONDS: "whole seconds from 0 to 21600",
  STALE_SECONDS: "whole seconds from 60 to 86400",
  MANUAL_OVERRIDE_SECONDS: "whole seconds from 0 (no overrides) to 604800",
  STALE_HOLD_SECONDS: "whole seconds from 0 (the forecast may grow a pool at once) to 86400",
  STALE_TRUST_SECONDS: "whole seconds from 0 to 31536000",
  FLOOR_WORKERS: "a whole number from 0 to 10000, or nothing for the minimum",
  SCHEDULE: "entries like mon-fri 08:00-18:00 min 4, separated by ; (docs/rules.md has the form), or nothing",
  CAP_FACTOR: "a number from 0 (no cap) to 10000",
  BUDGET_MACHINE_HOURS: "machine-hours a month, from 0 (no budget)",
  BUDGET_USD: "US dollars a month, from 0 (no budget)",
  FLAPS_PER_DAY: "a whole number from 0 (as many as it likes) to 10000",
  GROW_STEP_WORKERS: "a whole number from 0 (no steps) to 10000",
  GROW_STEP_PERCENT: "a percentage of the machines there are, from 0 (no steps) to 10000",
  SHRINK_STEP_WORKERS: "a whole number from 0 (no steps) to 10000",
  SHRINK_STEP_PERCENT: "a percentage of the machines there are, from 0 (no steps) to 100",
  LOW_CONFIDENCE: "a number from 0 (any confidence will do) to 1",
  GROW_COOLDOWN_SECONDS: "whole seconds from 0 (growing never waits) to 86400",
  SHRINK_BAND_PERCENT: "a percentage from 0 (every shrinkage is worth it) to 100",
  ZERO_AFTER_SECONDS: "whole seconds from 0 (at once) to 86400",
  KEEP_CREATED: "a whole number from 0 to 1000000 (all), or nothing for the past week's peak",
  DESTROY_SURPLUS: "true or false",
  DRAIN_SECONDS: "whole seconds from 0 (machines are stopped at once) to 3600",
  REST_BY: "stop or suspend",
  REPLACEMENTS_PER_DAY: "a whole number from 0 (no stuck machine is replaced) to 1000",
  KEEP_MIN_RUNNING: "true or false",
  TIME_ZONE: "an IANA time zone like Europe/Berlin",
  TICK_DEADLINE_SECONDS: "whole seconds from 1 to 140",
  LEASE_SECONDS: "whole seconds, at least half as long again as TICK_DEADLINE_SECONDS and at most 600",
  APPS_AT_A_TIME: "a whole number from 1 to 32",
  INGEST_REQUESTS_PER_MINUTE: "a whole number from 1",
  ADDRESS_REQUESTS_PER_MINUTE: "a whole number from 1",
  CLIENT_ADDRESS_HEADER: "the name of the header in which the platform writes the caller's address",
  SAMPLE_MAX_AGE_DAYS: "whole days from 1 to 3650",
  PROMETHEUS_URL:
    "the https:// URL of a Prometheus, like https://api.fly.io/prometheus/<organisation>, or nothing",
  PROMETHEUS_TOKEN: "a token for PROMETHEUS_URL (`fly tokens create readonly`), or nothing",
  PROMETHEUS_QUERIES:
    'JSON like {"queueDepth": "sum by (region) (jobs_waiting{app=\'%APP%\'})"}; names are fields of a sample, or field:group',
  EXPERTS_URL: "the https:// URL of a forecaster of your own, or nothing",
  EXPERTS_TOKEN: "the token that EXPERTS_URL wants, or nothing",
  EXPERTS_DEADLINE_SECONDS: "whole seconds from 1 to 30, and no more than half of TICK_DEADLINE_SECONDS",
  HEARTBEAT_URL: "an https:// URL to be called after each tick, or nothing",
  LOCAL_MODE: "true or false",
  SIMULATION_URL: "the loopback URL of the simulator; never set it in production",
};

export type Config = {
  readonly databaseUrl: string;
  readonly redis: { readonly url: string; readonly token: string };
  readonly fly: { readonly url: string; readonly tokens: string };
  readonly apps: readonly string[];
  readonly mode: Mode;
  readonly tick: TickSettings;
  readonly ingest: { readonly requestsPerMinute: number; readonly maxAgeMs: number; readonly binMs: number };
  /** null: samples come only by being sent. */
  readonly prometheus: {
    readonly url: string;
    readonly token: string | null;
    readonly queries: readonly MetricQuery[];
  } | null;
  /** A forecaster outside, or null where none is asked. */
  readonly experts: {
    readonly url: string;
    readonly token: string | null;
    readonly deadlineMs: number;
  } | null;
  readonly address: { readonly header: string; readonly requestsPerMinute: number };
  readonly heartbeatUrl: string | null;
  /** Set only in the demo and in tests: then the simulator's clock rules and a request may name its slot. */
  readonly simulationUrl: string | null;
};

/** All faults of the environment at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `Cannot start with this environment: ${faults.join("; ")}. Correct these variables (.env.example explains each)`,
    );
    this.faults = faults;
  }
}

/** @throws ConfigError with one line per variable that is missing or wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(withFallbacks(env));
  const names = new Set([
    ...(parsed.error?.issues.map((issue) => String(issue.path[0])) ?? []),
    ...crossed(env),
  ]);
  const misplaced = placeFaults(withFallbacks(env)).filter(([name]) => !names.has(name));
  if (!parsed.success || names.size > 0 || misplaced.length > 0)
    throw new ConfigError([
      ...[...names].map(faultOf),
      ...misplaced.map(([name, why]) => `${faultOf(name)}; ${why}`),
    ]);
  const given = parsed.data;
  return {
    databaseUrl: given.DATABASE_URL,
    redis: { url: given.REDIS_URL, token: given.REDIS_TOKEN },
    fly: { url: given.FLY_API_URL, tokens: given.FLY_API_TOKEN },
    apps: [...new Set(given.FLY_APPS)],
    mode: given.SCALING_MODE,
    tick: {
      cadenceMs: given.CADENCE_MINUTES * MINUTE_MS,
      binMs: MINUTE_MS,
      deadlineMs: given.TICK_DEADLINE_SECONDS * SECOND_MS,
      leaseTtlMs: given.LEASE_SECONDS * SECOND_MS,
      concurrency: given.APPS_AT_A_TIME,
      defaultPolicy: {
        minWorkers: given.MIN_WORKERS_PER_REGION,
        maxWorkers: given.MAX_WORKERS_PER_REGION,
        requestsPerWorker: given.REQUESTS_PER_WORKER,
        ...(given.LEARN_CAPACITY === "false" ? { learnCapacity: false } : {}),
        ...goalOf(given),
        leadSeconds: given.LEAD_SECONDS,
        cooldownSeconds: given.SCALING_COOLDOWN_SECONDS,
        stabilisationSeconds: given.STABILISATION_SECONDS,
        staleSeconds: given.STALE_SECONDS,
        overrideSeconds: given.MANUAL_OVERRIDE_SECONDS,
        staleHoldSeconds: given.STALE_HOLD_SECONDS,
        staleTrustSeconds: given.STALE_TRUST_SECONDS,
        floorWorkers: given.FLOOR_WORKERS ?? null,
        schedule: given.SCHEDULE,
        capFactor: given.CAP_FACTOR,
        budgetMachineHours: given.BUDGET_MACHINE_HOURS,
        budgetUsd: given.BUDGET_USD,
        flapsPerDay: given.FLAPS_PER_DAY,
        growStepWorkers: given.GROW_STEP_WORKERS,
        growStepShare: given.GROW_STEP_PERCENT / 100,
        shrinkStepWorkers: given.SHRINK_STEP_WORKERS,
        shrinkStepShare: given.SHRINK_STEP_PERCENT / 100,
        lowConfidence: given.LOW_CONFIDENCE,
        growCooldownSeconds: given.GROW_COOLDOWN_SECONDS,
        shrinkBand: given.SHRINK_BAND_PERCENT / 100,
        zeroAfterSeconds: given.ZERO_AFTER_SECONDS,
        keepCreated: given.KEEP_CREATED ?? null,
        destroySurplus: given.DESTROY_SURPLUS === "true",
        drainSeconds: given.DRAIN_SECONDS,
        restBy: given.REST_BY,
        replacementsPerDay: given.REPLACEMENTS_PER_DAY,
        keepMinRunning: given.KEEP_MIN_RUNNING === "true",
        timeZone: given.TIME_ZONE,
        pinnedMachineId: null,
        frozenUntil: null,
      },
    },
    ingest: {
      requestsPerMinute: given.INGEST_REQUESTS_PER_MINUTE,
      maxAgeMs: given.SAMPLE_MAX_AGE_DAYS * DAY_MS,
      binMs: MINUTE_MS,
    },
    address: {
      header: given.CLIENT_ADDRESS_HEADER.toLowerCase(),
      requestsPerMinute: given.ADDRESS_REQUESTS_PER_MINUTE,
    },
    prometheus:
      given.PROMETHEUS_URL === undefined
        ? null
        : {
            url: given.PROMETHEUS_URL,
            token: given.PROMETHEUS_TOKEN ?? null,
            queries: given.PROMETHEUS_QUERIES ?? [],
          },
    experts:
      given.EXPERTS_URL === undefined
        ? null
        : {
            url: given.EXPERTS_URL,
            token: given.EXPERTS_TOKEN ?? null,
            deadlineMs: given.EXPERTS_DEADLINE_SECONDS * SECOND_MS,
          },
    heartbeatUrl: given.HEARTBEAT_URL ?? null,
    simulationUrl: given.SIMULATION_URL ?? null,
  };
}

/** The fault of one variable, in the words of every other. */
export function faultOf(name: string): string {
  return `${name} should be ${EXPECTED[name] ?? "something else"}`;
}

/** Pairs of which each may be right alone; looked at apart, since zod compares nothing while anything is wrong. */
function crossed(env: Readonly<Record<string, string | undefined>>): string[] {
  const given = (name: string, fallback: number) => Number(env[name]?.trim() || fallback);
  const faults: string[] = [];
  if (given("MIN_WORKERS_PER_REGION", 1) > given("MAX_WORKERS_PER_REGION", 10))
    faults.push("MIN_WORKERS_PER_REGION");
  if (given("LEASE_SECONDS", 150) < LEASE_OVER_DEADLINE * given("TICK_DEADLINE_SECONDS", 100))
    faults.push("LEASE_SECONDS");
  if (
    given("EXPERTS_DEADLINE_SECONDS", 5) > given("TICK_DEADLINE_SECONDS", 100) / 2 &&
    env.EXPERTS_URL?.trim()
  )
    faults.push("EXPERTS_DEADLINE_SECONDS");
  return faults;
}

/**
 * URLs that point where they should not, with the reason. Outside it must be https, for tokens travel there. This machine
 * and private networks are for local mode, which a simulation is; link-local addresses, at which clouds keep a machine's
 * own credentials, are for nobody.
 */
function placeFaults(env: Readonly<Record<string, string | undefined>>): [string, string][] {
  const isLocal = env.LOCAL_MODE === "true" || LOOPBACK.test(env.SIMULATION_URL ?? "");
  return URLS.flatMap((name) => {
    const text = env[name];
    if (text === undefined || !URL.canParse(text)) return [];
    const why = namesSeveralHosts(text)
      ? "it names several hosts, or holds an @ that is not written %40; name one"
      : placeFault(new URL(text), isLocal);
    return why === null ? [] : [[name, why] as [string, string]];
  });
}

/** postgres.js looks for them behind the first @, where the URL's parser looks behind the last, and tries one after the other. */
function namesSeveralHosts(text: string): boolean {
  const [authority = ""] = text.slice(text.indexOf("://") + 3).split(/[?/]/);
  return /,|%2c/i.test(authority.slice(authority.indexOf("@") + 1));
}

function placeFault({ protocol, hostname, username, password }: URL, isLocal: boolean): string | null {
  const isWeb = /^https?:$/.test(protocol);
  // Of a scheme that it does not know, like postgres, the parser leaves the host as it was written.
  const plain = isWeb ? hostname : hostOf(hostname);
  if (plain === null) return "its host cannot be read";
  if (isWeb && (username !== "" || password !== ""))
    return "it holds a user or a password, which belong into a variable of their own";
  const place = placeOfHost(plain);
  if (place === "nowhere") return "it points to a link-local or reserved address, which is never right";
  if (place !== "outside" && !isLocal)
    return `it points ${place === "loopback" ? "to this machine" : "into a private network"}, which needs LOCAL_MODE=true`;
  return protocol === "http:" && place === "outside" ? "outside it must be https" : null;
}

function hostOf(text: string): string | null {
  return URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname : null;
}

/** An empty variable is an unset one: that is how a dashboard clears it. */
function withFallbacks(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
  return {
    ...set,
    DATABASE_URL: set.DATABASE_URL ?? set.SUPABASE_DB_URL,
    REDIS_URL: set.REDIS_URL ?? set.UPSTASH_REDIS_REST_URL,
    REDIS_TOKEN: set.REDIS_TOKEN ?? set.UPSTASH_REDIS_REST_TOKEN,
  };
}

/** Without any wish a price that is a careful one; a promise counts where it is the only wish. */
const USUAL_PRICE = 100;
const USUAL_PERCENT = 0.1;

function goalOf({
  SHORT_MINUTES_PERCENT: percent,
  UNSERVED_PRICE: price,
}: Pick<z.output<typeof environment>, "SHORT_MINUTES_PERCENT" | "UNSERVED_PRICE">): {
  shortShare: number;
  unservedPrice: number | null;
} {
  return {
    shortShare: (percent ?? USUAL_PERCENT) / 100,
    unservedPrice: price ?? (percent === undefined ? USUAL_PRICE : null),
  };
}
