/**
 * Step 1: a request becomes a TickRequest. The slot is the grid time at or before now, so a retry within the cadence is
 * the same tick. A request may name another slot only in a simulation, and may lower the mode, never raise it.
 */
import { z } from "zod";
import { lowestMode, MODES, type Mode } from "../core/policy.ts";
import { floorTo, formatInstant, type Instant } from "../core/time.ts";
import type { Caller, TickRequest } from "../ports.ts";
import { mayUse } from "./authenticate.ts";
import { Problem } from "./problem.ts";

export const tickBody = z.strictObject({
  slot: z.iso
    .datetime({ offset: true })
    .optional()
    .describe("another slot than the one that is now is for simulations only"),
  mode: z.enum(MODES).optional().describe("may lower the configured mode, never raise it"),
  apps: z.array(z.string()).min(1).max(1_000).optional().describe("default: all that the token is for"),
});

export type TickRules = {
  readonly cadenceMs: number;
  readonly mode: Mode;
  readonly apps: readonly string[];
  readonly simulated: boolean;
};
/** @throws Problem 400 on a slot or an app that cannot be, 403 on an app that the token is not for. */
export function readTickRequest(
  body: z.output<typeof tickBody>,
  rules: TickRules,
  caller: Caller,
  now: Instant,
): TickRequest {
  return {
    slot: readSlot(body.slot, rules, now),
    mode: lowestMode(rules.mode, body.mode ?? rules.mode),
    apps: readApps(body.apps, rules, caller),
  };
}

function readSlot(asked: string | undefined, { cadenceMs, simulated }: TickRules, now: Instant): Instant {
  const current = floorTo(now, cadenceMs);
  if (asked === undefined) return current;
  const slot = floorTo(Date.parse(asked), cadenceMs);
  if (slot === current || simulated) return slot;
  throw new Problem(
    "bad-request",
    `slot is ${formatInstant(slot)}, but now is ${formatInstant(current)}; leave slot out: another one than now is for simulations only`,
  );
}

/** What is not the token's is refused before anything is said about what is configured. */
function readApps(
  asked: readonly string[] | undefined,
  { apps }: TickRules,
  caller: Caller,
): readonly string[] {
  const foreign = asked?.filter((app) => !mayUse(caller, app)) ?? [];
  if (foreign.length > 0)
    throw new Problem("forbidden", `This token is not for ${listed(foreign)}; use one that is`);
  const unknown = asked?.filter((app) => !apps.includes(app)) ?? [];
  if (unknown.length > 0) {
    throw new Problem(
      "bad-request",
      `Not configured: ${listed(unknown)}; add them to FLY_APPS or leave them out`,
    );
  }
  return [...new Set(asked ?? apps)].filter((app) => mayUse(caller, app));
}

/** What a caller sent, told back no longer than it helps. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => name.slice(0, 63));
  return names.length > shown.length
    ? `${shown.join(", ")} and ${names.length - shown.length} more`
    : shown.join(", ");
}
