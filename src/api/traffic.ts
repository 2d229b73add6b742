/** POST samples (scope ingest); GET a pool's recent series (scope read). */
import { z } from "zod";
import { poolName } from "../core/fleet.ts";
import { formatInstant, MINUTE_MS } from "../core/time.ts";
import type { PoolSample, Samples } from "../ports.ts";
import { mayUse } from "./authenticate.ts";
import { Problem } from "./problem.ts";
import { type Endpoint, endpoint, type Route } from "./route.ts";
import { poolWord, readSamples, SAMPLES_LIMIT, type SampleRules, sampleShape } from "./sample-lines.ts";
import { instant, poolKey, wholeNumber } from "./shapes.ts";

const LONGEST_MINUTES = 7 * 24 * 60;

const seriesQuery = z.strictObject({
  app: poolWord,
  region: poolWord,
  processGroup: poolWord.default("app"),
  minutes: wholeNumber(1, LONGEST_MINUTES, 60),
});
const refusal = z.object({ index: z.int().min(0), reason: z.string() });
const measured = z.number().min(0).optional();

export const SEND_SAMPLES = {
  method: "POST",
  path: "/",
  scope: "ingest",
  summary: "Store samples; a bad one is refused with its index and reason, the good ones are kept",
  body: {
    limitBytes: 4 * 1024 * 1024,
    types: {
      "application/json": z.array(sampleShape).max(SAMPLES_LIMIT),
      "application/x-ndjson": sampleShape.describe("one sample a line"),
    },
  },
  keyed: true,
  answer: z.object({ stored: z.int().min(0), refused: z.array(refusal) }),
  problems: ["bad-request", "payload-too-large", "nothing-stored"],
} as const satisfies Route;

export const READ_SERIES = {
  method: "GET",
  path: "/",
  scope: "read",
  summary: "The last minutes of a pool's traffic, gaps left out",
  query: seriesQuery,
  answer: poolKey.extend({
    binSeconds: z.number(),
    samples: z.array(
      z.object({
        at: instant,
        requests: z.number().min(0),
        ...{ errors: measured, p95LatencyMs: measured, cpu: measured, memory: measured, disk: measured },
        ...{ concurrency: measured, queueDepth: measured },
      }),
    ),
  }),
  problems: ["forbidden"],
} as const satisfies Route;

export type TrafficTools = { readonly rules: SampleRules; readonly samples: Samples };

export function trafficEndpoints({ rules, samples }: TrafficTools): Endpoint[] {
  return [
    endpoint(SEND_SAMPLES, async ({ text, caller, now }) => {
      const read = readSamples(text, rules, caller, now);
      const notStored = await samples.store(read.samples, now);
      const refusedHere = [
        ...refusals(read, notStored.unknownPool, unknownPoolReason),
        ...refusals(read, notStored.tooOld, tooOldReason),
      ];
      const stored = read.samples.length - refusedHere.length;
      const refused = [...read.refused, ...refusedHere].sort((a, b) => a.index - b.index);
      if (stored > 0 || refused.length === 0) return { body: { stored, refused } };
      throw new Problem("nothing-stored", "No sample could be stored; the reasons are listed", {
        more: { stored, refused },
      });
    }),

    endpoint(READ_SERIES, async ({ query: { minutes, ...key }, caller, now }) => {
      if (!mayUse(caller, key.app))
        throw new Problem("forbidden", `This token is not for app ${key.app}; use one that is`);
      const found = await samples.read(key, now - minutes * MINUTE_MS, now + MINUTE_MS);
      const series = found.map((sample) => ({ ...sample, at: formatInstant(sample.at) }));
      return { body: { ...key, binSeconds: rules.binMs / 1_000, samples: series } };
    }),
  ];
}

type Read = ReturnType<typeof readSamples>;

/** What the books refused, by its place in the request. */
function refusals(
  read: Read,
  places: readonly number[],
  reasonOf: (sample: PoolSample) => string,
): Read["refused"] {
  return places.map((i) => ({ index: read.indexes[i]!, reason: reasonOf(read.samples[i]!) }));
}

function unknownPoolReason({ pool }: PoolSample): string {
  return `no pool ${poolName(pool)}; pools are found in Fly's machine list by the first tick`;
}

function tooOldReason({ at }: PoolSample): string {
  return `${formatInstant(at)} is before what is kept; see the setting keep_samples, or import it (docs/import.md)`;
}
