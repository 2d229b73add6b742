/**
 * What Fly had no room for, remembered until it is worth another try: new machines of a pool, or one stopped machine whose
 * host is full (its disk is there, so it cannot start elsewhere).
 *
 * Without this memory each tick would ask for the same thing again and call that growing. The trap is to remember for too
 * long: room comes back within minutes, and nobody says so.
 */
import type { Action } from "./actions.ts";
import { formatInstant, HOUR_MS, type Instant, MINUTE_MS } from "./time.ts";

export type NoRoom = {
  /** The machine that could not start; null: no new machine can be made. */
  readonly machineId: string | null;
  readonly since: Instant;
  /** From then on it is tried again. */
  readonly until: Instant;
  /** stuck: not for want of room, but it did not come to serve, and was replaced. */
  readonly why: "host" | "volume" | "region" | "closed" | "stuck";
};

const TRY_AGAIN_MS = 30 * MINUTE_MS;
/** A machine that got stuck is given another chance the next day. */
const STUCK_MS = 24 * HOUR_MS;
/** A region that Fly closed stays closed; a person may have moved the pool by then. */
const CLOSED_MS = 24 * HOUR_MS;

/** What a refusal of this action teaches. */
export function noRoomAfter(action: Action, why: NoRoom["why"], now: Instant): NoRoom {
  const machineId = action.kind === "create" ? null : action.machineId;
  return { machineId, since: now, until: now + (why === "closed" ? CLOSED_MS : TRY_AGAIN_MS), why };
}

/** What a stuck machine that was stopped teaches. */
export function stuckMachine(machineId: string, now: Instant): NoRoom {
  return { machineId, since: now, until: now + STUCK_MS, why: "stuck" };
}

/** What is known after a tick: what was known and is not over, but for what has just been tried. */
export function nextNoRoom(
  known: readonly NoRoom[],
  tried: readonly { readonly machineId: string | null; readonly refused: NoRoom | null }[],
  now: Instant,
): NoRoom[] {
  const again = new Set(tried.map(({ machineId }) => machineId));
  const learned = new Map(
    tried.flatMap(({ refused }) => (refused === null ? [] : [[refused.machineId, refused]])),
  );
  return [
    ...known.filter(({ machineId, until }) => until > now && !again.has(machineId)),
    ...learned.values(),
  ];
}

/** In words, for the reason of a decision. */
export function sayNoRoom({ since, until, why }: NoRoom, region: string): string {
  const again = `asked again from ${formatInstant(until)} on`;
  if (why === "closed") return `Fly closed ${region} to new machines; ${again}`;
  const what = why === "volume" ? "its volumes" : "new machines";
  return `Fly had no room for ${what} in ${region} at ${formatInstant(since)}; ${again}`;
}
