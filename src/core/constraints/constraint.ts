/**
 * A Constraint is one named rule that may change the number on the way to the Decision. Each sees what the rules before
 * it left, and answers with the new number and why, or with nothing. One written order, in `index.ts`.
 */
import type { Observation } from "../observation.ts";

/** A pool that holds `from` active machines is to hold `to`. */
export type Proposal = { readonly from: number; readonly to: number };

/** One rule that bit: what it made of the number, and why, in words. */
export type Bite = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
};

export type Verdict = { readonly to: number; readonly why: string } | null;

export type Constraint = {
  readonly name: string;
  readonly apply: (proposal: Proposal, observation: Observation) => Verdict;
};

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
