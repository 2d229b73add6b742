/**
 * What came of it, in tables and pictures that need no legend: each region with its machines and its minutes short, then
 * flyahead beside three other ways to run the same days on the same minutes.
 */

import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { textTable } from "../../src/local/text-table.ts";
import { alwaysAtPeak } from "../../src/sim/baselines/always-at-peak.ts";
import { clairvoyant } from "../../src/sim/baselines/clairvoyant.ts";
import { evaluate } from "../../src/sim/baselines/evaluate.ts";
import { reactive } from "../../src/sim/baselines/reactive.ts";
import type { LedgerRow } from "../../src/sim/fly/world.ts";
import { sparkline } from "../../src/sim/traffic/chart.ts";
import { sliceDemand } from "../../src/sim/traffic/demand.ts";
import type { DemoTraffic } from "./traffic.ts";

/** A started machine of the simulated Fly serves after about three seconds; the small world counts in whole minutes. */
const BOOT_MINUTES = 1;
const CHART_WIDTH = 84;
/** A usual setting of reactive scalers: a fifth of each machine is kept free. */
const SPARE_TARGET = 0.8;

/** What one way of running a pool, or all of them, cost and lacked. */
type Score = { hours: number; shortMinutes: number; unserved: number };
type Way =
  | "flyahead"
  | "always at peak"
  | "reactive"
  | "reactive each minute"
  | "reactive with spare"
  | "clairvoyant";
type RegionScore = { region: string; ways: Record<Way, Score>; rows: readonly LedgerRow[]; requests: number };

export function scoreRegions(
  ledger: readonly LedgerRow[],
  { demand, from, until, requestsPerMachine }: DemoTraffic,
  { min, max, cadenceMinutes }: { min: number; max: number; cadenceMinutes: number },
): RegionScore[] {
  const lived = sliceDemand(demand, from, until);
  return lived.pools.map(({ region, requests }) => {
    const bounds = { requestsPerMachine, min, max };
    const judge = (desired: Int32Array): Score => {
      const { machineMinutes, shortMinutes, unservedRequests } = evaluate(requests, desired, {
        ...bounds,
        bootMinutes: BOOT_MINUTES,
      });
      return { hours: machineMinutes / 60, shortMinutes, unserved: unservedRequests };
    };
    const rows = ledger.filter((row) => row.region === region && row.recorded);
    return {
      region,
      rows,
      requests: sum(rows.map((row) => row.demand)),
      ways: {
        flyahead: {
          hours: sum(rows.map((row) => row.billed)) / 60,
          shortMinutes: rows.filter((row) => row.short).length,
          unserved: sum(rows.map((row) => row.unservedRequests)),
        },
        "always at peak": judge(alwaysAtPeak(requests, bounds)),
        reactive: judge(reactive(requests, { ...bounds, everyMinutes: cadenceMinutes })),
        "reactive each minute": judge(reactive(requests, { ...bounds, everyMinutes: 1 })),
        "reactive with spare": judge(
          reactive(requests, { ...bounds, everyMinutes: 1, targetUse: SPARE_TARGET }),
        ),
        clairvoyant: judge(clairvoyant(requests, { ...bounds, bootMinutes: BOOT_MINUTES })),
      },
    };
  });
}

export function regionTable(regions: readonly RegionScore[]): string {
  return recordTable(
    regions.map(({ region, rows, requests, ways }) => {
      const billed = rows.map((row) => row.billed);
      const own = ways.flyahead;
      return {
        region,
        "machines min/mean/peak": `${Math.round(Math.min(...billed))} / ${(sum(billed) / billed.length).toFixed(1)} / ${Math.round(Math.max(...billed))}`,
        "minutes short": `${own.shortMinutes} of ${rows.length}`,
        "not served": percent(own.unserved / requests, 3),
        "machine-hours": own.hours.toFixed(0),
        "always at peak": ways["always at peak"].hours.toFixed(0),
        reactive: ways.reactive.hours.toFixed(0),
        clairvoyant: ways.clairvoyant.hours.toFixed(0),
      };
    }),
  );
}

export function comparisonTable(regions: readonly RegionScore[], cadenceMinutes: number): string {
  const notes: Record<Way, string> = {
    flyahead: `forecasts, looks every ${cadenceMinutes} minutes`,
    "always at peak": "the fewest machines that are always enough, day and night",
    reactive: `follows the last minute's load, looks every ${cadenceMinutes} minutes`,
    "reactive each minute": "the same, looking every minute",
    "reactive with spare": `every minute, keeping machines ${100 * SPARE_TARGET} % busy`,
    clairvoyant: "knows the future: the fewest machine-hours without ever being short",
  };
  const requests = sum(regions.map((region) => region.requests));
  const total = (way: Way) => regions.map(({ ways }) => ways[way]);
  const best = sum(total("clairvoyant").map(({ hours }) => hours));
  return recordTable(
    (Object.keys(notes) as Way[]).map((way) => {
      const scores = total(way);
      const hours = sum(scores.map((score) => score.hours));
      return {
        way,
        "machine-hours": hours.toFixed(0),
        "× clairvoyant": (hours / best).toFixed(2),
        "minutes short": sum(scores.map((score) => score.shortMinutes)),
        "not served": percent(sum(scores.map((score) => score.unserved)) / requests, 3),
        what: notes[way],
      };
    }),
  );
}

/** Load above, machines below, over the whole time, each in its own scale; gaps are blank. */
export function charts(
  regions: readonly RegionScore[],
  { demand, from, until, happenings }: DemoTraffic,
): string {
  const lived = sliceDemand(demand, from, until);
  const markHours = (until - from) / CHART_WIDTH / HOUR_MS;
  const rows = regions.flatMap(({ region, rows }) => {
    const load = lived.pools.find((pool) => pool.region === region)!.requests;
    const machines = new Float64Array(load.length).fill(Number.NaN);
    for (const row of rows) machines[(row.at - lived.start) / MINUTE_MS] = row.billed;
    return [
      `${region.padEnd(4)} load     ${sparkline(load, CHART_WIDTH)}`,
      `     machines ${sparkline(machines, CHART_WIDTH)}`,
    ];
  });
  const scale = `each mark is the peak of ${markHours.toFixed(1)} hours, each row in its own scale`;
  return [...rows, ...[scale, ...happenings].map((note) => `     ${note}`)].join("\n");
}

type DecisionRow = { slot: string; region: string; reason: string };

/** The greatest step up that was taken before the load came, and the greatest that a rule held back. */
export async function twoDecisions(sql: Sql, from: Instant): Promise<DecisionRow[]> {
  return sql<DecisionRow[]>`
    with decided as (
      select h.*, w.region, to_char(h.slot at time zone 'UTC', 'Dy DD Mon HH24:MI') || 'Z' as at
      from flyahead.autoscaling_history h join flyahead.worker_regions w on w.id = h.pool_id
      where h.mode = 'act' and h.slot > flyahead.instant(${from}) + interval '1 day'
    ), ahead as (
      select 1 as n, at, region, reason from decided
      where kind = 'grow' and need_now <= from_workers order by to_workers - from_workers desc, slot limit 1
    ), ruled as (
      select 2 as n, at, region, reason from decided
      where cardinality(constraints) > 0 order by abs(worth - to_workers) desc, slot limit 1
    )
    select at as slot, region, reason from (select * from ahead union all select * from ruled) both_kinds order by n`;
}

export async function actionCounts(sql: Sql): Promise<string> {
  const rows = await sql<{ kind: string; status: string; count: number }[]>`
    select kind, coalesce(status, 'open') as status, count(*)::integer as count
    from flyahead.scaling_intents group by 1, 2 order by 1, 2`;
  const total = sum(rows.map(({ count }) => count));
  return `${total} actions: ${rows.map(({ kind, status, count }) => `${count} ${kind} ${status}`).join(", ") || "none"}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(share: number, digits: number): string {
  if (Number.isNaN(share)) return "–";
  return `${(100 * share).toFixed(digits)} %`;
}

/** Rows as objects of the same columns. */
function recordTable(rows: readonly Record<string, string | number>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return textTable(
    columns,
    rows.map((row) => columns.map((column) => row[column])),
    { maxCellWidth: 70 },
  );
}
