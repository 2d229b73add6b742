/**
 * Fly's managed Prometheus, or any other that scrapes Fly's metric names, as a TrafficSource. Start reading here: the
 * texts are in queries.ts, one call in range-query.ts, what counters mean in increments.ts, whose a series is in
 * places.ts, what a sample is in pool-samples.ts, all of it together in assemble.ts.
 *
 * The grid that is asked for reaches a few bins beyond [from, until) on both sides, so that a hole at the border is seen
 * whole; the newest edge lies `settleMs` back. VictoriaMetrics needs that: what is younger than 30 seconds it answers
 * with the value before, which would read as a minute without requests.
 *
 * An answer that is too large is asked for again in halves. Clocks: nothing here compares ours with theirs, since every
 * reading carries its time; a source whose clock is behind has no values for the newest edges, and those bins stay gaps.
 */
import { floorTo, type Instant, SECOND_MS } from "../../core/time.ts";
import type { MetricQuery } from "../../core/traffic.ts";
import type { Clock, TrafficAnswer, TrafficQuestion, TrafficSource } from "../../ports.ts";
import type { Fetch } from "../http.ts";
import { assemble, isAnswered, joined } from "./assemble.ts";
import { LONGEST_HOLE_BINS } from "./increments.ts";
import { groupsOf } from "./places.ts";
import { bucketsQuery, customQuery, responsesQuery, statesQuery } from "./queries.ts";
import type { Grid } from "./range-answer.ts";
import { createRangeAsker } from "./range-query.ts";

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
