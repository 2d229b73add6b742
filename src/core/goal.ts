/**
 * What the owner asks for, in one sentence, and the risk that follows from it.
 *
 * A promise: "at most 0.1 % of minutes short". A price: "an hour of demand that one machine would have carried, and that
 * nobody served, costs me as much as 20 machine-hours". The newsvendor's rule turns the price into a risk: the next
 * machine pays for itself while demand needs it more often than once in 20 (Arrow, Harris and Marschak 1951). A promise is
 * a risk at once; which risk keeps it is for the books of what was kept to say (service-ledger.ts).
 */
import type { Quantile } from "./quantile.ts";

export type Goal =
  /** At most this share of minutes short, in (0, 1). */
  | { readonly kind: "promise"; readonly shortShare: number }
  /** Machine-hours that one unserved machine-hour is worth, above 1. */
  | { readonly kind: "price"; readonly unservedPrice: number };

/** The chance of being short at which one more machine is just not worth it. */
export function riskOf(goal: Goal): number {
  return goal.kind === "price" ? 1 / goal.unservedPrice : goal.shortShare;
}

/** "at most 0.1 % of minutes short" */
export function goalInWords(goal: Goal): string {
  if (goal.kind === "price") return `an unserved machine-hour is worth ${goal.unservedPrice} machine-hours`;
  return `at most ${Number((100 * goal.shortShare).toPrecision(3))} % of minutes short`;
}

/** The quantile of load that capacity covers at a risk. */
export function quantileAt(risk: number): Quantile {
  return Math.min(0.9999, Math.max(0.5, Math.round((1 - risk) * 1e4) / 1e4));
}
