/** The words of the scenario tables in test/scenarios/ that stand for a number in the policy or in the books. */
import type { Machine } from "../../src/core/fleet.ts";
import type { Tally } from "../../src/core/observation.ts";
import type { Policy } from "../../src/core/policy.ts";
import { type Instant, SECOND_MS } from "../../src/core/time.ts";
import { ofRelease } from "./examples.ts";
/** Numbers of the policy, by the words of the table. */
export const POLICY_WORDS: Record<string, keyof Policy> = {
  min: "minWorkers",
  max: "maxWorkers",
  floor: "floorWorkers",
  cap: "capFactor",
  budget: "budgetMachineHours",
  usd: "budgetUsd",
  flaps: "flapsPerDay",
  growStep: "growStepWorkers",
  growShare: "growStepShare",
  shrinkStep: "shrinkStepWorkers",
  shrinkShare: "shrinkStepShare",
  low: "lowConfidence",
  band: "shrinkBand",
};
export const TALLY_WORDS: Record<string, keyof Tally> = {
  changes: "changesToday",
  spent: "spentMachineHours",
  spentUsd: "spentUsd",
};

/** "90m" */
export const secondsOf = (word: string) =>
  Number.parseInt(word, 10) * (word.endsWith("m") ? 60 : word.endsWith("h") ? 3_600 : 1);

/** "7@3m": the first machine was made of release 7, or moved to it, so long ago; the others are of release 6. */
export function ofReleases(
  machines: readonly Machine[],
  how: "made" | "moved",
  word: string,
  now: Instant,
): Machine[] {
  const [version, ago = "0m"] = word.split("@");
  const at = now - secondsOf(ago) * SECOND_MS;
  const since =
    how === "made" ? { createdAt: at } : { lastAsked: { verb: "start", by: "user", at } as const };
  return machines.map((one, i) => ({
    ...one,
    ...ofRelease(i === 0 ? Number(version) : 6),
    ...(i === 0 ? since : {}),
  }));
}
