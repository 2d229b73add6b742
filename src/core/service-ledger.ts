/**
 * The books of a promise: minutes that were short are spent, minutes that passed earn a little, and the balance says how
 * much risk the next decisions may take. A pool whose forecasts are too wide would over-keep its promise and waste
 * machines: its balance grows, and so does the risk. One whose bursts nobody foresees overspends: the risk shrinks, and
 * for as long as the debt lasts the forecast is believed less and what the past week has seen counts instead. This is
 * integral control of a miscoverage rate, as in adaptive conformal inference (Gibbs and Candès 2021), and in words of
 * operations an error budget.
 *
 *   balance ← balance · e^(−Δt / 28 d) + AIM · promise · minutes − short minutes
 *   risk    = promise · e^(balance / (promise · pace)),     doubt = 2 · share of the pace's worth that is overdrawn
 *
 * There are two traps. Impatience: with 40 short minutes allowed a month, one burst spends a quarter of them; the pace is
 * therefore never shorter than the time in which five short minutes are earned. And forgiving too soon: a pool that bursts
 * once a week would be forgiven between any two bursts, so a debt lasts four weeks.
 */

import type { FleetNow } from "./capacity/fleet-now.ts";
import { clamp } from "./clamp.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "./time.ts";
import type { TrafficSeries } from "./traffic.ts";

/** Of what is allowed so much is spent on purpose; the rest is for what nobody foresees. */
const AIM = 0.45;
const MEMORY_MS = 28 * DAY_MS;
const TOLD_MS = 7 * DAY_MS;
const SHORTEST_PACE_MINUTES = 720;
const PACE_IN_SHORT_MINUTES = 5;
const MOST_FACTOR = 50;
const LEAST_DOUBT = 0.01;
/** Nothing of the forecast is believed any more once half of the pace's worth is overdrawn. */
const DOUBT_PER_DEBT = 2;

export type ServiceLedger = {
  /** Minutes before this instant are booked. */
  readonly through: Instant;
  /** Machines as they were left: how many serve, and when those that boot will. */
  readonly fleet: FleetNow;
  /** Short minutes in hand; below 0 they are overdrawn. */
  readonly balance: number;
  /** Minutes measured and short ones, fading over a week: what a person asks for. */
  readonly minutes: number;
  readonly short: number;
};

export function freshLedger(through: Instant, fleet: FleetNow): ServiceLedger {
  return { through, fleet, balance: 0, minutes: 0, short: 0 };
}

/** Books every bin of `samples` that is not booked yet and ends by `now`; gaps are no minutes. */
export function book(
  ledger: ServiceLedger,
  samples: TrafficSeries,
  requestsPerWorker: number,
  promise: number,
  now: Instant,
): ServiceLedger {
  const { start, binMs, values } = samples;
  let { balance, minutes, short, through } = ledger;
  const kept = Math.exp(-binMs / MEMORY_MS);
  const told = Math.exp(-binMs / TOLD_MS);
  const passed = binMs / MINUTE_MS;
  for (let i = Math.max(0, Math.ceil((through - start) / binMs)); i < values.length; i++) {
    const at = start + i * binMs;
    if (at + binMs > now) break;
    through = at + binMs;
    if (Number.isNaN(values[i]!)) continue;
    const isShort = values[i]! > servingAt(ledger.fleet, at) * requestsPerWorker * (1 + 1e-9);
    balance = balance * kept + AIM * promise * passed - (isShort ? passed : 0);
    minutes = minutes * told + passed;
    short = short * told + (isShort ? passed : 0);
  }
  return { ...ledger, balance, minutes, short, through };
}

function servingAt({ serving, bootingUntil }: FleetNow, at: Instant): number {
  return serving + bootingUntil.filter((instant) => instant <= at).length;
}

/** How much risk keeps the promise, and how much to doubt the forecast, in [0, 1]. */
export function believe(ledger: ServiceLedger | null, promise: number): { risk: number; doubt: number } {
  if (ledger === null) return { risk: promise, doubt: LEAST_DOUBT };
  const pace = promise * Math.max(SHORTEST_PACE_MINUTES, PACE_IN_SHORT_MINUTES / promise);
  const factor = clamp(Math.exp(ledger.balance / pace), 1 / MOST_FACTOR, MOST_FACTOR);
  return {
    risk: Math.min(0.5, promise * factor),
    doubt: clamp((-DOUBT_PER_DEBT * ledger.balance) / pace, LEAST_DOUBT, 1),
  };
}
