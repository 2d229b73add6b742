/** Isolates that share a store and a clock: what several edge functions at once are. */
import { type Breakers, createBreakers } from "../../../src/adapters/guard/breakers.ts";
import type { Verdict } from "../../../src/core/breaker/breaker.ts";
import { DEFAULT_RULES } from "../../../src/core/breaker/rules.ts";
import type { BreakerStore } from "../../../src/ports.ts";

export const NAME = "fly:write:fra";
export const RULES = { ...DEFAULT_RULES, minimumCalls: 4, probes: 3, openMs: 60_000, openCapMs: 60_000 };
export const GOOD: Verdict = { result: "success", retryAfterMs: null };
export const BAD: Verdict = { result: "failure", retryAfterMs: null };

export function isolateOn(
  store: BreakerStore,
  clock: { now(): number },
  log: (step: string) => void = () => {},
): Breakers {
  return createBreakers({ store, clock, chance: () => 0.999, rules: RULES, log });
}

/** Calls that go out one after the other and all end alike. */
export async function callTimes(count: number, isolate: Breakers, verdict: Verdict): Promise<void> {
  for (let i = 0; i < count; i++) (await isolate.enter(NAME)).settle(verdict, 1);
}

/** A tick in which the breaker opens. */
export async function breakIt(isolate: Breakers): Promise<void> {
  await isolate.load();
  await callTimes(RULES.minimumCalls, isolate, BAD);
  await isolate.save();
}

export const modeIn = (isolate: Breakers) => isolate.statuses().find(({ name }) => name === NAME)?.mode;
