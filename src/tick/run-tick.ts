/**
 * The loop, in ten steps. Step 1, reading the request, is the function's (src/api/tick-request.ts); steps 2 to 10 are
 * here, app by app.
 *
 * Whatever fails in one app stays in that app. What is written is under the lease's fence; what moves was written before.
 */
import { decideTick } from "../core/decide-tick.ts";
import { poolName } from "../core/fleet.ts";
import type { Severity } from "../core/severity.ts";
import type { Instant } from "../core/time.ts";
import { isStaleFenceError, messageOf } from "../errors.ts";
import type { Lease, Log, TickPorts, TickRequest } from "../ports.ts";
import { applyActions } from "./apply-actions.ts";
import { findingsOf } from "./findings.ts";
import { inTurn } from "./in-turn.ts";
import { type ObservedPool, observe } from "./observe.ts";
import { type DecidedPool, openDocument } from "./open-document.ts";
import { publishPlans } from "./publish.ts";
import type { TickSettings } from "./settings.ts";
import { stopwatch } from "./stopwatch.ts";
import { type AppSummary, type DoneSummary, poolSummary, type TickSummary } from "./summary.ts";
import { type LockState, withLease } from "./with-lease.ts";

/** All else that can fail is a value; what Postgres says may name hosts and roles, and stays in the log. */
const BOOKS_FAILED = "The books in Postgres could not be read or written; the function's log says why";

export async function runTick(
  request: TickRequest,
  settings: TickSettings,
  ports: TickPorts,
): Promise<TickSummary> {
  const { clock, notifier } = ports;
  const deadline = clock.now() + settings.deadlineMs;
  const apps = await inTurn(request.apps, settings.concurrency, (app) =>
    tickApp(app, deadline, request, settings, ports),
  );
  const unreached = apps.filter(({ status }) => status === "unreached").map(({ app }) => app);
  if (unreached.length > 0) await noteUnreached(request.slot, unreached, ports);
  // Silence is the alarm: a tick in which anything failed or was not reached does not beat.
  const has = (wanted: AppSummary["status"]) => apps.some(({ status }) => status === wanted);
  if (has("done") && !has("failed") && !has("unreached")) await notifier.heartbeat();
  return { slot: request.slot, mode: request.mode, apps };
}

/** The answer names them in any case; the books let others see it. */
async function noteUnreached(
  slot: Instant,
  apps: readonly string[],
  { history, clock, log }: TickPorts,
): Promise<void> {
  try {
    await history.recordUnreached(slot, apps, clock.now());
  } catch (error) {
    log("record unreached", { slot, apps, error: messageOf(error) });
  }
}

/** Never throws: an app that fails is an answer, and the other apps go on. */
async function tickApp(
  app: string,
  deadline: Instant,
  request: TickRequest,
  settings: TickSettings,
  ports: TickPorts,
): Promise<AppSummary> {
  if (ports.clock.now() >= deadline) return { app, status: "unreached" };
  try {
    const summary = await withLease(app, request.slot, settings, ports, (lease, locked) =>
      tickUnderLease(lease, locked, deadline, request, settings, ports),
    );
    return { app, ...summary };
  } catch (error) {
    ports.log("tick", { app, slot: request.slot, error: messageOf(error) });
    return { app, status: "failed", error: isStaleFenceError(error) ? error.message : BOOKS_FAILED };
  }
}

async function tickUnderLease(
  lease: Lease,
  locked: LockState,
  deadline: Instant,
  request: TickRequest,
  settings: TickSettings,
  ports: TickPorts,
): Promise<DoneSummary> {
  const { clock, history, log } = ports;
  const watch = stopwatch(clock);
  // 3. observe: each source fresh, stale or missing
  const observed = await watch.step("observe", () => observe(lease, request, settings, ports));
  // 4–7. forecast, plan, decide, choose the machines: pure
  const decided = await watch.step("decide", async () =>
    observed.pools.flatMap((pool) => decidePool(pool, log)),
  );
  // 8. intent, before anything moves
  const opening = openDocument(lease, request, settings, observed, decided, clock.now());
  const intents = await watch.step("open", () => history.openTick(opening));
  // Whatever becomes of it while Fly is called: nobody must find it rejected and unattended.
  const published = publishPlans(lease, decided, settings.cadenceMs, ports).catch((error: unknown) => {
    log("publish plans", { app: lease.app, error: messageOf(error) });
  });
  // 9. act
  const outcomes = await watch.step("apply", () =>
    applyActions(intents, lease, deadline, ports, severities(decided)),
  );
  // 10. outcome; this closes the slot and gives the lease up
  await published;
  const summary = { ms: watch.ms(), lock: locked, deadlineReached: clock.now() >= deadline };
  const findings = findingsOf(decided, intents, outcomes, clock.now());
  await watch.step("close", () =>
    history.closeTick({ lease, now: clock.now(), outcomes, findings, summary }),
  );

  const pools = decided.map(({ observation, tick }) => poolSummary(observation, tick, intents, outcomes));
  for (const pool of pools) log("decision", { slot: lease.slot, ...pool });
  return { status: "done", attempt: lease.attempt, lock: locked, pools, ms: watch.ms() };
}

function severities(decided: readonly DecidedPool[]): Map<string, Severity> {
  return new Map(
    decided.map(({ observation, tick }) => [poolName(observation.pool), tick.decision.severity]),
  );
}

/** One pool that cannot be decided (a defect, or a row that no rule foresaw) is left as it is; the others go on. */
function decidePool(pool: ObservedPool, log: Log): DecidedPool[] {
  try {
    return [{ ...pool, tick: decideTick(pool.observation) }];
  } catch (error) {
    log("decide", { pool: poolName(pool.observation.pool), error: messageOf(error) });
    return [];
  }
}
