/**
 * A Constraint is one named rule that narrows what the Decision may be: at least so many machines, at most so many.
 *
 * Rules are written strongest first. Each may only narrow what the stronger ones left; where it asks for something
 * outside of that, it gets the nearest they allow. So no rule can undo a stronger one, and none needs to know another.
 */
import type { Observation } from "../observation.ts";
import type { Severity } from "../severity.ts";

/** A pool that holds `from` active machines is to hold `to`. */
export type Proposal = { readonly from: number; readonly to: number };

/** What the forecast says of itself and of the pool, for the rules that ask; null where nothing is known. */
export type Outlook = {
  readonly severity: Severity;
  /** Machines for the load just measured. */
  readonly needNow: number | null;
  /** Machines for the median load of the past week. */
  readonly normalWorkers: number | null;
  readonly confidence: number | null;
};

export const UNKNOWN_OUTLOOK: Outlook = {
  severity: "normal",
  needNow: null,
  normalWorkers: null,
  confidence: null,
};

/** What a rule is asked about: the pool's count, and where the stronger rules have left the number. */
export type Situation = Outlook & { readonly from: number; readonly to: number };

/** Machines, both inclusive; an absent end is open. `why` in words, for the reason of the Decision. */
export type Limits = { readonly low?: number; readonly high?: number; readonly why: string };

export type Constraint = {
  readonly name: string;
  /** null: nothing to say about this pool now. */
  readonly limit: (observation: Observation, situation: Situation) => Limits | null;
};

/** One rule that changed the number: from what, to what, and why. */
export type Bite = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
};
