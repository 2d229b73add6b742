/**
 * Step 9: one wave of calls to Fly, growing before shrinking, each ending in an Outcome. What is refused or fails here is
 * not chased: the next tick sees Fly afresh and decides again.
 *
 *   rateLimited, transient   wait as told (or a little), then once more, while the deadline and the budget allow
 *   heldBack                 not sent, by our own breaker or limiter: the same, where the wait is short
 *   ambiguous                look first: a create by its name, a start or stop by the machine's state; then once more
 *   everything else          an outcome; no second call
 *
 * The trap is the lost lease: a tick that was thought dead may wake up and stop machines that its successor counts on. So
 * the fence is read again before each stop. A start or create too many costs a machine-hour; a stop too many costs a page.
 */
import type { Action } from "../core/actions.ts";
import { isActive } from "../core/fleet.ts";
import { openRetryBudget, type RetryBudget } from "../core/retry.ts";
import type { Instant } from "../core/time.ts";
import { isMachineApiError, type MachineApiError, messageOf } from "../errors.ts";
import type { Intent, Lease, Outcome, OutcomeStatus, TickPorts } from "../ports.ts";
import { inTurn } from "./in-turn.ts";
import { pauseBeforeRetry, WAVE_BUDGET } from "./retry.ts";

/** Fly limits each machine's actions to one a second, and creates to one a second for the whole app. */
const PARALLEL_MOVES = 8;

export type IntentOutcome = { readonly intentId: string; readonly outcome: Outcome };

export async function applyActions(
  intents: readonly Intent[],
  lease: Lease,
  deadline: Instant,
  ports: TickPorts,
): Promise<IntentOutcome[]> {
  const budget = openRetryBudget(WAVE_BUDGET);
  const apply = async (intent: Intent) => ({
    intentId: intent.id,
    outcome: await applyOne(intent, lease, deadline, budget, ports),
  });
  const of = (kind: Action["kind"]) => intents.filter(({ action }) => action.kind === kind);
  const started = await inTurn(of("start"), PARALLEL_MOVES, apply);
  const created = await inTurn(of("create"), 1, apply);
  const stopped = await inTurn(of("stop"), PARALLEL_MOVES, apply);
  const destroyed = await inTurn(of("destroy"), 1, apply);
  return [...started, ...created, ...stopped, ...destroyed];
}

/** What cannot be undone is only proposed: fencing it and looking at volumes once more is still to be built. */
const NOT_YET = "flyahead only proposes to destroy machines; where you agree, do it by hand";

async function applyOne(
  intent: Intent,
  lease: Lease,
  deadline: Instant,
  budget: RetryBudget,
  ports: TickPorts,
): Promise<Outcome> {
  const { clock, chance } = ports;
  let ambiguous = false;
  budget.called();
  for (let attempt = 1; ; attempt++) {
    if (clock.now() >= deadline) return notStarted(intent, ambiguous, "the tick's deadline was reached");
    if (intent.action.kind === "stop" && !(await stillHeld(lease, ports))) {
      return notStarted(intent, ambiguous, "the lease was lost to a newer tick");
    }
    try {
      return await call(intent, ports);
    } catch (error) {
      if (!isMachineApiError(error)) return settled("unknown", intent, messageOf(error));
      if (error.kind === "ambiguous" || error.kind === "nameTaken") {
        ambiguous = true;
        const found = await look(intent, error, ports);
        if (found !== null) return found;
      }
      const pauseMs = pauseBeforeRetry(error, attempt, chance());
      if (pauseMs === null || clock.now() + pauseMs >= deadline || !budget.mayRetry()) {
        return surrender(intent, error, ambiguous);
      }
      await clock.sleep(pauseMs);
    }
  }
}

async function call(intent: Intent, { machineApi }: TickPorts): Promise<Outcome> {
  const { action, pool } = intent;
  if (action.kind === "destroy") return settled("refused", intent, NOT_YET);
  if (action.kind === "create") {
    const { machineName: name, templateId } = action;
    const machine = await machineApi.create(pool.app, { name, region: pool.region, templateId });
    return { status: "done", machineId: machine.id, evidence: `created, ${machine.state}` };
  }
  const status = await machineApi[action.kind](pool.app, action.machineId);
  const already = action.kind === "start" ? "was started before" : "was stopped before";
  return {
    status,
    machineId: action.machineId,
    evidence: status === "done" ? `Fly took the ${action.kind}` : already,
  };
}

/** Whether the call was done after all; null where it was not, or nobody can tell. */
async function look(
  { action, pool }: Intent,
  error: MachineApiError,
  ports: TickPorts,
): Promise<Outcome | null> {
  const { machineApi } = ports;
  try {
    if (action.kind === "create") {
      const machines = await machineApi.list(pool.app);
      const made = machines.find(({ name }) => name === action.machineName);
      return made
        ? { status: "done", machineId: made.id, evidence: `found by its name after: ${error.message}` }
        : null;
    }
    const machine = await machineApi.get(pool.app, action.machineId);
    if (isActive(machine) !== (action.kind === "start")) return null;
    return {
      status: "done",
      machineId: machine.id,
      evidence: `found ${machine.state} after: ${error.message}`,
    };
  } catch {
    return null;
  }
}

const REFUSALS: ReadonlySet<MachineApiError["kind"]> = new Set([
  "capacity",
  "quota",
  "rateLimited",
  "heldBack",
  "auth",
  "leaseHeld",
  "wrongState",
  "versionMoved",
]);

function surrender(intent: Intent, error: MachineApiError, ambiguous: boolean): Outcome {
  if (ambiguous) return settled("unknown", intent, error.message);
  return settled(REFUSALS.has(error.kind) ? "refused" : "failed", intent, error.message);
}

function notStarted(intent: Intent, ambiguous: boolean, why: string): Outcome {
  return settled(ambiguous ? "unknown" : "refused", intent, why);
}

function settled(status: OutcomeStatus, { action }: Intent, evidence: string): Outcome {
  return { status, machineId: action.kind === "create" ? null : action.machineId, evidence };
}

/** Books that cannot be asked cannot be trusted: no answer counts as lost. */
async function stillHeld(lease: Lease, { leases }: TickPorts): Promise<boolean> {
  try {
    return await leases.isHeld(lease);
  } catch {
    return false;
  }
}
