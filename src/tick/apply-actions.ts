/**
 * Step 9: calls to Fly in waves (waves.ts), growing before shrinking, each ending in an Outcome. In each wave pools take turns
 * (core/turns.ts); starts go out side by side, and beside them creates at the pace that Fly allows an app. What is refused, fails
 * or has no time left is not chased: the next tick sees Fly afresh and decides again. Machines that go are taken out of routing
 * first, and waited for once (wait-for-drain.ts); what hangs on something else that failed is not made (hindrance.ts).
 *
 *   rateLimited, transient   wait as told (or a little), then once more, while the deadline and the budget allow
 *   heldBack                 not sent, by our own breaker or limiter: the same, where the wait is short
 *   ambiguous                look first: a create by its name, a start or stop by the machine's state; then once more
 *   capacity, of one host    a create once more, for it may land on another; what is refused for good is remembered
 *   everything else          an outcome; no second call
 *
 * The trap is the lost lease: a tick that was thought dead may wake up and stop machines that its successor counts on. So
 * the fence is read again before all that takes something away. A start or create too many costs a machine-hour; a stop too
 * many costs a page.
 */
import type { Action } from "../core/actions.ts";
import { poolName } from "../core/fleet.ts";
import { OUR_ACTIONS } from "../core/fly-limits.ts";
import { type NoRoom, noRoomAfter } from "../core/no-room.ts";
import { openRetryBudget, type RetryBudget } from "../core/retry.ts";
import type { Severity } from "../core/severity.ts";
import type { Instant } from "../core/time.ts";
import { takeTurns } from "../core/turns.ts";
import { isMachineApiError, type MachineApiError, messageOf } from "../errors.ts";
import type { Intent, Lease, Outcome, OutcomeStatus, TickPorts } from "../ports.ts";
import { hindranceOf, type SettledAction } from "./hindrance.ts";
import { inTurn } from "./in-turn.ts";
import { keepMinRunning } from "./keep-min-running.ts";
import { lookUp } from "./look-up.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { pauseBeforeRetry, WAVE_BUDGET } from "./retry.ts";
import { sharedLook } from "./shared-look.ts";
import { waitForDrain } from "./wait-for-drain.ts";
import { wavesOf } from "./waves.ts";

/** Calls for different machines share no limit at Fly. */
const PARALLEL_MOVES = 16;
/** Creates under way: at one a second, so many as go out until the first of them is answered at the latest. */
const PARALLEL_CREATES = 10;

const NO_TIME = "left to the next tick: the tick's deadline was reached";
const NO_ROOM = "not asked for: Fly had no room for another one a moment ago";
const NO_TURN =
  "left to the next tick: Fly takes one create a second of an app, and the tick's deadline came before its turn";

type Applied = {
  readonly outcome: Outcome;
  /** Where Fly refused for want of room: what it had none for. */
  readonly noRoom?: NoRoom;
};
export type IntentOutcome = Applied & { readonly intentId: string };

/** @param severityOf how urgent a pool is, by its name; unknown ones are normal */
export async function applyActions(
  intents: readonly Intent[],
  lease: Lease,
  deadline: Instant,
  ports: TickPorts,
  severityOf: ReadonlyMap<string, Severity> = new Map(),
): Promise<IntentOutcome[]> {
  const way: Way = {
    stillHeld: sharedLook(() => stillHeld(lease, ports)),
    deadline,
    budget: openRetryBudget(WAVE_BUDGET),
    creates: createPacer(OUR_ACTIONS, ports.clock, deadline),
    full: new Set(),
  };
  const before: (SettledAction & IntentOutcome)[] = [];
  let drained: ReadonlySet<string> = new Set();
  const apply = async (intent: Intent) => {
    const { action } = intent;
    const why = hindranceOf(action, before, drained);
    const applied =
      why === null ? await applyNoting(intent, way, ports) : { outcome: settled("refused", intent, why) };
    if (applied.noRoom?.machineId === null) way.full.add(poolName(intent.pool));
    before.push({ intentId: intent.id, action, ...applied });
  };
  const waitingOf = (intent: Intent) => {
    const pool = poolName(intent.pool);
    return { pool, severity: severityOf.get(pool) ?? "normal" };
  };
  for (const { moves, creates, isOneByOne, isAfterDrain } of wavesOf(intents)) {
    if (isAfterDrain) drained = await waitForDrain(before, deadline, ports.clock);
    await Promise.all([
      inTurn(takeTurns(moves, waitingOf), isOneByOne ? 1 : PARALLEL_MOVES, apply),
      inTurn(takeTurns(creates, waitingOf), PARALLEL_CREATES, apply),
    ]);
  }
  return before.map(({ action: _action, ...outcome }) => outcome);
}

/** What the calls of one tick share. */
type Way = {
  /** Whether this tick may still take something away, by a look that began no earlier than it was asked. */
  readonly stillHeld: () => Promise<boolean>;
  readonly deadline: Instant;
  readonly budget: RetryBudget;
  readonly creates: Pacer;
  /** Pools for which Fly had no room a moment ago. */
  readonly full: Set<string>;
};

/** What takes something away: a tick that lost its lease must not. */
const FENCED: ReadonlySet<Action["kind"]> = new Set(["stop", "suspend", "cordon", "destroy"]);

/** The outcome says what was set before. */
async function applyNoting(intent: Intent, way: Way, ports: TickPorts): Promise<Applied> {
  const { action, pool } = intent;
  const kept = action.kind === "start" ? await keepMinRunning(pool.app, action, way, ports) : "";
  const { outcome, ...more } = await applyOne(intent, way, ports);
  return { outcome: { ...outcome, evidence: `${outcome.evidence}${kept}` }, ...more };
}

async function applyOne(intent: Intent, way: Way, ports: TickPorts): Promise<Applied> {
  const { deadline, budget } = way;
  const { clock, chance } = ports;
  let ambiguous = false;
  budget.called();
  for (let attempt = 1; ; attempt++) {
    const obstacle = await whyNot(intent, way, ports);
    if (obstacle !== null) return { outcome: notStarted(intent, ambiguous, obstacle) };
    try {
      return { outcome: ownedUp(await call(intent, ports), ambiguous) };
    } catch (error) {
      if (!isMachineApiError(error)) return { outcome: settled("unknown", intent, messageOf(error)) };
      if (error.kind === "ambiguous" || error.kind === "nameTaken") {
        ambiguous = true;
        const found = await lookUp(intent, error, ports);
        if (found !== null) return { outcome: found };
      }
      const pauseMs = pauseBeforeRetry(error, attempt, chance(), intent.action.kind);
      if (pauseMs === null || clock.now() + pauseMs >= deadline || !budget.mayRetry()) {
        return { outcome: surrender(intent, error, ambiguous), ...lessonOf(intent, error, clock.now()) };
      }
      await clock.sleep(pauseMs);
    }
  }
}

/** What keeps a call from being made now, in a sentence; null: nothing. A create waits for its turn here. */
async function whyNot({ action, pool }: Intent, way: Way, ports: TickPorts): Promise<string | null> {
  if (ports.clock.now() >= way.deadline) return NO_TIME;
  if (FENCED.has(action.kind)) {
    return (await way.stillHeld()) ? null : "the lease was lost to a newer tick";
  }
  if (action.kind !== "create") return null;
  const isFull = () => way.full.has(poolName(pool));
  if (!isFull() && !(await way.creates.turn())) return NO_TURN;
  return isFull() ? NO_ROOM : null;
}

/** What is found done after an answer was lost was done by the call that lost it. */
function ownedUp(outcome: Outcome, ambiguous: boolean): Outcome {
  if (!ambiguous || outcome.status !== "alreadyDone") return outcome;
  return { ...outcome, status: "done", evidence: `${outcome.evidence}; an answer had been lost` };
}

async function call(intent: Intent, { machineApi }: TickPorts): Promise<Outcome> {
  const { action, pool } = intent;
  if (action.kind === "create") {
    const { machineName: name, templateId, minRunning } = action;
    const machine = await machineApi.create(pool.app, {
      ...{ name, region: pool.region, templateId },
      ...(minRunning === undefined ? {} : { minRunning }),
    });
    return { status: "done", machineId: machine.id, evidence: `created, ${machine.state}` };
  }
  const { kind, machineId } = action;
  const done = (status: "done" | "alreadyDone", evidence: string): Outcome => {
    return { status, machineId, evidence: status === "done" ? evidence : ALREADY[kind] };
  };
  try {
    return done(await machineApi[kind](pool.app, machineId), `Fly took the ${kind}`);
  } catch (error) {
    if (kind !== "suspend" || !isMachineApiError(error) || !CANNOT_SUSPEND.has(error.kind)) throw error;
    return done(await machineApi.stop(pool.app, machineId), `stopped instead: ${error.message}`);
  }
}

const CANNOT_SUSPEND: ReadonlySet<MachineApiError["kind"]> = new Set(["invalid", "wrongState"]);
const ALREADY: Readonly<Record<Exclude<Action["kind"], "create">, string>> = {
  start: "was started before",
  stop: "was stopped before",
  suspend: "was suspended before",
  cordon: "was out of routing before",
  uncordon: "was in routing before",
  destroy: "was gone before",
};

const REFUSALS: ReadonlySet<MachineApiError["kind"]> = new Set([
  "capacity",
  "regionClosed",
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

function lessonOf({ action }: Intent, error: MachineApiError, now: Instant): { noRoom?: NoRoom } {
  if (error.kind === "regionClosed") return { noRoom: noRoomAfter(action, "closed", now) };
  if (error.kind !== "capacity") return {};
  return { noRoom: noRoomAfter(action, error.scope ?? "region", now) };
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
