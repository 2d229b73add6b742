-- What a tick asks of the database: one read, `recall_pools`, and two writes, each one round trip and one transaction
-- under the fence. `open_tick` puts down everything
-- that is intended before anything moves; `close_tick` what came of it. Instants are milliseconds since the epoch.

create function flyahead.instant(ms double precision) returns timestamptz
language sql immutable
as $$ select to_timestamp(ms / 1000.0) $$;

create function flyahead.epoch_ms(at timestamptz) returns double precision
language sql immutable
as $$ select extract(epoch from at) * 1000 $$;

-- The pools that a tick writes about, with what it says of each.
create function flyahead.pools_of(p jsonb) returns table (pool_id integer, doc jsonb)
language sql stable
as $$
  select w.id, q
  from jsonb_array_elements(p -> 'pools') q
  join flyahead.worker_regions w
    on (w.app, w.region, w.process_group) = (p ->> 'app', q ->> 'region', q ->> 'processGroup')
$$;

-- The elements of a JSON array; none where it is null or absent.
create function flyahead.elements(list jsonb) returns jsonb
language sql immutable
as $$ select case when jsonb_typeof(list) = 'array' then list else '[]' end $$;

-- Closes the app's open intents that the outcomes name, and answers them. An unknown outcome leaves its intent open, with
-- what was seen; the next tick looks again. An intent that is closed keeps its first outcome.
create function flyahead.close_intents(p_app text, p_now timestamptz, p_outcomes jsonb) returns setof flyahead.scaling_intents
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
  select array_agg(touched) into closed from touched where closed_at is not null;

  update flyahead.worker_regions w set last_change_at = p_now
  where w.id in (select c.pool_id from unnest(closed) c where c.status in ('done', 'alreadyDone'));
  return query select * from unnest(closed);
end $$;

create function flyahead.open_tick(p jsonb)
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

  insert into flyahead.ticks (app, slot, attempt, fence, mode, opened_at)
  values (p_app, p_slot, p_attempt, (p ->> 'fence')::bigint, p ->> 'mode', p_now)
  returning id into new_tick;

  insert into flyahead.worker_regions as w (app, region, process_group, discovered_at, effective_policy)
  select p_app, q ->> 'region', q ->> 'processGroup', p_now, q -> 'policy' from jsonb_array_elements(p -> 'pools') q
  on conflict (app, region, process_group) do update set retired_at = null, effective_policy = excluded.effective_policy;

  update flyahead.worker_regions w set retired_at = p_now
  from jsonb_to_recordset(p -> 'retired') as r (region text, "processGroup" text)
  where (w.app, w.region, w.process_group) = (p_app, r.region, r."processGroup") and w.retired_at is null;

  perform flyahead.write_workers(p_app, p_now, p);
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

-- Machines as seen; one that is no longer listed is gone. A pool whose list could not be read keeps its books.
create function flyahead.write_workers(p_app text, p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  insert into flyahead.workers as known (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at)
  select m.id, o.pool_id, m.name, m.state, m.health, m.cordoned, flyahead.instant(m."createdAt"), p_now
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(flyahead.elements(o.doc -> 'machines'))
    as m (id text, name text, state text, health text, cordoned boolean, "createdAt" double precision)
  on conflict (machine_id) do update set pool_id = excluded.pool_id, name = excluded.name, state = excluded.state,
    health = excluded.health, cordoned = excluded.cordoned, seen_at = excluded.seen_at, gone_at = null;

  update flyahead.workers k set gone_at = p_now
  from flyahead.worker_regions w left join flyahead.pools_of(p) o on o.pool_id = w.id
  where w.id = k.pool_id and w.app = p_app and k.gone_at is null
    and (w.retired_at is not null or jsonb_typeof(o.doc -> 'machines') = 'array')
    and not exists (select from jsonb_array_elements(flyahead.elements(o.doc -> 'machines')) m where m ->> 'id' = k.machine_id);
end $$;

create function flyahead.write_forecasts(p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  insert into flyahead.forecast_state as s (pool_id, hot, saved_at, cold, cold_saved_at)
  select o.pool_id, o.doc -> 'hot', p_now, o.doc -> 'cold', case when jsonb_typeof(o.doc -> 'cold') = 'object' then p_now end
  from flyahead.pools_of(p) o where jsonb_typeof(o.doc -> 'hot') = 'object'
  on conflict (pool_id) do update set hot = excluded.hot, saved_at = excluded.saved_at,
    cold = case when excluded.cold_saved_at is null then s.cold else excluded.cold end,
    cold_saved_at = coalesce(excluded.cold_saved_at, s.cold_saved_at);

  insert into flyahead.traffic_patterns as t (pool_id, day_of_week, hour_of_day, usual_load, peak_load, weeks_seen, updated_at)
  select o.pool_id, r."dayOfWeek", r."hourOfDay", r."usualLoad", r."peakLoad", r."weeksSeen", p_now
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(flyahead.elements(o.doc -> 'patterns'))
    as r ("dayOfWeek" smallint, "hourOfDay" smallint, "usualLoad" real, "peakLoad" real, "weeksSeen" smallint)
  on conflict (pool_id, day_of_week, hour_of_day) do update set usual_load = excluded.usual_load,
    peak_load = excluded.peak_load, weeks_seen = excluded.weeks_seen, updated_at = excluded.updated_at;

  insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, model, confidence, load)
  select o.pool_id, p_now, (r."horizonMs" / 1000)::integer, flyahead.instant(r."targetAt"), o.doc ->> 'model',
    (o.doc ->> 'confidence')::real, r.load
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(o.doc -> 'predictions') as r ("horizonMs" double precision, "targetAt" double precision, load real[])
  on conflict (pool_id, made_at, horizon_seconds) do nothing;
end $$;

create function flyahead.close_tick(p jsonb) returns void
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
    insert into flyahead.workers as known (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at)
    select c.machine_id, c.pool_id, coalesce(c.machine_name, c.machine_id), 'started', 'unknown', false, p_now, p_now
    from closed c where c.kind in ('start', 'create')
    on conflict (machine_id) do update set state = 'started', seen_at = p_now
  )
  update flyahead.workers known set state = 'stopped', seen_at = p_now
  from closed c where c.kind = 'stop' and c.machine_id = known.machine_id;

  update flyahead.ticks set closed_at = p_now, summary = p -> 'summary'
  where app = p_app and slot = p_slot and attempt = (p ->> 'attempt')::integer;
  delete from flyahead.unreached_apps where app = p_app and slot <= p_slot;
  update flyahead.app_leases set closed_slot = p_slot, expires_at = '-infinity' where app = p_app;
end $$;

-- All that history knows of an app's pools when a tick begins: one row a pool. A retired pool is told of for as long as a call
-- to Fly is open in it, so that somebody finds out what became of it.
create function flyahead.recall_pools(p_app text, p_now timestamptz) returns setof jsonb
language sql stable
as $$
  select jsonb_build_object(
    'app', w.app, 'region', w.region, 'processGroup', w.process_group, 'mode', w.mode,
    'policy', jsonb_build_object(
      'minWorkers', w.min_workers, 'maxWorkers', w.max_workers, 'requestsPerWorker', w.requests_per_worker,
      'quantile', w.quantile, 'leadSeconds', w.lead_seconds, 'cooldownSeconds', w.cooldown_seconds,
      'stabilisationSeconds', w.stabilisation_seconds, 'staleSeconds', w.stale_seconds, 'overrideSeconds', w.override_seconds,
      'timeZone', w.time_zone, 'pinnedMachineId', w.pinned_machine_id, 'frozenUntil', flyahead.epoch_ms(w.frozen_until)),
    'machines', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.machine_id, 'state', k.state, 'seenAt', flyahead.epoch_ms(k.seen_at)) order by k.machine_id), '[]')
      from flyahead.workers k where k.pool_id = w.id and k.gone_at is null),
    'hot', s.hot, 'cold', s.cold, 'coldSavedAt', flyahead.epoch_ms(s.cold_saved_at),
    'override', (
      select jsonb_build_object('machineId', o.machine_id, 'seenAt', flyahead.epoch_ms(o.seen_at), 'until', flyahead.epoch_ms(o.until),
        'workers', o.workers, 'what', o.what)
      from flyahead.newest_override(w.id) o where o.until > p_now),
    'lastChangeAt', flyahead.epoch_ms(w.last_change_at),
    'openIntents', (
      select coalesce(jsonb_agg(jsonb_build_object('id', i.id::text, 'kind', i.kind, 'machineId', i.machine_id,
        'machineName', i.machine_name, 'templateId', i.template_id, 'openedAt', flyahead.epoch_ms(i.opened_at)) order by i.id), '[]')
      from flyahead.scaling_intents i where i.pool_id = w.id and i.app = w.app and i.closed_at is null))
  from flyahead.worker_regions w
  left join flyahead.forecast_state s on s.pool_id = w.id
  where w.app = p_app and (w.retired_at is null or exists (
    select from flyahead.scaling_intents i where i.pool_id = w.id and i.app = p_app and i.closed_at is null))
  order by w.process_group, w.region
$$;
