/**
 * The environment, read once and checked as a whole: every fault is reported together, with the variable's name and what
 * it should be, never with the value (it may be a secret). Per-pool values in Postgres outrank the scaling defaults.
 */
import { z } from "zod";
import { MODES, type Mode } from "./core/policy.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "./core/time.ts";
import { isTimeZone } from "./core/zone.ts";
import type { TickSettings } from "./tick/settings.ts";

/** Where a test or the demo runs: loopback, and nothing else. */
const LOOPBACK = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;

const whole = (low: number, high: number, fallback: number) =>
  z.coerce.number().int().min(low).max(high).default(fallback);
/** Tokens travel to these: in clear only within this machine. */
const webUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => url.startsWith("https:") || LOOPBACK.test(url));
const appName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
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
  SHORT_MINUTES_PERCENT: z.coerce.number().min(0.01).max(20).default(0.1),
  UNSERVED_PRICE: z.coerce.number().gt(1).max(10_000).optional(),
  LEAD_SECONDS: whole(0, 3_600, 60),
  STABILISATION_SECONDS: whole(0, 21_600, 900),
  STALE_SECONDS: whole(60, 86_400, 600),
  MANUAL_OVERRIDE_SECONDS: whole(0, 604_800, 3_600),
  TIME_ZONE: z.string().refine(isTimeZone).default("UTC"),
  TICK_DEADLINE_SECONDS: whole(1, 140, 100),
  LEASE_SECONDS: whole(1, 600, 150),
  APPS_AT_A_TIME: whole(1, 32, 4),
  INGEST_REQUESTS_PER_MINUTE: whole(1, 1_000_000, 120),
  SAMPLE_MAX_AGE_DAYS: whole(1, 3_650, 90),
  EXPERTS_URL: webUrl.optional(),
  EXPERTS_TOKEN: z.string().min(1).optional(),
  EXPERTS_DEADLINE_SECONDS: whole(1, 30, 5),
  HEARTBEAT_URL: webUrl.optional(),
  SIMULATION_URL: z.string().regex(LOOPBACK).optional(),
});

/** A call begun just before the deadline, its look and the closing write still happen under the lease. */
const LEASE_OVER_DEADLINE = 1.5;

/** What each variable should be, in words; the message of every fault. */
const EXPECTED: Record<string, string> = {
  DATABASE_URL: "a postgres:// URL (SUPABASE_DB_URL is taken where it is not set)",
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
  SHORT_MINUTES_PERCENT: "the percentage of minutes that may be short of machines, from 0.01 to 20",
  UNSERVED_PRICE: "how many machine-hours an unserved one is worth, above 1 and up to 10000, or nothing",
  LEAD_SECONDS: "whole seconds from 0 to 3600",
  STABILISATION_SECONDS: "whole seconds from 0 to 21600",
  STALE_SECONDS: "whole seconds from 60 to 86400",
  MANUAL_OVERRIDE_SECONDS: "whole seconds from 0 (no overrides) to 604800",
  TIME_ZONE: "an IANA time zone like Europe/Berlin",
  TICK_DEADLINE_SECONDS: "whole seconds from 1 to 140",
  LEASE_SECONDS: "whole seconds, at least half as long again as TICK_DEADLINE_SECONDS and at most 600",
  APPS_AT_A_TIME: "a whole number from 1 to 32",
  INGEST_REQUESTS_PER_MINUTE: "a whole number from 1",
  SAMPLE_MAX_AGE_DAYS: "whole days from 1 to 3650",
  EXPERTS_URL: "the https:// URL of a forecaster of your own, or nothing",
  EXPERTS_TOKEN: "the token that EXPERTS_URL wants, or nothing",
  EXPERTS_DEADLINE_SECONDS: "whole seconds from 1 to 30, and no more than half of TICK_DEADLINE_SECONDS",
  HEARTBEAT_URL: "an https:// URL to be called after each tick, or nothing",
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
  /** A forecaster outside, or null where none is asked. */
  readonly experts: {
    readonly url: string;
    readonly token: string | null;
    readonly deadlineMs: number;
  } | null;
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
  if (!parsed.success || names.size > 0) throw new ConfigError([...names].map(faultOf));
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
        shortShare: given.SHORT_MINUTES_PERCENT / 100,
        unservedPrice: given.UNSERVED_PRICE ?? null,
        leadSeconds: given.LEAD_SECONDS,
        cooldownSeconds: given.SCALING_COOLDOWN_SECONDS,
        stabilisationSeconds: given.STABILISATION_SECONDS,
        staleSeconds: given.STALE_SECONDS,
        overrideSeconds: given.MANUAL_OVERRIDE_SECONDS,
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
