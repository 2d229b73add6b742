/**
 * Moves the samples of a hypertable to native daily partitions while everything goes on. From the first step on a trigger
 * carries each write over to the twin table (begin.sql); then the days are copied and verified one by one, each in a
 * transaction of its own; the swap verifies again what was written to since, under a short lock (swap.sql).
 * The books of the move are in the database, so whoever is killed goes on where they stopped. The trap: whoever waits for
 * a lock makes everybody behind them wait too. So we wait a second, let them pass, and try again.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import postgres, { type Sql, type TransactionSql } from "postgres";
import { UserError } from "../user-error.ts";
import { refuseWhatCannotMove } from "./obstacles.ts";

export type Tell = (line: string) => void;
export type Moved = { readonly days: number; readonly samples: number };

/** What differs on one day; counts are rows. */
type Difference = { readonly day: string; readonly oldSamples: number; readonly newSamples: number };

const LOCK_NOT_AVAILABLE = "55P03";
const DEADLOCK = "40P01";
const TRIES = 60;

const part = (name: string) => readFile(new URL(name, import.meta.url), "utf8");

/** native, hypertable or columnstore. @throws UserError where flyahead is not installed, or too old */
export async function readStorageMode(sql: Sql): Promise<string> {
  const [found] = await sql<{ mode: string }[]>`select flyahead.storage_mode() as mode
    where to_regprocedure('flyahead.sample_parts()') is not null`.catch((error) => {
    if (error instanceof postgres.PostgresError && ["42883", "3F000", "42P01"].includes(error.code))
      return [];
    throw error;
  });
  if (found) return found.mode;
  throw new UserError("This database has no flyahead, or an older one: run npm run migrate first.");
}

/**
 * The whole move; answers what was copied.
 * @param sql the owner's connection, to the server itself (not a transaction pooler)
 * @throws UserError where something stands in the way, or where the two tables differ; the hypertable stays in use then
 */
export async function moveToNative(sql: Sql, tell: Tell): Promise<Moved> {
  await refuseWhatCannotMove(sql);
  await begin(sql, tell);
  for (;;) {
    const days = await listDays(sql);
    const next = days.find(({ verified }) => !verified);
    if (next === undefined) break;
    const done = days.filter(({ verified }) => verified).length;
    const samples = await copyDay(sql, next.day, tell);
    await verifyDay(sql, next.day);
    tell(`copied ${next.day}: ${samples} samples (${done + 1} of ${days.length} days)`);
  }
  return swap(sql, tell);
}

/** Takes a move back that was begun; answers whether there was one. */
export async function abandonMove(sql: Sql, tell: Tell): Promise<boolean> {
  if (!(await isUnderWay(sql))) return false;
  await patiently(sql, tell, "to take the trigger off", async (tx) => tx.unsafe(await part("abandon.sql")));
  return true;
}

async function isUnderWay(sql: Sql | TransactionSql): Promise<boolean> {
  const [found] = await sql`select to_regclass('flyahead.storage_move') is not null as begun`;
  return found?.begun === true;
}

async function begin(sql: Sql, tell: Tell): Promise<void> {
  const begun = await patiently(sql, tell, "to put a trigger on the hypertable", async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('flyahead.storage_move'))`;
    if (await isUnderWay(tx)) return false;
    await tx.unsafe(await part("begin.sql"));
    return true;
  });
  tell(begun ? "begun: from now on each write goes to both tables" : "going on with a move that was begun");
}

/** The days that the hypertable has, oldest first; those that are new to the books are entered. */
async function listDays(sql: Sql): Promise<{ day: string; verified: boolean }[]> {
  await sql`
    insert into flyahead.storage_move (day)
    select distinct d::date from flyahead.sample_parts() p, generate_series(
      date_trunc('day', p.first_at at time zone 'UTC'), (p.end_at at time zone 'UTC') - interval '1 microsecond', interval '1 day') d
    on conflict do nothing`;
  return sql`select day::text as day, verified_at is not null as verified from flyahead.storage_move order by storage_move.day`;
}

// The partition is made first, in its own transaction: whoever makes one holds a lock to the transaction's end that
// writers may want while we have the day for ourselves.
async function copyDay(sql: Sql, day: string, tell: Tell): Promise<number> {
  await patiently(
    sql,
    tell,
    `to make a partition for ${day}`,
    (tx) => tx`select flyahead.ensure_native_day(${day}::date)`,
  );
  return patiently(sql, tell, `for the writers of ${day}`, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('flyahead.storage_move'), ${day}::date - date '2000-01-01')`;
    const span = tx`at >= ${day}::date::timestamp at time zone 'UTC' and at < (${day}::date + 1)::timestamp at time zone 'UTC'`;
    await tx`delete from flyahead.traffic_samples_native where ${span}`;
    const { count } = await tx`
      insert into flyahead.traffic_samples_native select * from flyahead.traffic_samples where ${span} order by pool_id, at`;
    await tx`update flyahead.storage_move set copied_at = clock_timestamp(), samples = ${count} where day = ${day}::date`;
    return count;
  });
}

// The marks go before the comparison: what is written after it marks the day again, for the swap to verify.
async function verifyDay(sql: Sql, day: string): Promise<void> {
  await sql`delete from flyahead.storage_move_touched where day = ${day}::date`;
  const [found] = await compare(sql, [day]);
  if (found) throw await differ(sql, [found]);
  await sql`update flyahead.storage_move set verified_at = clock_timestamp() where day = ${day}::date`;
}

/** The days of the list on which the tables differ. */
async function compare(sql: Sql | TransactionSql, days: readonly string[]): Promise<Difference[]> {
  const rows = await sql<(Difference & { same: boolean })[]>`
    select d.day::text as day, c.old_samples::float8 as "oldSamples", c.new_samples::float8 as "newSamples", c.same
    from json_array_elements_text(${JSON.stringify(days)}::text::json) as d (day), flyahead.compare_moved_day(d.day::date) c`;
  return rows.filter(({ same }) => !same);
}

async function differ(sql: Sql, differences: readonly Difference[]): Promise<UserError> {
  for (const { day } of differences)
    await sql`update flyahead.storage_move set copied_at = null, verified_at = null where day = ${day}::date`;
  const list = differences.map(
    ({ day, oldSamples, newSamples }) =>
      `${day} (${oldSamples} samples in the hypertable, ${newSamples} in the partitions${oldSamples === newSamples ? ", with other values" : ""})`,
  );
  return new UserError(
    `Not swapped: the two tables differ on ${list.join(", ")}. The hypertable is in use as before and nothing is lost. ` +
      "Run the move again: it copies these days anew. Differences come from writes that go past the trigger, like drop_chunks.",
  );
}

async function swap(sql: Sql, tell: Tell): Promise<Moved> {
  const swapSql = await part("swap.sql");
  const result = await patiently(sql, tell, "to swap the tables", async (tx) => {
    await tx`lock table flyahead.traffic_samples in access exclusive mode`;
    await tx`lock table flyahead.traffic_samples_native in access exclusive mode`;
    const days = await tx<{ day: string }[]>`
      with old as (
        select distinct d::date as day from flyahead.sample_parts() p, generate_series(
          date_trunc('day', p.first_at at time zone 'UTC'), (p.end_at at time zone 'UTC') - interval '1 microsecond', interval '1 day') d
      ), new as (
        select to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') as day
        from pg_inherits where inhparent = 'flyahead.traffic_samples_native'::regclass
      )
      select coalesce(old.day, new.day)::text as day from old full join new on new.day = old.day
      left join flyahead.storage_move m on m.day = coalesce(old.day, new.day)
      where old.day is null or new.day is null or m.verified_at is null
        or exists (select from flyahead.storage_move_touched t where t.day = coalesce(old.day, new.day))`;
    const differences = await compare(
      tx,
      days.map(({ day }) => day),
    );
    if (differences.length > 0) return differences;
    const [moved] = await tx<Moved[]>`
      select count(*) filter (where samples > 0)::float8 as days, coalesce(sum(samples), 0)::float8 as samples from flyahead.storage_move`;
    await tx.unsafe(swapSql);
    return moved ?? { days: 0, samples: 0 };
  });
  if ("length" in result) throw await differ(sql, result);
  await sql`analyze flyahead.traffic_samples`;
  return result;
}

/** Runs a transaction that gives up a lock after a second; then waits as long, and tries again, for some minutes. */
async function patiently<T>(
  sql: Sql,
  tell: Tell,
  what: string,
  work: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await sql.begin(async (tx) => {
        await tx`set local lock_timeout = '1s'`;
        return work(tx);
      })) as T;
    } catch (error) {
      const code = error instanceof postgres.PostgresError ? error.code : "";
      if (code !== LOCK_NOT_AVAILABLE && code !== DEADLOCK) throw error;
      if (tries === TRIES)
        throw new UserError(
          `Waited two minutes ${what}, in vain: somebody holds a lock. Nothing is lost; pg_stat_activity shows long transactions. Run the move again.`,
        );
      if (tries === 1) tell(`waiting ${what}: somebody holds a lock`);
      await wait(1_000);
    }
  }
}
