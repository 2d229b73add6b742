/**
 * Fly's managed Prometheus, or any other that scrapes Fly's metric names, as a TrafficSource. Start reading here: the
 * texts are in queries.ts, one call in range-query.ts, what counters mean in increments.ts, whose a series is in
 * places.ts, what a sample is in pool-samples.ts.
 *
 * The grid that is asked for reaches a few bins beyond [from, until) on both sides, so that a hole at the border is seen
 * whole; the newest edge lies `settleMs` back. VictoriaMetrics needs that: what is younger than 30 seconds it answers
 * with the value before, which would read as a minute without requests.
 *
 * An answer that is too large is asked for again in halves. Clocks: nothing here compares ours with theirs, since every
 * reading carries its time; a source whose clock is behind has no values for the newest edges, and those bins stay gaps.
 */
import { poolName } from "../../core/fleet.ts";
import { floorTo, type Instant, SECOND_MS } from "../../core/time.ts";
import type { MetricQuery } from "../../core/traffic.ts";
import type { Clock, PoolSample, TrafficAnswer, TrafficQuestion, TrafficSource } from "../../ports.ts";
import type { Fetch } from "../http.ts";
import { withCustom } from "./custom.ts";
import { type MachineReadings, readMachines } from "./fleet-readings.ts";
import { LONGEST_HOLE_BINS } from "./increments.ts";
import { byPool, groupsOf, type Places, placesOf } from "./places.ts";
import { poolSamples, saturationOf } from "./pool-samples.ts";
import { bucketsQuery, customQuery, responsesQuery, statesQuery } from "./queries.ts";
import { createRangeAsker, type Grid, type RangeAnswer } from "./range-query.ts";
import { withPercentile } from "./slowest.ts";

export type PrometheusOptions = {
  readonly baseUrl: string;
  /** The whole Authorization header, or null. */
  readonly authorization: string | null;
  readonly customQueries: readonly MetricQuery[];
  readonly fetch: Fetch;
  readonly clock: Pick<Clock, "now">;
  readonly settleMs?: number;
  readonly keptMs?: number;
  /** Of one answer. */
  readonly maxBytes?: number;
};

/** VictoriaMetrics hides 30 s, Fly scrapes every 15. */
const SETTLE_MS = 45 * SECOND_MS;
/** What Fly keeps, less an hour, in which it may be cutting. */
const KEPT_MS = (15 * 24 - 1) * 3_600 * SECOND_MS;
/** Fly's own cap is 16 MB; a function has little time to read as much. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Below this, halves do not help. */
const SMALLEST_BINS = 10;

type Whole = Extract<TrafficAnswer, { status: "answered" }>;

export function createPrometheusSource(options: PrometheusOptions): TrafficSource {
  const { clock, settleMs = SETTLE_MS, keptMs = KEPT_MS, maxBytes = MAX_BYTES } = options;
  // Those that make samples before those that complete them.
  const customQueries = [...options.customQueries].sort((a, b) => rankOf(a) - rankOf(b));
  const ask = createRangeAsker({ ...options, maxBytes });

  /** Everything of one span at once; a span whose answer is too large in two halves; or the first failure. */
  async function readSpan(question: TrafficQuestion, deadline: Instant): Promise<TrafficAnswer> {
    const grid = gridOf(question, clock.now() - settleMs);
    if (grid.length < 2) return { status: "answered", samples: [], saturation: [], warnings: [], points: 0 };
    const timeoutMs = deadline - clock.now();
    if (timeoutMs <= 0) return { status: "failed", kind: "slow", why: "the time for it was used up" };
    const texts = textsOf(question, customQueries);
    const answers = await Promise.all(texts.map((query) => ask({ query, grid, timeoutMs })));
    const failure = answers.find((answer) => answer.status === "failed");
    if (failure === undefined) return assemble(question, grid, answers.filter(isAnswered), customQueries);
    const bins = (question.until - question.from) / question.binMs;
    if (failure.kind !== "tooLarge" || bins < SMALLEST_BINS) return failure;
    const middle = question.from + Math.floor(bins / 2) * question.binMs;
    const older = await readSpan({ ...question, until: middle }, deadline);
    if (older.status === "failed") return older;
    const newer = await readSpan({ ...question, from: middle }, deadline);
    return newer.status === "failed" ? newer : joined(older, newer);
  }

  return {
    settleMs,
    keptMs,
    read: (question) => readSpan(question, clock.now() + question.timeoutMs),
  };
}

const rankOf = ({ field }: MetricQuery) => (field === "requests" ? 0 : 1);

/** Edges of the bins, with a margin for holes that reach over the border, never newer than what is settled. */
function gridOf({ from, until, binMs }: TrafficQuestion, settled: Instant): Grid {
  const margin = LONGEST_HOLE_BINS * binMs;
  const start = from - margin;
  const end = Math.min(until + margin, floorTo(settled, binMs));
  return { start, stepMs: binMs, length: Math.max(0, (end - start) / binMs + 1) };
}

function textsOf(
  { app, binMs, machines, pools }: TrafficQuestion,
  customQueries: readonly MetricQuery[],
): string[] {
  const byMachine = groupsOf(machines, pools).size > 1;
  return [
    responsesQuery(app, binMs),
    statesQuery(app, binMs),
    bucketsQuery(app, binMs, byMachine),
    ...customQueries.map(({ text }) => customQuery(text, app, binMs)),
  ];
}

type Answered = Extract<RangeAnswer, { status: "answered" }>;

function isAnswered(answer: RangeAnswer): answer is Answered {
  return answer.status === "answered";
}

function assemble(
  { app, from, until, machines, pools }: TrafficQuestion,
  grid: Grid,
  answers: readonly Answered[],
  customQueries: readonly MetricQuery[],
): Whole {
  const [responses, states, buckets, ...customs] = answers.map(({ series }) => series);
  const fleet = readMachines(responses!, states!, grid.length);
  const serving = new Set(fleet.filter(({ serves }) => serves).map(({ id }) => id));
  const places = placesOf(app, machines, pools, (id) => serving.has(id));
  const started = new Set(machines.filter(({ state }) => state === "started").map(({ id }) => id));
  const found = fleetByPool(fleet, places);
  const warnings: string[] = [];
  const scene = { grid, from, until, pools, places };

  let samples = found.flatMap(({ pool, members }) =>
    poolSamples({ pool, machines: members, started }, grid, from, until),
  );
  samples = withPercentile(samples, buckets!, grid, places);
  customQueries.forEach((query, i) => {
    samples = withCustom(samples, query, customs[i]!, scene, warnings);
  });
  if (places.strangers.size > 0) {
    const some = [...places.strangers].slice(0, 3).join(", ");
    warnings.push(
      `${places.strangers.size} machines (${some}) are in no list and could be of several process groups: their requests are left out`,
    );
  }
  const limits = new Map(machines.map(({ id, softLimit }) => [id, softLimit]));
  return {
    status: "answered",
    samples: inOrder(samples),
    saturation: found.flatMap(({ pool, members }) => {
      const share = saturationOf(members, (id) => limits.get(id));
      return share === null ? [] : [{ pool, share }];
    }),
    warnings,
    points: answers.reduce((sum, { points }) => sum + points, 0),
  };
}

function inOrder(samples: readonly PoolSample[]): PoolSample[] {
  const named = samples.map((sample) => ({ sample, name: poolName(sample.pool) }));
  named.sort((a, b) => (a.name === b.name ? a.sample.at - b.sample.at : a.name < b.name ? -1 : 1));
  return named.map(({ sample }) => sample);
}

function fleetByPool(fleet: readonly MachineReadings[], places: Places) {
  const found = byPool((pool) => ({ pool, members: [] as MachineReadings[] }));
  for (const machine of fleet) {
    const pool = machine.serves ? places.poolOf(machine.labels) : null;
    if (pool !== null) found.at(pool).members.push(machine);
  }
  return found.values();
}

function joined(older: Whole, newer: Whole): Whole {
  return {
    status: "answered",
    samples: inOrder([...older.samples, ...newer.samples]),
    saturation: newer.saturation,
    warnings: [...new Set([...older.warnings, ...newer.warnings])],
    points: older.points + newer.points,
  };
}
