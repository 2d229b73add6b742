/**
 * How much Postgres ten pools take, against the 500 MB of a free project: a week is lived through the functions' own SQL, then
 * each table's bytes a day times the days that it is kept. About half a minute.
 *
 * npm run bench:size
 */
import { createPostgresHistory } from "../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../src/adapters/postgres/leases.ts";
import { createPostgresSamples } from "../src/adapters/postgres/samples.ts";
import { formatInstant, MINUTE_MS } from "../src/core/time.ts";
import { textTable } from "../src/local/text-table.ts";
import { addPools, embeddedDatabase } from "./support/database.ts";
import { KEPT_DAYS } from "./support/kept-days.ts";
import { tickOf } from "./support/tick-document.ts";

const POOLS = 10;
const DAYS = 2;
const START = Date.UTC(2026, 5, 1);
const FREE_MB = 500;
const MB = 1024 * 1024;

async function live(cadenceMinutes: number): Promise<Map<string, number>> {
  const database = await embeddedDatabase();
  const { sql } = database;
  await sql`insert into flyahead.settings (name, value) values ('simulated_now', ${formatInstant(START)})`;
  await addPools(sql, "shop", POOLS);
  const pools = Array.from({ length: POOLS }, (_, i) => ({
    app: "shop",
    region: `r${i + 1}`,
    processGroup: "g1",
  }));
  const samples = createPostgresSamples(sql);
  const history = createPostgresHistory(sql);
  const leases = createPostgresLeases(sql);
  for (let minute = 0; minute < DAYS * 1_440; minute += cadenceMinutes) {
    const now = START + minute * MINUTE_MS;
    const batch = Array.from({ length: cadenceMinutes }, (_, i) => now + (i - cadenceMinutes) * MINUTE_MS);
    await samples.store(
      batch.flatMap((at) =>
        pools.map((pool, i) => ({
          pool,
          at,
          requests: 300 * i + ((at / MINUTE_MS) % 97),
          errors: 1,
          p95LatencyMs: 80,
        })),
      ),
      now,
    );
    const answer = await leases.acquire("shop", now, 60_000);
    if (answer.status !== "held") throw new Error(`the lease is ${answer.status}`);
    await history.openTick(tickOf(answer.lease, now, pools));
    await history.closeTick({
      lease: answer.lease,
      now,
      outcomes: [],
      summary: { ms: { observe: 100, decide: 5, open: 20, apply: 300, close: 10 } },
    });
    if (minute % 60 === 0) {
      await sql`update flyahead.settings set value = ${formatInstant(now)} where name = 'simulated_now'`;
      await sql`select flyahead.refresh_rollups()`;
      process.stderr.write(
        `\revery ${cadenceMinutes} minutes: day ${Math.floor(minute / 1_440) + 1} of ${DAYS} `,
      );
    }
  }
  process.stderr.write("\n");
  // Rows that were rewritten leave room that the next ones take; what is there after a vacuum is what stays.
  await sql`vacuum full`;
  const rows = await sql<{ name: string; bytes: number }[]>`
    select case when c.relname like 'traffic_samples%' then 'traffic_samples' else c.relname end as name, sum(pg_total_relation_size(c.oid))::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'flyahead' and c.relkind = 'r' group by 1`;
  await database.close();
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

const cadences = [15, 1];
const lived: Map<string, number>[] = [];
for (const cadence of cadences) lived.push(await live(cadence));
const tables = Object.entries(KEPT_DAYS);
const perDay = (i: number, table: string) => (lived[i]!.get(table) ?? 0) / DAYS;
const rows = tables.map(([table, kept]) => [
  table,
  kept,
  ...cadences.flatMap((_, i) => [
    Math.round(perDay(i, table) / 1024),
    ((perDay(i, table) * 30) / MB).toFixed(1),
    ((perDay(i, table) * Math.min(kept, 365)) / MB).toFixed(0),
  ]),
]);
const sum = (i: number, days: (kept: number) => number) =>
  tables.reduce((total, [table, kept]) => total + perDay(i, table) * days(kept), 0) / MB;
rows.push([
  "together",
  "",
  ...cadences.flatMap((_, i) => [
    "",
    sum(i, () => 30).toFixed(0),
    sum(i, (kept) => Math.min(kept, 365)).toFixed(0),
  ]),
]);
console.log(
  `${POOLS} pools, a sample a minute; KB a day, MB a month, and MB after a year of use with the default settings\n`,
);
console.log(
  textTable(
    [
      "table",
      "kept days",
      ...cadences.flatMap((cadence) => [`KB/day @${cadence} min`, "MB/month", "MB after a year"]),
    ],
    rows,
  ),
);
cadences.forEach((cadence, i) => {
  const year = sum(i, (kept) => Math.min(kept, 365));
  console.log(
    `a tick every ${cadence} min: ${year.toFixed(0)} MB of the free ${FREE_MB} MB after a year: ${year <= FREE_MB ? "fits" : "does NOT fit"}`,
  );
});
