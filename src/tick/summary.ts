/** What the caller of a tick is answered: per app how it went, per pool what was decided, why, and what came of it. */
import type { Action } from "../core/actions.ts";
import type { TickDecision } from "../core/decide-tick.ts";
import { type PoolKey, poolName } from "../core/fleet.ts";
import type { Observation } from "../core/observation.ts";
import type { Mode } from "../core/policy.ts";
import type { Instant } from "../core/time.ts";
import type { Intent, Outcome } from "../ports.ts";
import type { IntentOutcome } from "./apply-actions.ts";
import type { LockState, NotHeld } from "./with-lease.ts";

export type PoolSummary = {
  readonly pool: PoolKey;
  readonly mode: Mode;
  readonly kind: "hold" | "grow" | "shrink";
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly confidence: number | null;
  /** With outcomes in mode act; what would be done in the others. */
  readonly actions: readonly (Action & { readonly outcome: Outcome | null })[];
};

export type DoneSummary = {
  readonly status: "done";
  readonly attempt: number;
  readonly lock: LockState;
  readonly pools: readonly PoolSummary[];
  /** Per step. */
  readonly ms: Readonly<Record<string, number>>;
};

export type AppSummary = { readonly app: string } & (
  | DoneSummary
  | NotHeld
  | { readonly status: "unreached" }
  | { readonly status: "failed"; readonly error: string }
);

export type TickSummary = {
  readonly slot: Instant;
  readonly mode: Mode;
  readonly apps: readonly AppSummary[];
};

export function poolSummary(
  { pool, mode }: Observation,
  { decision, actions, forecast }: TickDecision,
  intents: readonly Intent[],
  outcomes: readonly IntentOutcome[],
): PoolSummary {
  const mine = intents.filter((intent) => poolName(intent.pool) === poolName(pool));
  const { kind, from, to, reason } = decision;
  return {
    pool,
    mode,
    kind,
    from,
    to,
    reason,
    confidence: forecast?.confidence ?? null,
    actions: actions.map((action, i) => {
      const outcome = outcomes.find(({ intentId }) => intentId === mine[i]?.id)?.outcome ?? null;
      return { ...action, outcome };
    }),
  };
}
