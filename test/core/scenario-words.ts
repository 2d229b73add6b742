/** The words of the scenario tables in test/scenarios/ that stand for a number in the policy or in the books. */
import type { Tally } from "../../src/core/observation.ts";
import type { Policy } from "../../src/core/policy.ts";

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
