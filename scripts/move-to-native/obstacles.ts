/**
 * What somebody put on the hypertable by their own hand, and what would be lost or would stop the swap: the move refuses to begin
 * and names it. Plain views are no obstacle, the swap makes them read the new table.
 */
import type { Sql } from "postgres";
import { UserError } from "../user-error.ts";

export async function refuseWhatCannotMove(sql: Sql): Promise<void> {
  const found = await sql<{ what: string }[]>`
    select 'index ' || i.indexrelid::regclass as what from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'flyahead.traffic_samples'::regclass and not i.indisprimary and c.relname <> 'traffic_samples_at_idx'
    union all
    select 'trigger ' || t.tgname from pg_trigger t
    where t.tgrelid = 'flyahead.traffic_samples'::regclass and not t.tgisinternal and t.tgname not like 'ts\_%' and t.tgname <> 'carry_to_native'
    union all
    select 'policy ' || p.polname from pg_policy p where p.polrelid = 'flyahead.traffic_samples'::regclass
    union all
    select 'continuous aggregate ' || format('%I.%I', a.view_schema, a.view_name) from timescaledb_information.continuous_aggregates a
    where (a.hypertable_schema, a.hypertable_name) = ('flyahead', 'traffic_samples')
    union all
    select distinct 'materialized view ' || v.oid::regclass
    from pg_depend d
    join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_class v on v.oid = r.ev_class and v.relkind = 'm'
    where d.refclassid = 'pg_class'::regclass and d.refobjid = 'flyahead.traffic_samples'::regclass
    order by 1`;
  if (found.length === 0) return;
  throw new UserError(
    `Not begun: the hypertable has what the move does not carry over: ${found.map(({ what }) => what).join(", ")}. ` +
      "Drop it, move, and make it again on the new table. Nothing was changed.",
  );
}
