/** A trace file as a series: rows summed to wider bins, scaled up where some are missing, a gap where two fifths are. */
import { readFileSync } from "node:fs";
import { floorTo } from "../src/core/time.ts";
import type { TrafficSeries } from "../src/core/traffic.ts";

const LEAST_SHARE = 0.6;

/** `file`: `timestamp,requests`, one row each `stepMs`; an absent row is a missing one. */
export function readTrace(file: string, stepMs: number, binMs: number): TrafficSeries {
  const bins = new Map<number, { sum: number; rows: number }>();
  for (const line of readFileSync(file, "utf8").trim().split("\n").slice(1)) {
    const [timestamp = "", requests = ""] = line.split(",");
    const at = floorTo(Date.parse(timestamp), binMs);
    const { sum, rows } = bins.get(at) ?? { sum: 0, rows: 0 };
    bins.set(at, { sum: sum + Number(requests), rows: rows + 1 });
  }
  const expected = binMs / stepMs;
  const times = [...bins.keys()].sort((a, b) => a - b);
  const start = times[0] ?? 0;
  const values = Array.from({ length: (times[times.length - 1]! - start) / binMs + 1 }, (_, i) => {
    const bin = bins.get(start + i * binMs);
    return bin && bin.rows >= LEAST_SHARE * expected ? (bin.sum * expected) / bin.rows : Number.NaN;
  });
  return { start, binMs, values };
}
