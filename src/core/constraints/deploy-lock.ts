/**
 * While machines are being updated or replaced a deploy runs: nothing is shrunk under it. Blue-green deploys, which make new
 * machines beside the old ones, are not recognised yet; Fly's own leases on the machines are what refuses us there.
 */
import type { MachineState } from "../fleet.ts";
import { partValue } from "../observation.ts";
import type { Constraint } from "./constraint.ts";

const DEPLOYING: ReadonlySet<MachineState> = new Set(["updating", "replacing"]);

export const deployLock: Constraint = {
  name: "deploy lock",
  limit: ({ machines }, from) => {
    const moving = (partValue(machines) ?? []).filter(({ state }) => DEPLOYING.has(state)).length;
    return moving === 0 ? null : { low: from, why: `${moving} machines are being updated` };
  },
};
