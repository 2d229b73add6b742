/**
 * What deciding costs: a year of a one-minute trace replayed at the shipped cadence of 15 minutes, and at a minute for a
 * week; milliseconds a tick, forecaster included. CPU time, since others may use the machine. Takes about half a minute: npx tsx bench/decide-speed.ts
 */
import { DAY_MS, MINUTE_MS } from "../src/core/time.ts";
import { createRandom } from "../src/sim/random.ts";
import { shippedPolicy } from "./decisions/defaults.ts";
import { drive } from "./decisions/drive.ts";
import type { Minutes } from "./decisions/minutes.ts";

const MINUTES_PER_DAY = DAY_MS / MINUTE_MS;

for (const [days, cadence] of [
  [365, 15],
  [21, 1],
] as const) {
  const trace = yearOf(days);
  const began = process.cpuUsage();
  const policy = shippedPolicy(trace.capacity);
  const { ticks, ms } = drive(trace, cadence, [{ name: "year", policy, bootMinutes: 1, note: () => {} }]);
  const seconds = process.cpuUsage(began).user / 1e6;
  console.log(
    `${days} days of minutes, a tick every ${cadence} min: ${seconds.toFixed(1)} s of CPU in all, ${ticks} ticks of ${(ms / ticks).toFixed(3)} ms`,
  );
}

/** Days and weeks with noise, a launch and an outage, all of them judged but the first two. */
function yearOf(days: number): Minutes {
  const random = createRandom("a year of minutes");
  const length = days * MINUTES_PER_DAY;
  const demand = Float64Array.from({ length }, (_, i) => {
    const day = 1 + 0.6 * Math.sin((2 * Math.PI * i) / MINUTES_PER_DAY);
    const weekend = Math.floor(i / MINUTES_PER_DAY) % 7 >= 5 ? 0.6 : 1;
    return Math.max(0, (i > length / 2 ? 900 : 600) * day * weekend * (1 + 0.1 * random.normal()));
  });
  const missing = Uint8Array.from({ length }, (_, i) => (i % 50_000 < 90 ? 1 : 0));
  return {
    name: "year",
    start: Date.UTC(2025, 0, 6),
    demand,
    missing,
    split: 2 * MINUTES_PER_DAY,
    capacity: 100,
  };
}
