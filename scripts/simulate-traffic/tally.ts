/** What was sent and what became of it, counted as it goes; refusals by their reason. */
import { formatInstant, type Instant } from "../../src/core/time.ts";

export type Tally = {
  requests: number;
  sent: number;
  stored: number;
  /** Minutes of a pool that the source did not record; they are not sent. */
  gaps: number;
  readonly refused: Map<string, number>;
  /** End of the last minute that was sent. */
  until: Instant | null;
};

export function emptyTally(): Tally {
  return { requests: 0, sent: 0, stored: 0, gaps: 0, refused: new Map(), until: null };
}

/** Counts one refusal; answers its reason where it is the first of its kind. Times in it do not make it another one. */
export function countRefusal(tally: Tally, reason: string): string | null {
  const kind = reason.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");
  const before = tally.refused.get(kind) ?? 0;
  tally.refused.set(kind, before + 1);
  return before === 0 ? reason : null;
}

export function refusedCount({ refused }: Tally): number {
  return [...refused.values()].reduce((sum, count) => sum + count, 0);
}

export type Summary = Omit<Tally, "refused" | "until"> & {
  readonly from: string;
  readonly until: string | null;
  readonly refused: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly end: "complete" | "interrupted" | "failed";
};

export function summarise(tally: Tally, from: Instant, seconds: number, end: Summary["end"]): Summary {
  return {
    ...tally,
    from: formatInstant(from),
    until: tally.until === null ? null : formatInstant(tally.until),
    refused: refusedCount(tally),
    refusals: Object.fromEntries([...tally.refused].sort(([, a], [, b]) => b - a)),
    seconds: Number(seconds.toFixed(2)),
    requestsPerSecond: Number((tally.requests / Math.max(seconds, 0.001)).toFixed(2)),
    end,
  };
}

export function summaryText(summary: Summary): string {
  const { from, until, sent, stored, refused, gaps, requests, seconds, requestsPerSecond, end } = summary;
  const how = { complete: "Done", interrupted: "Stopped before the end", failed: "Failed before the end" }[
    end
  ];
  const span = until === null ? "nothing was sent" : `${from} to ${until}`;
  const count = (value: number) => value.toLocaleString("en");
  const lines = [
    `${how}: ${span}`,
    `${count(sent)} samples sent, ${count(stored)} stored, ${count(refused)} refused; ${count(gaps)} gaps left out`,
    `${count(requests)} requests in ${seconds.toFixed(1)} s, ${requestsPerSecond.toFixed(1)} a second`,
    ...Object.entries(summary.refusals).map(([reason, times]) => `  ${count(times)} × ${reason}`),
  ];
  return lines.join("\n");
}
