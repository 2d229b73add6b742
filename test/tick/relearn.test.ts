/**
 * Ticks over samples that come late, in another order, wrong at first: in the end the forecaster knows what it would know had
 * they come in time. On the memory forms and on a real Postgres.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { decodeState, type StoredState } from "../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import type { ForecastState } from "../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { LateSamples, PoolMemory, TickPorts } from "../../src/ports.ts";
import { createRandom, type Random } from "../../src/sim/random.ts";
import { knownOf, whoGoesBack } from "../../src/tick/relearn.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { usePostgres } from "../adapters/postgres/harness.ts";
import { coldPart, poolTick } from "../contracts/pool-ticks.ts";
import { CADENCE_MS, machine, NOW } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";

const LIVE_FROM = NOW;
const HISTORY_DAYS = 6;
const HOURS = 8;
const UNTIL = LIVE_FROM + HOURS * HOUR_MS;

/** A minute's load, and when it arrives; of two for a minute the later counts. */
type Arrival = { readonly at: Instant; readonly requests: number; readonly arrives: Instant };

function loads(): Arrival[] {
  const random = createRandom("late");
  return Array.from({ length: (UNTIL - LIVE_FROM) / MINUTE_MS + HISTORY_DAYS * 24 * 60 }, (_, i) => {
    const at = LIVE_FROM - HISTORY_DAYS * DAY_MS + i * MINUTE_MS;
    const usual = 600 + 400 * Math.sin((2 * Math.PI * at) / DAY_MS);
    const busy = at >= LIVE_FROM + HOUR_MS && at < LIVE_FROM + 3 * HOUR_MS ? 2 : 1;
    return { at, requests: random.poisson(busy * usual), arrives: at + MINUTE_MS };
  });
}

const live = (change: (one: Arrival, random: Random) => Arrival[]): Arrival[] => {
  const random = createRandom("arrivals");
  return loads().flatMap((one) => (one.at < LIVE_FROM ? [one] : change(one, random)));
};
const during = ({ at }: Arrival, fromHours: number, untilHours: number) =>
  at >= LIVE_FROM + fromHours * HOUR_MS && at < LIVE_FROM + untilHours * HOUR_MS;
const late = (one: Arrival, minutes: number): Arrival => {
  return { ...one, arrives: one.arrives + minutes * MINUTE_MS };
};

let apps = 0;

/** Every quarter of an hour a tick, with what has arrived by then. */
async function runThrough(ports: Partial<TickPorts>, arrivals: readonly Arrival[]): Promise<PoolMemory> {
  apps += 1;
  const app = `relearn-${apps}`;
  const pool = { app, region: "fra", processGroup: "web" };
  const scene = memoryScene({ [app]: [machine("m0")] }, LIVE_FROM - CADENCE_MS);
  const all = { ...scene.ports, ...ports };
  const order = [...arrivals].sort((a, b) => a.arrives - b.arrives);
  let next = 0;
  for (let slot = LIVE_FROM - CADENCE_MS; slot <= UNTIL; slot += CADENCE_MS) {
    scene.ports.clock.set(slot + 3_000);
    const due: Arrival[] = [];
    while (next < order.length && order[next]!.arrives <= slot + 3_000) due.push(order[next++]!);
    // The first tick finds the pool, and nothing can be stored before it.
    if (slot === LIVE_FROM - CADENCE_MS) next = 0;
    else
      await all.samples.store(
        due.map((one) => ({ pool, ...one })),
        slot + 2_000,
      );
    const { apps: done } = await runTick({ slot, mode: "observe", apps: [app] }, SETTINGS, all);
    expect(done).toMatchObject([{ status: "done" }]);
  }
  const [memory] = await all.history.recall(app, UNTIL);
  return memory!;
}

function forecastOf(state: ForecastState): number[] {
  const window = { from: state.through, until: state.through + DAY_MS, quantiles: [0.1, 0.5, 0.95] };
  return ensembleForecaster(state.zone).forecast(state, window).load.flat();
}

function apart(one: PoolMemory, other: PoolMemory): number {
  const [a, b] = [one, other].map(({ state }) => decodeState(state)!);
  expect(a!.through).toBe(b!.through);
  const [these, those] = [forecastOf(a!), forecastOf(b!)];
  return Math.max(...these.map((load, i) => Math.abs(load - those[i]!) / (1 + those[i]!)));
}

describe.each(["memory", "Postgres"])("ticks over late samples: %s", (name) => {
  const postgres = name === "Postgres" ? usePostgres() : null;
  let ports: Partial<TickPorts>;
  let punctual: PoolMemory;
  let run: (arrivals: readonly Arrival[]) => Promise<PoolMemory>;

  beforeEach(async () => {
    const harness = await postgres?.();
    ports = harness ? { history: harness.history, leases: harness.leases, samples: harness.samples } : {};
    run = (arrivals) => runThrough(ports, arrivals);
    punctual ??= await run(loads());
    expect(punctual.late).toBeUndefined();
  });

  // To a thousandth: checkpoints are in 16 bits.
  it.each<[string, Arrival[]]>([
    [
      "in another order, late by up to a quarter of an hour",
      live((one, random) => [during(one, 0, 7.5) ? late(one, random.int(0, 15)) : one]),
    ],
    ["held up for fifty minutes", live((one) => [during(one, 2, 2.5) ? late(one, 50) : one])],
    [
      "wrong at first: twenty times as many",
      live((one) => (during(one, 6, 6.4) ? [{ ...one, requests: 20 * one.requests }, late(one, 25)] : [one])),
    ],
    [
      "zero at first",
      live((one) => (during(one, 4.5, 5.5) ? [{ ...one, requests: 0 }, late(one, 40)] : [one])),
    ],
    [
      "held up for four hours, beyond the checkpoint",
      live((one) => [during(one, 1, 3) ? late(one, 240) : one]),
    ],
  ])(
    "%s: the state is that of samples in time",
    async (what, arrivals) => {
      const found = await run(arrivals);
      expect(found.late).toBeUndefined();
      expect(apart(found, punctual), what).toBeLessThan(0.001);
    },
    60_000,
  );

  if (name !== "memory") return;
  it("without them it is another one", async () => {
    const never = await run(live((one) => (during(one, 1, 3) ? [] : [one])));
    expect(apart(never, punctual)).toBeGreaterThan(0.05);
    const wrong = await run(live((one) => [during(one, 6, 7) ? { ...one, requests: 0 } : one]));
    expect(apart(wrong, punctual)).toBeGreaterThan(0.05);
  });

  it("those that are always late, by up to forty minutes, cost little until they are learned", async () => {
    const always = await run(live((one, random) => [during(one, 0, 7) ? late(one, random.int(0, 40)) : one]));
    expect(apart(always, punctual)).toBeLessThan(0.01);
  });

  it("few of them beyond the checkpoint wait for a day, and are told of until then", async () => {
    const few = await run(live((one) => [during(one, 2, 2.1) ? late(one, 240) : one]));
    expect(few.late).toMatchObject({ since: LIVE_FROM + 2 * HOUR_MS, samples: 6 });
    expect(apart(few, punctual)).toBeLessThan(0.05);
  });
});

describe("who goes back", () => {
  const { hot } = poolTick({ app: "shop", region: "fra", processGroup: "web" });
  const cold = coldPart().state;
  const stored: StoredState = { hot: hot!, cold: { ...cold, through: cold.through - HOUR_MS } };
  const memory = (changes: Partial<LateSamples> | null, region = "fra"): PoolMemory =>
    ({
      pool: { app: "shop", region, processGroup: "web" },
      state: stored,
      ...(changes && { late: { since: NOW, samples: 20, notedAt: NOW, ...changes } }),
    }) as PoolMemory;
  const before = { since: stored.cold.through - 1 };
  const found = (changes: Partial<LateSamples> | null, now = NOW) =>
    [...whoGoesBack([memory(changes)], now).values()][0];

  it.each<[string, Partial<LateSamples> | null, Instant, string | undefined]>([
    ["nobody without late samples", null, NOW, undefined],
    ["to the checkpoint, at once", { since: stored.cold.through }, NOW, "checkpoint"],
    ["nobody in the first hour, where they are older", before, NOW + HOUR_MS - 1, undefined],
    ["to the start, an hour later", before, NOW + HOUR_MS, "start"],
    ["a few not yet", { ...before, samples: 15 }, NOW + DAY_MS - 1, undefined],
    ["a few after a day", { ...before, samples: 15 }, NOW + DAY_MS, "start"],
  ])("%s", (_name, changes, now, want) => {
    expect(found(changes, now)).toBe(want);
  });

  it("four pools of an app at a time to the start, all to their checkpoints", () => {
    const regions = ["a", "b", "c", "d", "e", "f"];
    const count = (changes: Partial<LateSamples>) =>
      whoGoesBack(
        regions.map((region) => memory(changes, region)),
        NOW + HOUR_MS,
      ).size;
    expect([count(before), count({ since: NOW })]).toEqual([4, 6]);
  });

  it("a state of another zone is built anew at once, and nothing is left to go back to", () => {
    expect(knownOf(stored, "checkpoint", () => false)).toEqual({ carried: null, back: null });
    const { carried, back } = knownOf(stored, "checkpoint", () => true);
    expect([carried!.through, back!.state!.through]).toEqual([stored.hot.through, stored.cold.through]);
    expect(knownOf(stored, "start", () => true).back).toEqual({ state: null });
  });
});
