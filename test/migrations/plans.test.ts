/**
 * What the functions ask of the database, with the plan looked at: on a filled database no statement of theirs, nor the usual
 * question to a view, walks through a table that grows with time. auto_explain tells the plans of statements inside functions.
 */
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fillFleet } from "../../bench/support/fleet-history.ts";
import { tickOf } from "../../bench/support/tick-document.ts";
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { createPostgresHistory } from "../../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../../src/adapters/postgres/leases.ts";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { useEmbedded } from "../support/databases.ts";

const UNTIL = "2026-06-15T12:00:00Z";
const NOW = Date.parse(UNTIL);
/** Tables whose rows only become more. What is small, or emptied as it is worked off, may be read through. */
const GROWING =
  /Seq Scan on (traffic_samples_\d+|traffic_5m|traffic_1h|autoscaling_history|scaling_intents|traffic_predictions|scaling_1h|capacity_steps|boot_times|ticks)\b/;

const open = useEmbedded();
let sql: Sql;
const plans: string[] = [];

beforeAll(async () => {
  const db = await open();
  await fillFleet(db.owner, { days: 5, until: UNTIL }, { regions: 10, groups: 2 });
  sql = postgres(db.url, {
    max: 1,
    prepare: false,
    fetch_types: false,
    onnotice: ({ message = "" }) => void plans.push(message),
  });
  await sql.unsafe(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
    set auto_explain.log_level = 'notice'; set client_min_messages = notice`);
}, 60_000);
afterAll(() => sql?.end());

/** Plans of a statement and of all inside it, in which something walks through a growing table. */
async function walks(work: () => Promise<unknown>): Promise<string[]> {
  plans.length = 0;
  await work();
  expect(plans.length).toBeGreaterThan(0);
  // Whether a day has any row at all is answered by its first.
  return plans
    .filter((plan) => GROWING.test(plan) && !plan.includes("Query Text: exists ("))
    .map((plan) => plan.slice(0, 1_500));
}

const POOLS = Array.from({ length: 10 }, (_, i) => ({
  app: "shop",
  region: `r${i + 1}`,
  processGroup: "g1",
}));

it("storing samples, and the refresh after it", async () => {
  const samples = POOLS.map((pool) => ({ pool, at: NOW - MINUTE_MS, requests: 5 }));
  expect(await walks(() => createPostgresSamples(sql).store(samples, NOW))).toEqual([]);
  expect(await walks(() => sql`select flyahead.refresh_rollups()`)).toEqual([]);
});

it("a tick: what it reads and what it writes", async () => {
  const leases = createPostgresLeases(sql);
  const history = createPostgresHistory(sql);
  const windows = POOLS.map((pool) => ({ pool, from: NOW - 30 * MINUTE_MS }));
  expect(await walks(() => history.recall("shop", NOW))).toEqual([]);
  const asking = windows.map((one) => ({ ...one, signalsFrom: NOW - 60 * MINUTE_MS }));
  for (const asked of [windows, asking, [...windows.slice(1), asking[0]!]])
    expect(await walks(() => createPostgresSamples(sql).readSeries("shop", asked, NOW, MINUTE_MS))).toEqual(
      [],
    );
  const answer = await leases.acquire("shop", NOW, 60_000);
  if (answer.status !== "held") throw new Error(answer.status);
  expect(await walks(() => history.openTick(tickOf(answer.lease, NOW, POOLS)))).toEqual([]);
  expect(
    await walks(() => history.closeTick({ lease: answer.lease, now: NOW, outcomes: [], summary: {} })),
  ).toEqual([]);
});

it.each([
  "select * from flyahead_api.region_status where app = 'shop'",
  "select * from flyahead_api.traffic_metrics where app = 'shop' and region = 'r3' and resolution = '1 minute' and bucket > flyahead.now() - interval '1 hour'",
  "select * from flyahead_api.open_intents",
  "select * from flyahead_api.historical_matches(3)",
])("%s", async (query) => {
  expect(await walks(() => sql.unsafe(query))).toEqual([]);
});
