/**
 * What history counts of a pool for the rules that look back: changes of direction within a day, and what its machines have run
 * since the month began, by UTC. The running total is carried from change to change, so that asking costs the same after a
 * year. Prices are not known in memory.
 */
import { isActive, poolName } from "../../core/fleet.ts";
import type { Tally } from "../../core/observation.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../../core/time.ts";
import type { HistoryRow, PoolRow, SpendingRow } from "./database.ts";

/** Where the books have another number of machines now: carries the total up to `now`. */
export function noteSpending(row: PoolRow, now: Instant): void {
  const running = row.machines.filter(({ state }) => isActive({ state, cordoned: false })).length;
  if (row.spending?.running === running) return;
  row.spending = {
    since: now,
    running,
    machineHours: row.spending === null ? 0 : spentUntil(row.spending, now),
  };
}

export function tallyOf(row: PoolRow, history: readonly HistoryRow[], now: Instant): Tally {
  return {
    changesToday: changesToday(row, history, now),
    spentMachineHours: row.spending === null ? null : spentUntil(row.spending, now),
    spentUsd: null,
  };
}

/** Stuck machines whose stop was done, or may have been, within a day. */
export function replacedToday({ replacements }: PoolRow, now: Instant): number {
  return replacements.filter(({ openedAt, closedAt, outcome }) => {
    const mayBe = closedAt === null || outcome?.status === "done" || outcome?.status === "alreadyDone";
    return mayBe && openedAt > now - DAY_MS && openedAt <= now;
  }).length;
}

/** Of the month of `now` only. */
function spentUntil({ since, running, machineHours }: SpendingRow, now: Instant): number {
  const date = new Date(now);
  const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  const before = since >= month ? machineHours : 0;
  return before + (running * Math.max(0, now - Math.max(since, month))) / HOUR_MS;
}

/** Rows stand in the order in which they were written; the newest are looked at, the rest of a long run is not. */
function changesToday({ pool }: PoolRow, history: readonly HistoryRow[], now: Instant): number {
  const name = poolName(pool);
  let changes = 0;
  let later: string | null = null;
  for (let i = history.length - 1; i >= 0 && history[i]!.slot > now - DAY_MS; i--) {
    const { mode, decision, pool: other } = history[i]!;
    if (mode !== "act" || decision.kind === "hold" || poolName(other) !== name) continue;
    if (later !== null && later !== decision.kind) changes += 1;
    later = decision.kind;
  }
  return changes;
}
