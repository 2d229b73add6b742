/**
 * One app's history, piece by piece until all is there. A source that is busy or away is asked again, with longer and longer
 * pauses; one that refuses is not.
 */
import { floorTo, formatInstant, SECOND_MS } from "../../src/core/time.ts";
import { isMachineApiError } from "../../src/errors.ts";
import type { History, MachineApi, PullProgress, TrafficFailure } from "../../src/ports.ts";
import { type BackfillPorts, backfillPiece, backfillShare, type Piece } from "../../src/tick/backfill.ts";
import type { Progress } from "../demo/progress.ts";
import { UserError } from "../user-error.ts";

export type BackfillTools = BackfillPorts & {
  readonly history: Pick<History, "recall">;
  readonly machineApi: Pick<MachineApi, "list">;
  readonly progress: Progress;
  readonly binMs: number;
  readonly pauseMs: number;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Whether a tick holds the app's lease. */
  readonly isTicking: (app: string) => Promise<boolean>;
};

const TIMEOUT_MS = 60 * SECOND_MS;
const TRIES = 6;
const FIRST_PAUSE_MS = 2 * SECOND_MS;
const TICK_POLL_MS = 2 * SECOND_MS;
/** A tick's lease lasts 150 s. */
const TICK_POLLS = 100;
const PASSING: ReadonlySet<TrafficFailure> = new Set(["rateLimited", "unreachable", "slow", "partial"]);

/** @throws UserError where it cannot go on; what was fetched is kept */
export async function runBackfill(app: string, tools: BackfillTools): Promise<void> {
  const { clock, history, machineApi, progress, binMs, pauseMs, source, wait } = tools;
  const pools = (await history.recall(app, clock.now())).map(({ pool }) => pool);
  if (pools.length === 0)
    throw new UserError(
      `No pools of ${app} are known yet: a first tick finds them (docs/install.md, section 9).`,
    );
  let current = await begin(app, tools);
  if (current.finishedAt !== null) return;
  const machines = await machineApi.list(app).catch((error: unknown) => {
    throw isMachineApiError(error) ? new UserError(error.message) : error;
  });
  const question = { binMs, machines, pools, timeoutMs: TIMEOUT_MS };
  const warned = new Set<string>();
  while (current.finishedAt === null) {
    const piece = await patiently(() => backfillPiece(current, question, tools), app, tools);
    if (piece.status === "finished") break;
    if (piece.status === "overtaken") {
      current = await begin(app, tools);
      continue;
    }
    current = piece.progress;
    for (const warning of piece.warnings.filter((text) => !warned.has(text))) {
      warned.add(warning);
      progress.step(`${app}: ${warning}`);
    }
    const share = backfillShare(current, source, binMs, clock.now());
    progress.at(share, `${app}, back to ${formatInstant(current.filledFrom).slice(0, 16)}Z`);
    await wait(pauseMs);
  }
  progress.done();
  await settle(app, tools);
}

/** What the books say; where they say nothing yet, all that the source keeps is wanted from now on. */
async function begin(app: string, { pulls, clock, source, binMs }: BackfillTools): Promise<PullProgress> {
  const known = await pulls.recall(app);
  if (known !== null) return known;
  const now = clock.now();
  const until = floorTo(now - source.settleMs, binMs);
  const wantedFrom = floorTo(now - source.keptMs, binMs) + binMs;
  const fresh = { app, wantedFrom, filledFrom: until, liveUntil: until, finishedAt: null };
  return (await pulls.advance(null, fresh, now)) ? fresh : ((await pulls.recall(app)) ?? fresh);
}

type Settled = Exclude<Piece, { status: "failed" }>;

async function patiently(
  take: () => Promise<Piece>,
  app: string,
  { progress, wait }: BackfillTools,
): Promise<Settled> {
  for (let tries = 1; ; tries++) {
    const piece = await take();
    if (piece.status !== "failed") return piece;
    const { kind, why } = piece;
    if (!PASSING.has(kind) || tries === TRIES)
      throw new UserError(
        `Cannot fetch the history of ${app}: the metrics source failed (${kind}): ${why}. ${NEXT[kind] ?? "Try again later"}; what was fetched is kept.`,
      );
    const pauseMs = FIRST_PAUSE_MS * 2 ** (tries - 1);
    progress.step(`${app}: the source failed (${kind}): ${why}; again in ${pauseMs / SECOND_MS} s`);
    await wait(pauseMs);
  }
}

const NEXT: Partial<Record<TrafficFailure, string>> = {
  auth: "Give PROMETHEUS_TOKEN a token that may read metrics (fly tokens create readonly)",
  invalid: "Is PROMETHEUS_URL right, and each of PROMETHEUS_QUERIES valid PromQL?",
  tooLarge: "The app has too many series for this source, even for ten minutes at once",
};

/** A tick that was running may have put back what its forecasters knew. */
async function settle(
  app: string,
  { pulls, clock, isTicking, progress, wait }: BackfillTools,
): Promise<void> {
  if (!(await isTicking(app))) return;
  progress.step(`A tick of ${app} is running; waiting for its end`);
  for (let polls = 0; polls < TICK_POLLS && (await isTicking(app)); polls++) await wait(TICK_POLL_MS);
  const done = await pulls.recall(app);
  if (done !== null) await pulls.finish(done, clock.now());
}
