/**
 * A part of step 3: what a forecaster outside says of an app's pools. Asked once an app, after the samples were read, so
 * that it hears of the last minutes too. Its failure is a part that is missing, and its old answer one that is stale.
 */
import { PLAN_QUANTILES } from "../core/capacity/plan-capacity.ts";
import { FORECAST_BIN_MS, STORED_QUANTILES } from "../core/forecast/forecast.ts";
import type { OutsideForecast } from "../core/forecast/outside.ts";
import { recentLoads } from "../core/forecast/recent-loads.ts";
import { type Observation, type Part, partValue } from "../core/observation.ts";
import { DAY_MS, floorTo, formatInstant, HOUR_MS, type Instant } from "../core/time.ts";
import { messageOf } from "../errors.ts";
import type { ExpertAnswer, ExpertRequest, Experts, TickPorts } from "../ports.ts";

/** A day, and the bins that begin while the tick runs. */
const BINS_ASKED = DAY_MS / FORECAST_BIN_MS + 2;
/** What was made longer ago knows too little of now. */
const FRESH_MS = HOUR_MS;

/** The part of each pool, in their order; undefined for all where nobody is asked. */
export async function askExperts(
  app: string,
  pools: readonly Pick<Observation, "pool" | "policy" | "samples" | "state">[],
  now: Instant,
  { experts, log }: Pick<TickPorts, "experts" | "log">,
): Promise<readonly (Part<OutsideForecast> | undefined)[]> {
  if (experts === undefined || pools.length === 0) return pools.map(() => undefined);
  const answers = await answersOf(experts, requestFor(app, pools, now));
  const reasons = new Set(answers.flatMap((answer) => (answer.status === "missing" ? [answer.why] : [])));
  if (reasons.size > 0) log("ask experts", { app, error: [...reasons].join("; ") });
  return pools.map((_, i) => partOf(answers[i], now));
}

function requestFor(
  app: string,
  pools: readonly Pick<Observation, "pool" | "policy" | "samples" | "state">[],
  now: Instant,
): ExpertRequest {
  const quantiles = [...new Set([...STORED_QUANTILES, ...PLAN_QUANTILES])];
  return {
    app,
    now,
    from: floorTo(now, FORECAST_BIN_MS),
    binMs: FORECAST_BIN_MS,
    bins: BINS_ASKED,
    quantiles: quantiles.sort((a, b) => a - b),
    pools: pools.map(({ pool, policy, samples, state }) => ({
      pool,
      timeZone: policy.timeZone,
      recent: recentLoads(state, partValue(samples), now),
    })),
  };
}

/** The port promises not to throw; a tick does not depend on that. */
async function answersOf(experts: Experts, request: ExpertRequest): Promise<readonly ExpertAnswer[]> {
  try {
    return await experts.ask(request);
  } catch (error) {
    return request.pools.map(() => ({ status: "missing", why: messageOf(error) }));
  }
}

function partOf(answer: ExpertAnswer | undefined, now: Instant): Part<OutsideForecast> {
  if (answer === undefined) return { status: "missing", why: "it said nothing of this pool" };
  if (answer.status === "missing") return answer;
  const { forecast } = answer;
  const ageMs = Math.max(0, now - forecast.madeAt);
  if (ageMs <= FRESH_MS) return { status: "fresh", value: forecast };
  return { status: "stale", value: forecast, ageMs, why: `it was made at ${formatInstant(forecast.madeAt)}` };
}
