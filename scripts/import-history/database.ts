/**
 * The importer's side of migrations/0020_import.sql: a temporary table that rows are put into, and then day by day the
 * loading of it, each day a transaction of its own. So an import that is killed leaves whole days, and the same command goes
 * on from there.
 *
 * The trap: a temporary table lives with its connection. So there is one connection, it is never closed for idleness
 * or age, and a pooler in transaction mode (port 6543) will not do. Rows travel as arrays and not by COPY, where an error
 * of the server's in mid-stream would leave postgres.js waiting for ever.
 */
import postgres from "postgres";
import { numberArray, type Sql, textArray } from "../../src/adapters/postgres/connect.ts";
import type { Instant } from "../../src/core/time.ts";
import { NUMBERS } from "./columns.ts";
import type { Row } from "./rows.ts";

export type FoundPool = {
  readonly app: string;
  readonly region: string;
  readonly group: string;
  readonly known: boolean;
  readonly times: number;
  readonly lines: readonly number[];
};
export type LoadedDay = {
  readonly taken: number;
  readonly replaced: number;
  readonly unchanged: number;
  readonly doubled: number;
  readonly tooOld: number;
  readonly pools: readonly number[];
  readonly first: Instant | null;
  readonly last: Instant | null;
};
export type ServerRefusal = {
  readonly reason: string;
  readonly times: number;
  readonly lines: readonly number[];
};
export type ImportDatabase = ReturnType<typeof importDatabase>;

const ROWS = "pg_temp.flyahead_import_rows";
/** Parameters of a statement are text: some hundred kB a time. */
const ROWS_A_STATEMENT = 5_000;

export function connectImport(url: string): Sql {
  return postgres(url, {
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: 10,
    max_lifetime: null,
    onnotice: () => {},
    connection: { application_name: "flyahead import" },
  });
}

export function importDatabase(sql: Sql) {
  return {
    /** Begins: an empty place for the rows. */
    async prepare(): Promise<void> {
      await sql.unsafe("set statement_timeout = 0; set idle_session_timeout = 0").simple();
      await sql.unsafe(`create temp table flyahead_import_rows of flyahead.import_row`);
    },

    async stage(rows: readonly Row[]): Promise<void> {
      for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT)
        await stageSome(sql, rows.slice(from, from + ROWS_A_STATEMENT));
    },

    /** Takes out what must not be stored. */
    async refuse(): Promise<ServerRefusal[]> {
      const rows = await sql<{ reason: string; times: string; lines: number[] }[]>`
        select reason, times, to_json(lines) as lines from flyahead.refuse_import_rows(${ROWS}::text::regclass)`;
      return rows.map((row) => ({ ...row, times: Number(row.times) }));
    },

    /** Makes unknown pools, or takes their rows out. */
    async matchPools(create: boolean, dryRun: boolean): Promise<FoundPool[]> {
      const rows = await sql<(Omit<FoundPool, "times"> & { times: string })[]>`
        select app, region, process_group as "group", known, times, to_json(lines) as lines
        from flyahead.match_import_pools(${ROWS}::text::regclass, ${create}, ${dryRun})`;
      return rows.map((row) => ({ ...row, times: Number(row.times) }));
    },

    async days(binSeconds: number): Promise<Instant[]> {
      const rows = await sql<{ day: number }[]>`
        select flyahead.epoch_ms(day) as day from flyahead.import_days(${ROWS}::text::regclass, ${binSeconds}) day`;
      return rows.map(({ day }) => day);
    },

    async load(day: Instant, binSeconds: number, dryRun: boolean): Promise<LoadedDay> {
      const [row] = await sql<LoadedDay[]>`
        select taken::integer, replaced::integer, unchanged::integer, doubled::integer, too_old::integer as "tooOld",
          coalesce(to_json(pools), '[]') as pools, flyahead.epoch_ms(first_at) as first, flyahead.epoch_ms(last_at) as last
        from flyahead.load_import_day(${ROWS}::text::regclass, flyahead.instant(${day}), ${binSeconds}, ${dryRun})`;
      return row!;
    },

    /** Has forecasters learn anew; answers the apps whose running tick may put back what they knew. */
    async forget(pools: readonly number[]): Promise<string[]> {
      const [row] = await sql<{ apps: string[] }[]>`
        select to_json(flyahead.forget_forecasts(${numberArray(pools)}::text::integer[])) as apps`;
      return row?.apps ?? [];
    },
  };
}

async function stageSome(sql: Sql, rows: readonly Row[]): Promise<void> {
  const numbers = NUMBERS.map((_, place) =>
    rows.some(({ values }) => values[place] !== null)
      ? numberArray(rows.map(({ values }) => values[place]))
      : null,
  );
  const names = (pick: (row: Row) => string) => textArray(rows.map(pick));
  const [requests, errors, latency, cpu, memory, disk, concurrency, queue] = numbers as (string | null)[];
  await sql`
    insert into pg_temp.flyahead_import_rows
      (line, app, region, process_group, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth)
    select r.line, r.app, r.region, r.process_group, flyahead.instant(r.at), r.requests, r.errors, r.latency, r.cpu, r.memory, r.disk,
      r.concurrency, r.queue
    from unnest(
      ${numberArray(rows.map(({ line }) => line))}::text::bigint[], ${names(({ app }) => app)}::text::text[],
      ${names(({ region }) => region)}::text::text[], ${names(({ group }) => group)}::text::text[],
      ${numberArray(rows.map(({ at }) => at))}::text::float8[], ${requests!}::text::float8[], ${errors!}::text::float8[],
      ${latency!}::text::float8[], ${cpu!}::text::float8[], ${memory!}::text::float8[], ${disk!}::text::float8[],
      ${concurrency!}::text::float8[], ${queue!}::text::float8[]
    ) as r (line, app, region, process_group, at, requests, errors, latency, cpu, memory, disk, concurrency, queue)`;
}
