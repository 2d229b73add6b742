/**
 * Sister regions: a pool that is younger than two days borrows from one of the same app and process group that knows its
 * week. Two forecasters walk through the young pool's few hours side by side: one that began empty, as the pool's own state
 * did, and one that began warm (warm-start.ts). Both are judged on bins that they have not learned yet, and what each lost
 * decides the warm one's share, by the rule of rival.ts. So a sister who lives by another rhythm is out within hours.
 *
 * Nothing of it is stored: it is made anew at each tick, for a few milliseconds, and fades to nothing on the second day.
 *
 * The trap is the scale, which is taken from all that was measured: three hours at night say little about noon, and the
 * warm one is judged on the very hours that set it. So nobody has a say in the first hour, and her whole share after three.
 */
import { clamp } from "../clamp.ts";
import type { Quantile } from "../quantile.ts";
import { binAhead, errorsAt, rootAhead } from "./bins-ahead.ts";
import type { Rival } from "./blend.ts";
import { binAt, placeOf } from "./grid.ts";
import { learner } from "./learn.ts";
import { rootAt } from "./memory.ts";
import { freshDesk } from "./mixture.ts";
import { usualRoot } from "./profile.ts";
import { lossRatio, ownLoss, rivalShare } from "./rival.ts";
import { loadOf } from "./root.ts";
import { emptyState, type ForecastState } from "./state.ts";
import { warmStart } from "./warm-start.ts";

const YOUNG_DAYS = 2;
const LENDING_DAYS = 7;
/** An hour makes a first opinion of the scale, and of whether the sister is one. */
const FEW_BINS = 12;
/** Gaps included, a young pool's bins are not looked for further back. */
const LOOK_BACK_DAYS = 4;
/** Every bin of the first six hours is judged, later every sixth. */
const EAGER_BINS = 72;
/** After three hours she has her whole share. */
const TRUSTED_BINS = 36;
/** In roots, of the highest that the pool itself has seen: 3.4 times the load. What is beyond she must have come to first. */
const HEADROOM = 1.5;
const JUDGED_EVERY = 6;
/** Believed to lose a tenth less than a forecaster without a past, until so many forecasts say otherwise. */
const BELIEF = { ratio: 0.9, rows: 8 };

export type Sister = { readonly region: string; readonly state: ForecastState };

/** A pool without a state is young too. */
export function mayBorrow(state: ForecastState | null): boolean {
  return state === null || ageDays(state) < YOUNG_DAYS;
}

export function mayLend(state: ForecastState | null): state is ForecastState {
  return state !== null && ageDays(state) >= LENDING_DAYS;
}

/** The sister that follows best what the pool has measured so far, as a rival of its own forecast; null where there is none. */
export function sisterRival(own: ForecastState, sisters: readonly Sister[]): Rival | null {
  if (sisters.length === 0 || !mayBorrow(own)) return null;
  const bins = measuredBins(own);
  if (bins.length < FEW_BINS) return null;
  const lenders = sisters.filter(({ state }) => mayLend(state) && state.binMs === own.binMs);
  const fits = lenders.flatMap((sister) => fitOf(sister, bins));
  const best = fits.reduce<Fit | null>(
    (found, fit) => (found === null || fit.misfit < found.misfit ? fit : found),
    null,
  );
  return best === null ? null : rivalOf(own, best, bins);
}

type Measured = { readonly bin: number; readonly slot: number; readonly root: number };
type Fit = { readonly sister: Sister; readonly scale: number; readonly misfit: number };

function ageDays({ profile }: ForecastState): number {
  return profile.overallCount / profile.day.length;
}

function measuredBins(own: ForecastState): Measured[] {
  const { memory, profile } = own;
  const from = Math.max(memory.first, memory.last - LOOK_BACK_DAYS * profile.day.length);
  const bins: Measured[] = [];
  for (let bin = from; bin <= memory.last; bin++) {
    const root = rootAt(memory, bin);
    if (!Number.isNaN(root)) bins.push({ bin, slot: placeOf(own, bin).slot, root });
  }
  return bins;
}

/** Ratio of the mean roots, and what is missed with it; none where either stood still. */
function fitOf(sister: Sister, bins: readonly Measured[]): Fit[] {
  const usual = bins.map(({ slot }) => usualRoot(sister.state.profile, slot));
  const level = usual.reduce((sum, root) => sum + root, 0);
  const measured = bins.reduce((sum, { root }) => sum + root, 0);
  if (!(level > 0) || !(measured > 0)) return [];
  const scale = measured / level;
  const misses = bins.reduce((sum, { root }, i) => sum + Math.abs(root - scale * usual[i]!), 0);
  return [{ sister, scale, misfit: misses / measured }];
}

function rivalOf(own: ForecastState, { sister, scale }: Fit, bins: readonly Measured[]): Rival {
  const first = bins[0]!;
  const cold = emptyState(own.zone, first.bin * own.binMs, own.binMs);
  const warm = warmStart(own, sister.state, scale, first);
  const losses = walk(cold, warm, bins, own.memory.last);
  // Up in the first hours; from one at the end of the first day to zero at the end of the second.
  const fading = Math.min(1, bins.length / TRUSTED_BINS) * clamp(YOUNG_DAYS - ageDays(own), 0, 1);
  const ceiling = HEADROOM * bins.reduce((highest, { root }) => Math.max(highest, root), 0);
  let ratio = BELIEF.ratio;
  const ratios = losses.map((lost) => {
    // A lead that nothing was resolved at yet is believed to do as the shorter one.
    ratio = lossRatio(lost, { ratio, rows: BELIEF.rows });
    return ratio;
  });
  const desk = freshDesk();
  const errors = new Map<Quantile, Float64Array>();
  return {
    name: `sister region ${sister.region}`,
    ratios: ratios.map((one, rank) => (losses[rank]!.rows > 0 ? one : null)),
    shares: ratios.map((one) => fading * rivalShare(one)),
    rootAt: (at, quantile) => {
      const read = errors.get(quantile) ?? errorsAt(warm.leads, quantile);
      errors.set(quantile, read);
      return Math.min(ceiling, rootAhead(binAhead(warm, desk, binAt(warm, at)), read));
    },
  };
}

/** Teaches both what was measured; answers what they lost at each lead. */
function walk(cold: ForecastState, warm: ForecastState, bins: readonly Measured[], last: number) {
  const losses = cold.leads.map(() => ({ ours: 0, theirs: 0, rows: 0 }));
  const [learnCold, learnWarm] = [learner(cold), learner(warm)];
  const desk = freshDesk();
  const roots = new Map(bins.map(({ bin, root }) => [bin, root]));
  for (let bin = bins[0]!.bin; bin <= last; bin++) {
    const root = roots.get(bin) ?? Number.NaN;
    const isTurn = bin - bins[0]!.bin < EAGER_BINS || bin % JUDGED_EVERY === 0;
    if (isTurn && !Number.isNaN(root)) {
      losses.forEach((lost, rank) => {
        const ours = ownLoss(cold, desk, rank, bin, root);
        if (Number.isNaN(ours)) return;
        lost.ours += ours;
        lost.theirs += ownLoss(warm, desk, rank, bin, root);
        lost.rows += 1;
      });
    }
    const load = Number.isNaN(root) ? root : loadOf(root);
    learnCold(bin, load);
    learnWarm(bin, load);
  }
  return losses;
}
