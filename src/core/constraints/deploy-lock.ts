/**
 * While a deploy runs nothing is shrunk: what it has just made would go, or what it is about to count. During a blue-green
 * deploy nothing is created either: a clone of the old release would be left behind, serving old code, when the old
 * machines are destroyed.
 */
import { isResting, type MachineState } from "../fleet.ts";
import { partValue } from "../observation.ts";
import type { Constraint } from "./constraint.ts";

const DEPLOYING: ReadonlySet<MachineState> = new Set(["updating", "replacing"]);

export const deployLock: Constraint = {
  name: "deploy lock",
  limit: ({ machines, fly }, { from }) => {
    const seen = partValue(machines) ?? [];
    const release = fly?.release ?? null;
    if (release?.kind === "blueGreen") {
      return { low: from, high: from + seen.filter(isResting).length, why: release.why };
    }
    const moving = seen.filter(({ state }) => DEPLOYING.has(state)).length;
    if (moving > 0) return { low: from, why: `${moving} machines are being updated` };
    return release === null ? null : { low: from, why: release.why };
  },
};
