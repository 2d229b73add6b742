/**
 * From the decision to a machine that serves, for each way to get one. Measured boots say it once there are enough of them;
 * until then a cautious prior does, which slowness seen three times raises. Bounds are no measurements: an upper one can only
 * lower the prior, a lower one only raise it.
 *
 * The P95 is what is planned with: one boot in twenty is slower. A boot is stuck after twice the P99 of the measured ones;
 * while few are measured not before what Fly itself calls stuck, and in no case later than an hour: ten quick ones say
 * nothing about the image that warms its cache for a minute.
 *
 * The age of the newest sample and the time to the next tick are not in it: the forecast begins where the samples end, and
 * the window that a decision must cover ends a lead time after the next tick (plan-capacity.ts).
 */
import { clamp } from "../clamp.ts";
import { SECOND_MS } from "../time.ts";
import type { BootStats } from "./boot-stats.ts";
import { BOOT_PATHS, type BootEvidence, type BootPath } from "./boots.ts";

export type BootLead = {
  readonly path: BootPath;
  /** Planned with. */
  readonly p95Seconds: number;
  /** A boot that takes longer counts as stuck. */
  readonly stuckSeconds: number;
  readonly source: "measured" | "bounded" | "prior" | "raised";
  /** Boots that it rests on. */
  readonly count: number;
};
export type BootLeads = Readonly<Record<BootPath, BootLead>>;

/**
 * Before anything is measured. Fly's documents say that a stopped machine starts in well under a second and answers after
 * about two, that a suspended one resumes in a few hundred milliseconds but may fall back to a cold start, and that making
 * one takes seconds to tens of seconds, image pull and all (fly.io/docs/machines/overview, /docs/reference/suspend-resume,
 * /docs/blueprints/autoscale-machines). These are about twice the slow end of that. Stuck: ten of them.
 */
const PRIOR_SECONDS: Readonly<Record<BootPath, number>> = { start: 5, resume: 2, create: 60 };
const STUCK_LEADS = 10;
const LEAST_STUCK_SECONDS = 60;
/** Fly calls starting and stopping stuck after five minutes (fly.io/docs/machines/machine-states). */
const UNMEASURED_STUCK_SECONDS = 300;
const MOST_STUCK_SECONDS = 3_600;

/** With fewer, the 95th percentile is the largest: a matter of luck. */
export const ENOUGH_BOOTS = 20;
/** So many slow ones are no accident: the prior is raised. */
const RAISING_BOOTS = 3;
/** And are not the one in twenty that a P95 leaves out. */
const SLOW_SHARE = 0.05;
/** A stuck boot must stand out from the slow ones that are measured. */
const STUCK_OVER_P99 = 2;

/** @param stats what the books measured of this pool; empty where nothing was */
export function bootLeads(stats: readonly BootStats[]): BootLeads {
  const leadOf = (path: BootPath) => bootLead(path, stats);
  return { start: leadOf("start"), resume: leadOf("resume"), create: leadOf("create") };
}

function bootLead(path: BootPath, stats: readonly BootStats[]): BootLead {
  const of = (evidence: BootEvidence) =>
    stats.find((one) => one.path === path && one.evidence === evidence && Number.isFinite(one.p95));
  const [exact, upper, lower] = [of("event"), of("atMost"), of("atLeast")];
  if (exact !== undefined && exact.count >= ENOUGH_BOOTS) return leadFrom(exact, "measured");
  const prior = PRIOR_SECONDS[path];
  const known = (exact?.count ?? 0) + (upper?.count ?? 0) + (lower?.count ?? 0);
  const slow = [exact, lower]
    .filter((one) => one !== undefined)
    .filter(({ count, p95 }) => p95 > prior && count >= RAISING_BOOTS && count >= SLOW_SHARE * known)
    .sort((a, b) => b.p95 - a.p95)[0];
  if (slow !== undefined) return leadFrom(slow, "raised");
  if (upper !== undefined && upper.count >= ENOUGH_BOOTS && upper.p95 < prior)
    return leadFrom(upper, "bounded");
  return { path, p95Seconds: prior, stuckSeconds: stuckAfter(prior, 0, "prior"), source: "prior", count: 0 };
}

function leadFrom({ path, count, p95, p99 }: BootStats, source: BootLead["source"]): BootLead {
  return { path, p95Seconds: p95, stuckSeconds: stuckAfter(p95, p99, source), source, count };
}

function stuckAfter(p95: number, p99: number, source: BootLead["source"]): number {
  const floor = source === "measured" ? LEAST_STUCK_SECONDS : UNMEASURED_STUCK_SECONDS;
  return clamp(p99 > 0 ? STUCK_OVER_P99 * p99 : STUCK_LEADS * p95, floor, MOST_STUCK_SECONDS);
}

/** The slowest of the ways that are open: what a decision must look ahead. */
export function slowestLead(leads: BootLeads, paths: readonly BootPath[] = BOOT_PATHS): BootLead {
  const open = (paths.length === 0 ? BOOT_PATHS : paths).map((path) => leads[path]);
  return open.reduce((slowest, lead) => (lead.p95Seconds > slowest.p95Seconds ? lead : slowest));
}

/** "a start takes 4.2 s (P95 of 37 boots)". */
export function describeLead({ path, p95Seconds, source, count }: BootLead): string {
  const takes = `a ${path} takes ${seconds(p95Seconds * SECOND_MS)}`;
  switch (source) {
    case "measured":
      return `${takes} (P95 of ${count} boots)`;
    case "bounded":
      return `${takes} at most (P95 of ${count} boots seen by ticks)`;
    case "raised":
      return `${takes} (P95 of only ${count} boots, but slower than assumed)`;
    case "prior":
      return `${takes} (assumed: fewer than ${ENOUGH_BOOTS} boots were measured)`;
  }
}

function seconds(ms: number): string {
  return `${Number((ms / SECOND_MS).toFixed(1))} s`;
}
