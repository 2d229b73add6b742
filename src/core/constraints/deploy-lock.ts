/**
 * While a deploy runs nothing is shrunk under it. Two signs of one: machines that are being updated or replaced, and machines
 * of two releases side by side of which the newer was touched a moment ago (blue-green makes new machines beside the old ones;
 * a rolling deploy is between two machines most of the time).
 *
 * The trap is the deploy that died half-way: its mixture stays for good, so it counts only for a while.
 */
import type { Machine, MachineState } from "../fleet.ts";
import { partValue } from "../observation.ts";
import { type Instant, MINUTE_MS } from "../time.ts";
import type { Constraint } from "./constraint.ts";

const DEPLOYING: ReadonlySet<MachineState> = new Set(["updating", "replacing"]);
/** Between one machine and the next a deploy waits for health checks; longer than this it is not on its way any more. */
const STILL_GOING_MS = 15 * MINUTE_MS;

export const deployLock: Constraint = {
  name: "deploy lock",
  limit: ({ machines, now }, { from }) => {
    const list = partValue(machines) ?? [];
    const moving = list.filter(({ state }) => DEPLOYING.has(state)).length;
    if (moving > 0) return { low: from, why: `${moving} machines are being updated` };
    const release = releaseUnderway(list, now);
    return release === null ? null : { low: from, why: `release ${release} is on its way` };
  },
};

/** The newest release, where others are still there and it came a moment ago; null otherwise. */
function releaseUnderway(machines: readonly Machine[], now: Instant): number | null {
  const releases = new Set(machines.flatMap(({ release }) => release ?? []));
  if (releases.size < 2) return null;
  const newest = Math.max(...releases);
  const touchedAt = machines
    .filter(({ release }) => release === newest)
    .map(({ createdAt, lastAsked }) => Math.max(createdAt, lastAsked?.at ?? 0));
  return now - Math.max(...touchedAt) < STILL_GOING_MS ? newest : null;
}
