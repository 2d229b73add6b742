/**
 * Lives the traffic through a local installation, slot by slot: the clock moves, the samples of the last minutes go in
 * through the traffic function, and the auto-scaling function is called as cron would.
 */
import { floorTo, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { Installation } from "../../src/local/installation.ts";
import type { Demand } from "../../src/sim/traffic/demand.ts";
import type { RegionSpec } from "../../src/sim/traffic/regions.ts";
import type { DemoTraffic } from "./traffic.ts";

/** As many as the traffic function takes at once. */
const SAMPLES_A_CALL = 5_000;

export type ReplayCounts = { ticks: number; apps: Record<string, number> };

/** Finds the pools with a first tick that only looks, then loads the history, then lets flyahead act. */
export async function prepare(
  installation: Installation,
  { demand, from }: DemoTraffic,
  regions: readonly RegionSpec[],
  onProgress: (text: string) => void,
): Promise<void> {
  const { fly, sql } = installation;
  const first = floorTo(from, 15 * MINUTE_MS) - 15 * MINUTE_MS;
  if (first > fly.now()) fly.advanceTo(first);
  await tick(installation, first, { mode: "observe" });
  let sent = 0;
  for (const samples of sampleChunks(demand, demand.start, first)) {
    sent += await ingest(installation, samples);
    onProgress(`${sent.toLocaleString("en")} samples of history`);
  }
  await asCron(installation);
  // As an owner would: act, and know each region's days by its own clock.
  for (const { region, timeZone } of regions) {
    await sql`update flyahead.worker_regions set mode = 'act', time_zone = ${timeZone} where region = ${region}`;
  }
}

/** One tick a slot over [from, until); `onSlot` is told after each. */
export async function replay(
  installation: Installation,
  { demand, from, until }: DemoTraffic,
  cadenceMs: number,
  onSlot: (slot: Instant) => void,
): Promise<ReplayCounts> {
  const counts: ReplayCounts = { ticks: 0, apps: {} };
  let sampledUntil = floorTo(from, 15 * MINUTE_MS) - 15 * MINUTE_MS;
  for (let slot = floorTo(from, cadenceMs); slot < until; slot += cadenceMs) {
    if (slot > installation.fly.now()) installation.fly.advanceTo(slot);
    for (const samples of sampleChunks(demand, sampledUntil, slot)) await ingest(installation, samples);
    sampledUntil = slot;
    for (const status of await tick(installation, slot, {}))
      counts.apps[status] = (counts.apps[status] ?? 0) + 1;
    counts.ticks += 1;
    await asCron(installation);
    onSlot(slot);
  }
  if (until > installation.fly.now()) installation.fly.advanceTo(until);
  await asCron(installation);
  return counts;
}

/** What cron does beside the ticks: what came in goes into the rollups, and predictions that are due are judged. */
async function asCron({ sql, fly }: Installation): Promise<void> {
  await sql`update flyahead.settings set value = ${formatInstant(fly.now())} where name = 'simulated_now'`;
  await sql`select flyahead.refresh_rollups()`;
}

/** Answers how each app's tick went. */
async function tick({ call }: Installation, slot: Instant, body: Record<string, unknown>): Promise<string[]> {
  const answer = await call("auto-scaling", {
    method: "POST",
    body: JSON.stringify({ ...body, slot: formatInstant(slot) }),
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`The tick of ${formatInstant(slot)} was answered ${answer.status}: ${text}`);
  const { apps } = JSON.parse(text) as { apps: { app: string; status: string; error?: string }[] };
  return apps.map(({ status }) => status);
}

async function ingest({ call }: Installation, samples: readonly unknown[]): Promise<number> {
  const answer = await call("traffic", { method: "POST", body: JSON.stringify(samples) });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`${samples.length} samples were answered ${answer.status}: ${text.slice(0, 500)}`);
  const { stored, refused } = JSON.parse(text) as {
    stored: number;
    refused: { index: number; reason: string }[];
  };
  if (refused.length > 0)
    throw new Error(`${refused.length} samples were refused, the first because: ${refused[0]!.reason}`);
  return stored;
}

/** The measured minutes of [from, until) of all pools, in requests of at most SAMPLES_A_CALL. Gaps are not sent. */
function* sampleChunks(demand: Demand, from: Instant, until: Instant): Generator<Record<string, unknown>[]> {
  let chunk: Record<string, unknown>[] = [];
  const first = Math.max(0, (from - demand.start) / demand.binMs);
  const last = (until - demand.start) / demand.binMs;
  for (let i = first; i < last; i++) {
    for (const { app, region, processGroup, requests } of demand.pools) {
      const load = requests[i];
      if (load === undefined || Number.isNaN(load)) continue;
      chunk.push({
        app,
        region,
        processGroup,
        at: formatInstant(demand.start + i * demand.binMs),
        requests: load,
      });
      if (chunk.length === SAMPLES_A_CALL) {
        yield chunk;
        chunk = [];
      }
    }
  }
  if (chunk.length > 0) yield chunk;
}
