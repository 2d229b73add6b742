/**
 * The loop, in ten steps. Step 1, reading the request, is the function's (src/api/tick-request.ts); steps 2 to 10 are
 * here, app by app, each step a line.
 *
 * Whatever fails in one app stays in that app. What is written is under the lease's fence; what moves was written before.
 */
import { decideTick, type TickDecision } from "../core/decide-tick.ts";
import { patternsOf } from "../core/forecast/patterns.ts";
import { encodeState } from "../core/forecast/state.ts";
import { tickRecord } from "../core/tick-record.ts";
import { HOUR_MS, type Instant } from "../core/time.ts";
import { messageOf } from "../errors.ts";
import type { Lease, PoolTick, TickPorts } from "../ports.ts";
import { applyActions } from "./apply-actions.ts";
import { inTurn } from "./in-turn.ts";
import { type ObservedApp, type ObservedPool, observe } from "./observe.ts";
import type { TickRequest, TickSettings } from "./settings.ts";
import { stopwatch } from "./stopwatch.ts";
import { type AppSummary, poolSummary, type TickSummary } from "./summary.ts";

/** The profile changes slowly; saving it hourly keeps a tick's writes small. */
const COLD_SAVED_EVERY_MS = HOUR_MS;

export async function runTick(
  request: TickRequest,
  settings: TickSettings,
  ports: TickPorts,
): Promise<TickSummary> {
  const { clock, history } = ports;
  const deadline = clock.now() + settings.deadlineMs;
  const apps = await inTurn(request.apps, settings.concurrency, async (app): Promise<AppSummary> => {
    if (clock.now() >= deadline) return { app, status: "unreached" };
    return tickApp(app, request, settings, deadline, ports).catch((error: unknown): AppSummary => {
      ports.log("tick", { app, slot: request.slot, error: messageOf(error) });
      return { app, status: "failed", error: messageOf(error) };
    });
  });
  const unreached = apps.filter(({ status }) => status === "unreached").map(({ app }) => app);
  if (unreached.length > 0) await history.recordUnreached(request.slot, unreached, clock.now());
  if (apps.some(({ status }) => status === "done")) await ports.notifier.heartbeat();
  return { slot: request.slot, mode: request.mode, apps };
}

async function tickApp(
  app: string,
  request: TickRequest,
  settings: TickSettings,
  deadline: Instant,
  ports: TickPorts,
): Promise<AppSummary> {
  const { leases, lock, history, clock } = ports;
  const lockKey = `tick:${app}`;
  const lockToken = ports.newToken();
  const watch = stopwatch(clock);

  // 2. The lock saves work and may be away; the lease decides.
  const locked = await watch.step("lock", () => lock.acquire(lockKey, lockToken, settings.leaseTtlMs));
  if (locked === "held") return { app, status: "busy", retryAfterMs: settings.leaseTtlMs / 10 };
  let lease: Lease | null = null;
  try {
    const answer = await watch.step("lease", () => leases.acquire(app, request.slot, settings.leaseTtlMs));
    if (answer.status === "closed") return { app, status: "closed" };
    if (answer.status === "busy") return { app, status: "busy", retryAfterMs: answer.retryAfterMs };
    lease = answer.lease;
    const held = lease;

    // 3. observe
    const observed = await watch.step("observe", () => observe(held, request, settings, ports));
    // 4–7. forecast, plan, decide, choose the machines: pure
    const decided = await watch.step("decide", async () =>
      observed.pools.map((pool) => ({ ...pool, tick: decideTick(pool.observation) })),
    );
    // 8. intent, before anything moves
    const intents = await watch.step("open", () =>
      history.openTick(openDocument(held, request, observed, decided, clock.now())),
    );
    // 9. act
    const outcomes = await watch.step("apply", () => applyActions(intents, held, deadline, ports));
    // 10. outcome; this closes the slot and gives the lease up
    const summary = { ms: watch.ms(), lock: locked, deadlineReached: clock.now() >= deadline };
    await watch.step("close", () => history.closeTick({ lease: held, now: clock.now(), outcomes, summary }));
    lease = null;
    const pools = decided.map((pool) => poolSummary(pool.observation, pool.tick, intents, outcomes));
    for (const pool of pools) ports.log("decision", { app, slot: request.slot, ...pool });
    return { app, status: "done", attempt: held.attempt, lock: locked, pools, ms: watch.ms() };
  } finally {
    if (lease !== null)
      await leases
        .release(lease)
        .catch((error: unknown) => ports.log("release lease", { app, error: messageOf(error) }));
    if (locked === "acquired") await lock.release(lockKey, lockToken);
  }
}

type DecidedPool = ObservedPool & { readonly tick: TickDecision };

function openDocument(
  lease: Lease,
  request: TickRequest,
  observed: ObservedApp,
  decided: readonly DecidedPool[],
  now: Instant,
): Parameters<TickPorts["history"]["openTick"]>[0] {
  const { resolved, retired } = observed;
  return {
    lease,
    now,
    mode: request.mode,
    resolved,
    retired,
    pools: decided.map((pool) => poolTick(pool, now)),
  };
}

function poolTick({ observation, tick, coldSavedAt, newOverride }: DecidedPool, now: Instant): PoolTick {
  const { pool, mode, policy, machines } = observation;
  const stored = tick.state === null ? null : encodeState(tick.state);
  const coldDue = coldSavedAt === null || now - coldSavedAt >= COLD_SAVED_EVERY_MS || now < coldSavedAt;
  return {
    pool,
    mode,
    policy,
    decision: tick.decision,
    record: tickRecord(observation, tick),
    machines: machines.status === "fresh" ? machines.value : null,
    actions: mode === "act" ? tick.actions : [],
    override: newOverride,
    hot: stored?.hot ?? null,
    cold: stored !== null && coldDue ? { state: stored.cold, patterns: patternsOf(tick.state!) } : null,
    predictions: tick.predictions,
    model: tick.forecast?.model ?? null,
    confidence: tick.forecast?.confidence ?? null,
  };
}
