/** POST: one tick. Answers what was decided per pool, why, and what came of it; "busy" where another one is at work. */
import { formatInstant } from "../core/time.ts";
import type { Clock, TickRequest, Tokens } from "../ports.ts";
import { authenticate } from "./authenticate.ts";
import { Problem } from "./problem.ts";
import { type Handlers, jsonAnswer } from "./serve.ts";
import { readTickRequest, type TickRules } from "./tick-request.ts";

type AppAnswer = { readonly app: string; readonly status: string; readonly retryAfterMs?: number };
type TickAnswer = { readonly slot: number; readonly mode: string; readonly apps: readonly AppAnswer[] };

export type TickTools = {
  readonly rules: TickRules;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly sync: () => Promise<void>;
  readonly run: (request: TickRequest) => Promise<TickAnswer>;
};

export function tickHandlers({ rules, clock, tokens, sync, run }: TickTools): Handlers {
  return {
    async POST(request) {
      await sync();
      const caller = await authenticate(request, "tick", tokens, clock.now());
      const summary = await run(await readTickRequest(request, rules, caller, clock.now()));
      refuseBusy(summary);
      refuseFailed(summary);
      return jsonAnswer({ ...summary, slot: formatInstant(summary.slot) });
    },
  };
}

/** Busy only where nothing at all was done; a mixed tick says per app how it went. */
function refuseBusy({ apps }: TickAnswer): void {
  if (apps.length === 0 || !apps.every(({ status }) => status === "busy")) return;
  const waits = apps.map(({ retryAfterMs }) => retryAfterMs ?? 1_000);
  const seconds = Math.ceil(Math.min(...waits) / 1_000);
  throw new Problem(
    409,
    "busy",
    `Another tick is at work on ${apps.map(({ app }) => app).join(", ")}; ask again in ${seconds} s`,
    {
      more: { apps },
      headers: { "retry-after": String(seconds) },
    },
  );
}

/** A tick in which every app failed must not look well to whoever only reads the status. */
function refuseFailed({ apps }: TickAnswer): void {
  if (apps.length === 0 || !apps.every(({ status }) => status === "failed")) return;
  throw new Problem(
    503,
    "tick-failed",
    "No app could be worked on; each says why, and the next call is its next attempt",
    {
      more: { apps },
    },
  );
}
