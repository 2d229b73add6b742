/** What an import did, for people and as JSON. */
import { formatInstant, type Instant } from "../../src/core/time.ts";
import type { ImportOptions } from "./options.ts";
import { type Refusals, refusalLines, refusedCount } from "./refusals.ts";

export type Summary = {
  /** Of the file, the header not counted. */
  rows: number;
  /** Minutes that are stored as the file has them, of these with other values before, and as they were before. */
  taken: number;
  replaced: number;
  unchanged: number;
  readonly refused: Refusals;
  readonly pools: string[];
  readonly newPools: string[];
  /** Ids of pools that got something new. */
  readonly touched: Set<number>;
  first: Instant | null;
  last: Instant | null;
};

export function emptySummary(): Summary {
  return {
    ...{ rows: 0, taken: 0, replaced: 0, unchanged: 0, first: null, last: null },
    ...{ refused: new Map(), pools: [], newPools: [], touched: new Set() },
  };
}

export function summaryJson(summary: Summary, { dryRun }: ImportOptions): string {
  const { touched: _, refused, first, last, ...counts } = summary;
  const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));
  const refusals = Object.fromEntries(refused);
  const document = {
    dryRun,
    ...counts,
    first: at(first),
    last: at(last),
    refused: refusedCount(refused),
    refusals,
  };
  return JSON.stringify(document, null, 2);
}

export function summaryText(summary: Summary, { dryRun, strict }: ImportOptions): string {
  const { rows, taken, replaced, unchanged, refused, pools, newPools, first, last } = summary;
  const count = (value: number) => value.toLocaleString("en");
  const nothing = refusedCount(refused) > 0 && strict;
  const head = dryRun ? "Dry run, nothing was written" : nothing ? "Nothing was written" : "Done";
  const span = first === null || last === null ? "" : `, ${formatInstant(first)} to ${formatInstant(last)}`;
  const where = pools.length === 0 ? "" : ` of ${pools.length} ${pools.length === 1 ? "pool" : "pools"}`;
  const made = newPools.length === 0 ? [] : [`New, in mode advise: ${newPools.join(", ")}`];
  return [
    `${head}: ${count(rows)} rows${where}${span}`,
    `${count(taken)} minutes taken: ${count(taken - replaced - unchanged)} new, ${count(replaced)} replaced, ${count(unchanged)} unchanged; ${count(refusedCount(refused))} refused`,
    ...made,
    ...refusalLines(refused),
  ].join("\n");
}
