/**
 * Step 1: a request becomes a TickRequest. The slot is the grid time at or before now, so a retry within the cadence is
 * the same tick. A request may name another slot only in a simulation, and may lower the mode, never raise it.
 */
import { z } from "zod";
import { lowestMode, MODES, type Mode } from "../core/policy.ts";
import { floorTo, formatInstant, type Instant } from "../core/time.ts";
import type { Caller, TickRequest } from "../ports.ts";
import { mayUse } from "./authenticate.ts";
import { parseAs, parseJson, readText } from "./body.ts";
import { Problem } from "./problem.ts";

const BODY_LIMIT_BYTES = 16_384;

const tickBody = z.strictObject({
  slot: z.iso.datetime({ offset: true }).optional(),
  mode: z.enum(MODES).optional(),
  apps: z.array(z.string()).min(1).max(1_000).optional(),
});

export type TickRules = {
  readonly cadenceMs: number;
  readonly mode: Mode;
  readonly apps: readonly string[];
  readonly simulated: boolean;
};
/** @throws Problem 400 on a body that is not as it should be, 403 on an app that the token is not for. */
export async function readTickRequest(
  request: Request,
  rules: TickRules,
  caller: Caller,
  now: Instant,
): Promise<TickRequest> {
  const text = await readText(request, BODY_LIMIT_BYTES);
  const body = parseAs(tickBody, text.trim() === "" ? {} : parseJson(text), "The tick request");
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
    400,
    "bad-request",
    `slot is ${formatInstant(slot)}, but now is ${formatInstant(current)}; leave slot out: another one than now is for simulations only`,
  );
}

function readApps(
  asked: readonly string[] | undefined,
  { apps }: TickRules,
  caller: Caller,
): readonly string[] {
  const unknown = asked?.filter((app) => !apps.includes(app)) ?? [];
  if (unknown.length > 0) {
    throw new Problem(
      400,
      "bad-request",
      `Not configured: ${unknown.join(", ")}; add them to FLY_APPS or leave them out`,
    );
  }
  const wanted = asked ?? apps;
  const foreign = wanted.filter((app) => !mayUse(caller, app));
  if (asked !== undefined && foreign.length > 0) {
    throw new Problem(403, "forbidden", `This token is not for ${foreign.join(", ")}; use one that is`);
  }
  return [...new Set(wanted)].filter((app) => mayUse(caller, app));
}
