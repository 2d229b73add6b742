/** The outside expert as a part of the Observation, and through whole ticks in memory into the books. */
import { describe, expect, test } from "vitest";
import { createMemoryExperts, type MemoryExpert } from "../../src/adapters/memory/experts.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import type { ExpertRequest, Experts } from "../../src/ports.ts";
import { askExperts } from "../../src/tick/ask-experts.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, minutesFrom, NOW, observation, POOL, policy, started } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";

const BIN_MS = 5 * MINUTE_MS;
const flat =
  (load: number, madeAt = NOW): MemoryExpert =>
  (_, { from, bins, quantiles }) => ({
    madeAt,
    start: from,
    load: quantiles.map((_, q) => new Array<number>(bins).fill(load + q)),
  });

async function ask(experts: Experts | undefined) {
  const lines: Record<string, unknown>[] = [];
  const log = (_: string, facts: Record<string, unknown>) => void lines.push(facts);
  const pools = [observation({ policy: policy({ timeZone: "Europe/Berlin" }) })];
  const parts = await askExperts("shop", pools, NOW, { log, ...(experts ? { experts } : {}) });
  return { parts, lines };
}

describe("the part", () => {
  test("is absent where nobody is asked", async () => {
    expect(await ask(undefined)).toEqual({ parts: [undefined], lines: [] });
  });

  test("is fresh for an hour after it was made, then stale with its age", async () => {
    const made = async (agoMs: number) =>
      (await ask(createMemoryExperts("oracle", "o-1", flat(5, NOW - agoMs)))).parts[0];
    expect(await made(HOUR_MS)).toMatchObject({ status: "fresh", value: { name: "oracle" } });
    expect(await made(HOUR_MS + 1)).toMatchObject({
      status: "stale",
      ageMs: HOUR_MS + 1,
      why: expect.stringMatching(/^it was made at 2026-06-17T10:59:59/),
    });
    expect(await made(-30_000)).toMatchObject({ status: "fresh" });
  });

  test("is missing with the reason where it fails, which is logged once", async () => {
    const { parts, lines } = await ask(createMemoryExperts("oracle", "o-1", () => null));
    expect(parts).toEqual([{ status: "missing", why: "it said nothing of this pool" }]);
    expect(lines).toEqual([{ app: "shop", error: "it said nothing of this pool" }]);
    const broken = await ask({ ask: () => Promise.reject(new Error("a defect")) });
    expect(broken.parts).toEqual([{ status: "missing", why: "a defect" }]);
    expect((await ask({ ask: async () => [] })).parts[0]).toMatchObject({ status: "missing" });
  });

  test("asks for a day of bins at the stored quantiles and the plan's, with what was measured", async () => {
    let request: ExpertRequest | undefined;
    await ask(
      createMemoryExperts("oracle", "o-1", (_, asked) => {
        request = asked;
        return null;
      }),
    );
    expect(request).toMatchObject({ app: "shop", now: NOW, from: NOW, binMs: BIN_MS, bins: 290 });
    expect(request!.quantiles).toEqual([0.1, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]);
    const [question] = request!.pools;
    expect(question).toMatchObject({ pool: POOL, timeZone: "Europe/Berlin" });
    expect(question!.recent).toEqual({ start: NOW - 6 * BIN_MS, binMs: BIN_MS, values: Array(6).fill(150) });
  });
});

/** A day of ticks on a load that doubles at every full hour; the expert knows. */
async function dayOfTicks(experts: Experts | undefined) {
  const scene = memoryScene({ shop: started(2) }, NOW - 5 * DAY_MS);
  const request = (slot: number) => ({ slot, mode: "observe", apps: ["shop"] }) as const;
  await runTick(request(NOW - 5 * DAY_MS), SETTINGS, scene.ports);
  const history = minutesFrom(NOW - 5 * DAY_MS, 6 * 24 * 60, truth);
  scene.ports.clock.set(NOW);
  await scene.ports.samples.store(
    history.values.map((requests, i) => ({ pool: POOL, at: history.start + i * MINUTE_MS, requests })),
    NOW,
  );
  for (let slot = NOW; slot < NOW + DAY_MS; slot += CADENCE_MS) {
    scene.ports.clock.set(slot);
    await runTick(request(slot), SETTINGS, { ...scene.ports, ...(experts ? { experts } : {}) });
  }
  return scene;
}
const truth = (at: number) => 100 + 100 * ((Math.floor(at / HOUR_MS) * 7_919) % 5);
const knows: MemoryExpert = (_, { from, bins, quantiles }) => ({
  madeAt: from,
  start: from,
  load: quantiles.map((quantile) =>
    Array.from({ length: bins }, (_, i) => truth(from + i * BIN_MS) * (0.99 + 0.02 * quantile)),
  ),
});

describe("through ticks", () => {
  test("an expert that knows is in the predictions by its name, and has the say the next day", async () => {
    const scene = await dayOfTicks(createMemoryExperts("oracle", "o-1", knows));
    const last = scene.ports.history.rows().at(-1)!;
    expect(last.predictions.map(({ source }) => source ?? "flyahead")).toEqual([
      ...Array(5).fill("flyahead"),
      ...Array(4).fill("oracle"),
    ]);
    const hour = last.predictions.find(({ horizonMs }) => horizonMs === HOUR_MS)!;
    expect(hour.load[1]! / truth(hour.targetAt)).toBeCloseTo(1, 1);
    expect(last.decision.reason).toMatch(/ % of it from oracle\)/);
    expect(scene.log.filter(({ step }) => step === "ask experts")).toEqual([]);
  });

  test("an expert that always fails leaves every decision and forecast as if nobody was asked", async () => {
    const broken = createMemoryExperts("oracle", "o-1", () => {
      throw new Error("down");
    });
    const [with_, without] = [await dayOfTicks(broken), await dayOfTicks(undefined)];
    expect(with_.ports.history.rows()).toEqual(without.ports.history.rows());
    expect(with_.log.filter(({ step }) => step === "ask experts")).toHaveLength(DAY_MS / CADENCE_MS);
  });
});

test("a young region's pool borrows from its sister, and not from another process group", async () => {
  const machines = ["fra", "iad"].flatMap((region) =>
    started(1).map((one) => ({ ...one, id: region, region })),
  );
  const scene = memoryScene({ shop: machines }, NOW - 9 * DAY_MS);
  const tick = (slot: number) => {
    scene.ports.clock.set(slot);
    return runTick({ slot, mode: "observe", apps: ["shop"] }, SETTINGS, scene.ports);
  };
  await tick(NOW - 9 * DAY_MS);
  const load = (at: number) => 500 + 450 * Math.sin((2 * Math.PI * at) / DAY_MS);
  const feed = (region: string, minutes: number, factor: number) =>
    scene.ports.samples.store(
      minutesFrom(NOW - minutes * MINUTE_MS, minutes, load).values.map((requests, i) => {
        const at = NOW - (minutes - i) * MINUTE_MS;
        return { pool: { ...POOL, region }, at, requests: requests * factor };
      }),
      NOW,
    );
  await feed("fra", 8 * 24 * 60, 1);
  await tick(NOW - CADENCE_MS);
  await feed("iad", 6 * 60, 0.1);
  await tick(NOW);
  const rows = scene.ports.history.rows().filter(({ slot }) => slot === NOW);
  const iad = rows.find(({ pool }) => pool.region === "iad")!;
  expect(iad.decision.reason).toMatch(/ % of it from sister region fra\)/);
  const sixHours = iad.predictions.find(({ horizonMs }) => horizonMs === 6 * HOUR_MS)!;
  expect(sixHours.load[1]! / (0.1 * load(sixHours.targetAt))).toBeGreaterThan(0.7);
  expect(sixHours.load[1]! / (0.1 * load(sixHours.targetAt))).toBeLessThan(1.4);
  expect(rows.find(({ pool }) => pool.region === "fra")!.decision.reason).not.toMatch(/sister/);
});
