/**
 * Version 1 of the form in which a forecaster outside is asked and answers (docs/forecasting.md has an example). Instants
 * are milliseconds since 1970, gaps are null, load is in requests in the busiest minute of a bin.
 *
 * What comes back is parsed here and nowhere else. The frame must be right; then each pool stands for itself, and one that
 * is wrong costs only its own. Small sins of real forecasters are forgiven: a load below zero is zero, and quantiles that
 * cross are put in order (Chernozhukov, Fernández-Val and Galichon, "Quantile and probability curves without crossing",
 * 2010: it can only make them better).
 */
import { z } from "zod";
import type { PoolKey } from "../../core/fleet.ts";
import type { OutsideForecast } from "../../core/forecast/outside.ts";
import { MINUTE_MS } from "../../core/time.ts";
import type { ExpertAnswer, ExpertQuestion, ExpertRequest } from "../../ports.ts";

export const VERSION = 1;
/** A week of bins. */
const MOST_BINS = 2_016;
/** Clocks differ by so much. */
const AHEAD_MS = MINUTE_MS;
const MOST_LOAD = 1e12;
/** Our own names in SQL and reasons. */
const TAKEN = /^(flyahead|regression|belief|level|yesterday|last week|usual)$/;

const word = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/);
const frame = z.object({
  version: z.literal(VERSION),
  name: word.refine((name) => !TAKEN.test(name)),
  model: z.string().regex(/^[ -~]{1,64}$/),
  pools: z.array(z.unknown()),
});
const whose = z.object({ region: z.string(), processGroup: z.string() });
const curves = z.object({
  madeAt: z.number().int().nonnegative(),
  start: z.number().int().nonnegative(),
  load: z.array(z.array(z.number().max(MOST_LOAD)).min(1).max(MOST_BINS)),
});

export function requestBody({ app, now, from, binMs, bins, quantiles, pools }: ExpertRequest): string {
  return JSON.stringify({
    version: VERSION,
    app,
    now,
    from,
    binMs,
    bins,
    quantiles,
    pools: pools.map(({ pool, timeZone, recent }) => ({
      region: pool.region,
      processGroup: pool.processGroup,
      timeZone,
      start: recent.start,
      values: recent.values.map((value) => (Number.isNaN(value) ? null : value)),
    })),
  });
}

/** One answer per question; `json` is what came, parsed or not. */
export function readAnswers(request: ExpertRequest, json: unknown): ExpertAnswer[] {
  const parsed = frame.safeParse(json);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") || "the body";
    return request.pools.map(() => missing(`${place} is not as version ${VERSION} of the form has it`));
  }
  const { name, model, pools } = parsed.data;
  const answers = new Map<string, unknown>();
  for (const one of pools) {
    const owner = whose.safeParse(one);
    if (owner.success) answers.set(keyOf(owner.data), one);
  }
  return request.pools.map((question) => readPool(request, question, answers, { name, model }));
}

export function missing(why: string): ExpertAnswer {
  return { status: "missing", why };
}

function readPool(
  { now, binMs, quantiles }: ExpertRequest,
  { pool }: ExpertQuestion,
  answers: ReadonlyMap<string, unknown>,
  who: { name: string; model: string },
): ExpertAnswer {
  const given = answers.get(keyOf(pool));
  if (given === undefined) return missing("it said nothing of this pool");
  const parsed = curves.safeParse(given);
  if (!parsed.success) {
    return missing(`${parsed.error.issues[0]?.path.join(".") || "its part"} is not as the form has it`);
  }
  const { madeAt, start, load } = parsed.data;
  const width = load[0]?.length ?? 0;
  if (load.length !== quantiles.length || load.some((curve) => curve.length !== width)) {
    return missing(`load has not ${quantiles.length} curves of one length, one for each quantile`);
  }
  if (start % binMs !== 0) return missing(`start is not a multiple of ${binMs} ms`);
  if (madeAt > now + AHEAD_MS) return missing("madeAt is in the future");
  const forecast: OutsideForecast = { ...who, madeAt, start, binMs, quantiles, load: inOrder(load) };
  return { status: "answered", forecast };
}

/** From zero up, and never falling from one quantile to the next. */
function inOrder(load: readonly (readonly number[])[]): number[][] {
  const curves = load.map((curve) => curve.map((value) => Math.max(0, value)));
  for (let i = 0; i < (curves[0]?.length ?? 0); i++) {
    const bin = curves.map((curve) => curve[i]!).sort((a, b) => a - b);
    for (const [q, value] of bin.entries()) curves[q]![i] = value;
  }
  return curves;
}

function keyOf({ region, processGroup }: Pick<PoolKey, "region" | "processGroup">): string {
  return `${processGroup}@${region}`;
}
