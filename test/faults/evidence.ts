/** Collects what the invariants judge: Fly's log, the books, and who holds what. */
import { Redis } from "@upstash/redis";
import { activeOf, historyOf, intentsOf, machinesOf, overridesOf } from "../support/books.ts";
import type { Lab } from "../support/installation.ts";
import {
  astray,
  type Bounds,
  type Holds,
  heldTooLong,
  mistaken,
  outOfBounds,
  stillHeld,
  type Terms,
  unanswered,
  unclosed,
} from "./invariants.ts";

const lockKey = (app: string) => `flyahead:tick:${app}`;
const redisOf = ({ stack }: Lab) => new Redis({ ...stack.redis, enableTelemetry: false });

export async function holdsOf(lab: Lab, app: string): Promise<Holds> {
  const [row] = await lab.sql<{ left: number | null }[]>`
    select extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as left from flyahead.app_leases
    where app = ${app} and expires_at > clock_timestamp()`;
  const left = await redisOf(lab).pttl(lockKey(app));
  const machines = machinesOf(lab.fly, app).flatMap(({ lease }) =>
    lease !== null && lease.expiresAt > lab.fly.now() ? [lease.expiresAt - lab.fly.now()] : [],
  );
  // -2: no such key; -1: it never expires.
  return { lease: row?.left ?? null, lock: left === -2 ? null : left === -1 ? Infinity : left, machines };
}

/** As if the lease and the lock, which live in real time, had run out by themselves. */
export async function elapseHolds(lab: Lab, app: string): Promise<void> {
  await lab.sql`update flyahead.app_leases set expires_at = least(expires_at, clock_timestamp()) where app = ${app}`;
  await redisOf(lab).del(lockKey(app));
}

/** Right after the fault. */
export async function faultsAtOnce(lab: Lab, app: string, bounds: Bounds, terms: Terms): Promise<string[]> {
  const log = lab.fly.log().filter((entry) => entry.app === app);
  return [
    ...outOfBounds(log, activeOf(lab.fly, app), bounds),
    ...heldTooLong(await holdsOf(lab, app), terms),
  ];
}

/** Two slots later, or whenever all should be well. `wanted`: machines that the load wants; null: whatever was decided. */
export async function faultsInTheEnd(
  lab: Lab,
  app: string,
  bounds: Bounds,
  wanted: number | null,
): Promise<string[]> {
  const log = lab.fly.log().filter((entry) => entry.app === app);
  const intents = await intentsOf(lab.sql, app);
  const decided = (await historyOf(lab.sql, app)).at(-1)?.to_workers ?? null;
  const active = activeOf(lab.fly, app);
  return [
    ...outOfBounds(log, active, bounds),
    ...unanswered(log, intents),
    ...unclosed(intents),
    ...stillHeld(await holdsOf(lab, app)),
    ...mistaken(await overridesOf(lab.sql, app)),
    ...astray(active, decided, wanted ?? decided ?? active),
  ];
}
