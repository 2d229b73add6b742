/**
 * What a tick found out about Fly that later ticks and people should know, pool by pool: what Fly Proxy would undo, what there
 * was no room for, and which machines got stuck. It replaces what was known, so what is over is forgotten; of a pool whose machines could not be read
 * nothing is said, and what was known stays.
 */
import { poolName } from "../core/fleet.ts";
import { nextNoRoom, stuckMachine } from "../core/no-room.ts";
import type { Instant } from "../core/time.ts";
import type { Intent, PoolFindings } from "../ports.ts";
import type { IntentOutcome } from "./apply-actions.ts";
import type { DecidedPool } from "./open-document.ts";

export function findingsOf(
  decided: readonly DecidedPool[],
  intents: readonly Intent[],
  outcomes: readonly IntentOutcome[],
  now: Instant,
): PoolFindings[] {
  const byIntent = new Map(outcomes.map((outcome) => [outcome.intentId, outcome]));
  const seen = decided.filter(({ observation }) => observation.machines.status !== "missing");
  return seen.map(({ observation: { pool, fly } }) => {
    const tried = intents.flatMap(({ id, pool: of, action }) => {
      const applied = byIntent.get(id);
      if (action.kind === "stop" && action.because === "stuck" && poolName(of) === poolName(pool)) {
        return [{ machineId: action.machineId, refused: stuckMachine(action.machineId, now) }];
      }
      const isTold = applied?.noRoom !== undefined || applied?.outcome.status === "done";
      if (!isTold || poolName(of) !== poolName(pool)) return [];
      const machineId = action.kind === "create" ? null : action.machineId;
      return [{ machineId, refused: applied?.noRoom ?? null }];
    });
    return { pool, proxy: fly?.proxy ?? null, noRoom: nextNoRoom(fly?.noRoom ?? [], tried, now) };
  });
}
