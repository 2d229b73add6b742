/** What the auto-scaling function answers, as far as it is compared; checked, because the other end may be of another version. */
import { z } from "zod";
import { UserError } from "../user-error.ts";

const mode = z.enum(["observe", "advise", "act"]);
const outcome = z.object({
  status: z.enum(["done", "alreadyDone", "refused", "failed", "unknown"]),
  machineId: z.string().nullable(),
  evidence: z.string(),
});
const action = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("start"), machineId: z.string(), outcome: outcome.nullable() }),
  z.object({ kind: z.literal("stop"), machineId: z.string(), outcome: outcome.nullable() }),
  z.object({ kind: z.literal("destroy"), machineId: z.string(), outcome: outcome.nullable() }),
  z.object({
    kind: z.literal("create"),
    machineName: z.string(),
    templateId: z.string(),
    outcome: outcome.nullable(),
  }),
]);
const pool = z.object({
  pool: z.object({ app: z.string(), region: z.string(), processGroup: z.string() }),
  mode,
  kind: z.enum(["hold", "grow", "shrink"]),
  from: z.number(),
  to: z.number(),
  reason: z.string(),
  confidence: z.number().nullable(),
  actions: z.array(action),
});
const app = z.discriminatedUnion("status", [
  z.object({ status: z.literal("done"), app: z.string(), attempt: z.number(), pools: z.array(pool) }),
  z.object({ status: z.literal("busy"), app: z.string(), retryAfterMs: z.number() }),
  z.object({ status: z.enum(["closed", "unreached"]), app: z.string() }),
  z.object({ status: z.literal("failed"), app: z.string(), error: z.string() }),
]);
const answer = z.object({ slot: z.iso.datetime(), mode, apps: z.array(app) });

export type TickAnswer = z.infer<typeof answer>;
export type AnsweredApp = TickAnswer["apps"][number];
export type AnsweredPool = z.infer<typeof pool>;
export type AnsweredAction = z.infer<typeof action>;

/** @throws UserError where it is not the answer of this version's function. */
export function readAnswer(body: unknown): TickAnswer {
  const parsed = answer.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `Not the answer of an auto-scaling function of this version:\n${z.prettifyError(parsed.error)}\nIs the URL right, and the newest version deployed?`,
  );
}
