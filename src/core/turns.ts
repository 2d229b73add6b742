/**
 * Who goes first where not all can go at once. Pools take turns, round after round, severest first within a round; how many
 * turns a pool has in a round tells its severity. So a region that wants thirty machines cannot keep one that wants
 * a single machine waiting: at most one round passes before its turn.
 *
 *   fra critical wants 6, ams normal wants 2, sin high wants 1:  fra fra fra fra sin ams | fra fra ams
 *
 * The trap is to serve the severest pool to its end first: with thirty creates at one a second, the others then wait half a minute
 * for a machine that may be all they need, or, at the tick's deadline, get none.
 */
import { SEVERITIES, type Severity } from "./severity.ts";

/** Turns in a round. */
export const TURNS: Readonly<Record<Severity, number>> = { critical: 4, high: 2, elevated: 1, normal: 1 };

export type Waiting = { readonly pool: string; readonly severity: Severity };

/** All items, each once; a pool's own in their order, pools of one severity in the order of their first items. */
export function takeTurns<T>(items: readonly T[], waitingOf: (item: T) => Waiting): T[] {
  const waiting = new Map<string, { severity: Severity; items: T[] }>();
  for (const item of items) {
    const { pool, severity } = waitingOf(item);
    const known = waiting.get(pool) ?? { severity, items: [] };
    known.items.push(item);
    waiting.set(pool, known);
  }
  const severestFirst = [...waiting.values()].sort(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  );
  const order: T[] = [];
  for (let round = 0; order.length < items.length; round++) {
    for (const { severity, items: own } of severestFirst) {
      order.push(...own.slice(round * TURNS[severity], (round + 1) * TURNS[severity]));
    }
  }
  return order;
}
