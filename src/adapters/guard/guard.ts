/**
 * The one way out. Every call to an outside system goes through these, from the outside in:
 *
 *   deadline    no wait and no try begins after it (how long one try takes is the adapter's matter)
 *   retry       as often as the call says, with full jitter, from a budget of its dependency
 *   breaker     asked before anything is spent
 *   limiter     waits for a token, in the order of coming; without an answer of the limiter a read goes on, a write does not
 *   permit      of a half-open breaker: last, so that none is wasted
 *   measure     how it ended and how long it took, told to the breakers as well
 *
 * The trap is the retry of a write: only who made the call knows whether the first one was done. So writes say `tries: 1`,
 * and the tick looks before it repeats.
 */
import type { Verdict } from "../../core/breaker/breaker.ts";
import { jitteredPauseMs, openRetryBudget, type RetryBudget } from "../../core/retry.ts";
import { SECOND_MS } from "../../core/time.ts";
import { HeldBackError, isHeldBackError } from "../../errors.ts";
import type { CallLimit, Clock, Guard, OutgoingCall } from "../../ports.ts";
import type { Breakers, Pass } from "./breakers.ts";
import type { Measures } from "./measures.ts";

const PAUSE = { baseMs: 200, capMs: 5 * SECOND_MS };
const BUDGET = { share: 0.2, most: 5 };
/** When a write is worth asking for again after the limiter did not answer. */
const LIMITER_BACK_MS = 30 * SECOND_MS;

export type GuardParts = {
  readonly clock: Clock;
  readonly chance: () => number;
  readonly breakers: Breakers;
  /** What calls of each kind are counted by. */
  readonly limits: Readonly<Record<OutgoingCall["kind"], CallLimit>>;
  readonly measures: Measures;
  /** How long calls take, by a clock that only runs forward; absent: by `clock`. */
  readonly elapsedMs?: () => number;
};

export function createGuard(parts: GuardParts): Guard {
  const { clock, chance } = parts;
  const budgets = new Map<string, RetryBudget>();
  const inLine = createLines();

  function budgetOf(dependency: string): RetryBudget {
    const budget = budgets.get(dependency) ?? openRetryBudget(BUDGET);
    budgets.set(dependency, budget);
    return budget;
  }

  return async (call, attempt) => {
    const { dependency, deadlineMs, signal } = call;
    const deadline = clock.now() + deadlineMs;
    const budget = budgetOf(dependency);
    budget.called();
    for (let tried = 1; ; tried++) {
      try {
        return await tryOnce(call, deadline, attempt, parts, inLine);
      } catch (error) {
        const pauseMs = tried >= call.tries ? null : pauseAfter(error, call, tried, chance());
        if (pauseMs === null || signal?.aborted || clock.now() + pauseMs >= deadline) throw error;
        if (!budget.mayRetry()) throw error;
        await Promise.race([clock.sleep(pauseMs), abortOf(signal)]);
        if (signal?.aborted) throw error;
      }
    }
  };
}

async function tryOnce<T>(
  call: OutgoingCall,
  deadline: number,
  attempt: () => Promise<T>,
  parts: GuardParts,
  inLine: InLine,
): Promise<T> {
  const { clock, breakers, measures, elapsedMs = clock.now } = parts;
  const { patienceMs = 0 } = call;
  const entered: [counts: Counts, pass: Pass][] = [];
  try {
    for (const { name } of call.breakers) breakers.check(name);
    if (call.bucket !== null) await inLine(call.bucket.key, () => waitForToken(call, deadline, parts));
    for (const { name, counts } of call.breakers) entered.push([counts, await breakers.enter(name)]);
  } catch (error) {
    measures.heldBack(call.dependency);
    throw error;
  }
  const from = elapsedMs();
  const settle = (verdict: Verdict) => {
    const durationMs = Math.max(0, Math.round(elapsedMs() - from));
    measures.called(call.dependency, verdict.result, durationMs);
    for (const [counts, pass] of entered) {
      const counted = countedAs(counts, verdict, pass.opening);
      if (counted !== null) pass.settle(counted, durationMs < patienceMs ? 0 : durationMs);
    }
  };
  try {
    const value = await attempt();
    settle({ result: "success", retryAfterMs: null });
    return value;
  } catch (error) {
    settle(call.judge(error));
    throw error;
  }
}

function abortOf(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((aborted) => signal?.addEventListener("abort", () => aborted(), { once: true }));
}

type Counts = OutgoingCall["breakers"][number]["counts"];

/** A breaker of health sees an answer where one of access sees a refusal, and the other way round. */
function countedAs(counts: Counts, verdict: Verdict, opening: number | null): Verdict | null {
  const { result } = verdict;
  const answered = { result: "ignored", retryAfterMs: null } as const;
  if (counts === "both") return verdict;
  if (counts === "health") return result === "denied" ? answered : verdict;
  if (result === "denied") return verdict;
  const proven = result === "success" || result === "ignored";
  return proven || opening !== null ? answered : null;
}

type InLine = (key: string, wait: () => Promise<void>) => Promise<void>;

/** Who waits for a token of a bucket waits behind those who came before: none is passed by, and only one asks the limiter. */
function createLines(): InLine {
  const lines = new Map<string, Promise<unknown>>();
  return async (key, wait) => {
    const mine = (lines.get(key) ?? Promise.resolve()).then(wait);
    const end = mine.catch(() => {});
    lines.set(key, end);
    try {
      await mine;
    } finally {
      if (lines.get(key) === end) lines.delete(key);
    }
  };
}

async function waitForToken(
  { dependency, bucket, kind }: OutgoingCall,
  deadline: number,
  { clock, limits }: GuardParts,
): Promise<void> {
  if (bucket === null) return;
  for (;;) {
    const taken = await limits[kind].take(bucket.key, bucket.rule).catch(() => "unavailable" as const);
    if (taken === "unavailable") {
      if (kind === "read") return;
      throw new HeldBackError(
        dependency,
        "the limiter did not answer, and a write may not go uncounted",
        LIMITER_BACK_MS,
      );
    }
    if (taken.waitMs === 0) return;
    if (clock.now() + taken.waitMs >= deadline) {
      throw new HeldBackError(dependency, `our own limit for ${bucket.key} is used up`, taken.waitMs);
    }
    await clock.sleep(taken.waitMs);
  }
}

/** null: a second try would not help. */
function pauseAfter(error: unknown, { judge }: OutgoingCall, tried: number, chance: number): number | null {
  if (isHeldBackError(error)) return error.retryAfterMs;
  const { result, retryAfterMs } = judge(error);
  if (result !== "failure" && result !== "limited") return null;
  return retryAfterMs ?? jitteredPauseMs(tried, chance, PAUSE);
}
