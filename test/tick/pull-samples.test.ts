import { describe, expect, test } from "vitest";
import { createMemoryTrafficSource } from "../../src/adapters/memory/traffic-source.ts";
import { partValue } from "../../src/core/observation.ts";
import { DAY_MS, floorTo, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { TickPorts } from "../../src/ports.ts";
import { backfillPiece, backfillShare, PIECE_MS } from "../../src/tick/backfill.ts";
import { observe } from "../../src/tick/observe.ts";
import { advanced } from "../../src/tick/pull-progress.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, NOW, POOL, started } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";

/** Requests a minute, with a day and a night. */
const loadAt = (at: Instant) => Math.round(100 + 80 * Math.sin((2 * Math.PI * at) / DAY_MS));

/** A scene whose pool was found a slot ago, and a source that has measured it for twenty days. */
async function pulling() {
  const scene = memoryScene({ shop: started(2) }, NOW - CADENCE_MS);
  await runTick({ slot: NOW - CADENCE_MS, mode: "observe", apps: ["shop"] }, SETTINGS, scene.ports);
  scene.ports.clock.set(NOW);
  const source = createMemoryTrafficSource(scene.ports.clock.now);
  const first = NOW - 20 * DAY_MS;
  const minutes = Array.from({ length: (21 * DAY_MS) / MINUTE_MS }, (_, i) => first + i * MINUTE_MS);
  source.put(minutes.map((at) => ({ pool: POOL, at, requests: loadAt(at) })));
  const ports: TickPorts = { ...scene.ports, trafficSource: source };
  const tick = async (slot: Instant) => {
    scene.ports.clock.set(slot);
    const { apps } = await runTick({ slot, mode: "observe", apps: ["shop"] }, SETTINGS, ports);
    expect(apps[0]?.status).toBe("done");
    return (await ports.pulls.recall("shop"))!;
  };
  const look = async (changes: Partial<TickPorts> = {}) => {
    const at = scene.ports.clock.now();
    const answer = await ports.leases.acquire("shop", floorTo(at, CADENCE_MS) + 1, 150_000);
    if (answer.status !== "held") throw new Error(answer.status);
    const request = { slot: at, mode: "observe", apps: ["shop"] } as const;
    const observed = await observe(answer.lease, request, SETTINGS, { ...ports, ...changes });
    await ports.leases.release(answer.lease);
    return observed.pools[0]!.observation;
  };
  return { scene, source, ports, tick, look };
}

describe("a tick with a source", () => {
  test("decides from what it pulled in this very tick, and says how old that is", async () => {
    const { look } = await pulling();
    const observation = await look();
    const until = NOW - MINUTE_MS;
    expect(observation.source).toEqual({
      status: "fresh",
      value: { measuredUntil: until, saturation: null },
    });
    expect(observation.samples.status).toBe("fresh");
    const series = partValue(observation.samples)!;
    expect(series.values[(until - MINUTE_MS - series.start) / MINUTE_MS]).toBe(loadAt(until - MINUTE_MS));
  });

  test("without one has no such part", async () => {
    const { look } = await pulling();
    expect("source" in (await look({ trafficSource: null }))).toBe(false);
  });

  test("is held where the source fails and nothing else brings samples, and the reason names it", async () => {
    const { look, source, scene } = await pulling();
    source.fail("auth");
    const observation = await look();
    expect(observation.source).toEqual({
      status: "missing",
      why: "the metrics source failed (auth): it was told to (auth)",
    });
    expect(observation.samples).toMatchObject({
      status: "missing",
      why: expect.stringMatching(/metrics source failed \(auth\)/),
    });
    expect(scene.log.at(-1)).toMatchObject({ step: "pull samples", facts: { kind: "auth" } });
  });

  test("is as before where the source fails and apps send samples themselves", async () => {
    const { look, source, scene } = await pulling();
    await scene.feed(30, 55);
    source.fail("unreachable");
    const observation = await look();
    expect([observation.samples.status, observation.source?.status]).toEqual(["fresh", "missing"]);
  });

  test("leaves what apps send as it is", async () => {
    const { look, scene } = await pulling();
    await scene.feed(30, 55);
    const series = partValue((await look()).samples)!;
    expect(series.values.slice(-20)).toEqual(new Array(20).fill(55));
  });

  test("says how old its newest bin is when it stops measuring", async () => {
    const { look, scene } = await pulling();
    await look();
    scene.ports.clock.set(NOW + DAY_MS + 20 * MINUTE_MS);
    const { source } = await look();
    expect(source).toMatchObject({ status: "stale", ageMs: 20 * MINUTE_MS });
  });

  test("survives books that cannot note what was pulled", async () => {
    const { look, ports } = await pulling();
    const pulls = { ...ports.pulls, recall: () => Promise.reject(new Error("no such table")) };
    expect((await look({ pulls })).source?.status).toBe("missing");
  });

  test("goes on where it left off, a few minutes of overlap included", async () => {
    const { tick, source } = await pulling();
    await tick(NOW);
    const before = source.reads.length;
    const progress = await tick(NOW + CADENCE_MS);
    const live = source.reads[before]!;
    expect(live.from).toBe(NOW - MINUTE_MS - 10 * MINUTE_MS);
    expect(progress.liveUntil).toBe(NOW + CADENCE_MS - MINUTE_MS);
  });
});

describe("the history before the first contact", () => {
  test("is fetched by ticks, piece by piece, until all that the source keeps is there; then learned anew", async () => {
    const { tick, source, ports, scene } = await pulling();
    // A source that asks for patience: each read costs ten seconds of the tick's time.
    const slow: TickPorts = {
      ...ports,
      trafficSource: {
        ...source,
        read: async (question) => {
          scene.ports.clock.set(scene.ports.clock.now() + 10_000);
          return source.read(question);
        },
      },
    };
    const tickSlowly = async (slot: Instant) => {
      scene.ports.clock.set(slot);
      await runTick({ slot, mode: "observe", apps: ["shop"] }, SETTINGS, slow);
      return (await ports.pulls.recall("shop"))!;
    };
    const first = await tickSlowly(NOW);
    expect(first.finishedAt).toBeNull();
    expect(first.liveUntil - first.filledFrom).toBeGreaterThanOrEqual(PIECE_MS);
    expect(backfillShare(first, source, MINUTE_MS, NOW)).toBeGreaterThan(0.01);
    let progress = first;
    let ticks = 1;
    for (; progress.finishedAt === null && ticks < 60; ticks++)
      progress = await tickSlowly(NOW + ticks * CADENCE_MS);
    expect(ticks).toBeGreaterThan(5);
    expect(progress.finishedAt).not.toBeNull();
    expect(backfillShare(progress, source, MINUTE_MS, NOW)).toBe(1);
    const stored = await ports.samples.read(POOL, NOW - 14 * DAY_MS, NOW - MINUTE_MS);
    expect(stored).toHaveLength((14 * DAY_MS) / MINUTE_MS - 1);
    // What is there is learned from hour to hour; the very tick that ends it has learned both weeks.
    const rows = scene.ports.history.rows();
    const learned = ["less than a day", "not seen before", "1 week alike", "2 weeks alike"];
    const at = learned.map((words) => rows.findIndex(({ decision }) => decision.reason.includes(words)));
    expect(at.every((row) => row >= 0)).toBe(true);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(rows.at(-1)!.decision.reason).toMatch(/2 weeks alike/);
    const last = await tick(NOW + ticks * CADENCE_MS);
    expect(last.finishedAt).toBe(progress.finishedAt);
  });

  test("stops where the source fails, and goes on at the next tick", async () => {
    const { tick, source } = await pulling();
    const reads = source.reads.length;
    await tick(NOW);
    expect(source.reads.length - reads).toBeGreaterThan(2);
    source.fail("slow");
    const stuck = await tick(NOW + CADENCE_MS);
    source.fail(null);
    const next = await tick(NOW + 2 * CADENCE_MS);
    expect(next.liveUntil).toBeGreaterThan(stuck.liveUntil);
  });

  test("is told who was overtaken", async () => {
    const { tick, ports, source, scene } = await pulling();
    const progress = await tick(NOW);
    const question = { binMs: MINUTE_MS, machines: [], pools: [POOL], timeoutMs: 1_000 };
    const others = { clock: scene.ports.clock, samples: ports.samples, pulls: ports.pulls, source };
    const older = { ...progress, filledFrom: progress.filledFrom - HOUR_MS, wantedFrom: 0, finishedAt: null };
    await ports.pulls.advance(progress, older, NOW);
    expect(await backfillPiece({ ...older, liveUntil: older.liveUntil - 1 }, question, others)).toMatchObject(
      {
        status: "overtaken",
      },
    );
  });
});

describe("progress after a live pull", () => {
  const oldest = NOW - 15 * DAY_MS;
  const done = { app: "shop", wantedFrom: oldest, filledFrom: oldest, liveUntil: NOW, finishedAt: NOW };

  test("begins with all that the source keeps", () => {
    expect(advanced("shop", null, NOW - HOUR_MS, NOW, oldest)).toEqual({
      ...done,
      filledFrom: NOW - HOUR_MS,
      finishedAt: null,
    });
  });

  test("joins what was there", () => {
    const next = advanced("shop", done, NOW - 10 * MINUTE_MS, NOW + CADENCE_MS, oldest);
    expect(next).toEqual({ ...done, liveUntil: NOW + CADENCE_MS });
  });

  test("after a long silence wants what lies between, and no more where all before is there", () => {
    const from = NOW + DAY_MS;
    const next = advanced("shop", done, from, from + HOUR_MS, oldest);
    expect(next).toEqual({
      app: "shop",
      wantedFrom: NOW - 10 * MINUTE_MS,
      filledFrom: from,
      liveUntil: from + HOUR_MS,
      finishedAt: null,
    });
    const unfinished = { ...done, finishedAt: null };
    expect(advanced("shop", unfinished, from, from + HOUR_MS, oldest).wantedFrom).toBe(oldest);
  });
});
