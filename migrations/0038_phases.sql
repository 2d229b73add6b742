-- Where each machine is on its way, and since when: what Fly does not tell and a later tick must know. Whose cordon it is decides
-- whether a machine may be touched at all.
--
-- The trap is our own call in the same tick: the books follow it at once, or the next look would take a machine that was just
-- taken out of routing for somebody else's.

alter table flyahead.workers
  add column phase text,
  add column phase_since timestamptz,
  add column our_cordon boolean not null default false;
comment on column flyahead.workers.phase is 'creating, starting, warming (started, checks not passing yet), serving, cordoned (by somebody else), draining (by us), stopping, stopped, suspended, failed, gone or unknown; null: not told yet';
comment on column flyahead.workers.phase_since is 'by Fly''s account where it has one, else since a tick first saw it';
comment on column flyahead.workers.our_cordon is 'flyahead took it out of Fly Proxy''s routing, and puts it back';

alter table flyahead.worker_regions
  add column destroy_surplus boolean,
  add column drain_seconds integer check (drain_seconds >= 0),
  add column rest_by text check (rest_by in ('stop', 'suspend')),
  add column replacements_per_day integer check (replacements_per_day >= 0);
comment on column flyahead.worker_regions.destroy_surplus is 'whether machines beyond keep_created are destroyed, one a day; null: as configured, like all below';
comment on column flyahead.worker_regions.drain_seconds is 'so long a machine that is to rest is out of Fly Proxy''s routing first; 0: it is stopped at once';
comment on column flyahead.worker_regions.rest_by is 'how machines rest: stop, or suspend where Fly can';
comment on column flyahead.worker_regions.replacements_per_day is 'so many stuck machines a day are replaced by others; 0: none';

alter table flyahead.scaling_intents
  add column because text check (because in ('stuck')),
  add column instead_of text,
  drop constraint scaling_intents_kind_check,
  add constraint scaling_intents_kind_check check (kind in ('start', 'stop', 'suspend', 'cordon', 'uncordon', 'create', 'destroy'));
comment on column flyahead.scaling_intents.because is 'stuck: the machine did not come to serve, and another takes its place';
comment on column flyahead.scaling_intents.instead_of is 'only once this machine was stopped';
create index scaling_intents_stuck on flyahead.scaling_intents (pool_id, opened_at) where because = 'stuck';

-- write_workers keeps what it did, under another name.
alter function flyahead.write_workers(text, timestamptz, jsonb) rename to write_workers_books;

create function flyahead.write_workers(p_app text, p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  perform flyahead.write_workers_books(p_app, p_now, p);
  update flyahead.workers k set phase = m.phase ->> 'name', phase_since = flyahead.instant((m.phase ->> 'since')::double precision),
    our_cordon = coalesce((m.phase ->> 'isOurs')::boolean, false)
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(flyahead.elements(o.doc -> 'machines')) as m (id text, phase jsonb)
  where k.machine_id = m.id and m.phase is not null
    and (k.phase, k.phase_since, k.our_cordon) is distinct from
      (m.phase ->> 'name', flyahead.instant((m.phase ->> 'since')::double precision), coalesce((m.phase ->> 'isOurs')::boolean, false));
end $$;

-- What a tick is told of a machine by the books.
create function flyahead.known_machine(k flyahead.workers) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', k.machine_id, 'state', k.state, 'seenAt', flyahead.epoch_ms(k.seen_at))
    || case when k.phase is null then '{}' else
      jsonb_build_object('phase', jsonb_build_object('name', k.phase, 'since', flyahead.epoch_ms(k.phase_since), 'isOurs', k.our_cordon)) end
$$;

-- Our own changes, before the intents are closed: a boot begins when it was asked for, draining when it was done.
create function flyahead.note_own_phases(p jsonb) returns void
language plpgsql
as $$
declare
  p_now constant timestamptz := flyahead.instant((p ->> 'now')::double precision);
  -- A cordon that was there before is somebody else's.
  done constant jsonb := (
    select coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'id', coalesce(o."machineId", i.machine_id), 'at', i.opened_at)), '[]')
    from jsonb_to_recordset(flyahead.elements(p -> 'outcomes')) as o ("intentId" bigint, status text, "machineId" text)
    join flyahead.scaling_intents i on i.id = o."intentId"
    where i.app = p ->> 'app' and i.closed_at is null and (o.status = 'done' or o.status = 'alreadyDone' and i.kind <> 'cordon'));
begin
  update flyahead.workers k set cordoned = true, our_cordon = true, phase = 'draining', phase_since = p_now
  from jsonb_to_recordset(done) as d (kind text, id text) where d.kind = 'cordon' and d.id = k.machine_id;

  update flyahead.workers k set cordoned = false, our_cordon = false,
    phase = case when k.phase = 'draining' then 'serving' else k.phase end,
    phase_since = case when k.phase = 'draining' then p_now else k.phase_since end
  from jsonb_to_recordset(done) as d (kind text, id text) where d.kind = 'uncordon' and d.id = k.machine_id and k.phase is not null;

  -- The state of a suspended machine is not among what close_tick_books knows.
  update flyahead.workers k set phase = case when d.kind = 'start' then 'starting' else 'stopping' end, phase_since = d.at,
    state = case when d.kind = 'suspend' then 'suspended' else k.state end,
    seen_at = case when d.kind = 'suspend' then p_now else k.seen_at end
  from jsonb_to_recordset(done) as d (kind text, id text, at timestamptz)
  where d.kind in ('start', 'stop', 'suspend') and d.id = k.machine_id and k.phase is not null;

  update flyahead.workers k set gone_at = p_now
  from jsonb_to_recordset(done) as d (kind text, id text) where d.kind = 'destroy' and d.id = k.machine_id;
end $$;

create or replace function flyahead.close_tick(p jsonb) returns void
language plpgsql
as $$
begin
  perform flyahead.require_fence(p ->> 'app', (p ->> 'fence')::bigint);
  perform flyahead.note_findings(p);
  perform flyahead.note_own_phases(p);
  perform flyahead.close_tick_books(p);

  update flyahead.workers k set phase = 'creating', phase_since = i.opened_at
  from jsonb_to_recordset(flyahead.elements(p -> 'outcomes')) as o ("intentId" bigint, status text)
  join flyahead.scaling_intents i on i.id = o."intentId" and i.kind = 'create' and i.app = p ->> 'app'
  where o.status in ('done', 'alreadyDone') and k.machine_id = i.machine_id and k.phase is null;
end $$;

-- As in 0030, with why and in whose place.
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
      insert into flyahead.scaling_intents (history_id, pool_id, app, ordinal, kind, machine_id, machine_name, template_id, because, instead_of, opened_at)
      select h.id, o.pool_id, p_app, (a.n - 1)::integer, a.action ->> 'kind', a.action ->> 'machineId', a.action ->> 'machineName',
        a.action ->> 'templateId', a.action ->> 'because', a.action ->> 'insteadOf', p_now
      from flyahead.pools_of(p) o
      join flyahead.autoscaling_history h on h.pool_id = o.pool_id and h.tick_id = new_tick
      cross join jsonb_array_elements(o.doc -> 'actions') with ordinality as a (action, n)
      returning id, pool_id, ordinal
    )
    select opened.id, p_app, w.region, w.process_group, opened.ordinal
    from opened join flyahead.worker_regions w on w.id = opened.pool_id;
end $$;

-- As in 0036, with the stuck machines that were replaced.
create or replace function flyahead.tally_of(p_pool_id integer, p_now timestamptz) returns jsonb
language sql stable
as $$
  select jsonb_build_object(
    'changesToday', (
      select count(*) filter (where h.kind <> h.before)
      from (
        select kind, lag(kind) over (order by slot, attempt) as before from flyahead.autoscaling_history
        where pool_id = p_pool_id and kind <> 'hold' and mode = 'act' and slot > p_now - interval '24 hours'
      ) h),
    'spentMachineHours', t.machine_hours, 'spentUsd', t.usd,
    -- What is not known to have failed counts.
    'replacedToday', (
      select count(*) from flyahead.scaling_intents i
      where i.pool_id = p_pool_id and i.because = 'stuck' and i.opened_at > p_now - interval '24 hours' and i.opened_at <= p_now
        and (i.closed_at is null or i.status in ('done', 'alreadyDone'))))
  from (select) one
  left join flyahead.pool_spending s on s.pool_id = p_pool_id
  left join lateral flyahead.spent_until(s, p_now) t on s.pool_id is not null
$$;

create or replace function flyahead.policy_of(w flyahead.worker_regions) returns jsonb
language sql immutable
as $$
  select jsonb_build_object(
    'minWorkers', w.min_workers, 'maxWorkers', w.max_workers, 'requestsPerWorker', w.requests_per_worker,
    'shortShare', w.short_share, 'unservedPrice', w.unserved_price, 'leadSeconds', w.lead_seconds, 'cooldownSeconds', w.cooldown_seconds,
    'stabilisationSeconds', w.stabilisation_seconds, 'staleSeconds', w.stale_seconds, 'overrideSeconds', w.override_seconds,
    'timeZone', w.time_zone, 'pinnedMachineId', w.pinned_machine_id, 'frozenUntil', flyahead.epoch_ms(w.frozen_until),
    'staleHoldSeconds', w.stale_hold_seconds, 'staleTrustSeconds', w.stale_trust_seconds, 'floorWorkers', w.floor_workers,
    'schedule', w.schedule, 'capFactor', w.cap_factor, 'budgetMachineHours', w.budget_machine_hours, 'budgetUsd', w.budget_usd,
    'flapsPerDay', w.flaps_per_day, 'growStepWorkers', w.grow_step_workers, 'growStepShare', w.grow_step_share,
    'shrinkStepWorkers', w.shrink_step_workers, 'shrinkStepShare', w.shrink_step_share, 'lowConfidence', w.low_confidence,
    'growCooldownSeconds', w.grow_cooldown_seconds, 'shrinkBand', w.shrink_band, 'zeroAfterSeconds', w.zero_after_seconds,
    'keepCreated', w.keep_created,
    'destroySurplus', w.destroy_surplus, 'drainSeconds', w.drain_seconds, 'restBy', w.rest_by, 'replacementsPerDay', w.replacements_per_day)
$$;

-- As before, with the machines' phases.
create or replace function flyahead.recall_pools(p_app text, p_now timestamptz) returns setof jsonb
language sql stable
as $$
  select jsonb_build_object(
    'app', w.app, 'region', w.region, 'processGroup', w.process_group, 'mode', w.mode,
    'policy', flyahead.policy_of(w),
    'machines', (
      select coalesce(jsonb_agg(flyahead.known_machine(k) order by k.machine_id), '[]')
      from flyahead.workers k where k.pool_id = w.id and k.gone_at is null),
    'hot', s.hot, 'cold', s.cold, 'coldSavedAt', flyahead.epoch_ms(s.cold_saved_at),
    'override', (
      select jsonb_build_object('machineId', o.machine_id, 'seenAt', flyahead.epoch_ms(o.seen_at), 'until', flyahead.epoch_ms(o.until),
        'workers', o.workers, 'what', o.what)
      from flyahead.newest_override(w.id) o where o.until > p_now),
    'lastChangeAt', flyahead.epoch_ms(w.last_change_at),
    'tally', flyahead.tally_of(w.id, p_now),
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

-- region_status as it is by now, and what the machines are at.
do $$
begin
  execute format($view$
    create or replace view flyahead_api.region_status as
    select s.*, coalesce(p.phases, '{}') as phases, p.slowest_phase, p.slowest_since
    from (%s) s
    cross join lateral (
      select jsonb_object_agg(c.phase, c.machines) as phases,
        (array_agg(c.phase order by c.since) filter (where c.is_passing))[1] as slowest_phase,
        min(c.since) filter (where c.is_passing) as slowest_since
      from (
        select k.phase, count(*)::integer as machines, min(k.phase_since) as since,
          k.phase in ('creating', 'starting', 'warming', 'draining', 'stopping') as is_passing
        from flyahead.workers k where k.pool_id = s.pool_id and k.gone_at is null and k.phase is not null
        group by k.phase
      ) c
    ) p
  $view$, rtrim(pg_get_viewdef('flyahead_api.region_status'::regclass), ';'));
end $$;
comment on column flyahead_api.region_status.phases is 'how many machines are in each phase, like {"serving": 3, "draining": 1}; cordoned ones are out of routing by somebody else';
comment on column flyahead_api.region_status.slowest_phase is 'of the phases that pass (creating, starting, warming, draining, stopping), the one that has lasted longest';
comment on column flyahead_api.region_status.slowest_since is 'since when a machine is in it';

-- As in 0035, with them.
create or replace function flyahead.pool_status(p_apps text[], p_pool integer default null) returns setof jsonb
language sql stable
as $$
  select jsonb_build_object(
    'id', s.pool_id,
    'pool', jsonb_build_object('app', s.app, 'region', s.region, 'processGroup', s.process_group),
    'mode', s.mode,
    'machines', jsonb_build_object('started', s.started, 'stopped', s.stopped, 'other', s.other, 'failing', s.failing),
    'phases', s.phases,
    'slowest', case when s.slowest_phase is not null then jsonb_build_object('phase', s.slowest_phase, 'since', flyahead.epoch_ms(s.slowest_since)) end,
    'bounds', case when s.min_workers is not null and s.max_workers is not null then jsonb_build_object('min', s.min_workers, 'max', s.max_workers) end,
    'load', case when s.load_at is not null then jsonb_build_object('at', flyahead.epoch_ms(s.load_at), 'requests', s.load) end,
    'capacity', s.capacity,
    'nextPeak', case when s.next_peak_at is not null and s.next_peak_load is not null
      then jsonb_build_object('at', flyahead.epoch_ms(s.next_peak_at), 'load', s.next_peak_load) end,
    'lastDecision', case when s.last_decision is not null
      then jsonb_build_object('kind', s.last_decision, 'reason', s.last_reason, 'at', flyahead.epoch_ms(s.decided_at)) end,
    'overrideUntil', flyahead.epoch_ms(s.override_until),
    'frozenUntil', flyahead.epoch_ms(s.frozen_until))
  from flyahead_api.region_status s
  where s.retired_at is null and (p_apps is null or s.app = any (p_apps)) and (p_pool is null or s.pool_id = p_pool)
  order by s.app, s.process_group, s.region
$$;

revoke all on function flyahead.write_workers, flyahead.write_workers_books, flyahead.known_machine, flyahead.note_own_phases from public;
grant execute on function flyahead.write_workers, flyahead.write_workers_books, flyahead.known_machine, flyahead.note_own_phases to flyahead_service;

-- Supabase grants on new objects by default; here nobody else gets anything.
do $$
declare
  role text;
begin
  foreach role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = role) then
      execute format('revoke all on function flyahead.write_workers, flyahead.write_workers_books, flyahead.known_machine, flyahead.note_own_phases from %I', role);
    end if;
  end loop;
end $$;
