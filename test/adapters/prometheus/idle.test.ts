import { expect, it } from "vitest";
import type { MachineReadings } from "../../../src/adapters/prometheus/fleet-readings.ts";
import { idleAmong } from "../../../src/adapters/prometheus/pool-samples.ts";

const START = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;

function readings(id: string, concurrency: readonly number[] | null): MachineReadings {
  const states = concurrency === null ? {} : { concurrency: Float64Array.from(concurrency) };
  const reported = new Uint8Array(4).fill(1);
  return { id, region: "fra", labels: {}, reported, serves: true, requests: [], errors: [], states };
}

it("names machines whose newest measured bin had nothing in flight, by when that bin began", () => {
  const fleet = [
    readings("idle", [3, 2, 0, 0]),
    readings("idle-earlier", [3, 0, 0, Number.NaN]),
    readings("busy", [0, 0, 0, 0.1]),
    readings("silent", [Number.NaN, Number.NaN, Number.NaN, Number.NaN]),
    readings("untold", null),
    readings("only-an-edge", [0, Number.NaN, Number.NaN, Number.NaN]),
  ];
  expect(idleAmong(fleet, { start: START, stepMs: MINUTE_MS, length: 4 })).toEqual([
    { machineId: "idle", since: START + 2 * MINUTE_MS },
    { machineId: "idle-earlier", since: START + MINUTE_MS },
  ]);
});
