/**
 * Bad days on demand. A rule says which calls it hits and how often; seeded chance decides each time.
 *
 * Three moments: before a call acts (it does nothing), after it acted (it is done, the caller does not learn it), and
 * while a machine finds a place or boots. Each rule draws from its own stream, so adding one rule leaves the dice of the
 * others alone. The trap is the second moment: a 408 or a cut connection after a create is not a failure.
 */
import type { Random } from "../random.ts";

export const BEFORE = [
  "rateLimited",
  "serverError",
  "timeoutBefore",
  "cutBefore",
  "garbage",
  "hang",
] as const;
export const AFTER = ["timeoutAfter", "cutAfter"] as const;
export const PLACING = ["noCapacity", "hostFull"] as const;
export const BOOTING = ["slowBoot", "bootFails"] as const;
export const KINDS = [...BEFORE, ...AFTER, ...PLACING, ...BOOTING] as const;

export type FaultKind = (typeof KINDS)[number];

export type Fault = {
  kind: FaultKind;
  /** An action of routes.ts ("create", "start", "list", …); absent: every action. */
  action?: string;
  app?: string;
  region?: string;
  /** 0 to 1; absent: every time. */
  probability?: number;
  /** How often it hits before it is gone; absent: until it is removed. */
  count?: number;
  /** Instant from which it hits no more. */
  until?: number;
  /** serverError only: 500, 502 or 503. Default 500. */
  statusCode?: number;
  /** rateLimited and serverError: sends Retry-After; absent, no header (Fly documents none). */
  retryAfterSeconds?: number;
  /** hang only: virtual time that the caller waits before it gives up. Default 10,000. */
  hangMs?: number;
  /** slowBoot only: how long the boot takes. Default ten times the usual. */
  bootMs?: number;
  /** slowBoot only: how long after the start its checks pass; the boot itself then takes as long as usual. */
  serveDelayMs?: number;
  /** bootFails only. Default "failed". */
  endState?: "failed" | "stopped" | "launch_failed";
};

export type FaultRule = Fault & { id: string; random: Random };

export type FaultSite = { action: string; app: string | null; region: string | null };

/** The first rule of these kinds that hits this site at `now`; counts it down. */
export function strike(
  rules: FaultRule[],
  kinds: readonly FaultKind[],
  site: FaultSite,
  now: number,
): FaultRule | null {
  for (const rule of rules) {
    if (!kinds.includes(rule.kind) || !covers(rule, site, now)) continue;
    if (rule.probability !== undefined && rule.random.next() >= rule.probability) continue;
    if (rule.count !== undefined) rule.count -= 1;
    return rule;
  }
  return null;
}

function covers(rule: FaultRule, site: FaultSite, now: number): boolean {
  if (rule.count !== undefined && rule.count <= 0) return false;
  if (rule.until !== undefined && now >= rule.until) return false;
  if (rule.action !== undefined && rule.action !== site.action) return false;
  if (rule.app !== undefined && rule.app !== site.app) return false;
  return rule.region === undefined || rule.region === site.region;
}

/** The rule as it was given, with its id and the count that is left. */
export function describeFault(rule: FaultRule): Fault & { id: string } {
  const { random: _random, ...rest } = rule;
  return rest;
}

/** Reads a rule from outside; throws TypeError that says which field is wrong and what it should be. */
export function readFault(value: unknown): Fault {
  if (typeof value !== "object" || value === null) throw new TypeError("a fault must be a JSON object");
  const input = value as Record<string, unknown>;
  if (!KINDS.includes(input.kind as FaultKind)) {
    throw new TypeError(`fault.kind is ${JSON.stringify(input.kind)}; it must be one of ${KINDS.join(", ")}`);
  }
  for (const [name, check] of Object.entries(FIELDS)) {
    if (input[name] !== undefined && !check.ok(input[name])) {
      throw new TypeError(`fault.${name} is ${JSON.stringify(input[name])}; it must be ${check.want}`);
    }
  }
  const unknown = Object.keys(input).filter((name) => name !== "kind" && !(name in FIELDS));
  if (unknown.length > 0) {
    throw new TypeError(
      `fault has unknown fields ${unknown.join(", ")}; known are kind, ${Object.keys(FIELDS)}`,
    );
  }
  return structuredClone(input) as Fault;
}

type Check = { ok: (value: unknown) => boolean; want: string };

const TEXT: Check = { ok: (v) => typeof v === "string" && v !== "", want: "a text" };
const DURATION: Check = { ok: (v) => Number.isFinite(v) && (v as number) >= 0, want: "a number from 0" };
const FIELDS: Record<Exclude<keyof Fault, "kind">, Check> = {
  action: TEXT,
  app: TEXT,
  region: TEXT,
  probability: { ok: (v) => typeof v === "number" && v >= 0 && v <= 1, want: "a number from 0 to 1" },
  count: { ok: (v) => Number.isInteger(v) && (v as number) > 0, want: "a whole number from 1" },
  until: { ok: (v) => Number.isFinite(v), want: "an instant in ms since the epoch" },
  statusCode: { ok: (v) => v === 500 || v === 502 || v === 503, want: "500, 502 or 503" },
  retryAfterSeconds: DURATION,
  hangMs: DURATION,
  bootMs: DURATION,
  serveDelayMs: DURATION,
  endState: {
    ok: (v) => ["failed", "stopped", "launch_failed"].includes(v as string),
    want: "failed, stopped or launch_failed",
  },
};
