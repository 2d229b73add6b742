/** POST: one tick. Answers what was decided per pool, why, and what came of it; "busy" where another one is at work. */
import { z } from "zod";
import { formatInstant } from "../core/time.ts";
import type { TickRequest } from "../ports.ts";
import { Problem } from "./problem.ts";
import { type Endpoint, endpoint, type Route } from "./route.ts";
import {
  actionKind,
  confidence,
  decisionKind,
  instant,
  machines,
  mode,
  outcomeStatus,
  poolKey,
} from "./shapes.ts";
import { readTickRequest, type TickRules, tickBody } from "./tick-request.ts";

const outcome = z
  .object({ status: outcomeStatus, machineId: z.string().nullable(), evidence: z.string() })
  .nullable()
  .describe("null: not acted on, for the mode is lower than act");
const actionShape = z.object({
  kind: actionKind,
  machineId: z.string().optional(),
  machineName: z.string().optional().describe("of a create: the name that the new machine gets"),
  templateId: z.string().optional().describe("of a create: the machine that is cloned"),
  drainSeconds: z
    .number()
    .optional()
    .describe("of a cordon: how long what stops the machine waits for its requests"),
  because: z
    .literal("stuck")
    .optional()
    .describe("of a stop: it does not shrink the pool, another machine takes over"),
  insteadOf: z.string().optional().describe("of a start or create: it waits until that machine is stopped"),
  minRunning: z
    .number()
    .optional()
    .describe("of a start or create: the services' min_machines_running from then on"),
  outcome,
});
const poolShape = z.object({
  pool: poolKey,
  mode,
  kind: decisionKind,
  from: machines,
  to: machines,
  reason: z.string().describe("why, in a sentence"),
  confidence,
  actions: z.array(actionShape),
});
const app = z.string();
const appShape = z.discriminatedUnion("status", [
  z.object({
    app,
    status: z.literal("done"),
    attempt: z.int().min(1),
    lock: z.enum(["acquired", "unavailable"]),
    pools: z.array(poolShape),
    ms: z.record(z.string(), z.number()).describe("milliseconds per step"),
  }),
  z.object({ app, status: z.literal("busy"), retryAfterMs: z.number() }),
  z.object({ app, status: z.literal("closed") }).describe("the slot, or a later one, was worked on before"),
  z.object({ app, status: z.literal("unreached") }).describe("time ran out; call again"),
  z.object({ app, status: z.literal("failed"), error: z.string() }),
]);

export const TICK = {
  method: "POST",
  path: "/",
  scope: "tick",
  summary: "Run one tick for the slot that is now",
  body: { limitBytes: 16_384, types: { "application/json": tickBody }, json: tickBody },
  keyed: true,
  answer: z.object({ slot: instant, mode, apps: z.array(appShape) }),
  problems: ["busy", "tick-failed"],
} as const satisfies Route;

type AppAnswer = { readonly app: string; readonly status: string; readonly retryAfterMs?: number };
type TickAnswer = { readonly slot: number; readonly mode: string; readonly apps: readonly AppAnswer[] };

export type TickTools = {
  readonly rules: TickRules;
  readonly run: (request: TickRequest) => Promise<TickAnswer>;
};

export function tickEndpoints({ rules, run }: TickTools): Endpoint[] {
  return [
    endpoint(TICK, async ({ json, caller, now }) => {
      const summary = await run(readTickRequest(json, rules, caller, now));
      refuseBusy(summary);
      refuseFailed(summary);
      return { body: { ...summary, slot: formatInstant(summary.slot) } };
    }),
  ];
}

/** Busy only where nothing at all was done; a mixed tick says per app how it went. */
function refuseBusy({ apps }: TickAnswer): void {
  if (apps.length === 0 || !apps.every(({ status }) => status === "busy")) return;
  const waits = apps.map(({ retryAfterMs }) => retryAfterMs ?? 1_000);
  const seconds = Math.ceil(Math.min(...waits) / 1_000);
  const names = apps.map(({ app }) => app).join(", ");
  throw new Problem("busy", `Another tick is at work on ${names}; ask again in ${seconds} s`, {
    more: { apps },
    headers: { "retry-after": String(seconds) },
  });
}

/** A tick in which every app failed must not look well to whoever only reads the status. */
function refuseFailed({ apps }: TickAnswer): void {
  if (apps.length === 0 || !apps.every(({ status }) => status === "failed")) return;
  throw new Problem(
    "tick-failed",
    "No app could be worked on; each says why, and the next call is its next attempt",
    { more: { apps } },
  );
}
