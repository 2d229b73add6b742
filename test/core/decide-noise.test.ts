/** No flapping on constant noisy load, counted; beside what following the load itself would do. */
import { describe, expect, it } from "vitest";
import { decideTick } from "../../src/core/decide-tick.ts";
import type { ForecastState } from "../../src/core/forecast/state.ts";
import { DEFAULT_RULES } from "../../src/core/rules.ts";
import type { ServiceLedger } from "../../src/core/service-ledger.ts";
import { DAY_MS, MINUTE_MS } from "../../src/core/time.ts";
import { createRandom } from "../../src/sim/random.ts";
import { fresh, NOW, observation, policy, started } from "./examples.ts";

describe("constant noisy load", () => {
  const TRAINING_DAYS = 3;
  const DAYS = 2;
  const MOST_TURNS_A_DAY = 2;
  const CARRIED = 100;

  /** Decides every so many minutes; counts how often that turns, and how often following the last five minutes would. */
  function counted(mean: number, cadenceMinutes: number, days: number) {
    const random = createRandom(`noise ${mean}`);
    const start = NOW - TRAINING_DAYS * DAY_MS;
    const loads = Array.from({ length: ((TRAINING_DAYS + days) * DAY_MS) / MINUTE_MS }, () =>
      random.poisson(mean),
    );
    let machines = Math.ceil(mean / 100) + 1;
    let state: ForecastState | null = null;
    let ledger: ServiceLedger | null = null;
    let learned = 0;
    let lastChangeAt: number | null = null;
    const kinds: string[] = [];
    const followed: number[] = [];
    for (let at = NOW; at < NOW + days * DAY_MS; at += cadenceMinutes * MINUTE_MS) {
      const minute = (at - start) / MINUTE_MS;
      const from = Math.max(0, Math.min(learned, minute - 40));
      const samples = {
        start: start + from * MINUTE_MS,
        binMs: MINUTE_MS,
        values: loads.slice(from, minute),
      };
      const tick = decideTick(
        observation({
          now: at,
          slot: at,
          cadenceMs: cadenceMinutes * MINUTE_MS,
          machines: fresh(started(machines)),
          samples: fresh(samples),
          policy: policy({
            ...DEFAULT_RULES,
            cooldownSeconds: 300,
            stabilisationSeconds: 900,
            maxWorkers: 20,
            unservedPrice: null,
          }),
          state,
          ledger,
          lastChangeAt,
        }),
      );
      ({ state, ledger } = tick);
      learned = Math.floor((state!.through - start) / MINUTE_MS);
      machines = tick.decision.to;
      if (tick.decision.kind !== "hold") {
        kinds.push(tick.decision.kind);
        lastChangeAt = at;
      }
      followed.push(Math.ceil(Math.max(...loads.slice(minute - 5, minute)) / CARRIED));
    }
    const steps = followed.slice(1).map((count, i) => Math.sign(count - followed[i]!));
    return {
      turnsADay: turns(kinds) / days,
      followedTurnsADay: turns(steps.filter((step) => step !== 0)) / days,
    };
  }

  const turns = (moves: readonly unknown[]) =>
    moves.filter((move, i) => i > 0 && move !== moves[i - 1]).length;

  it.each([
    [290, 15],
    [950, 15],
    [290, 1],
  ])("of %i a minute does not flap, looked at every %i minutes", (mean, cadence) => {
    const { turnsADay, followedTurnsADay } = counted(mean, cadence, cadence === 1 ? 1 : DAYS);
    expect(turnsADay).toBeLessThanOrEqual(MOST_TURNS_A_DAY);
    expect(followedTurnsADay).toBeGreaterThan(10 * MOST_TURNS_A_DAY);
  });
});
