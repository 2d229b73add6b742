/**
 * How long the usual question to each view takes, on 18 regions × 10 process groups by the minute, at two lengths of history
 * and, from the two, at 90 days; and what the tick asks of the same database. About five minutes.
 *
 * npm run bench:views [-- DAYS DAYS]
 */

import type { Sql } from "../src/adapters/postgres/connect.ts";
import { createPostgresHistory } from "../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../src/adapters/postgres/leases.ts";
import { createPostgresSamples } from "../src/adapters/postgres/samples.ts";
import { HOUR_MS, MINUTE_MS } from "../src/core/time.ts";
import { textTable } from "../src/local/text-table.ts";
import { embeddedDatabase } from "./support/database.ts";
import { fillFleet } from "./support/fleet-history.ts";
import { medianMs, ms } from "./support/measure.ts";
import { tickOf } from "./support/tick-document.ts";

const UNTIL = "2026-06-15T12:00:00Z";
const NOW = Date.parse(UNTIL);
const ROUNDS = 9;
const GOAL_MS = 100;
const FULL_DAYS = 90;

/** What a person asks, most of all from a dashboard: one app (here all 180 pools), or one pool. */
const QUESTIONS: readonly [view: string, question: string, looksBackDays: number, sql: string][] = [
  ["region_status", "all pools of an app", 1, "select * from flyahead_api.region_status where app = 'shop'"],
  [
    "traffic_metrics",
    "a pool's last hour by the minute",
    90,
    "select * from flyahead_api.traffic_metrics where app = 'shop' and region = 'r3' and process_group = 'g2' and resolution = '1 minute' and bucket > flyahead.now() - interval '1 hour'",
  ],
  [
    "traffic_metrics",
    "an app's day by the hour",
    1,
    "select * from flyahead_api.traffic_metrics where app = 'shop' and resolution = '1 hour' and bucket > flyahead.now() - interval '1 day'",
  ],
  [
    "traffic_metrics",
    "an app's quarter by the day",
    90,
    "select * from flyahead_api.traffic_metrics where app = 'shop' and resolution = '1 day' and bucket > flyahead.now() - interval '90 days'",
  ],
  [
    "traffic()",
    "a week of a region, hourly",
    7,
    "select * from flyahead_api.traffic('shop', flyahead.now() - interval '7 days') where region = 'r3'",
  ],
  [
    "autoscaling_analytics",
    "an app's last 30 days",
    30,
    "select day, sum(grown), sum(shrunk), sum(machine_hours), sum(cost_usd) from flyahead_api.autoscaling_analytics where app = 'shop' and day > (flyahead.now() - interval '30 days')::date group by 1",
  ],
  [
    "scaling_efficiency",
    "an app's last 30 days",
    30,
    "select day, sum(minutes_short), sum(idle_machine_hours), sum(saved_usd_against_peak) from flyahead_api.scaling_efficiency where app = 'shop' and day > (flyahead.now() - interval '30 days')::date group by 1",
  ],
  [
    "prediction_accuracy",
    "an app's last week by horizon",
    7,
    "select horizon, sum(judged), sum(judged * coverage_q95) / sum(judged) from flyahead_api.prediction_accuracy where app = 'shop' and day > (flyahead.now() - interval '7 days')::date group by 1",
  ],
  ["missed_slots", "all", 7, "select * from flyahead_api.missed_slots"],
  ["open_intents", "all", 1, "select * from flyahead_api.open_intents"],
  ["historical_matches()", "one pool, now", 57, "select * from flyahead_api.historical_matches(22)"],
  ["storage_status", "", 90, "select * from flyahead_api.storage_status"],
];

async function measure(sql: Sql): Promise<number[]> {
  const times: number[] = [];
  for (const [, , , query] of QUESTIONS) times.push(await medianMs(ROUNDS, () => sql.unsafe(query)));
  return times;
}

/** The tick's own questions at a steady state. */
async function tickQueries(sql: Sql): Promise<Record<string, number>> {
  const pools = await sql<
    { region: string; processGroup: string }[]
  >`select region, process_group as "processGroup" from flyahead.worker_regions where app = 'shop'`;
  const windows = pools.map(({ region, processGroup }) => ({
    pool: { app: "shop", region, processGroup },
    from: NOW - 30 * MINUTE_MS,
  }));
  const samples = createPostgresSamples(sql);
  const history = createPostgresHistory(sql);
  const leases = createPostgresLeases(sql);
  let slot = NOW + HOUR_MS;
  return {
    pools: pools.length,
    "recall ms": await medianMs(ROUNDS, () => history.recall("shop", NOW)),
    "read samples ms": await medianMs(ROUNDS, () => samples.readSeries("shop", windows, NOW, MINUTE_MS)),
    "lease, open, close ms": await medianMs(ROUNDS, async () => {
      slot += 15 * MINUTE_MS;
      const answer = await leases.acquire("shop", slot, 60_000);
      if (answer.status !== "held") throw new Error(`the lease is ${answer.status}`);
      await history.openTick(
        tickOf(
          answer.lease,
          slot,
          windows.map(({ pool }) => pool),
        ),
      );
      await history.closeTick({ lease: answer.lease, now: slot, outcomes: [], summary: {} });
    }),
  };
}

const sizes = process.argv
  .slice(2)
  .map(Number)
  .filter((days) => days > 0);
const [small = 7, large = 28] = sizes;
const results: number[][] = [];
const ticks: Record<string, number>[] = [];
for (const days of [small, large]) {
  const database = await embeddedDatabase({ shared_buffers: "1GB", work_mem: "16MB" });
  await fillFleet(database.sql, {
    days,
    until: UNTIL,
    onDay: (day) => process.stderr.write(`\r${days} days: ${day} `),
  });
  process.stderr.write("\n");
  results.push(await measure(database.sql));
  await database.close();
}
for (const [regions, groups, days] of [
  [10, 1, 28],
  [35, 10, 3],
] as const) {
  const database = await embeddedDatabase({ shared_buffers: "1GB" });
  await fillFleet(database.sql, { days, until: UNTIL }, { regions, groups });
  ticks.push({ ...(await tickQueries(database.sql)), "days behind it": days });
  await database.close();
}

/** At 90 days: on the line through the two sizes, but no further than the question looks back. */
const at90 = (i: number) => {
  const [a, b] = [results[0]![i]!, results[1]![i]!];
  const days = Math.min(FULL_DAYS, QUESTIONS[i]![2]);
  return Math.max(b, b + ((b - a) / (large - small)) * (days - large));
};
console.log(
  `180 pools, a sample a minute, a tick every 15 minutes; median of ${ROUNDS} in ms, planning and transport included\n`,
);
console.log(
  textTable(
    [
      "view",
      "question",
      `${small} days`,
      `${large} days`,
      `${FULL_DAYS} days (extrapolated)`,
      `under ${GOAL_MS} ms`,
    ],
    QUESTIONS.map(([view, question], i) => [
      view,
      question,
      ms(results[0]![i]!),
      ms(results[1]![i]!),
      ms(at90(i)),
      at90(i) < GOAL_MS ? "yes" : "NO",
    ]),
  ),
);
const names = Object.keys(ticks[0]!);
console.log(`\nwhat a tick asks of the database\n`);
console.log(
  textTable(
    names,
    ticks.map((row) => names.map((name) => (name.endsWith("ms") ? ms(row[name]!) : String(row[name])))),
  ),
);
