/**
 * A month's machine-hours or money. What is left is spread over the rest of the month, by UTC as bills are; hours saved so
 * far, and those of one day in advance, may be spent at once, so that a pool with busy days and quiet nights is not held to its
 * mean. It lowers openly, down to the minimum, also below what is needed: that is what the owner asked for.
 *
 *   allowed = max(hours left / time left, (budget · (elapsed + 1 day) / month − spent) / time until the next tick)
 */
import type { Observation, Tally } from "../observation.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../time.ts";
import type { Constraint, Limits } from "./constraint.ts";

const SPARE_MS = DAY_MS;

export const budget: Constraint = {
  name: "budget",
  limit: (observation) => {
    const { policy, tally } = observation;
    const limits = [
      inHours(policy.budgetMachineHours, tally, observation),
      inMoney(policy.budgetUsd, tally, observation),
    ];
    return limits.reduce((least, one) =>
      least === null || (one !== null && one.high! < least.high!) ? one : least,
    );
  },
};

function inHours(hours: number, tally: Tally | undefined, observation: Observation): Limits | null {
  const spent = tally?.spentMachineHours ?? null;
  if (hours === 0 || spent === null) return null;
  const why = `${Math.round(spent)} of the month's ${hours} machine-hours are spent`;
  return { high: allowed(hours, spent, observation), why };
}

/** What a machine-hour costs is read from the month so far; before anything was spent nobody knows. */
function inMoney(usd: number, tally: Tally | undefined, observation: Observation): Limits | null {
  const hours = tally?.spentMachineHours ?? 0;
  const spent = tally?.spentUsd ?? null;
  if (usd === 0 || spent === null || hours <= 0 || spent <= 0) return null;
  const why = `${spent.toFixed(2)} of the month's ${usd} US dollars are spent`;
  return { high: allowed((usd * hours) / spent, hours, observation), why };
}

/** Whole machines that `hours` a month still pay for after `spent`. */
function allowed(hours: number, spent: number, { now, slot, cadenceMs }: Observation): number {
  const { start, end } = monthOf(now);
  const elapsedShare = Math.min(1, (now + SPARE_MS - start) / (end - start));
  const saved = Math.max(0, hours * elapsedShare - spent);
  const left = Math.max(0, hours - spent);
  const untilNextMs = Math.max(slot + cadenceMs - now, 1);
  return Math.floor(Math.max((left * HOUR_MS) / (end - now), (saved * HOUR_MS) / untilNextMs));
}

function monthOf(now: Instant): { start: Instant; end: Instant } {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) };
}
