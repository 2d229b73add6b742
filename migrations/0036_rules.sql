-- The rules that narrow a decision: a pool's own values for each, and what the books count for those that look back.
--
-- The idea: what was spent is carried from capacity step to capacity step, so that asking costs the same on the last day of a month
-- as on the first. The trap is the turn of the month (UTC, as bills are): what was carried belongs to the old one.

alter table flyahead.worker_regions
  add column stale_hold_seconds integer check (stale_hold_seconds >= 0),
  add column stale_trust_seconds integer check (stale_trust_seconds >= 0),
  add column floor_workers integer check (floor_workers >= 0),
  add column schedule text,
  add column cap_factor double precision check (cap_factor >= 0),
  add column budget_machine_hours double precision check (budget_machine_hours >= 0),
  add column budget_usd double precision check (budget_usd >= 0),
  add column flaps_per_day integer check (flaps_per_day >= 0),
  add column grow_step_workers integer check (grow_step_workers >= 0),
  add column grow_step_share double precision check (grow_step_share >= 0),
  add column shrink_step_workers integer check (shrink_step_workers >= 0),
  add column shrink_step_share double precision check (shrink_step_share between 0 and 1),
  add column low_confidence double precision check (low_confidence between 0 and 1),
  add column grow_cooldown_seconds integer check (grow_cooldown_seconds >= 0),
  add column shrink_band double precision check (shrink_band between 0 and 1),
  add column zero_after_seconds integer check (zero_after_seconds >= 0),
  add column keep_created integer check (keep_created >= 0);
comment on column flyahead.worker_regions.stale_hold_seconds is 'once samples are stale, nothing is changed for so long; null: as configured, like all below';
comment on column flyahead.worker_regions.stale_trust_seconds is 'so long after the newest sample the forecast may still raise the pool';
comment on column flyahead.worker_regions.floor_workers is 'what the pool is raised to without believable data';
comment on column flyahead.worker_regions.schedule is 'floors and ceilings by local time, like mon-fri 08:00-18:00 min 4; daily 22:00-06:00 max 2; empty: none';
comment on column flyahead.worker_regions.cap_factor is 'growth ends at so many times what the median minute of the past week needs; 0: no cap';
comment on column flyahead.worker_regions.budget_machine_hours is 'machine-hours a month, by UTC; 0: no budget';
comment on column flyahead.worker_regions.budget_usd is 'US dollars a month, by UTC; 0: no budget';
comment on column flyahead.worker_regions.flaps_per_day is 'after so many changes of direction within 24 hours the pool only grows; 0: as many as it likes';
comment on column flyahead.worker_regions.grow_step_workers is 'most machines to add at a time, or by grow_step_share, the greater; both 0: no steps';
comment on column flyahead.worker_regions.grow_step_share is '0 to 1 and above, of the machines there are';
comment on column flyahead.worker_regions.shrink_step_workers is 'most machines to take at a time, or by shrink_step_share, the greater; both 0: no steps';
comment on column flyahead.worker_regions.shrink_step_share is '0 to 1, of the machines there are';
comment on column flyahead.worker_regions.low_confidence is '0 to 1: below this confidence of the forecast one machine at a time; 0: any will do';
comment on column flyahead.worker_regions.grow_cooldown_seconds is 'after a change, so long nothing is grown that is not urgent';
comment on column flyahead.worker_regions.shrink_band is '0 to 1: a shrinkage by a smaller share is not worth it';
comment on column flyahead.worker_regions.zero_after_seconds is 'with min_workers 0, the last machine stays until so long after the last request';
comment on column flyahead.worker_regions.keep_created is 'so many machines stay created, running or stopped';

-- Its form; what the form does not tell (a min above a max) is for the tick, which goes by the configured schedule then.
create function flyahead.check_schedule() returns trigger
language plpgsql
as $$
declare
  day constant text := '(mon|tue|wed|thu|fri|sat|sun)';
  days constant text := format('(daily|%1$s(-%1$s)?(,%1$s(-%1$s)?)*)', day);
  entry constant text := days || '\s+\d{1,2}:[0-5]\d-\d{1,2}:[0-5]\d(\s+(min|max)\s+\d{1,5}){1,2}';
  part text;
begin
  foreach part in array regexp_split_to_array(new.schedule, '[;\n]') loop
    if btrim(part) <> '' and btrim(part) !~* ('^' || entry || '$') then
      raise exception 'Cannot set schedule of pool %/%@%: "%" cannot be read', new.app, new.process_group, new.region, btrim(part)
        using errcode = 'check_violation', hint = 'Write entries like "mon-fri 08:00-18:00 min 4", separated by ";".';
    end if;
  end loop;
  return new;
end $$;

create trigger worker_regions_schedule before insert or update of schedule on flyahead.worker_regions
  for each row when (new.schedule is not null) execute function flyahead.check_schedule();

-- What cannot be undone is planned for now, and refused when it is to be done.
alter table flyahead.scaling_intents
  drop constraint scaling_intents_kind_check,
  add constraint scaling_intents_kind_check check (kind in ('start', 'stop', 'create', 'destroy'));

create table flyahead.pool_spending (
  pool_id integer primary key references flyahead.worker_regions (id),
  since timestamptz not null,
  running integer not null,
  usd_per_hour double precision,
  machine_hours double precision not null,
  usd double precision
);
comment on table flyahead.pool_spending is 'what the machines of a pool have run in the month of `since` up to it, and what has run from there';
comment on column flyahead.pool_spending.usd is 'null where a price of that month is not known';

-- What was spent up to `at` in the month of `at`.
create function flyahead.spent_until(s flyahead.pool_spending, at timestamptz, out machine_hours double precision, out usd double precision)
language sql immutable
as $$
  select case when s.since >= m.month then s.machine_hours else 0 end + s.running * m.hours,
    case when s.since >= m.month then s.usd else 0 end + s.usd_per_hour * m.hours
  from (
    select first.month, extract(epoch from greatest(at - greatest(s.since, first.month), interval '0')) / 3600 as hours
    from (select date_trunc('month', at, 'UTC') as month) first
  ) m
$$;

create function flyahead.carry_spending() returns trigger
language plpgsql
as $$
begin
  insert into flyahead.pool_spending as s (pool_id, since, running, usd_per_hour, machine_hours, usd)
  values (new.pool_id, new.since, new.running, new.usd_per_hour, 0, 0)
  on conflict (pool_id) do update set since = greatest(s.since, excluded.since), running = excluded.running, usd_per_hour = excluded.usd_per_hour,
    (machine_hours, usd) = (select t.machine_hours, t.usd from flyahead.spent_until(s, greatest(s.since, excluded.since)) t);
  return null;
end $$;

-- The steps of this month so far, as if they had been carried.
insert into flyahead.pool_spending (pool_id, since, running, usd_per_hour, machine_hours, usd)
select last.pool_id, last.since, last.running, last.usd_per_hour, coalesce(sum(b.running * b.hours), 0), sum(b.usd_per_hour * b.hours)
from (select distinct on (pool_id) * from flyahead.capacity_steps order by pool_id, since desc) last
cross join lateral (select date_trunc('month', last.since, 'UTC') as month) m
left join lateral (
  select s.running, s.usd_per_hour,
    extract(epoch from greatest(lead(s.since) over (order by s.since) - greatest(s.since, m.month), interval '0')) / 3600 as hours
  from flyahead.capacity_steps s where s.pool_id = last.pool_id
) b on b.hours is not null
group by last.pool_id, last.since, last.running, last.usd_per_hour;

create trigger capacity_steps_spending after insert or update on flyahead.capacity_steps
  for each row execute function flyahead.carry_spending();

create index autoscaling_history_moves on flyahead.autoscaling_history (pool_id, slot) where kind <> 'hold';

-- What the books count of a pool, for the rules that look back.
create function flyahead.tally_of(p_pool_id integer, p_now timestamptz) returns jsonb
language sql stable
as $$
  select jsonb_build_object(
    'changesToday', (
      select count(*) filter (where h.kind <> h.before)
      from (
        select kind, lag(kind) over (order by slot, attempt) as before from flyahead.autoscaling_history
        where pool_id = p_pool_id and kind <> 'hold' and mode = 'act' and slot > p_now - interval '24 hours'
      ) h),
    'spentMachineHours', t.machine_hours, 'spentUsd', t.usd)
  from (select) one
  left join flyahead.pool_spending s on s.pool_id = p_pool_id
  left join lateral flyahead.spent_until(s, p_now) t on s.pool_id is not null
$$;

create function flyahead.policy_of(w flyahead.worker_regions) returns jsonb
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
    'keepCreated', w.keep_created)
$$;

-- As before, with what tally_of counts.
create or replace function flyahead.recall_pools(p_app text, p_now timestamptz) returns setof jsonb
language sql stable
as $$
  select jsonb_build_object(
    'app', w.app, 'region', w.region, 'processGroup', w.process_group, 'mode', w.mode,
    'policy', flyahead.policy_of(w),
    'machines', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.machine_id, 'state', k.state, 'seenAt', flyahead.epoch_ms(k.seen_at)) order by k.machine_id), '[]')
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

revoke all on function flyahead.check_schedule, flyahead.spent_until, flyahead.carry_spending, flyahead.tally_of, flyahead.policy_of from public;
grant execute on function flyahead.spent_until, flyahead.tally_of, flyahead.policy_of to flyahead_service;
grant select, insert, update on flyahead.pool_spending to flyahead_service;
