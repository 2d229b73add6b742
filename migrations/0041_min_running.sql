-- Fly Proxy's min_machines_running in step with the pool's minimum, where the owner wants that: on machines that are made, and on
-- stopped ones right before they are started. So it is part of those intents, and no kind of its own.

alter table flyahead.worker_regions add column keep_min_running boolean;
comment on column flyahead.worker_regions.keep_min_running is 'whether min_machines_running of machines that are started or made follows min_workers; null: as configured';

alter table flyahead.scaling_intents add column min_running integer check (min_running >= 0);
comment on column flyahead.scaling_intents.min_running is 'of a start or create: min_machines_running to be set where Fly Proxy minds it; null: it is left alone';

-- As in 0038, with the number that a start or create carries.
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
      insert into flyahead.scaling_intents (history_id, pool_id, app, ordinal, kind, machine_id, machine_name, template_id, because, instead_of, min_running, opened_at)
      select h.id, o.pool_id, p_app, (a.n - 1)::integer, a.action ->> 'kind', a.action ->> 'machineId', a.action ->> 'machineName',
        a.action ->> 'templateId', a.action ->> 'because', a.action ->> 'insteadOf', (a.action ->> 'minRunning')::integer, p_now
      from flyahead.pools_of(p) o
      join flyahead.autoscaling_history h on h.pool_id = o.pool_id and h.tick_id = new_tick
      cross join jsonb_array_elements(o.doc -> 'actions') with ordinality as a (action, n)
      returning id, pool_id, ordinal
    )
    select opened.id, p_app, w.region, w.process_group, opened.ordinal
    from opened join flyahead.worker_regions w on w.id = opened.pool_id;
end $$;

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
    'destroySurplus', w.destroy_surplus, 'drainSeconds', w.drain_seconds, 'restBy', w.rest_by, 'replacementsPerDay', w.replacements_per_day,
    'keepMinRunning', w.keep_min_running)
$$;
