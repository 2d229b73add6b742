/**
 * One import as a list of steps: read the file into a temporary table, refuse what must not be stored, look the pools up,
 * load day by day, have the forecasters learn anew. The summary is filled as it goes, so that an import that fails on its
 * way can still say how far it came.
 */
import { setTimeout as wait } from "node:timers/promises";
import { formatInstant, type Instant } from "../../src/core/time.ts";
import type { Progress } from "../demo/progress.ts";
import type { ImportDatabase } from "./database.ts";
import type { ImportOptions } from "./options.ts";
import { openFile } from "./read-file.ts";
import { addRefusal, refusedCount } from "./refusals.ts";
import { emptySummary, type Summary } from "./summary.ts";

/** Rows that are gathered before they are sent. */
const BATCH_ROWS = 20_000;
const TICK_POLL_MS = 2_000;
/** A tick's lease lasts 150 s. */
const TICK_POLLS = 100;

export async function runImport(
  options: ImportOptions,
  db: ImportDatabase,
  summary: Summary,
  progress: Progress,
): Promise<void> {
  await db.prepare();
  await readAll(options, db, summary, progress);
  for (const { reason, ...refusal } of await db.refuse()) addRefusal(summary.refused, reason, refusal);
  if (options.strict && !(await isFlawless(options, db, summary, progress))) return;
  await matchPools(options, db, summary);
  await loadDays(options, db, summary, progress);
  if (!options.dryRun && summary.touched.size > 0) await relearn([...summary.touched], db, progress);
}

/** For --strict: all that a dry run would refuse, found before anything is written. */
async function isFlawless(
  options: ImportOptions,
  db: ImportDatabase,
  summary: Summary,
  progress: Progress,
): Promise<boolean> {
  const rehearsal = { ...emptySummary(), refused: summary.refused };
  await matchPools({ ...options, dryRun: true }, db, rehearsal);
  await loadDays({ ...options, dryRun: true }, db, rehearsal, progress);
  return refusedCount(summary.refused) === 0;
}

async function readAll(
  options: ImportOptions,
  db: ImportDatabase,
  summary: Summary,
  progress: Progress,
): Promise<void> {
  const { batches, share } = await openFile(options, ({ ignored }) => {
    if (ignored.length > 0) progress.step(`Columns that are not read: ${ignored.join(", ")}`);
  });
  let waiting: Parameters<typeof db.stage>[0][number][] = [];
  for await (const { rows, bad } of batches) {
    for (const { line, reason, example } of bad)
      addRefusal(summary.refused, reason, { lines: [line], example });
    summary.rows += rows.length + bad.length;
    waiting.push(...rows);
    if (waiting.length < BATCH_ROWS) continue;
    await db.stage(waiting);
    waiting = [];
    progress.at(share() ?? 0, `read, ${summary.rows.toLocaleString("en")} rows`);
  }
  await db.stage(waiting);
  progress.at(1, `read, ${summary.rows.toLocaleString("en")} rows`);
  progress.done();
}

async function matchPools(options: ImportOptions, db: ImportDatabase, summary: Summary): Promise<void> {
  for (const pool of await db.matchPools(options.createPools, options.dryRun)) {
    const name = `${pool.app}/${pool.group}@${pool.region}`;
    if (pool.known || options.createPools) summary.pools.push(name);
    if (pool.known) continue;
    if (options.createPools) summary.newPools.push(name);
    else addRefusal(summary.refused, unknownPool(name), pool);
  }
}

const unknownPool = (name: string) =>
  `no pool ${name}: a first tick finds pools in Fly's machine list, --create-pools makes them`;

async function loadDays(
  { binSeconds, dryRun }: ImportOptions,
  db: ImportDatabase,
  summary: Summary,
  progress: Progress,
): Promise<void> {
  const days = await db.days(binSeconds);
  for (const [index, day] of days.entries()) {
    const loaded = await db.load(day, binSeconds, dryRun);
    summary.taken += loaded.taken;
    summary.replaced += loaded.replaced;
    summary.unchanged += loaded.unchanged;
    for (const pool of loaded.pools) summary.touched.add(pool);
    summary.first = earliest(summary.first, loaded.first);
    summary.last = loaded.last ?? summary.last;
    if (loaded.doubled > 0)
      addRefusal(
        summary.refused,
        "another row of the same pool and minute counts; to add rows up, say --bin-seconds 1",
        {
          times: loaded.doubled,
        },
      );
    if (loaded.tooOld > 0)
      addRefusal(summary.refused, "older than keep_samples, and of this hour only the rollups are left", {
        times: loaded.tooOld,
      });
    const what = dryRun ? "compared" : "loaded";
    progress.at((index + 1) / days.length, `${what}, up to ${formatInstant(day).slice(0, 10)}`);
  }
  progress.done();
}

const earliest = (a: Instant | null, b: Instant | null) => (a === null || (b !== null && b < a) ? b : a);

/** Once at once, and again when those ticks are over that had read the old state before. */
async function relearn(pools: readonly number[], db: ImportDatabase, progress: Progress): Promise<void> {
  let running = await db.forget(pools);
  if (running.length === 0) return;
  progress.step(`A tick of ${running.join(", ")} is running; waiting for its end`);
  for (let polls = 0; running.length > 0 && polls < TICK_POLLS; polls++) {
    await wait(TICK_POLL_MS);
    running = await db.forget(pools);
  }
}
