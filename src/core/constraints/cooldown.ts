/**
 * After a change, in either direction, let it show its effect: nothing is shrunk for one while, and nothing grown for another.
 * Growth that is urgent never waits. A change that is yet to come was noted by a clock that ran ahead: waiting for it would
 * be waiting for as long as that clock was wrong.
 */
import type { Policy } from "../policy.ts";
import { SECOND_MS } from "../time.ts";
import type { Constraint, Limits, Situation } from "./constraint.ts";
import { urgentWorkers } from "./urgent.ts";

/** Of two clocks that are both right. */
const CLOCKS_APART_MS = 10 * SECOND_MS;

export const cooldown: Constraint = {
  name: "cooldown",
  limit: ({ lastChangeAt, policy, now }, situation) => {
    if (lastChangeAt === null || lastChangeAt > now + CLOCKS_APART_MS) return null;
    const agoSeconds = Math.round((now - lastChangeAt) / 1_000);
    const [down, up] = [policy.cooldownSeconds - agoSeconds, policy.growCooldownSeconds - agoSeconds];
    const limits = { ...shrinking(down, situation), ...growing(up, policy, situation) };
    const said = [
      down > 0 ? `shrinks again in ${down} s` : [],
      up > 0 ? `grows again in ${up} s` : [],
    ].flat();
    return said.length === 0 ? null : { ...limits, why: `changed ${agoSeconds} s ago, ${said.join(", ")}` };
  },
};

function shrinking(waitSeconds: number, { from }: Situation): Pick<Limits, "low"> {
  return waitSeconds > 0 ? { low: from } : {};
}

function growing(waitSeconds: number, policy: Policy, situation: Situation): Pick<Limits, "high"> {
  return waitSeconds > 0 ? { high: Math.max(situation.from, urgentWorkers(policy, situation)) } : {};
}
