/**
 * Step 9: one wave of calls to Fly, each ending in an Outcome. All of the app grows before any of it shrinks; pools take turns
 * (core/turns.ts); starts go out side by side and creates at the pace that Fly allows an app. What is refused, fails or has
 * no time left is not chased: the next tick sees Fly afresh and decides again.
 *
 *   rateLimited, transient   wait as told (or a little), then once more, while the deadline and the budget allow
 *   heldBack                 not sent, by our own breaker or limiter: the same, where the wait is short
 *   ambiguous                look first: a create by its name, a start or stop by the machine's state; then once more
 *   capacity, of one host    a create once more, for it may land on another; what is refused for good is remembered
 *   everything else          an outcome; no second call
 *
 * The trap is the lost lease: a tick that was thought dead may wake up and stop machines that its successor counts on. So
 * the fence is read again before each stop. A start or create too many costs a machine-hour; a stop too many costs a page.
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
import { inTurn } from "./in-turn.ts";
import { lookUp } from "./look-up.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { pauseBeforeRetry, WAVE_BUDGET } from "./retry.ts";
import { sharedLook } from "./shared-look.ts";

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
  const wave: Wave = {
    stillHeld: sharedLook(() => stillHeld(lease, ports)),
    deadline,
    budget: openRetryBudget(WAVE_BUDGET),
    creates: createPacer(OUR_ACTIONS, ports.clock, deadline),
    full: new Set(),
  };
  const apply = async (intent: Intent) => {
    const applied = await applyOne(intent, wave, ports);
    if (applied.noRoom?.machineId === null) wave.full.add(poolName(intent.pool));
    return { intentId: intent.id, ...applied };
  };
  const waitingOf = (intent: Intent) => {
    const pool = poolName(intent.pool);
    return { pool, severity: severityOf.get(pool) ?? "normal" };
  };
  const inOrder = (kind: Action["kind"]) =>
    takeTurns(
      intents.filter(({ action }) => action.kind === kind),
      waitingOf,
    );
  const grown = await Promise.all([
    inTurn(inOrder("start"), PARALLEL_MOVES, apply),
    inTurn(inOrder("create"), PARALLEL_CREATES, apply),
  ]);
  const stopped = await inTurn(inOrder("stop"), PARALLEL_MOVES, apply);
  const destroyed = await inTurn(inOrder("destroy"), 1, apply);
  return [...grown.flat(), ...stopped, ...destroyed];
}

type Wave = {
  /** Whether this tick may still stop machines, by a look that began no earlier than it was asked. */
  readonly stillHeld: () => Promise<boolean>;
  readonly deadline: Instant;
  readonly budget: RetryBudget;
  readonly creates: Pacer;
  /** Pools for which Fly had no room a moment ago. */
  readonly full: Set<string>;
};

/** What cannot be undone is only proposed: fencing it and looking at volumes once more is still to be built. */
const NOT_YET = "flyahead only proposes to destroy machines; where you agree, do it by hand";

async function applyOne(intent: Intent, wave: Wave, ports: TickPorts): Promise<Applied> {
  const { deadline, budget } = wave;
  const { clock, chance } = ports;
  let ambiguous = false;
  budget.called();
  for (let attempt = 1; ; attempt++) {
    const obstacle = await whyNot(intent, wave, ports);
    if (obstacle !== null) return { outcome: notStarted(intent, ambiguous, obstacle) };
    try {
      return { outcome: await call(intent, ports) };
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
async function whyNot({ action, pool }: Intent, wave: Wave, ports: TickPorts): Promise<string | null> {
  if (ports.clock.now() >= wave.deadline) return NO_TIME;
  if (action.kind === "stop") {
    return (await wave.stillHeld()) ? null : "the lease was lost to a newer tick";
  }
  if (action.kind !== "create") return null;
  const isFull = () => wave.full.has(poolName(pool));
  if (!isFull() && !(await wave.creates.turn())) return NO_TURN;
  return isFull() ? NO_ROOM : null;
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
