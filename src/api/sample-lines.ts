/**
 * Samples as they arrive: a JSON array, or one JSON object a line. Each is judged alone: a bad one is refused with its
 * index and the reason, the good ones are kept.
 */
import { z } from "zod";
import { formatInstant, type Instant, MINUTE_MS } from "../core/time.ts";
import type { Caller, PoolSample } from "../ports.ts";
import { mayUse } from "./authenticate.ts";
import { faultsOf, parseJson } from "./body.ts";
import { Problem } from "./problem.ts";

export const SAMPLES_LIMIT = 5_000;
/** A reason quotes names that the caller chose, and may not grow with them. */
const REASON_LIMIT = 300;
/** Clocks of machines differ; a minute that has begun may be reported while it lasts. */
const AHEAD_MS = 2 * MINUTE_MS;

/** What Fly takes for the names of apps, regions and process groups. */
export const poolWord = z.string().regex(/^[A-Za-z0-9_-]{1,63}$/);
/** Less than a `real` of Postgres can hold, and nothing that anybody measures. */
const LEAST = 1e-30;
const positive = (most: number) =>
  z
    .number()
    .min(0)
    .max(most)
    .transform((value) => (value < LEAST ? 0 : value));
const share = positive(1).optional();
const amount = positive(1e12);
export const sampleShape = z.strictObject({
  app: poolWord,
  region: poolWord.max(16),
  processGroup: poolWord.default("app"),
  at: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  requests: amount,
  errors: amount.optional(),
  p95LatencyMs: amount.optional(),
  cpu: share,
  memory: share,
  disk: share,
  concurrency: amount.optional(),
  queueDepth: amount.optional(),
});

export type Refusal = { readonly index: number; readonly reason: string };
export type SampleRules = { readonly binMs: number; readonly maxAgeMs: number };

/** @throws Problem 400 where the body is neither form, 413 where it holds more than SAMPLES_LIMIT samples. */
export function readSamples(text: string, rules: SampleRules, caller: Caller, now: Instant) {
  const items = itemsOf(text);
  const samples: PoolSample[] = [];
  const indexes: number[] = [];
  const refused: Refusal[] = [];
  items.forEach((item, index) => {
    const read = readSample(item, rules, caller, now);
    if (typeof read === "string") refused.push({ index, reason: read });
    else {
      samples.push(read);
      indexes.push(index);
    }
  });
  return { samples, indexes, refused };
}

class NotJson {}

/** Counted before they are read: a body of nothing but faults must not cost more than one of samples. */
function itemsOf(text: string): unknown[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) {
    const list = parseJson(trimmed);
    if (Array.isArray(list)) return noMoreThanAllowed(list);
  }
  if (!trimmed.startsWith("{")) {
    throw new Problem(
      "bad-request",
      "The body holds no samples; send a JSON array of them, or one JSON object a line",
    );
  }
  return linesOf(trimmed).map(lineOf);
}

/** Lines that hold something. One too many ends it: two million that are cut first are a hundred megabytes. */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(from, end).trim();
    if (line !== "") lines.push(line);
    noMoreThanAllowed(lines);
    from = end + 1;
  }
  return lines;
}

function noMoreThanAllowed<T>(items: T[]): T[] {
  if (items.length <= SAMPLES_LIMIT) return items;
  throw new Problem("payload-too-large", `Over ${SAMPLES_LIMIT} samples in one request; send them in parts`);
}

function lineOf(line: string): unknown {
  try {
    return parseJson(line);
  } catch {
    return new NotJson();
  }
}

/** The sample, or why it is refused. */
function readSample(item: unknown, rules: SampleRules, caller: Caller, now: Instant): PoolSample | string {
  if (item instanceof NotJson) return "not JSON";
  const parsed = sampleShape.safeParse(item);
  if (!parsed.success) return faultsOf(parsed.error).join("; ").slice(0, REASON_LIMIT);
  const { app, region, processGroup, at, ...load } = parsed.data;
  if (!mayUse(caller, app)) return `the token is not for app ${app}`;
  if (at % rules.binMs !== 0) return `at must be the start of a bin of ${rules.binMs / 1_000} s`;
  if (at > now + AHEAD_MS) return `at is in the future; it is ${formatInstant(now)} now`;
  if (at < now - rules.maxAgeMs) return `at is older than ${rules.maxAgeMs / 86_400_000} days`;
  return { pool: { app, region, processGroup }, at, ...load };
}
