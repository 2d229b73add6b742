/** POST samples (scope ingest); GET a pool's recent series (scope read). */
import { z } from "zod";
import { poolName } from "../core/fleet.ts";
import { formatInstant, MINUTE_MS } from "../core/time.ts";
import type { Clock, PoolSample, RequestLimit, Samples, Tokens } from "../ports.ts";
import { authenticate, mayUse } from "./authenticate.ts";
import { parseAs, readText } from "./body.ts";
import { limited } from "./limit.ts";
import { Problem } from "./problem.ts";
import { poolWord, readSamples, type SampleRules } from "./sample-lines.ts";
import { type Handlers, jsonAnswer } from "./serve.ts";

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
const LONGEST_MINUTES = 7 * 24 * 60;

const seriesQuery = z.strictObject({
  app: poolWord,
  region: poolWord,
  processGroup: poolWord.default("app"),
  minutes: z.coerce.number().int().min(1).max(LONGEST_MINUTES).default(60),
});

export type TrafficTools = {
  readonly rules: SampleRules;
  readonly clock: Clock;
  readonly samples: Samples;
  readonly tokens: Tokens;
  readonly requestLimit: RequestLimit;
  readonly sync: () => Promise<void>;
};

export function trafficHandlers({
  rules,
  clock,
  samples,
  tokens,
  requestLimit,
  sync,
}: TrafficTools): Handlers {
  return {
    async POST(request) {
      await sync();
      const now = clock.now();
      const caller = await authenticate(request, "ingest", tokens, now);
      const headers = await limited(requestLimit, caller, now);
      const read = readSamples(await readText(request, BODY_LIMIT_BYTES), rules, caller, now);
      const notStored = await samples.store(read.samples, now);
      const refusedHere = [
        ...refusals(read, notStored.unknownPool, unknownPoolReason),
        ...refusals(read, notStored.tooOld, tooOldReason),
      ];
      const stored = read.samples.length - refusedHere.length;
      const refused = [...read.refused, ...refusedHere].sort((a, b) => a.index - b.index);
      if (stored === 0 && refused.length > 0) {
        throw new Problem(422, "nothing-stored", "No sample could be stored; the reasons are listed", {
          more: { stored, refused },
          headers,
        });
      }
      return jsonAnswer({ stored, refused }, headers);
    },

    async GET(request) {
      await sync();
      const now = clock.now();
      const caller = await authenticate(request, "read", tokens, now);
      const headers = await limited(requestLimit, caller, now);
      const { minutes, ...key } = parseAs(
        seriesQuery,
        Object.fromEntries(new URL(request.url).searchParams),
        "The query",
      );
      if (!mayUse(caller, key.app))
        throw new Problem(403, "forbidden", `This token is not for app ${key.app}; use one that is`);
      const found = await samples.read(key, now - minutes * MINUTE_MS, now + MINUTE_MS);
      const series = found.map((sample) => ({ ...sample, at: formatInstant(sample.at) }));
      return jsonAnswer({ ...key, binSeconds: rules.binMs / 1_000, samples: series }, headers);
    },
  };
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
