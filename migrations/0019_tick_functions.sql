-- The tick's writes once more, with what the data platform asks of them: how large machines are, what stood ready from when,
-- at which cadence ticks are due, and a note of every hour that is to be made anew. Documents of functions that were
-- deployed before are still understood: what they do not say stays null.

alter table flyahead.ticks add column cadence_seconds integer check (cadence_seconds > 0);
comment on column flyahead.ticks.cadence_seconds is 'time between slots; null: not told';
create index autoscaling_history_tick on flyahead.autoscaling_history (tick_id);

-- Notes a span of a pool's time for the refresh, cut at midnight of UTC. A clock that went back leaves nothing to note.
create function flyahead.note_span(p_pool_id integer, p_since timestamptz, p_until timestamptz) returns void
language sql
as $$
  insert into flyahead.rollup_queue (pool_id, since, until)
  select p_pool_id, greatest(p_since, day), least(p_until, day + interval '24 hours')
  from generate_series(flyahead.bucket('24 hours', p_since), p_until - interval '1 microsecond', interval '24 hours') day
  where p_since < p_until
$$;

create or replace function flyahead.close_intents(p_app text, p_now timestamptz, p_outcomes jsonb) returns setof flyahead.scaling_intents
language plpgsql
as $$
declare
  closed flyahead.scaling_intents[];
begin
  with touched as (
    update flyahead.scaling_intents i set
      status = o.status,
      evidence = o.evidence,
      machine_id = coalesce(o."machineId", i.machine_id),
      closed_at = case when o.status = 'unknown' then null else p_now end
    from jsonb_to_recordset(p_outcomes) as o ("intentId" bigint, status text, "machineId" text, evidence text)
    where i.id = o."intentId" and i.app = p_app and i.closed_at is null
    returning i.*
  )
  select array_agg(touched::flyahead.scaling_intents) into closed from touched where closed_at is not null;

  update flyahead.worker_regions w set last_change_at = p_now
  where w.id in (select c.pool_id from unnest(closed) c where c.status in ('done', 'alreadyDone'));
  -- What became of it may belong to an hour that is long over.
  perform flyahead.note_span(c.pool_id, c.opened_at, c.opened_at + interval '1 second') from unnest(closed) c;
  return query select * from unnest(closed);
end $$;

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

  insert into flyahead.autoscaling_history (tick_id, pool_id, slot, attempt, decided_at, mode, kind, from_workers, to_workers,
    need_now, need_covered, need_shrink, quantile, confidence, constraints, reason, record)
  select new_tick, o.pool_id, p_slot, p_attempt, p_now, o.doc ->> 'mode', d.kind, d."from", d."to",
    d."needNow", d."needCovered", d."needShrink", d.quantile, (o.doc ->> 'confidence')::real,
    array(select c ->> 'name' from jsonb_array_elements(d.constraints) c), d.reason, o.doc -> 'record'
  from flyahead.pools_of(p) o, jsonb_to_record(o.doc -> 'decision') as d (kind text, "from" integer, "to" integer, "needNow" integer,
    "needCovered" integer, "needShrink" integer, quantile real, constraints jsonb, reason text);

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

create or replace function flyahead.write_workers(p_app text, p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  insert into flyahead.workers as known (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at, cpu_kind, cpus, memory_mb)
  select m.id, o.pool_id, m.name, m.state, m.health, m.cordoned, flyahead.instant(m."createdAt"), p_now,
    m.size ->> 'cpuKind', (m.size ->> 'cpus')::integer, (m.size ->> 'memoryMb')::integer
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(flyahead.elements(o.doc -> 'machines'))
    as m (id text, name text, state text, health text, cordoned boolean, "createdAt" double precision, size jsonb)
  on conflict (machine_id) do update set pool_id = excluded.pool_id, name = excluded.name, state = excluded.state,
    health = excluded.health, cordoned = excluded.cordoned, seen_at = excluded.seen_at, gone_at = null,
    cpu_kind = excluded.cpu_kind, cpus = excluded.cpus, memory_mb = excluded.memory_mb;

  -- Listed once, laid against the books once: looked up machine by machine, a large app would take its square.
  with read as materialized (
    select o.pool_id, o.doc -> 'machines' as machines from flyahead.pools_of(p) o where jsonb_typeof(o.doc -> 'machines') = 'array'
  ), listed as materialized (
    select m ->> 'id' as id from read r cross join jsonb_array_elements(r.machines) m
  )
  update flyahead.workers k set gone_at = p_now
  from flyahead.worker_regions w
  where w.id = k.pool_id and w.app = p_app and k.gone_at is null
    and (w.retired_at is not null or w.id in (select r.pool_id from read r))
    and k.machine_id not in (select l.id from listed l);
end $$;

create or replace function flyahead.close_tick(p jsonb) returns void
language plpgsql
as $$
declare
  p_app constant text := p ->> 'app';
  p_now constant timestamptz := flyahead.instant((p ->> 'now')::double precision);
  p_slot constant timestamptz := flyahead.instant((p ->> 'slot')::double precision);
begin
  perform flyahead.require_fence(p_app, (p ->> 'fence')::bigint);

  -- Our own changes go into the books at once: what differs from them at the next tick was done by somebody else.
  with closed as (
    select * from flyahead.close_intents(p_app, p_now, p -> 'outcomes') c
    where c.status in ('done', 'alreadyDone') and c.machine_id is not null
  ), running as (
    insert into flyahead.workers as known (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at, cpu_kind, cpus, memory_mb)
    select c.machine_id, c.pool_id, coalesce(c.machine_name, c.machine_id), 'started', 'unknown', false, p_now, p_now, t.cpu_kind, t.cpus, t.memory_mb
    from closed c left join flyahead.workers t on t.machine_id = c.template_id where c.kind in ('start', 'create')
    on conflict (machine_id) do update set state = 'started', seen_at = p_now
  )
  update flyahead.workers known set state = 'stopped', seen_at = p_now
  from closed c where c.kind = 'stop' and c.machine_id = known.machine_id;

  perform flyahead.add_capacity_steps(p_app, p_now);
  perform flyahead.note_span(h.pool_id, p_slot, p_now + interval '1 second')
    from flyahead.ticks t join flyahead.autoscaling_history h on h.tick_id = t.id
    where t.app = p_app and t.slot = p_slot and t.attempt = (p ->> 'attempt')::integer;

  update flyahead.ticks set closed_at = p_now, summary = p -> 'summary'
  where app = p_app and slot = p_slot and attempt = (p ->> 'attempt')::integer;
  delete from flyahead.unreached_apps where app = p_app and slot <= p_slot;
  update flyahead.app_leases set closed_slot = p_slot, expires_at = '-infinity' where app = p_app;
end $$;

revoke all on function flyahead.note_span from public;
grant execute on function flyahead.note_span to flyahead_service;
