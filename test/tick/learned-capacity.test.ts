/**
 * A pool of queues whose true capacity is known, ticked for days with the wrong REQUESTS_PER_WORKER: what machines carry is
 * found, told and used; and where nothing but requests is measured, nothing of it is there.
 */
import { describe, expect, test } from "vitest";
import { isActive } from "../../src/core/fleet.ts";
import { type FullRecord, redecide } from "../../src/core/tick-record.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { TrafficSample } from "../../src/core/traffic.ts";
import { createRandom } from "../../src/sim/random.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { mostOf, PLAN, sampleAt } from "../core/capacity/queue-world.ts";
import { CADENCE_MS, machine, NOW, POOL, policy } from "../core/examples.ts";
import { memoryScene, type Scene, SETTINGS } from "../support/memory-ports.ts";

const MOST = mostOf(PLAN);
/** The load at which a machine's cpu is at 80 %. */
const TRUTH = ((0.8 - PLAN.idleCpu) / (PLAN.busyCpu - PLAN.idleCpu)) * MOST;
/** In what a machine can do at most: so much at midnight, and nine more at noon. */
const demandAt = (at: Instant, night = 1) =>
  MOST * (night + 9 * Math.sin((Math.PI * (at % DAY_MS)) / DAY_MS) ** 2);

type World = {
  readonly days: number;
  readonly requestsPerWorker: number;
  readonly night?: number;
  readonly learnCapacity?: boolean;
  readonly measured?: readonly (keyof TrafficSample)[];
};

async function live({
  days,
  requestsPerWorker,
  night,
  learnCapacity,
  measured = ["cpu", "p95LatencyMs"],
}: World) {
  const start = NOW - days * DAY_MS;
  const size = { cpuKind: "shared", cpus: 1, memoryMb: 256 };
  const scene = memoryScene(
    { shop: Array.from({ length: 25 }, (_, i) => machine(`m${i}`, { size, createdAt: start - DAY_MS })) },
    start,
  );
  const own = { requestsPerWorker, maxWorkers: 25, unservedPrice: 20 };
  const wishes = learnCapacity === undefined ? own : { ...own, learnCapacity };
  const settings = { ...SETTINGS, defaultPolicy: policy(wishes) };
  const noise = createRandom("machines");
  const reasons: string[] = [];
  const tick = async (slot: Instant) => {
    const { apps } = await runTick({ slot, mode: "act", apps: ["shop"] }, settings, scene.ports);
    if (apps[0]?.status === "done") reasons.push(...apps[0].pools.map(({ reason }) => reason));
  };
  await tick(start);
  scene.ports.history.setPool(POOL, { mode: "act" });
  for (let slot = start; slot < NOW; slot += CADENCE_MS) {
    await serve(
      scene,
      slot,
      measured,
      (at) => demandAt(at, night),
      () => noise.logNormal(1, 0.05),
    );
    scene.ports.clock.set(slot + CADENCE_MS + 3_000);
    await tick(slot + CADENCE_MS);
  }
  return { scene, reasons, rows: scene.ports.history.rows(), row: scene.database.pools.get("shop/web@fra")! };
}

/** A quarter of an hour of what the machines that are started go through. */
async function serve(
  { ports }: Scene,
  from: Instant,
  measured: readonly (keyof TrafficSample)[],
  demand: (at: Instant) => number,
  noise: () => number,
): Promise<void> {
  const workers = (await ports.machineApi.list("shop")).filter(isActive).length;
  const samples = Array.from({ length: CADENCE_MS / MINUTE_MS }, (_, i) => {
    const at = from + i * MINUTE_MS;
    const share = (demand(at) * noise()) / (workers * MOST);
    const all = sampleAt({ ...PLAN, workers }, at, share, noise);
    const kept = measured.map((name) => [name, all[name]]);
    // Counted as they come, those that will fail too.
    const requests = Math.round(share * workers * MOST);
    return { pool: POOL, at, requests, ...Object.fromEntries(kept) };
  });
  await ports.samples.store(samples, ports.clock.now());
}

test("half of what machines carry is found too, as they run fuller", async () => {
  const { rows } = await live({ days: 2, requestsPerWorker: TRUTH / 2, night: 0.1, measured: ["cpu"] });
  const most = rows.map(({ decision }) => Number(/learned (\d+) from cpu/.exec(decision.reason)?.[1] ?? 0));
  expect(Math.abs(most.at(-1)! / TRUTH - 1)).toBeLessThan(0.1);
  const machinesAt = (at: Instant) => rows.find(({ decidedAt }) => decidedAt >= at)!.decision.to;
  expect(machinesAt(NOW)).toBeLessThan(0.75 * machinesAt(NOW - DAY_MS));
});

describe("where nothing is to be learned", () => {
  const asText = ({ rows, row }: Awaited<ReturnType<typeof live>>) =>
    JSON.stringify({ rows, hot: row.hot, cold: row.cold }).replaceAll(',"learnCapacity":false', "");
  const given = { days: 0.5, requestsPerWorker: TRUTH } as const;

  test("because only requests are measured, every byte is as if nobody wished to learn", async () => {
    const measured = ["requests"] as const;
    const wished = asText(await live({ ...given, measured }));
    expect(wished).toBe(asText(await live({ ...given, measured, learnCapacity: false })));
    expect(wished).not.toMatch(/"watch"|"capacity"/);
  });

  test("because the policy wants none of it, signals change nothing", async () => {
    const without = asText(await live({ ...given, measured: ["requests"], learnCapacity: false }));
    expect(asText(await live({ ...given, learnCapacity: false }))).toBe(without);
  });
});

describe("REQUESTS_PER_WORKER twice too high", async () => {
  const { rows, reasons, row } = await live({ days: 4, requestsPerWorker: 2 * TRUTH });
  const learned = (record: (typeof rows)[number]["record"]) =>
    record.kind === "full" ? record.observation.learned : undefined;

  test("is found within days, told in the reason, and kept in the record", () => {
    const told = reasons.findIndex((reason) => / learned \d+ from (cpu|latency), [\d.]+ sure/.test(reason));
    expect(told).toBeGreaterThan(0);
    expect(told * CADENCE_MS).toBeLessThan(2 * DAY_MS);
    expect(reasons.at(-1)).toContain(`given ${Math.round(2 * TRUTH)}, learned `);
    const last = rows.findLast(({ record }) => record.kind === "full")!;
    const used = learned(last.record)?.requestsPerWorker ?? 0;
    expect(Math.abs(used / TRUTH - 1)).toBeLessThan(0.15);
  });

  test("and then as many machines serve as the load needs", () => {
    const noon = rows.findLast(({ decidedAt }) => decidedAt % DAY_MS < DAY_MS / 2 + CADENCE_MS)!;
    const first = rows.find(({ decidedAt }) => decidedAt > NOW - 3.5 * DAY_MS)!;
    const needed = (at: Instant) => Math.ceil(demandAt(at) / TRUTH);
    expect(first.decision.needNow).toBeLessThan(needed(first.decidedAt));
    expect(noon.decision.to).toBeGreaterThanOrEqual(needed(noon.decidedAt) - 1);
  });

  test("every full record decides the same again", () => {
    const full = rows.filter(({ record }) => record.kind === "full");
    expect(full.length).toBeGreaterThan(50);
    for (const { record, decision } of full)
      expect(redecide(POOL, record as FullRecord).decision).toEqual(decision);
  });

  test("each bin was learned once, and the state has its size", () => {
    const state = row.cold!.capacity!;
    const levels = Object.values(state.sizes["shared-1x-256"]!.levels);
    const count = levels.reduce((sum, { load }) => sum + load[0], 0);
    expect(count).toBeGreaterThan(500);
    expect(count).toBeLessThanOrEqual((4 * DAY_MS) / MINUTE_MS);
    expect(JSON.stringify(state).length).toBeLessThan(4_096);
    expect(JSON.stringify(row.hot!.watch).length).toBeLessThan(700);
  });
});
