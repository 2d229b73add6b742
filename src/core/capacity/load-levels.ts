/**
 * What machines of one size looked like at each level of load: the raw material of learned capacity. Loads per machine are
 * sorted into levels a third of an octave wide (1, 1.26, 1.59, 2, …), and each level keeps running means of what was
 * measured there. So a day of traffic becomes a curve of at most 20 points, and a bin more costs the same whatever was
 * learned before.
 *
 * The trap is a curve that mixes two releases of an app. What was learned fades with a half-life of two weeks, and within
 * days where a level is visited often.
 */
import { DAY_MS, type Instant } from "../time.ts";
import { faded, NO_MEAN, type RunningMean, withValue } from "./running-mean.ts";

export const SIGNALS = ["cpu", "latency", "concurrency", "errors"] as const;
/** cpu: share of what the machine has. latency: log of the P95 in ms. concurrency: requests in work on one machine. errors: share of requests. */
export type Signal = (typeof SIGNALS)[number];
export type Readings = Partial<Readonly<Record<Signal, number>>>;

export type LevelState = {
  at: Instant;
  /** Requests a minute and machine. */
  load: RunningMean;
} & { [S in Signal]?: RunningMean };
/** By level: −1 stands still, 0 carries from 1 request a minute, and three more are twice as much. */
export type LevelStates = { [level: string]: LevelState };

/** One point of the curve, as read. `weight` is how many bins it stands for now. */
export type Level = {
  readonly load: number;
  readonly weight: number;
  readonly mean: number;
  readonly distance: number;
};

const LEVELS_AN_OCTAVE = 3;
const MOST_LEVELS = 20;
const HALF_LIFE_MS = 14 * DAY_MS;
const LEAST_DISTANCE: Readonly<Record<Signal, number>> = {
  cpu: 0.005,
  latency: 0.02,
  concurrency: 0.05,
  errors: 0.002,
};
/** A level that stands for less says nothing. */
const LEAST_WEIGHT = 4;

function levelOf(load: number): number {
  return load < 1 ? -1 : Math.floor(LEVELS_AN_OCTAVE * Math.log2(load));
}

/** Takes one bin in; changes `levels`. */
export function addReadings(levels: LevelStates, load: number, readings: Readings, at: Instant): void {
  const name = `${levelOf(load)}`;
  const level = levels[name] ?? { at, load: NO_MEAN };
  const share = fading(at - level.at);
  level.load = withValue(faded(level.load, share), load, load / 10);
  for (const signal of SIGNALS) {
    const value = readings[signal];
    if (value !== undefined)
      level[signal] = withValue(faded(level[signal] ?? NO_MEAN, share), value, LEAST_DISTANCE[signal]);
  }
  level.at = Math.max(level.at, at);
  levels[name] = level;
  if (Object.keys(levels).length > MOST_LEVELS) forgetWeakest(levels, at);
}

/** The curve of one signal, ascending by load; with or without the level that stands still. */
export function curveOf(levels: LevelStates, signal: Signal, now: Instant, withIdle = false): Level[] {
  const curve = Object.entries(levels).flatMap(([name, level]): Level[] => {
    const [count, mean, distance] = level[signal] ?? NO_MEAN;
    const weight = count * fading(now - level.at);
    if (weight < LEAST_WEIGHT || (name === "-1" && !withIdle)) return [];
    return [{ load: level.load[1], weight, mean, distance }];
  });
  return curve.sort((a, b) => a.load - b.load);
}

function fading(ageMs: number): number {
  return 0.5 ** (Math.max(0, ageMs) / HALF_LIFE_MS);
}

function forgetWeakest(levels: LevelStates, now: Instant): void {
  const weightOf = (level: LevelState) => level.load[0] * fading(now - level.at);
  const weakest = Object.entries(levels).reduce((a, b) => (weightOf(b[1]) < weightOf(a[1]) ? b : a));
  delete levels[weakest[0]];
}
