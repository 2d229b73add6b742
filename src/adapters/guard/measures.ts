/** Per dependency: calls, how they ended, and how long they took. Read once a tick, into its log. */
import type { Result } from "../../core/breaker/breaker.ts";

export type Measure = {
  readonly calls: number;
  readonly failed: number;
  /** Not made, by a breaker or the limit. */
  readonly heldBack: number;
  readonly totalMs: number;
  readonly longestMs: number;
};

export type Measures = {
  called(dependency: string, result: Result, durationMs: number): void;
  heldBack(dependency: string): void;
  /** What came together since the last time. */
  take(): Record<string, Measure>;
};

const NOTHING: Measure = { calls: 0, failed: 0, heldBack: 0, totalMs: 0, longestMs: 0 };

export function createMeasures(): Measures {
  let measures: Record<string, Measure> = {};
  const of = (dependency: string) => measures[dependency] ?? NOTHING;
  return {
    called(dependency, result, durationMs) {
      const { calls, failed, totalMs, longestMs, heldBack } = of(dependency);
      measures[dependency] = {
        calls: calls + 1,
        failed: failed + (result === "success" || result === "ignored" ? 0 : 1),
        heldBack,
        totalMs: totalMs + durationMs,
        longestMs: Math.max(longestMs, durationMs),
      };
    },
    heldBack(dependency) {
      measures[dependency] = { ...of(dependency), heldBack: of(dependency).heldBack + 1 };
    },
    take() {
      const taken = measures;
      measures = {};
      return taken;
    },
  };
}
