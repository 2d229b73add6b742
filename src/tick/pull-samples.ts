/**
 * The part of step 3 that asks a source of metrics: what came since the last tick is pulled and stored as samples, then,
 * within a share of the tick's time, some of the history before the first contact (backfill.ts).
 *
 * The last ten minutes are always pulled again: scrapes come late, and a bin that was not whole then may be now. What
 * apps sent themselves is not touched by this (Samples.storePulled).
 *
 * The trap is a source that hangs: all apps together wait for it no longer than a quarter of the tick.
 */
import { type Machine, type PoolKey, poolName } from "../core/fleet.ts";
import type { Part, SourceReading } from "../core/observation.ts";
import { partValue } from "../core/observation.ts";
import { floorTo, formatInstant, HOUR_MS, type Instant, SECOND_MS } from "../core/time.ts";
import { messageOf } from "../errors.ts";
import type { PoolMemory, PullProgress, TickPorts, TrafficAnswer, TrafficSource } from "../ports.ts";
import { backfillPiece } from "./backfill.ts";
import { advanced, liveFrom } from "./pull-progress.ts";
import type { TickSettings } from "./settings.ts";

/** So far back a source that lags behind is asked again. */
const LAG_MS = HOUR_MS;
const TIMEOUT_MS = 10 * SECOND_MS;
/** Both for all apps of a tick together: bounds on CPU, of which an edge function has one second. 16 pieces are four days. */
const BACKFILL_POINTS = 600_000;
const BACKFILL_PIECES = 16;
/** Share of the tick's time that all its apps together may wait for the source: also one that hangs must not eat a tick. */
const PULL_SHARE = 0.25;

export type Pulled = {
  /** What the source told of a pool. */
  readonly readingOf: (pool: PoolKey, staleMs: number, now: Instant) => Part<SourceReading>;
  /** By machine that had nothing in flight lately: since when it is known. */
  readonly idleSince: ReadonlyMap<string, Instant>;
  /** The history has just become complete: what forecasters knew is to be forgotten. */
  readonly relearn: boolean;
};

type PullScene = {
  readonly app: string;
  readonly source: TrafficSource;
  readonly machines: readonly Machine[];
  readonly pools: readonly PoolKey[];
  readonly appsInTick: number;
  /** This app's share of the tick's time. */
  readonly budgetMs: number;
  readonly settings: TickSettings;
  readonly ports: TickPorts;
};

/** null where no source is configured. Never throws: whatever fails is a reading that is missing. */
export async function pullSamples(
  app: string,
  listed: Part<readonly Machine[]>,
  memories: readonly PoolMemory[],
  appsInTick: number,
  settings: TickSettings,
  ports: TickPorts,
): Promise<Pulled | null> {
  const { trafficSource: source, clock, log } = ports;
  if (source === null) return null;
  const pools = memories.map(({ pool }) => pool);
  if (pools.length === 0) return missing("its pool was not in the books when samples were pulled");
  const machines = partValue(listed) ?? [];
  const budgetMs = settings.deadlineMs * PULL_SHARE * Math.min(1, settings.concurrency / appsInTick);
  const scene: PullScene = { app, source, machines, pools, appsInTick, budgetMs, settings, ports };
  const begun = clock.now();
  try {
    const before = await ports.pulls.recall(app);
    const { answer, progress } = await pullLive(scene, before);
    if (answer.status === "failed") {
      log("pull samples", { app, error: answer.why, kind: answer.kind });
      return missing(`the metrics source failed (${answer.kind}): ${answer.why}`);
    }
    if (answer.warnings.length > 0) log("pull samples", { app, warnings: answer.warnings });
    const relearn = progress !== null && (await pullHistory(scene, progress, begun + budgetMs));
    return {
      readingOf: (pool, staleMs, now) => readingOf(answer, pool, settings.binMs, staleMs, now),
      idleSince: new Map(answer.idle?.map(({ machineId, since }) => [machineId, since])),
      relearn,
    };
  } catch (error) {
    log("pull samples", { app, error: messageOf(error) });
    return missing("what was pulled from the metrics source could not be stored");
  }
}

function missing(why: string): Pulled {
  return { readingOf: () => ({ status: "missing", why }), idleSince: new Map(), relearn: false };
}

/** Pulls and stores what is new; answers the progress after it, or null where somebody else was faster. */
async function pullLive(
  { app, source, machines, pools, budgetMs, settings: { binMs }, ports }: PullScene,
  before: PullProgress | null,
): Promise<{ answer: TrafficAnswer; progress: PullProgress | null }> {
  const { clock, samples, pulls } = ports;
  const now = clock.now();
  const until = floorTo(now - source.settleMs, binMs);
  const from = liveFrom(before, until, binMs);
  const answer = await source.read({
    ...{ app, from, until, binMs, machines, pools },
    timeoutMs: Math.min(TIMEOUT_MS, budgetMs),
  });
  if (answer.status === "failed") return { answer, progress: null };
  await samples.storePulled(answer.samples, clock.now());
  const measured = answer.samples.reduce((newest, { at }) => Math.max(newest, at + binMs), until - LAG_MS);
  const liveUntil = Math.max(from, before?.liveUntil ?? from, Math.min(until, measured));
  const progress = advanced(app, before, from, liveUntil, floorTo(now - source.keptMs, binMs) + binMs);
  return { answer, progress: (await pulls.advance(before, progress, clock.now())) ? progress : null };
}

/** Some pieces of the history; true where it is complete now. */
async function pullHistory(scene: PullScene, progress: PullProgress, deadline: Instant): Promise<boolean> {
  const { app, source, machines, pools, appsInTick, settings, ports } = scene;
  const mostPoints = BACKFILL_POINTS / appsInTick;
  const mostPieces = Math.max(1, Math.floor(BACKFILL_PIECES / appsInTick));
  const { clock, log, samples, pulls } = ports;
  let points = 0;
  let current = progress;
  for (let pieces = 0; pieces < mostPieces && points < mostPoints && clock.now() < deadline; pieces++) {
    if (current.finishedAt !== null) break;
    const timeoutMs = Math.min(TIMEOUT_MS, deadline - clock.now());
    const question = { binMs: settings.binMs, machines, pools, timeoutMs };
    const piece = await backfillPiece(current, question, { clock, samples, pulls, source });
    if (piece.status === "finished") return true;
    if (piece.status !== "filled") {
      if (piece.status === "failed") log("backfill", { app, error: piece.why, kind: piece.kind });
      return false;
    }
    points += piece.points;
    current = piece.progress;
  }
  if (current !== progress) log("backfill", { app, filledFrom: formatInstant(current.filledFrom), points });
  return false;
}

function readingOf(
  answer: Extract<TrafficAnswer, { status: "answered" }>,
  pool: PoolKey,
  binMs: number,
  staleMs: number,
  now: Instant,
): Part<SourceReading> {
  const name = poolName(pool);
  const own = answer.samples.filter((sample) => poolName(sample.pool) === name);
  if (own.length === 0) return { status: "missing", why: "the metrics source measured nothing of this pool" };
  const saturation = answer.saturation.find((one) => poolName(one.pool) === name)?.share ?? null;
  const measuredUntil = Math.max(...own.map(({ at }) => at)) + binMs;
  const value = { measuredUntil, saturation };
  const ageMs = now - measuredUntil;
  if (ageMs <= staleMs) return { status: "fresh", value };
  return {
    status: "stale",
    value,
    ageMs,
    why: `the metrics source measured until ${formatInstant(measuredUntil)}`,
  };
}
