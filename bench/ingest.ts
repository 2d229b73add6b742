/**
 * How fast samples come in, beside COPY of the same rows into the same table on the same server in the same run; and what a
 * sample takes on disk. About half a minute. The last line is the ratio that matters: COPY without rollups, over the ingest
 * path with all rollups made.
 *
 * npm run bench:ingest (with TIMESCALE_DATABASE_URL, a list, also on those servers)
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Sql } from "../src/adapters/postgres/connect.ts";
import { createPostgresSamples } from "../src/adapters/postgres/samples.ts";
import { formatInstant, MINUTE_MS } from "../src/core/time.ts";
import { textTable } from "../src/local/text-table.ts";
import type { PoolSample } from "../src/ports.ts";
import { createRandom } from "../src/sim/random.ts";
import { addPools, type BenchDatabase, embeddedDatabase, timescaleDatabases } from "./support/database.ts";
import { median, ms, timed } from "./support/measure.ts";

const POOLS = 20;
const MINUTES = 5_000;
const ROUNDS = 5;
const BATCH = 5_000;
const START = Date.UTC(2026, 8, 1);
const NOW = START + 5 * 24 * 60 * MINUTE_MS;

/** Minute by minute all pools, as they arrive. */
function sampleRows(): PoolSample[] {
  const random = createRandom("ingest");
  return Array.from({ length: MINUTES * POOLS }, (_, i) => {
    const minute = Math.floor(i / POOLS);
    const pool = i % POOLS;
    const requests = Math.round(
      100 * (pool + 1) * (1.5 + Math.sin(minute / 229)) * (0.9 + 0.2 * random.next()),
    );
    return {
      pool: { app: "shop", region: `r${pool + 1}`, processGroup: "g1" },
      at: START + minute * MINUTE_MS,
      requests,
      errors: pool,
      p95LatencyMs: 120,
    };
  });
}

async function copy(sql: Sql, samples: readonly PoolSample[]): Promise<void> {
  const receivedAt = formatInstant(NOW);
  function* lines() {
    for (let i = 0; i < samples.length; i += 1_000) {
      yield samples
        .slice(i, i + 1_000)
        .map(
          ({ pool, at, requests, errors, p95LatencyMs }) =>
            `${pool.region.slice(1)}\t${formatInstant(at)}\t${requests}\t${errors}\t${p95LatencyMs}\t${receivedAt}\n`,
        )
        .join("");
    }
  }
  const into =
    await sql`copy flyahead.traffic_samples (pool_id, at, requests, errors, p95_latency_ms, received_at) from stdin`.writable();
  await pipeline(Readable.from(lines()), into);
}

async function store(sql: Sql, samples: readonly PoolSample[]): Promise<void> {
  const port = createPostgresSamples(sql);
  for (let i = 0; i < samples.length; i += BATCH) await port.store(samples.slice(i, i + BATCH), NOW);
}

async function refresh(sql: Sql): Promise<void> {
  while ((await sql<{ done: number }[]>`select flyahead.refresh_rollups() as done`)[0]!.done > 0);
}

const empty = (sql: Sql) =>
  sql`truncate flyahead.traffic_samples, flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.scaling_1h, flyahead.scaling_1d, flyahead.rollup_queue`;

async function bench(
  { name, sql }: BenchDatabase,
  samples: readonly PoolSample[],
): Promise<Record<string, string | number>> {
  await addPools(sql, "shop", POOLS);
  await sql`select flyahead.ensure_sample_days(flyahead.instant(${START}), flyahead.instant(${NOW}))`;
  const times = {
    copy: [] as number[],
    store: [] as number[],
    refresh: [] as number[],
    again: [] as number[],
  };
  let size = { bytes: 0, rollups: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    await empty(sql);
    times.copy.push(await timed(() => copy(sql, samples)));
    await empty(sql);
    times.store.push(await timed(() => store(sql, samples)));
    times.refresh.push(await timed(() => refresh(sql)));
    if (round === ROUNDS - 1) size = await sizeOf(sql, samples.length);
    times.again.push(await timed(() => store(sql, samples)));
    process.stderr.write(`\r${name}: round ${round + 1} of ${ROUNDS} `);
  }
  process.stderr.write("\n");
  const steady = await steadyMs(sql);
  const rate = (values: readonly number[]) => `${Math.round(samples.length / median(values))}k`;
  return {
    where: name,
    "COPY rows/s": rate(times.copy),
    "store rows/s": rate(times.store),
    "sent again": rate(times.again),
    "store + rollups": `${Math.round(samples.length / (median(times.store) + median(times.refresh)))}k`,
    "a minute of 20 pools": `${ms(steady)} ms`,
    "bytes a sample": Math.round(size.bytes),
    rollups: Math.round(size.rollups),
    ratio: (median(times.copy) / (median(times.store) + median(times.refresh))).toFixed(2),
  };
}

/** Bytes a sample, indexes included: in its own table, and in the rollups. */
async function sizeOf(sql: Sql, samples: number): Promise<{ bytes: number; rollups: number }> {
  const [row] = await sql<{ bytes: number; rollups: number }[]>`
    select (select total_bytes from flyahead_api.storage_status)::float8 / ${samples} as bytes,
      (pg_total_relation_size('flyahead.traffic_5m') + pg_total_relation_size('flyahead.traffic_1h') + pg_total_relation_size('flyahead.traffic_1d'))::float8 / ${samples} as rollups`;
  return row!;
}

/** What each minute costs where nothing is imported: one sample a pool, then the refresh. */
async function steadyMs(sql: Sql): Promise<number> {
  const times: number[] = [];
  for (let minute = MINUTES; minute < MINUTES + 30; minute++) {
    const samples = Array.from({ length: POOLS }, (_, pool) => ({
      pool: { app: "shop", region: `r${pool + 1}`, processGroup: "g1" },
      at: START + minute * MINUTE_MS,
      requests: minute,
    }));
    times.push(
      await timed(async () => {
        await createPostgresSamples(sql).store(samples, NOW);
        await refresh(sql);
      }),
    );
  }
  return median(times);
}

const samples = sampleRows();
const rows: Record<string, string | number>[] = [];
for (const database of [
  await embeddedDatabase({ fsync: "on", full_page_writes: "on" }),
  ...(await timescaleDatabases()),
]) {
  rows.push(await bench(database, samples));
  await database.close();
}
console.log(
  `${samples.length.toLocaleString("en")} samples of ${POOLS} pools in batches of ${BATCH.toLocaleString("en")}, median of ${ROUNDS} rounds\n`,
);
const names = Object.keys(rows[0]!);
console.log(
  textTable(
    names,
    rows.map((row) => names.map((name) => String(row[name]))),
  ),
);
console.log(`\nratio to COPY: ${rows[0]!.ratio}`);
