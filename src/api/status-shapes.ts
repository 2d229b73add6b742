/** What the status function answers about pools: the shapes, and how a pool of the books becomes one. */
import { z } from "zod";
import { machinesFor } from "../core/capacity/capacity-model.ts";
import { clamp } from "../core/clamp.ts";
import { STORED_QUANTILES } from "../core/forecast/forecast.ts";
import { PHASES } from "../core/phase.ts";
import { interpolateQuantile, type Quantile } from "../core/quantile.ts";
import { SEVERITIES } from "../core/severity.ts";
import { formatInstant, type Instant, SECOND_MS } from "../core/time.ts";
import type { PastDecision, PoolDetail, PoolStatus, StoredForecast } from "../ports.ts";
import type { CachedPlan } from "./latest-plan.ts";
import {
  actionKind,
  confidence,
  decisionKind,
  instant,
  load,
  machines,
  machinesNeeded,
  mode,
  outcomeStatus,
  poolKey,
} from "./shapes.ts";

export const poolStatusShape = poolKey.extend({
  id: z.int().describe("the pool's number, here and in SQL"),
  mode,
  machines: z.object({ started: machines, stopped: machines, other: machines, failing: machines }),
  bounds: z.object({ min: machines, max: machines }).nullable().describe("null: before the first tick"),
  load: z.object({ at: instant, requests: load }).nullable().describe("the newest measured minute"),
  capacity: load.nullable().describe("requests a minute that the started machines carry"),
  nextPeak: z.object({ at: instant, load }).nullable(),
  lastDecision: z.object({ kind: decisionKind, reason: z.string(), at: instant }).nullable(),
  phases: z
    .partialRecord(z.enum(PHASES), machines)
    .describe("machines in each phase; cordoned: out of routing by somebody else, draining: by flyahead"),
  slowest: z
    .object({ phase: z.enum(PHASES), since: instant })
    .nullable()
    .describe("of the phases that pass, the one that has lasted longest"),
  overrideUntil: instant.nullable().describe("a person moved a machine: the pool is left alone until then"),
  frozenUntil: instant.nullable(),
});

const quantileLoads = z
  .record(z.string(), load)
  .describe(`by quantile: ${STORED_QUANTILES.join(", ")}; the busiest minute of the five from at`);
const decisionShape = z.object({
  slot: instant,
  attempt: z.int().min(1),
  at: instant,
  mode,
  kind: decisionKind,
  from: machines,
  to: machines,
  need: z.object({ now: machinesNeeded, covered: machinesNeeded, worth: machinesNeeded }),
  goal: z.string().describe("what was decided for, in words"),
  severity: z.enum(SEVERITIES),
  foreseen: z
    .array(z.object({ withinSeconds: z.int(), load, machines }))
    .describe("the busiest minute within each span, at the quantile"),
  quantile: z.number(),
  confidence,
  constraints: z.array(z.string()).describe("rules that changed the number, in order"),
  reason: z.string(),
  actions: z.array(
    z.object({
      kind: actionKind,
      machineId: z.string().nullable(),
      status: z.enum([...outcomeStatus.options, "open"]),
    }),
  ),
});
const planShape = z.object({
  source: z
    .enum(["cache", "books"])
    .describe("cache: as the last tick made it, bin by bin; books: from the forecast that it stored"),
  madeAt: instant,
  quantile: z.number().describe("the load that capacity must cover is this quantile"),
  requestsPerWorker: z.number(),
  coveredUntil: instant.nullable().describe("what was decided must last until then; null: not known"),
  bins: z.array(z.object({ at: instant, load, machines })),
});
const forecastShape = z.object({
  madeAt: instant,
  model: z.string(),
  confidence: z.number(),
  horizons: z.array(z.object({ horizonSeconds: z.int(), at: instant, load: quantileLoads })),
});

export const poolDetailShape = poolStatusShape.extend({
  forecast: forecastShape.nullable(),
  plan: planShape.nullable().describe("machines that the forecast asks for, within the bounds"),
  decisions: z.array(decisionShape).describe("the newest first"),
});

const orNull = (at: Instant | null) => (at === null ? null : formatInstant(at));

export function poolStatusAnswer(status: PoolStatus): z.input<typeof poolStatusShape> {
  const { id, pool, mode, machines, bounds, capacity, load, nextPeak, lastDecision, phases, slowest } =
    status;
  return {
    id,
    ...pool,
    ...{ mode, machines, bounds, capacity },
    load: load && { ...load, at: formatInstant(load.at) },
    nextPeak: nextPeak && { ...nextPeak, at: formatInstant(nextPeak.at) },
    lastDecision: lastDecision && { ...lastDecision, at: formatInstant(lastDecision.at) },
    phases,
    slowest: slowest && { ...slowest, since: formatInstant(slowest.since) },
    overrideUntil: orNull(status.overrideUntil),
    frozenUntil: orNull(status.frozenUntil),
  };
}

/** @param latest the plan of the last tick, where it is at hand */
export function poolDetailAnswer(
  detail: PoolDetail,
  latest: CachedPlan | null,
): z.input<typeof poolDetailShape> {
  const { forecast, policy, decisions } = detail;
  return {
    ...poolStatusAnswer(detail),
    forecast: forecast && forecastAnswer(forecast),
    plan:
      forecast &&
      policy &&
      (latest
        ? latestAnswer(latest, policy)
        : planAnswer(forecast, policy, decisions[0]?.quantile ?? USUAL_QUANTILE)),
    decisions: decisions.map(decisionAnswer),
  };
}

function forecastAnswer({ madeAt, model, confidence, horizons }: StoredForecast) {
  return {
    ...{ madeAt: formatInstant(madeAt), model, confidence },
    horizons: horizons.map(({ horizonMs, at, load }) => ({
      horizonSeconds: horizonMs / SECOND_MS,
      at: formatInstant(at),
      load: Object.fromEntries(STORED_QUANTILES.map((quantile, i) => [String(quantile), load[i] ?? 0])),
    })),
  };
}

/** Where no decision is kept any more. */
const USUAL_QUANTILE = 0.95;

type PlanPolicy = NonNullable<PoolDetail["policy"]>;

function latestAnswer(
  { decidedAt, quantile, coveredUntil, plan }: CachedPlan,
  { requestsPerWorker, minWorkers, maxWorkers }: PlanPolicy,
): z.input<typeof planShape> {
  return {
    ...{ source: "cache", madeAt: formatInstant(decidedAt), quantile, requestsPerWorker },
    coveredUntil: formatInstant(coveredUntil),
    bins: plan.map(({ at, load, machines }) => {
      return { at: formatInstant(at), load, machines: clamp(machines, minWorkers, maxWorkers) };
    }),
  };
}

/** As `decide` counts machines, but for the five stored horizons: what the tick covers is in its decision's needs. */
function planAnswer(
  { madeAt, horizons }: StoredForecast,
  policy: PlanPolicy,
  quantile: Quantile,
): z.input<typeof planShape> {
  const { requestsPerWorker, leadSeconds, minWorkers, maxWorkers } = policy;
  const model = { requestsPerWorker, leadMs: leadSeconds * SECOND_MS };
  return {
    ...{ source: "books", madeAt: formatInstant(madeAt), quantile, requestsPerWorker },
    coveredUntil: null,
    bins: horizons.map((one) => {
      const load = interpolateQuantile(STORED_QUANTILES, one.load, quantile);
      return {
        at: formatInstant(one.at),
        load,
        machines: clamp(machinesFor(load, model), minWorkers, maxWorkers),
      };
    }),
  };
}

function decisionAnswer(decision: PastDecision): z.input<typeof decisionShape> {
  const { slot, at, needNow, needCovered, worth, foreseen, constraints, actions, ...rest } = decision;
  return {
    ...rest,
    slot: formatInstant(slot),
    at: formatInstant(at),
    need: { now: needNow, covered: needCovered, worth },
    foreseen: foreseen.map(({ withinMs, ...peak }) => ({ withinSeconds: withinMs / SECOND_MS, ...peak })),
    constraints: [...constraints],
    actions: actions.map((action) => ({ ...action })),
  };
}
