/** What a tick is told by configuration, in the tick's own words. */
import type { Policy } from "../core/policy.ts";

export type TickSettings = {
  readonly cadenceMs: number;
  /** Width of a traffic sample. */
  readonly binMs: number;
  /** For every value that a pool's own row leaves open. */
  readonly defaultPolicy: Policy;
  /** After this, no new action starts and no further app is taken up. Below the function's own limit of 150 s. */
  readonly deadlineMs: number;
  /** Longer than any tick can last, so that a lease that ran out belongs to a tick that is dead. */
  readonly leaseTtlMs: number;
  /** Apps at a time. */
  readonly concurrency: number;
};
