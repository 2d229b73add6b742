/**
 * A forecaster outside (Prophet, Chronos, a table of known campaigns) as a rival of our own. What it said is kept until
 * the bin is measured, a few answers per lead; then both are judged on it, and that alone decides its share. Nobody has to
 * trust it: one that was never judged has no say, a silly one keeps half a percent, and a good one takes over in a day.
 *
 * As with our own experts no answer may exceed the highest load of the last days by far: within half a percent a number
 * with six zeros too many would still move machines.
 *
 * The trap: its answers are judged on the way to learning a bin, before profile and running means know it (see learn.ts).
 */
import { interpolateQuantile, type Quantile } from "../quantile.ts";
import type { Instant } from "../time.ts";
import type { Rival } from "./blend.ts";
import { keptPerBin } from "./experts.ts";
import { STORED_QUANTILES } from "./forecast.ts";
import type { Desk } from "./mixture.ts";
import { lossRatio, ownLoss, pinballOf, rivalShare } from "./rival.ts";
import { rootOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

/** Believed to lose twice what we do, until a few forecasts say otherwise. */
const BELIEF = { ratio: 2, rows: 4 };
/** Answers that wait at one lead; so many more bins of lead, so many fewer are taken. */
const MOST_WAITING = 6;
/** One answer loses no more than so many times what we do: who was absurd for a week must be able to come back. */
const MOST_LOST = 4;
/** In roots: 2.2 times the highest load of the last days. */
const HEADROOM = 1.3;

export type OutsideForecast = {
  /** Who: the `source` of its predictions. */
  readonly name: string;
  readonly model: string;
  readonly madeAt: Instant;
  /** Start of the first bin, on the grid. */
  readonly start: Instant;
  readonly binMs: number;
  readonly quantiles: readonly Quantile[];
  /** load[q][i] as in a Forecast: never negative, never falling in q. */
  readonly load: readonly (readonly number[])[];
};

/** An answer that waits for its bin: roots at STORED_QUANTILES. */
export type Waiting = { readonly rank: number; readonly bin: number; readonly roots: readonly number[] };

export type OutsideMemory = {
  readonly name: string;
  /** For each lead: our loss, theirs, forecasts judged; all decayed. */
  readonly losses: Float64Array;
  readonly waiting: readonly Waiting[];
};

export function freshOutside(name: string, leads: number): OutsideMemory {
  return { name, losses: new Float64Array(3 * leads), waiting: [] };
}

export function copyOutside(memory: OutsideMemory | null): OutsideMemory | null {
  return memory === null ? null : { ...memory, losses: memory.losses.slice() };
}

/** The state that remembers what was answered just now. Another name begins anew. */
export function noteOutside(state: ForecastState, answer: OutsideForecast): ForecastState {
  const { outside, memory, leads } = state;
  const known = outside?.name === answer.name ? outside : freshOutside(answer.name, leads.length);
  const waiting = known.waiting.filter(({ bin }) => bin > memory.last);
  leads.forEach((lead, rank) => {
    const bin = memory.last + lead.bins;
    const newest = Math.max(0, ...waiting.map((one) => (one.rank === rank ? one.bin : 0)));
    if (bin - newest < lead.bins / MOST_WAITING) return;
    const roots = STORED_QUANTILES.map((quantile) => rootIn(state, answer, bin * state.binMs, quantile));
    if (!roots.some(Number.isNaN)) waiting.push({ rank, bin, roots });
  });
  return { ...state, outside: { ...known, waiting } };
}

/** Judges what was answered of `bin`, before the state learns it. */
export function judgeOutside(state: ForecastState, desk: Desk, bin: number, root: number): void {
  const { outside, leads, profile } = state;
  if (outside === null) return;
  const { losses, waiting } = outside;
  leads.forEach(({ leadMs }, rank) => {
    const kept = keptPerBin(profile.day.length, leadMs);
    for (let i = 3 * rank; i < 3 * rank + 3; i++) losses[i]! *= kept;
  });
  for (const { rank, roots } of waiting.filter((one) => one.bin === bin)) {
    const ours = ownLoss(state, desk, rank, bin, root);
    if (Number.isNaN(ours)) continue;
    losses[3 * rank]! += ours;
    losses[3 * rank + 2]! += 1;
    const usual = losses[3 * rank]! / losses[3 * rank + 2]!;
    losses[3 * rank + 1]! += Math.min(pinballOf(roots, root), MOST_LOST * Math.max(ours, usual));
  }
  state.outside = { ...outside, waiting: waiting.filter((one) => one.bin > bin) };
}

/** Its loss over ours at each lead, or null where nothing was judged yet. */
export function outsideRatios(
  { outside, leads }: Pick<ForecastState, "outside" | "leads">,
  name: string,
): (number | null)[] {
  return leads.map((_, rank) => {
    if (outside?.name !== name) return null;
    const [ours = 0, theirs = 0, rows = 0] = outside.losses.subarray(3 * rank, 3 * rank + 3);
    return rows > 0 ? lossRatio({ ours, theirs, rows }, BELIEF) : null;
  });
}

export function outsideRival(state: ForecastState, answer: OutsideForecast): Rival {
  const ratios = outsideRatios(state, answer.name);
  return {
    name: answer.name,
    ratios,
    shares: ratios.map((ratio) => (ratio === null ? 0 : rivalShare(ratio))),
    rootAt: (at, quantile) => rootIn(state, answer, at, quantile),
  };
}

/** One that is remembered and has not answered: it has no part in this forecast, and is shown all the same. */
export function silentRival({ outside, leads }: ForecastState, name: string): Rival {
  return {
    name,
    ratios: outsideRatios({ outside, leads }, name),
    shares: leads.map(() => 0),
    rootAt: () => Number.NaN,
  };
}

/** What it said of the bin that starts at `at`; NaN where it said nothing. */
export function outsideLoad(
  { start, binMs, load, quantiles }: OutsideForecast,
  at: Instant,
  quantile: Quantile,
): number {
  const index = (at - start) / binMs;
  if (!Number.isInteger(index) || index < 0 || index >= (load[0]?.length ?? 0)) return Number.NaN;
  return interpolateQuantile(
    quantiles,
    load.map((curve) => curve[index]!),
    quantile,
  );
}

function rootIn(
  { binMs, pulse }: ForecastState,
  answer: OutsideForecast,
  at: Instant,
  quantile: Quantile,
): number {
  const load = answer.binMs === binMs ? outsideLoad(answer, at, quantile) : Number.NaN;
  return Number.isNaN(load) ? load : Math.min(HEADROOM * pulse.highest, rootOf(load));
}
