/**
 * The tick's memory: one read and two writes, each one round trip however many pools the app has. The writes are SQL
 * functions under the fence (migrations/0008_tick_functions.sql); here values only change their dress.
 */

import type { Action } from "../../core/actions.ts";
import type { BootStats } from "../../core/capacity/boot-stats.ts";
import type { StoredState } from "../../core/forecast/codec.ts";
import type { NoRoom } from "../../core/no-room.ts";
import type { Override, Tally } from "../../core/observation.ts";
import type { Mode, Policy } from "../../core/policy.ts";
import type { Instant } from "../../core/time.ts";
import type {
  CloseTick,
  History,
  Intent,
  KnownMachine,
  LateSamples,
  OpenTick,
  PoolMemory,
  PoolTick,
} from "../../ports.ts";
import { type Sql, textArray, underFence } from "./connect.ts";

type Nullable<T> = { [K in keyof T]: T[K] | null };

type MemoryDoc = {
  app: string;
  region: string;
  processGroup: string;
  mode: Mode;
  policy: Nullable<Policy>;
  machines: KnownMachine[];
  hot: StoredState["hot"] | null;
  cold: StoredState["cold"] | null;
  coldSavedAt: Instant | null;
  override: Override | null;
  lastChangeAt: Instant | null;
  tally: Tally;
  openIntents: IntentDoc[];
};
type RecalledRow = {
  doc: MemoryDoc;
  boots: BootStats[];
  looked_at: Instant | null;
  no_room: NoRoom[];
  late: LateSamples | null;
};
type IntentDoc = {
  id: string;
  kind: Action["kind"];
  machineId: string | null;
  machineName: string | null;
  templateId: string | null;
  openedAt: Instant;
};

export function createPostgresHistory(sql: Sql): History {
  return {
    async recall(app, now) {
      const rows = await sql<RecalledRow[]>`
        select r.doc, b.boots, b.looked_at, flyahead.no_room_of(r.doc) as no_room, flyahead.late_samples_of(r.doc) as late
        from flyahead.recall_pools(${app}, flyahead.instant(${now})) as r (doc)
        join flyahead.recall_boots(${app}, flyahead.instant(${now})) b
          on (b.region, b.process_group) = (r.doc ->> 'region', r.doc ->> 'processGroup')
        order by b.process_group, b.region`;
      return rows.map(poolMemory);
    },
    async openTick(tick) {
      const rows = await underFence(
        tick.lease,
        () => sql<OpenedRow[]>`
        select intent_id, app, region, process_group, ordinal from flyahead.open_tick(${openDocument(tick)}::text::jsonb)`,
      );
      return inOrder(tick, rows);
    },
    async closeTick(tick) {
      await underFence(
        tick.lease,
        () => sql`select flyahead.close_tick(${closeDocument(tick)}::text::jsonb)`,
      );
    },
    async recordUnreached(slot, apps, now) {
      await sql`
        insert into flyahead.unreached_apps (slot, app, noted_at)
        select flyahead.instant(${slot}), app, flyahead.instant(${now}) from unnest(${textArray(apps)}::text::text[]) app
        on conflict (slot, app) do nothing`;
    },
  };
}

function poolMemory({ doc, boots, looked_at, no_room: noRoom, late }: RecalledRow): PoolMemory {
  const pool = { app: doc.app, region: doc.region, processGroup: doc.processGroup };
  return {
    pool,
    mode: doc.mode,
    policy: withoutNulls(doc.policy),
    machines: doc.machines,
    lookedAt: looked_at,
    boots,
    state: doc.hot !== null && doc.cold !== null ? { hot: doc.hot, cold: doc.cold } : null,
    coldSavedAt: doc.coldSavedAt,
    override: doc.override,
    lastChangeAt: doc.lastChangeAt,
    tally: doc.tally,
    ...(noRoom.length === 0 ? {} : { noRoom }),
    ...(late === null ? {} : { late }),
    openIntents: doc.openIntents.map((intent) => ({
      id: intent.id,
      pool,
      action: actionOf(intent),
      openedAt: intent.openedAt,
    })),
  };
}

function withoutNulls<T extends object>(values: Nullable<T>): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<T>;
}

function actionOf({ kind, machineId, machineName, templateId }: IntentDoc): Action {
  if (kind === "create") return { kind, machineName: machineName ?? "", templateId: templateId ?? "" };
  const id = machineId ?? "";
  // How long it was to drain does not matter any more: what became of it is seen on the machine.
  return kind === "cordon" ? { kind, machineId: id, drainSeconds: 0 } : { kind, machineId: id };
}

function openDocument({ lease, now, mode, cadenceMs, pools, resolved, retired }: OpenTick): string {
  return JSON.stringify({
    ...lease,
    now,
    mode,
    cadenceMs,
    retired,
    resolved: resolved.map(({ intentId, outcome }) => ({ intentId, ...outcome })),
    pools: pools.map(poolDocument),
  });
}

function poolDocument({ pool, cold, ...rest }: PoolTick): Record<string, unknown> {
  return {
    region: pool.region,
    processGroup: pool.processGroup,
    ...rest,
    cold: cold?.state ?? null,
    patterns: cold?.patterns ?? null,
    weights: cold?.weights ?? null,
  };
}

function closeDocument({ lease, now, outcomes, findings = [], summary }: CloseTick): string {
  return JSON.stringify({
    ...lease,
    now,
    summary,
    outcomes: outcomes.map(({ intentId, outcome }) => ({ intentId, ...outcome })),
    findings: findings.map(({ pool: { region, processGroup }, ...found }) => ({
      region,
      processGroup,
      ...found,
    })),
  });
}

type OpenedRow = { intent_id: string; app: string; region: string; process_group: string; ordinal: number };

/** The rows come in any order; the caller counts on that of its pools and their actions. */
function inOrder(tick: OpenTick, rows: readonly OpenedRow[]): Intent[] {
  const ids = new Map(
    rows.map((row) => [`${row.region} ${row.process_group} ${row.ordinal}`, row.intent_id]),
  );
  return tick.pools.flatMap(({ pool, actions }) =>
    actions.map((action, ordinal) => {
      const id = ids.get(`${pool.region} ${pool.processGroup} ${ordinal}`);
      if (id === undefined)
        throw new Error(
          `Cannot open tick of ${tick.lease.app}: the database answered no intent for action ${ordinal} of ${pool.processGroup}@${pool.region}`,
        );
      return { id, pool, action, openedAt: tick.now };
    }),
  );
}
