/**
 * The product's own decideTick, tick by tick over a trace. At the tick of minute t it has seen the demand up to t − 1.
 * The forecaster's state is carried on once and handed to every policy: all of them would have learned the same.
 */
import { decideTick } from "../../src/core/decide-tick.ts";
import type { PoolKey } from "../../src/core/fleet.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import { forecastBinMs } from "../../src/core/forecast/forecast.ts";
import type { ForecastState } from "../../src/core/forecast/state.ts";
import type { Policy } from "../../src/core/policy.ts";
import type { ServiceLedger } from "../../src/core/service-ledger.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type Fleet, fleetOf } from "./fleet.ts";
import type { Minutes } from "./minutes.ts";

const POOL: PoolKey = { app: "bench", region: "fra", processGroup: "web" };
/** The rules look back no further than this. */
const LOOK_BACK_MINUTES = 40;
/** So long before the judged part a promise is rehearsed, so that its books begin with experience. */
const REHEARSAL_MS = 14 * DAY_MS;
/** The forecaster comes first. */
const HEAD_START_MS = 2 * DAY_MS;

export type Rider = {
  readonly name: string;
  readonly policy: Policy;
  readonly bootMinutes: number;
  /** Called for every judged minute with the count that is wanted. */
  readonly note: (minute: number, desired: number) => void;
};

/** @returns ticks decided, and the milliseconds that deciding took by the clock. */
export function drive(
  trace: Minutes,
  cadenceMinutes: number,
  riders: readonly Rider[],
): { ticks: number; ms: number } {
  const { start, demand, missing, split, capacity } = trace;
  const at = (minute: number): Instant => start + minute * MINUTE_MS;
  const cadenceMs = cadenceMinutes * MINUTE_MS;
  const { update } = ensembleForecaster("UTC", forecastBinMs(cadenceMs));
  const values = Array.from(demand, (value, i) => (missing[i] ? Number.NaN : value));
  const rehearsal = Math.min(REHEARSAL_MS, Math.max(0, split * MINUTE_MS - HEAD_START_MS)) / MINUTE_MS;
  const first = split - rehearsal;
  let state: ForecastState | null = null;
  let learned = 0;
  const seats = riders.map((rider) => ({
    rider,
    ...fresh(rider),
    ledger: null as ServiceLedger | null,
    wanted: 0,
  }));
  let ticks = 0;
  let ms = 0;

  function fresh({ bootMinutes }: Rider): { fleet: Fleet } {
    return {
      fleet: fleetOf(POOL, Math.max(1, Math.ceil(demand[split]! / capacity - 1e-9)), bootMinutes * MINUTE_MS),
    };
  }

  for (let minute = first; minute < demand.length; minute++) {
    const now = at(minute);
    if (minute === split) for (const seat of seats) Object.assign(seat, fresh(seat.rider));
    if (now % cadenceMs === 0 || minute === first || minute === split) {
      state = update(
        state,
        { start: at(learned), binMs: MINUTE_MS, values: values.slice(learned, minute) },
        [],
        now,
      );
      learned = Math.max(0, Math.floor((state.through - start) / MINUTE_MS));
      const recent = Math.max(0, minute - LOOK_BACK_MINUTES);
      const samples = { start: at(recent), binMs: MINUTE_MS, values: values.slice(recent, minute) };
      for (const seat of seats) {
        if (minute < split && seat.rider.policy.unservedPrice !== null) continue;
        const started = performance.now();
        const machines = seat.fleet.list(now);
        const tick = decideTick({
          pool: POOL,
          slot: now,
          attempt: 1,
          now,
          cadenceMs,
          mode: "act",
          policy: seat.rider.policy,
          machines: { status: "fresh", value: machines },
          bookedWorkers: machines.length,
          samples: { status: "fresh", value: samples },
          state,
          ledger: seat.ledger,
          events: [],
          override: null,
          lastChangeAt: null,
        });
        ms += performance.now() - started;
        ticks += 1;
        seat.ledger = tick.ledger;
        seat.wanted = tick.decision.to;
        seat.fleet.ask(seat.wanted, now);
      }
    }
    if (minute >= split) for (const { rider, wanted } of seats) rider.note(minute - split, wanted);
  }
  return { ticks, ms };
}
