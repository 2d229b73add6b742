/**
 * A pool's boots as a few percentiles, per path and evidence: the last 200 of each, none older than 30 days, so that an
 * image that boots slower shows within days. As SQL reckons it (0034_boot_times.sql); the two must agree.
 */
import { DAY_MS, type Instant } from "../time.ts";
import { BOOT_EVIDENCE, BOOT_PATHS, type Boot, type BootEvidence, type BootPath } from "./boots.ts";

/** Of one pool, path and evidence; seconds, to the millisecond. */
export type BootStats = {
  readonly path: BootPath;
  readonly evidence: BootEvidence;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
};

const LOOKED_BACK_MS = 30 * DAY_MS;
const LOOKED_AT = 200;

/** Those that there are, by path and evidence in the order of SQL's text. */
export function bootStatsOf(boots: readonly Boot[], now: Instant): BootStats[] {
  const recent = boots
    .filter(({ askedAt }) => askedAt > now - LOOKED_BACK_MS && askedAt <= now)
    .sort((a, b) => b.askedAt - a.askedAt || (a.machineId < b.machineId ? -1 : 1));
  return BOOT_PATHS.toSorted().flatMap((path) =>
    BOOT_EVIDENCE.toSorted().flatMap((evidence) => {
      const seconds = recent
        .filter((boot) => boot.path === path && boot.evidence === evidence)
        .slice(0, LOOKED_AT)
        .map((boot) => boot.seconds)
        .sort((a, b) => a - b);
      if (seconds.length === 0) return [];
      const at = (share: number) => Math.round(percentile(seconds, share) * 1_000) / 1_000;
      return [{ path, evidence, count: seconds.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) }];
    }),
  );
}

/** Linear between the two neighbours in rank, as percentile_cont has it (type 7 of Hyndman and Fan, 1996). */
function percentile(ascending: readonly number[], share: number): number {
  const rank = share * (ascending.length - 1);
  const below = ascending[Math.floor(rank)]!;
  const above = ascending[Math.ceil(rank)]!;
  return below + (rank - Math.floor(rank)) * (above - below);
}

/** Whether what `newer` says of a boot is worth more than what is known of it. */
export function isBetterEvidence(newer: BootEvidence, known: BootEvidence): boolean {
  return BOOT_EVIDENCE.indexOf(newer) < BOOT_EVIDENCE.indexOf(known);
}
