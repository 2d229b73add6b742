/**
 * What Postgres holds of one app's tick: the tick's own row, and each decision with its intents. Read by slot and attempt
 * and not by the tick's id, so that a row which hangs on the wrong tick is seen too.
 */

import type { Sql } from "../../src/adapters/postgres/connect.ts";
import type { Foreseen } from "../../src/core/severity.ts";
import type { TickRecord } from "../../src/core/tick-record.ts";

export type IntentRow = {
  readonly ordinal: number;
  readonly kind: string;
  readonly machineId: string | null;
  readonly machineName: string | null;
  readonly templateId: string | null;
  readonly status: string | null;
  readonly evidence: string | null;
  readonly isClosed: boolean;
};
export type HistoryRow = {
  readonly id: number;
  readonly tickId: number;
  readonly region: string;
  readonly processGroup: string;
  readonly mode: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly needNow: number | null;
  readonly needCovered: number | null;
  readonly worth: number | null;
  readonly goal: string;
  readonly severity: string;
  readonly foreseen: readonly Foreseen[];
  /** float4 in the table, like the quantile. */
  readonly extraMachineHours: number;
  /** float4 in the table. */
  readonly quantile: number;
  readonly confidence: number | null;
  readonly constraints: readonly string[];
  readonly reason: string;
  readonly record: TickRecord;
  readonly intents: readonly IntentRow[];
};
export type TickRow = { readonly id: number; readonly mode: string; readonly isClosed: boolean };
export type AppRows = { readonly tick: TickRow | null; readonly history: readonly HistoryRow[] };

/** `slot` in ISO 8601. Needs to read schema flyahead: the owner, or the functions' role. */
export async function readRows(sql: Sql, app: string, slot: string, attempt: number): Promise<AppRows> {
  const [ticks, history] = await Promise.all([
    sql<{ doc: TickRow }[]>`
      select jsonb_build_object('id', id, 'mode', mode, 'isClosed', closed_at is not null) as doc
      from flyahead.ticks where app = ${app} and slot = ${slot}::text::timestamptz and attempt = ${attempt}`,
    sql<{ doc: HistoryRow }[]>`
      select jsonb_build_object(
        'id', h.id, 'tickId', h.tick_id, 'region', w.region, 'processGroup', w.process_group, 'mode', h.mode, 'kind', h.kind,
        'from', h.from_workers, 'to', h.to_workers, 'needNow', h.need_now, 'needCovered', h.need_covered,
        'worth', h.worth, 'goal', h.goal, 'severity', h.severity,
        'foreseen', h.foreseen, 'extraMachineHours', h.extra_machine_hours, 'quantile', h.quantile, 'confidence', h.confidence, 'constraints', h.constraints,
        'reason', h.reason, 'record', h.record,
        'intents', coalesce((
          select jsonb_agg(jsonb_build_object(
            'ordinal', i.ordinal, 'kind', i.kind, 'machineId', i.machine_id, 'machineName', i.machine_name,
            'templateId', i.template_id, 'status', i.status, 'evidence', i.evidence, 'isClosed', i.closed_at is not null)
            order by i.ordinal)
          from flyahead.scaling_intents i where i.history_id = h.id), '[]')) as doc
      from flyahead.autoscaling_history h join flyahead.worker_regions w on w.id = h.pool_id
      where w.app = ${app} and h.slot = ${slot}::text::timestamptz and h.attempt = ${attempt}
      order by w.process_group, w.region, h.id`,
  ]);
  return { tick: ticks[0]?.doc ?? null, history: history.map(({ doc }) => doc) };
}
