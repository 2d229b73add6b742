-- What a decision is made for: the owner's goal, as a promise or a price; and what it says of itself beyond the number.

alter table flyahead.worker_regions drop column quantile;
alter table flyahead.worker_regions
  add column short_share double precision check (short_share > 0 and short_share < 1),
  add column unserved_price double precision check (unserved_price > 1);
comment on column flyahead.worker_regions.short_share is 'the promise: at most this share of minutes short of machines, like 0.001; null: as configured';
comment on column flyahead.worker_regions.unserved_price is 'machine-hours that an hour of unserved demand for one machine is worth, like 20; outranks the promise; null: as configured';

alter table flyahead.autoscaling_history
  add column worth integer,
  add column goal text,
  add column severity text check (severity in ('normal', 'elevated', 'high', 'critical')),
  add column foreseen jsonb,
  add column extra_machine_hours real;
comment on column flyahead.autoscaling_history.need_shrink is 'of decisions before there was a goal: machines for the covered and the shrink window';
comment on column flyahead.autoscaling_history.worth is 'machines that earn their keep by the forecast, before any rule';
comment on column flyahead.autoscaling_history.goal is 'what was decided for, in words';
comment on column flyahead.autoscaling_history.severity is 'critical: short now; high: short before the next tick''s machines could serve; elevated: more needed within the hour';
comment on column flyahead.autoscaling_history.foreseen is 'the busiest minute within 5 minutes, 1 hour, 6 hours and a day: requests a minute and machines';
comment on column flyahead.autoscaling_history.extra_machine_hours is 'machine-hours more than holding would have taken until the next tick';

create function flyahead.write_decisions(p_tick bigint, p_slot timestamptz, p_attempt integer, p_now timestamptz, p jsonb) returns void
language sql
as $$
  insert into flyahead.autoscaling_history (tick_id, pool_id, slot, attempt, decided_at, mode, kind, from_workers, to_workers,
    need_now, need_covered, worth, goal, severity, foreseen, extra_machine_hours, quantile, confidence, constraints, reason, record)
  select p_tick, o.pool_id, p_slot, p_attempt, p_now, o.doc ->> 'mode', d.kind, d."from", d."to",
    d."needNow", d."needCovered", d.worth, d.goal, d.severity, d.foreseen, d."extraMachineHours", d.quantile, (o.doc ->> 'confidence')::real,
    array(select c ->> 'name' from jsonb_array_elements(d.constraints) c), d.reason, o.doc -> 'record'
  from flyahead.pools_of(p) o, jsonb_to_record(o.doc -> 'decision') as d (kind text, "from" integer, "to" integer, "needNow" integer,
    "needCovered" integer, worth integer, goal text, severity text, foreseen jsonb, "extraMachineHours" real, quantile real,
    constraints jsonb, reason text)
$$;

-- As before, with the decisions written by write_decisions.
create or replace function flyahead.open_tick(p jsonb)
returns table (intent_id bigint, app text, region text, process_group text, ordinal integer)
language plpgsql
as $$
#variable_conflict use_column
declare
  p_app constant text := p ->> 'app';
  p_now constant timestamptz := flyahead.instant((p ->> 'now')::double precision);
  p_slot constant timestamptz := flyahead.instant((p ->> 'slot')::double precision);
  p_attempt constant integer := (p ->> 'attempt')::integer;
  new_tick bigint;
begin
  perform flyahead.require_fence(p_app, (p ->> 'fence')::bigint);
  perform flyahead.close_intents(p_app, p_now, p -> 'resolved');

  insert into flyahead.ticks (app, slot, attempt, fence, mode, opened_at, cadence_seconds)
  values (p_app, p_slot, p_attempt, (p ->> 'fence')::bigint, p ->> 'mode', p_now, ((p ->> 'cadenceMs')::double precision / 1000)::integer)
  returning id into new_tick;

  -- The time since the last look: now it is known what stood ready then.
  perform flyahead.note_span(w.id, w.observed_at, p_now) from flyahead.worker_regions w where w.app = p_app and w.retired_at is null;

  insert into flyahead.worker_regions as w (app, region, process_group, discovered_at, effective_policy, observed_at)
  select p_app, q ->> 'region', q ->> 'processGroup', p_now, q -> 'policy', case when jsonb_typeof(q -> 'machines') = 'array' then p_now end
  from jsonb_array_elements(p -> 'pools') q
  on conflict (app, region, process_group) do update set retired_at = null, effective_policy = excluded.effective_policy,
    observed_at = coalesce(excluded.observed_at, w.observed_at);

  update flyahead.worker_regions w set retired_at = p_now, observed_at = p_now
  from jsonb_to_recordset(p -> 'retired') as r (region text, "processGroup" text)
  where (w.app, w.region, w.process_group) = (p_app, r.region, r."processGroup") and w.retired_at is null;

  perform flyahead.write_workers(p_app, p_now, p);
  perform flyahead.add_capacity_steps(p_app, p_now);
  perform flyahead.write_forecasts(p_now, p);

  insert into flyahead.manual_overrides (pool_id, machine_id, what, workers, seen_at, until)
  select o.pool_id, o.doc #>> '{override,machineId}', o.doc #>> '{override,what}', (o.doc #>> '{override,workers}')::integer,
    flyahead.instant((o.doc #>> '{override,seenAt}')::double precision), flyahead.instant((o.doc #>> '{override,until}')::double precision)
  from flyahead.pools_of(p) o where jsonb_typeof(o.doc -> 'override') = 'object';

  perform flyahead.write_decisions(new_tick, p_slot, p_attempt, p_now, p);

  return query
    with opened as (
      insert into flyahead.scaling_intents (history_id, pool_id, app, ordinal, kind, machine_id, machine_name, template_id, opened_at)
      select h.id, o.pool_id, p_app, (a.n - 1)::integer, a.action ->> 'kind', a.action ->> 'machineId', a.action ->> 'machineName',
        a.action ->> 'templateId', p_now
      from flyahead.pools_of(p) o
      join flyahead.autoscaling_history h on h.pool_id = o.pool_id and h.tick_id = new_tick
      cross join jsonb_array_elements(o.doc -> 'actions') with ordinality as a (action, n)
      returning id, pool_id, ordinal
    )
    select opened.id, p_app, w.region, w.process_group, opened.ordinal
    from opened join flyahead.worker_regions w on w.id = opened.pool_id;
end $$;


create view flyahead_api.scaling_plan as
select w.app, w.process_group, w.region, d.decided_at, d.severity, d.goal, d.quantile, d.to_workers as workers,
  ((f ->> 'withinMs')::double precision / 60000)::integer as within_minutes,
  round((f ->> 'load')::numeric, 2) as load,
  (f ->> 'machines')::integer as workers_needed
from flyahead.worker_regions w
cross join lateral (
  select h.* from flyahead.autoscaling_history h where h.pool_id = w.id order by h.slot desc, h.attempt desc limit 1
) d
cross join lateral jsonb_array_elements(coalesce(d.foreseen, '[]')) f
where w.retired_at is null;

comment on view flyahead_api.scaling_plan is 'what the newest decision of each pool foresees, from five minutes to a day ahead';
comment on column flyahead_api.scaling_plan.app is 'Fly app';
comment on column flyahead_api.scaling_plan.process_group is 'Fly process group';
comment on column flyahead_api.scaling_plan.region is 'Fly region';
comment on column flyahead_api.scaling_plan.decided_at is 'when it was decided';
comment on column flyahead_api.scaling_plan.severity is 'normal, elevated, high or critical';
comment on column flyahead_api.scaling_plan.goal is 'what was decided for, in words';
comment on column flyahead_api.scaling_plan.quantile is 'the quantile of the busiest minute that the goal comes to';
comment on column flyahead_api.scaling_plan.workers is 'started machines that were decided on';
comment on column flyahead_api.scaling_plan.within_minutes is 'how far ahead this row looks';
comment on column flyahead_api.scaling_plan.load is 'requests a minute that the busiest minute until then stays under, at the quantile';
comment on column flyahead_api.scaling_plan.workers_needed is 'machines for that load';
grant select on flyahead_api.scaling_plan to flyahead_service, flyahead_operator;

revoke all on function flyahead.write_decisions from public;
grant execute on function flyahead.write_decisions to flyahead_service;
