/**
 * Forecasters outside, through whole ticks on generated traffic: one that nearly knows what comes, silly ones, one that comes
 * to its senses. And that none of them leaves a trace where none is asked.
 */
import { describe, expect, it } from "vitest";
import { decideTick, type TickDecision } from "../../../src/core/decide-tick.ts";
import { decodeState, encodeHot, encodeState, type StoredState } from "../../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { STORED_QUANTILES } from "../../../src/core/forecast/forecast.ts";
import { noteOutside, type OutsideForecast } from "../../../src/core/forecast/outside.ts";
import { panelOf } from "../../../src/core/forecast/panel.ts";
import { pinballOf } from "../../../src/core/forecast/rival.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import type { Part } from "../../../src/core/observation.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { peakBetween } from "../../../src/core/traffic.ts";
import { generateDemand } from "../../../src/sim/traffic/generate.ts";
import { fresh, observation } from "../examples.ts";

const BIN_MS = 5 * MINUTE_MS;
const CADENCE_MS = 15 * MINUTE_MS;
const START = Date.UTC(2026, 5, 1);
const FIRST_TICK = START + 8 * DAY_MS;
const LEADS = [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS] as const;

const demand = generateDemand({
  seed: "outside",
  start: START,
  days: 17,
  app: "shop",
  processGroup: "web",
  patterns: ["weekly"],
}).pools[0]!;
const traffic = { start: START, binMs: MINUTE_MS, values: [...demand.requests] };
const truth = (at: Instant) => peakBetween(traffic, at, at + BIN_MS)!;

type Say = (at: Instant) => readonly number[];
const NEARLY: Say = (at) => [0.96, 1, 1.04, 1.05, 1.07].map((factor) => factor * truth(at));
const SILLY: Say = (at) => [1, 2, 3, 4, 5].map((factor) => 500 * factor * (((at / BIN_MS) * 7_919) % 13));
const HUGE: Say = () => [1e9, 1e9, 1e9, 1e9, 1e9];

function answerOf(say: Say, now: Instant, name = "oracle"): OutsideForecast {
  const bins = Array.from({ length: 290 }, (_, i) => say(now + i * BIN_MS));
  return {
    name,
    model: "o-1",
    madeAt: now,
    start: now,
    binMs: BIN_MS,
    quantiles: STORED_QUANTILES,
    load: STORED_QUANTILES.map((_, q) => bins.map((bin) => bin[q]!)),
  };
}

type Tick = TickDecision & { readonly now: Instant };

/** Ticks from FIRST_TICK on, each with what `part` says of the outside then. */
function ticks(days: number, part: (now: Instant) => Part<OutsideForecast> | undefined): Tick[] {
  const all: Tick[] = [];
  let state: ForecastState | null = null;
  for (let now = FIRST_TICK; now < FIRST_TICK + days * DAY_MS; now += CADENCE_MS) {
    const from: Instant = state?.through ?? START;
    const values = traffic.values.slice((from - START) / MINUTE_MS, (now - START) / MINUTE_MS);
    const outside = part(now);
    const samples = fresh({ start: from, binMs: MINUTE_MS, values });
    const seen = observation({ now, state, samples, ...(outside ? { outside } : {}) });
    const tick = decideTick(seen);
    state = tick.state;
    all.push({ ...tick, now });
  }
  return all;
}

/** Pinball loss of a day's predictions over that of our own forecasts alone. */
function lossAgainstOwn(all: readonly Tick[], leadMs: number): number {
  let [ours, theirs] = [0, 0];
  for (const { now, state, predictions } of all) {
    const at = now + leadMs;
    const alone = panelOf(state!, []).forecast({
      from: at,
      until: at + BIN_MS,
      quantiles: STORED_QUANTILES,
    });
    const said = predictions.find(({ horizonMs, source }) => horizonMs === leadMs && source === undefined)!;
    ours += pinballOf(
      alone.load.map((curve) => curve[0]!),
      truth(at),
    );
    theirs += pinballOf(said.load, truth(at));
  }
  return theirs / ours;
}

const shareOf = ({ weights }: TickDecision, leadMs: number, name = "oracle") =>
  weights.find(({ expert, horizonMs }) => expert === name && horizonMs === leadMs)?.share;

describe("a forecaster that nearly knows what comes", () => {
  const all = ticks(2, (now) => fresh(answerOf(NEARLY, now)));
  const secondDay = all.slice(96);

  it.each(LEADS)("%i ms ahead has the say within a day, and the loss falls to less than half", (lead) => {
    expect(shareOf(all[0]!, lead)).toBe(0);
    expect(shareOf(secondDay[0]!, lead)).toBeGreaterThan(0.9);
    expect(lossAgainstOwn(secondDay, lead)).toBeLessThan(0.5);
  });

  it("is named in the reason and in predictions of its own, which SQL judges", () => {
    const { forecast, predictions } = secondDay[0]!;
    expect(forecast!.reason).toMatch(/, \d+ % of it from oracle$/);
    const own = predictions.filter(({ source }) => source === "oracle");
    // A week ahead it said nothing.
    expect(own.map(({ horizonMs }) => horizonMs)).toEqual([...LEADS, DAY_MS]);
    expect(own[0]!.model).toBe("o-1");
    expect(own[0]!.load[1]).toBeCloseTo(truth(own[0]!.targetAt), 6);
  });

  it("has weights that sum to one with our own, at each lead", () => {
    for (const lead of [...LEADS, DAY_MS]) {
      const shares = all.at(-1)!.weights.filter(({ horizonMs }) => horizonMs === lead);
      expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 2);
    }
  });

  it("is remembered through JSON in a hot part of at most 4 KB, and the next decision is the same", () => {
    const { state } = all.at(-1)!;
    const stored: StoredState = JSON.parse(JSON.stringify(encodeState(state!)));
    expect(Buffer.byteLength(JSON.stringify(stored.hot))).toBeLessThanOrEqual(4_096);
    const back = decodeState(stored)!;
    expect(JSON.parse(JSON.stringify(encodeState(back)))).toEqual(stored);
    expect(back.outside!.waiting).toHaveLength(state!.outside!.waiting.length);
    const answer = fresh(answerOf(NEARLY, all.at(-1)!.now));
    const nextTick = (known: ForecastState) =>
      decideTick(
        observation({
          now: all.at(-1)!.now,
          state: known,
          outside: answer,
          samples: { status: "missing", why: "" },
        }),
      );
    expect(shareOf(nextTick(back), HOUR_MS)).toBeCloseTo(shareOf(nextTick(state!), HOUR_MS)!, 3);
  });

  it("stays within 4 KB also where ticks come every bin, with all that can wait", () => {
    let state = all[0]!.state!;
    for (let through = state.through; through < FIRST_TICK + 1.5 * DAY_MS; through += BIN_MS) {
      const sample = { start: through, binMs: BIN_MS, values: [truth(through)] };
      state = ensembleForecaster("UTC").update(state, sample, [], through + BIN_MS);
      state = noteOutside(state, answerOf(NEARLY, through + BIN_MS, "a-name-of-thirty-two-letters-long"));
    }
    expect(state.outside!.waiting.length).toBeGreaterThan(40);
    const spans = Array.from({ length: 12 }, (_, i) => [FIRST_TICK - i - 1, FIRST_TICK - i, 99] as const);
    const watch = {
      size: "performance-16x-131072",
      lookedAt: FIRST_TICK,
      since: FIRST_TICK,
      workers: 99,
      spans,
    };
    expect(Buffer.byteLength(JSON.stringify(encodeHot(state, null, watch)))).toBeLessThanOrEqual(4_096);
  });

  it("whose memory cannot be read is judged anew, and costs the pool nothing else", () => {
    const { hot, cold } = encodeState(all.at(-1)!.state!);
    for (const outside of [
      { ...hot.outside!, version: 9 },
      { ...hot.outside!, losses: hot.outside!.losses.slice(0, 8) },
      { ...hot.outside!, waiting: "§" },
    ]) {
      const back = decodeState({ hot: { ...hot, outside }, cold });
      expect(back!.outside).toBeNull();
      expect(back!.through).toBe(hot.through);
    }
  });
});

describe("a silly one", () => {
  it.each([
    ["noise", SILLY],
    ["a billion", HUGE],
  ])("(%s) is down to the floor within a day and costs at most a tenth", (_, say) => {
    const all = ticks(2, (now) => fresh(answerOf(say, now)));
    const secondDay = all.slice(96);
    for (const lead of LEADS) {
      expect(shareOf(secondDay[0]!, lead)).toBeCloseTo(0.005, 3);
      expect(lossAgainstOwn(secondDay, lead)).toBeLessThan(1.1);
    }
  });

  it("that comes to its senses is heard again within four days", () => {
    const turn = FIRST_TICK + 2 * DAY_MS;
    const all = ticks(6, (now) => fresh(answerOf((at) => (now < turn ? HUGE : NEARLY)(at), now)));
    expect(shareOf(all[2 * 96 - 1]!, HOUR_MS)).toBeCloseTo(0.005, 3);
    expect(shareOf(all.at(-1)!, HOUR_MS)).toBeGreaterThan(0.5);
  });
});

describe("no fresh answer", () => {
  const said = (all: readonly Tick[]) =>
    JSON.stringify(all.map(({ decision, forecast, predictions }) => ({ decision, forecast, predictions })));
  const never = said(ticks(1, () => undefined));

  it("missing or stale: forecasts, decisions and predictions are those of nobody asked, to the byte", () => {
    const missing = ticks(1, () => ({ status: "missing", why: "it was cut" }));
    const stale = ticks(1, (now) => ({
      status: "stale",
      value: answerOf(HUGE, now),
      ageMs: 2 * HOUR_MS,
      why: "old",
    }));
    expect(said(missing)).toBe(never);
    expect(said(stale)).toBe(never);
    expect(encodeState(missing.at(-1)!.state!)).toEqual(
      encodeState(ticks(1, () => undefined).at(-1)!.state!),
    );
  });

  it("while it is away it has no part; what it earned is kept, and shown", () => {
    const all = ticks(1.5, (now) =>
      now < FIRST_TICK + DAY_MS ? fresh(answerOf(NEARLY, now)) : { status: "missing", why: "away" },
    );
    const away = all.at(-1)!;
    expect(away.forecast!.reason).not.toMatch(/oracle/);
    expect(shareOf(away, HOUR_MS)).toBe(0);
    expect(away.weights.find(({ expert }) => expert === "oracle")!.missRatio).toBeLessThan(0.5);
  });

  it("once nobody is asked any more, what it said is forgotten; another name begins anew", () => {
    const forgotten = ticks(1, (now) =>
      now < FIRST_TICK + DAY_MS / 2 ? fresh(answerOf(NEARLY, now)) : undefined,
    );
    expect(forgotten.at(-1)!.state!.outside).toBeNull();
    expect(JSON.stringify(encodeState(forgotten.at(-1)!.state!))).not.toContain("oracle");
    const renamed = ticks(1, (now) =>
      fresh(answerOf(NEARLY, now, now < FIRST_TICK + DAY_MS / 2 ? "oracle" : "augur")),
    );
    expect(shareOf(renamed[48]!, HOUR_MS, "augur")).toBe(0);
    expect(renamed.at(-1)!.state!.outside!.name).toBe("augur");
  });
});

it("deciding twice from one observation gives the same, and changes nothing in it", () => {
  const { state, now } = ticks(0.2, (at) => fresh(answerOf(NEARLY, at))).at(-1)!;
  const before = JSON.stringify(encodeState(state!));
  const values = traffic.values.slice((state!.through - START) / MINUTE_MS, (now - START) / MINUTE_MS + 15);
  const seen = observation({
    now: now + CADENCE_MS,
    state,
    samples: fresh({ start: state!.through, binMs: MINUTE_MS, values }),
    outside: fresh(answerOf(NEARLY, now + CADENCE_MS)),
  });
  const [one, two] = [decideTick(seen), decideTick(seen)].map((tick) =>
    JSON.stringify({ ...tick, state: encodeState(tick.state!) }),
  );
  expect(one).toBe(two);
  expect(JSON.stringify(encodeState(state!))).toBe(before);
});
