/**
 * The history that a source of metrics still keeps, fetched backwards from the first contact, piece by piece: the newest
 * days are of use first, and whoever is interrupted goes on from what the books say. Ticks and `npm run backfill` take
 * the same steps.
 *
 * The trap: forecasters learn forwards only. So when the last piece is in, what they learned without it is thrown away,
 * in the transaction that notes the end, and the next look at the samples learns all of it in order.
 */
import { HOUR_MS, type Instant } from "../core/time.ts";
import type {
  Clock,
  PullProgress,
  Pulls,
  Samples,
  TrafficFailure,
  TrafficQuestion,
  TrafficSource,
} from "../ports.ts";

/** 360 minutes of each series: well below every limit on points, and a few hundred kB. */
export const PIECE_MS = 6 * HOUR_MS;

export type BackfillPorts = {
  readonly clock: Clock;
  readonly samples: Samples;
  readonly pulls: Pulls;
  readonly source: TrafficSource;
};

export type Piece =
  | {
      readonly status: "filled";
      readonly progress: PullProgress;
      readonly from: Instant;
      readonly changed: number;
      readonly points: number;
      readonly warnings: readonly string[];
    }
  /** All is there; the forecasters learn anew. */
  | { readonly status: "finished"; readonly progress: PullProgress }
  /** Somebody else moved the progress meanwhile: recall it. */
  | { readonly status: "overtaken" }
  | { readonly status: "failed"; readonly kind: TrafficFailure; readonly why: string };

/** What every piece asks alike. */
export type PieceQuestion = Omit<TrafficQuestion, "app" | "from" | "until">;

/** Fetches the next older piece, or notes the end. Throws only what the books throw. */
export async function backfillPiece(
  progress: PullProgress,
  question: PieceQuestion,
  { clock, samples, pulls, source }: BackfillPorts,
): Promise<Piece> {
  const { app, filledFrom } = progress;
  const oldest = oldestWanted(progress, source, question.binMs, clock.now());
  if (filledFrom <= oldest) {
    const now = clock.now();
    const finished = await pulls.finish(progress, now);
    return finished
      ? { status: "finished", progress: { ...progress, finishedAt: now } }
      : { status: "overtaken" };
  }
  const from = Math.max(oldest, filledFrom - PIECE_MS);
  const answer = await source.read({ ...question, app, from, until: filledFrom });
  if (answer.status === "failed") return answer;
  const now = clock.now();
  const { changed } = await samples.storePulled(answer.samples, now);
  const after = { ...progress, filledFrom: from };
  if (!(await pulls.advance(progress, after, now))) return { status: "overtaken" };
  const { points, warnings } = answer;
  return { status: "filled", progress: after, from, changed, points, warnings };
}

/** The source forgets while it is being read: what it no longer has is not waited for. */
export function oldestWanted(
  { wantedFrom }: PullProgress,
  { keptMs }: TrafficSource,
  binMs: number,
  now: Instant,
): Instant {
  return Math.max(wantedFrom, Math.ceil((now - keptMs) / binMs) * binMs);
}

/** How much of the wanted history is there, from 0 to 1. */
export function backfillShare(
  progress: PullProgress,
  source: TrafficSource,
  binMs: number,
  now: Instant,
): number {
  if (progress.finishedAt !== null) return 1;
  const oldest = oldestWanted(progress, source, binMs, now);
  const whole = progress.liveUntil - oldest;
  return whole <= 0 ? 1 : Math.min(1, Math.max(0, (progress.liveUntil - progress.filledFrom) / whole));
}
