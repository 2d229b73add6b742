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

const logOf = (lab: Lab, app: string) => lab.fly.log().filter((entry) => entry.app === app);
const regionsOf = (lab: Lab, app: string) => [
  ...new Set(machinesOf(lab.fly, app).map(({ region }) => region)),
];

/** Each pool by its region: how many machines run, and how many the newest decision wants. */
export async function poolsNow(lab: Lab, app: string) {
  const history = await historyOf(lab.sql, app);
  return regionsOf(lab, app).map((region) => {
    const decided = history.findLast((row) => row.region === region)?.to_workers ?? null;
    return { region, active: activeOf(lab.fly, app, region), decided };
  });
}

function boundsBroken(lab: Lab, app: string, bounds: Bounds): string[] {
  return regionsOf(lab, app).flatMap((region) => {
    const log = logOf(lab, app).filter((entry) => entry.region === region);
    return outOfBounds(log, activeOf(lab.fly, app, region), bounds);
  });
}

/** Right after the fault. */
export async function faultsAtOnce(lab: Lab, app: string, bounds: Bounds, terms: Terms): Promise<string[]> {
  return [...boundsBroken(lab, app, bounds), ...heldTooLong(await holdsOf(lab, app), terms)];
}

/** Two slots later, or whenever all should be well. `wanted`: machines that the load wants; null: whatever was decided. */
export async function faultsInTheEnd(
  lab: Lab,
  app: string,
  bounds: Bounds,
  wanted: number | null,
): Promise<string[]> {
  const log = logOf(lab, app);
  const intents = await intentsOf(lab.sql, app);
  const pools = await poolsNow(lab, app);
  return [
    ...boundsBroken(lab, app, bounds),
    ...unanswered(log, intents),
    ...unclosed(intents),
    ...stillHeld(await holdsOf(lab, app)),
    ...mistaken(await overridesOf(lab.sql, app)),
    ...pools.flatMap(({ active, decided }) => astray(active, decided, wanted ?? decided ?? active)),
  ];
}
