-- What stood ready, from when, and how it fitted the traffic: the ground for what the views say of waste, shortage and cost.
--
-- The idea: capacity is a staircase. A tick adds a step only where something changed, so the staircase stays short and
-- outlives the history that led to it. Each hour of a pool is then laid against its samples, once, and made anew when a
-- late sample or a later tick says more of it.
--
-- The trap: between two ticks nobody looks. A machine stopped by hand counts until the tick that misses it.

-- Fly's list prices are a formula: region's factor x (rate of the CPU kind x CPUs + rate of a GB of memory), for 30 days.
create table flyahead.machine_rates (
  cpu_kind text primary key,
  usd_per_cpu double precision not null check (usd_per_cpu >= 0),
  usd_per_gb double precision not null check (usd_per_gb >= 0)
);
comment on table flyahead.machine_rates is 'Fly''s list price of a started machine for 30 days, per CPU and per GB of memory, before the region''s factor; change it when Fly does';
insert into flyahead.machine_rates values ('shared', 0.695, 5), ('performance', 21, 5);

alter table flyahead.regions add column price_factor double precision not null default 1 check (price_factor > 0);
comment on column flyahead.regions.price_factor is 'how much dearer than in iad a machine is here';
update flyahead.regions r set price_factor = f.factor
from (values ('ams', 1.0385), ('arn', 1.0385), ('bom', 1.0769), ('cdg', 1.1346), ('dfw', 1.25), ('ewr', 1), ('fra', 1.1538), ('gru', 1.6154),
  ('iad', 1), ('jnb', 1.3029), ('lax', 1.1995), ('lhr', 1.1346), ('nrt', 1.3077), ('ord', 1.25), ('sin', 1.2692), ('sjc', 1.1923),
  ('syd', 1.2692), ('yyz', 1.1154)) as f (code, factor)
where f.code = r.code;

alter table flyahead.workers
  add column cpu_kind text,
  add column cpus integer,
  add column memory_mb integer;
comment on column flyahead.workers.cpu_kind is 'the machine''s size as Fly names it: shared or performance; null: not told';

alter table flyahead.worker_regions
  add column hourly_price double precision check (hourly_price >= 0),
  add column observed_at timestamptz;
comment on column flyahead.worker_regions.hourly_price is 'US dollars that a started machine costs in an hour; null: Fly''s list price for its size and region';
comment on column flyahead.worker_regions.observed_at is 'the last tick that read the pool''s machines';

create table flyahead.capacity_steps (
  pool_id integer not null references flyahead.worker_regions (id),
  since timestamptz not null,
  workers integer not null,
  running integer not null,
  requests_per_worker double precision not null,
  min_workers integer not null,
  usd_per_hour double precision,
  primary key (pool_id, since)
);
comment on table flyahead.capacity_steps is 'what stood ready in a pool from `since` until the next step; written when a tick finds or makes a change';
comment on column flyahead.capacity_steps.workers is 'machines that served or were on their way to';
comment on column flyahead.capacity_steps.running is 'machines that cost money: those, and cordoned ones that run';
comment on column flyahead.capacity_steps.requests_per_worker is 'requests a minute that one machine carried by the policy of that time';
comment on column flyahead.capacity_steps.usd_per_hour is 'what the running ones cost together in an hour; null where the price is not known';

-- As in core/fleet.ts: serves or is on its way to serve.
create function flyahead.is_active(state text) returns boolean
language sql immutable
as $$ select state in ('created', 'creating', 'starting', 'started', 'restarting', 'updating', 'replacing') $$;

-- Adds a step to each of an app's pools whose books differ from its last one. A pool whose machines were never read has none.
create function flyahead.add_capacity_steps(p_app text, p_now timestamptz) returns void
language sql
as $$
  insert into flyahead.capacity_steps as known (pool_id, since, workers, running, requests_per_worker, min_workers, usd_per_hour)
  select b.* from (
    select w.id, p_now, count(*) filter (where flyahead.is_active(k.state) and not k.cordoned)::integer as workers,
      count(*) filter (where flyahead.is_active(k.state))::integer as running,
      (w.effective_policy ->> 'requestsPerWorker')::double precision as requests_per_worker,
      (w.effective_policy ->> 'minWorkers')::integer as min_workers,
      case when bool_and(coalesce(w.hourly_price, t.usd_per_cpu) is not null) filter (where flyahead.is_active(k.state)) is not false then
        coalesce(sum(coalesce(w.hourly_price, coalesce(r.price_factor, 1) * (t.usd_per_cpu * k.cpus + t.usd_per_gb * k.memory_mb / 1024) / 720))
          filter (where flyahead.is_active(k.state)), 0) end as usd_per_hour
    from flyahead.worker_regions w
    left join flyahead.workers k on k.pool_id = w.id and k.gone_at is null and w.retired_at is null
    left join flyahead.regions r on r.code = w.region
    left join flyahead.machine_rates t on t.cpu_kind = k.cpu_kind
    where w.app = p_app and w.observed_at is not null and w.effective_policy is not null
    group by w.id
  ) b (pool_id, since, workers, running, requests_per_worker, min_workers, usd_per_hour)
  left join lateral (
    select s.* from flyahead.capacity_steps s where s.pool_id = b.pool_id order by s.since desc limit 1
  ) last on true
  where last.pool_id is null or (last.workers, last.running, last.requests_per_worker, last.min_workers, last.usd_per_hour)
    is distinct from (b.workers, b.running, b.requests_per_worker, b.min_workers, b.usd_per_hour)
  on conflict (pool_id, since) do update set workers = excluded.workers, running = excluded.running,
    requests_per_worker = excluded.requests_per_worker, min_workers = excluded.min_workers, usd_per_hour = excluded.usd_per_hour
$$;

create table flyahead.scaling_1h (
  pool_id integer not null,
  at timestamptz not null,
  observed_minutes real not null,
  machine_minutes real not null,
  usd double precision,
  measured_minutes smallint not null,
  short_minutes smallint not null,
  unserved_requests double precision not null,
  idle_machine_minutes real not null,
  peak_need integer,
  right_intervals smallint not null,
  over_intervals smallint not null,
  under_intervals smallint not null,
  decisions smallint not null,
  grown smallint not null,
  shrunk smallint not null,
  held_back_by jsonb not null,
  flaps smallint not null,
  actions_done integer not null,
  actions_refused integer not null,
  actions_failed integer not null,
  primary key (pool_id, at)
);
comment on table flyahead.scaling_1h is 'how the capacity of a pool fitted its traffic in an hour, and what was decided and done in it';
comment on column flyahead.scaling_1h.observed_minutes is 'minutes of which it is known what stood ready';
comment on column flyahead.scaling_1h.machine_minutes is 'minutes that machines ran, all together';
comment on column flyahead.scaling_1h.measured_minutes is 'observed minutes that have a sample; the next six columns speak of them';
comment on column flyahead.scaling_1h.short_minutes is 'minutes whose requests were more than the machines carry';
comment on column flyahead.scaling_1h.unserved_requests is 'requests above what the machines carry';
comment on column flyahead.scaling_1h.idle_machine_minutes is 'machine minutes beyond the fewest that the minute and the minimum asked for';
comment on column flyahead.scaling_1h.peak_need is 'machines that the busiest minute asked for';
comment on column flyahead.scaling_1h.right_intervals is 'intervals of 5 minutes with exactly the machines that their busiest minute, and the minimum, asked for; over: more all the time; under: too few for some minute';
comment on column flyahead.scaling_1h.held_back_by is 'rules that changed a decision, and how many they changed';
comment on column flyahead.scaling_1h.flaps is 'changes that took back one of the opposite direction within the hour before';

create table flyahead.scaling_1d (like flyahead.scaling_1h including indexes);
alter table flyahead.scaling_1d
  add column peak_of_four_weeks integer,
  add column peak_of_yesterday integer;
comment on table flyahead.scaling_1d is 'scaling_1h added up over a day of UTC';
comment on column flyahead.scaling_1d.peak_of_four_weeks is 'the highest peak_need of this day and the 27 before it: what always-at-peak would have run';
comment on column flyahead.scaling_1d.peak_of_yesterday is 'peak_need of the day before';

-- The steps in force in a span, cut to it and to the last tick that looked.
create function flyahead.capacity_between(pools integer[], p_since timestamptz, p_until timestamptz)
returns table (pool_id integer, since timestamptz, until timestamptz, workers integer, running integer, requests_per_worker double precision,
  min_workers integer, usd_per_hour double precision)
language sql stable
as $$
  select s.pool_id, greatest(s.since, p_since),
    least(lead(s.since) over (partition by s.pool_id order by s.since), w.observed_at, p_until),
    s.workers, s.running, s.requests_per_worker, s.min_workers, s.usd_per_hour
  from flyahead.worker_regions w
  cross join lateral (
    (select * from flyahead.capacity_steps b where b.pool_id = w.id and b.since <= p_since order by b.since desc limit 1)
    union all
    (select * from flyahead.capacity_steps a where a.pool_id = w.id and a.since > p_since and a.since < p_until)
  ) s
  where w.id = any (pools) and w.observed_at > p_since
$$;

-- Fit and cost of the pools' hours in a span on the hour grid.
create function flyahead.fit_1h(pools integer[], p_since timestamptz, p_until timestamptz)
returns table (pool_id integer, at timestamptz, observed_minutes real, machine_minutes real, usd double precision, measured_minutes smallint,
  short_minutes smallint, unserved_requests double precision, idle_machine_minutes real, peak_need integer,
  right_intervals smallint, over_intervals smallint, under_intervals smallint)
language sql stable
as $$
  with steps as (
    select * from flyahead.capacity_between(pools, p_since, p_until) c where c.since < c.until
  ), spent as (
    select c.pool_id, h.at, sum(part.minutes) as observed, sum(c.running * part.minutes) as machine_minutes,
      case when bool_and(c.usd_per_hour is not null) then sum(c.usd_per_hour * part.minutes / 60) end as usd
    from steps c
    cross join lateral generate_series(flyahead.bucket('1 hour', c.since), c.until - interval '1 microsecond', interval '1 hour') as h (at)
    cross join lateral (
      select extract(epoch from least(c.until, h.at + interval '1 hour') - greatest(c.since, h.at)) / 60 as minutes
    ) part
    group by 1, 2
  ), minutes as (
    select s.pool_id, flyahead.bucket('5 minutes', s.at) as at, c.workers, c.min_workers,
      ceil(s.requests / c.requests_per_worker)::integer as need,
      greatest(0, s.requests - c.workers * c.requests_per_worker) as unserved
    from steps c
    join flyahead.traffic_samples s on s.pool_id = c.pool_id and s.at >= c.since and s.at < c.until
    where s.pool_id = any (pools) and s.at >= p_since and s.at < p_until
  ), intervals as (
    select m.pool_id, m.at, count(*) as measured, count(*) filter (where m.unserved > 0) as short, sum(m.unserved) as unserved,
      sum(greatest(0, m.workers - greatest(m.need, m.min_workers))) as idle, max(m.need) as need,
      bool_or(m.unserved > 0) as under, min(m.workers) > max(greatest(m.need, m.min_workers)) as over
    from minutes m group by 1, 2
  ), fit as (
    select i.pool_id, flyahead.bucket('1 hour', i.at) as at, sum(i.measured) as measured, sum(i.short) as short, sum(i.unserved) as unserved,
      sum(i.idle) as idle, max(i.need) as need, count(*) filter (where not i.under and not i.over) as right_ones,
      count(*) filter (where i.over) as over_ones, count(*) filter (where i.under) as under_ones
    from intervals i group by 1, 2
  )
  select p.pool_id, p.at, p.observed, p.machine_minutes, p.usd, coalesce(f.measured, 0), coalesce(f.short, 0), coalesce(f.unserved, 0),
    coalesce(f.idle, 0), f.need, coalesce(f.right_ones, 0), coalesce(f.over_ones, 0), coalesce(f.under_ones, 0)
  from spent p left join fit f using (pool_id, at)
$$;

-- What was decided and done in the pools' hours.
create function flyahead.decided_1h(pools integer[], p_since timestamptz, p_until timestamptz)
returns table (pool_id integer, at timestamptz, decisions smallint, grown smallint, shrunk smallint, held_back_by jsonb, flaps smallint,
  actions_done integer, actions_refused integer, actions_failed integer)
language sql stable
as $$
  with decided as (
    select h.id, h.pool_id, h.slot, flyahead.bucket('1 hour', h.slot) as at, h.kind, h.constraints
    from flyahead.autoscaling_history h where h.pool_id = any (pools) and h.slot >= p_since and h.slot < p_until
  ), counted as (
    select d.pool_id, d.at, count(*) as decisions, count(*) filter (where d.kind = 'grow') as grown, count(*) filter (where d.kind = 'shrink') as shrunk,
      count(*) filter (where d.kind <> 'hold' and before.kind is not null and before.kind <> d.kind) as flaps,
      coalesce(sum(a.done), 0) as done, coalesce(sum(a.refused), 0) as refused, coalesce(sum(a.failed), 0) as failed
    from decided d
    left join lateral (
      select b.kind from flyahead.autoscaling_history b
      where d.kind <> 'hold' and b.pool_id = d.pool_id and b.slot < d.slot and b.slot >= d.slot - interval '1 hour' and b.kind <> 'hold'
      order by b.slot desc, b.attempt desc limit 1
    ) before on true
    left join lateral (
      select count(*) filter (where i.status in ('done', 'alreadyDone')) as done, count(*) filter (where i.status = 'refused') as refused,
        count(*) filter (where i.status = 'failed') as failed
      from flyahead.scaling_intents i where i.history_id = d.id
    ) a on true
    group by 1, 2
  ), held as (
    select n.pool_id, n.at, jsonb_object_agg(n.rule, n.times) as held_back_by
    from (select d.pool_id, d.at, k.rule, count(*) as times from decided d, unnest(d.constraints) as k (rule) group by 1, 2, 3) n
    group by 1, 2
  )
  select c.pool_id, c.at, c.decisions, c.grown, c.shrunk, coalesce(h.held_back_by, '{}'), c.flaps, c.done, c.refused, c.failed
  from counted c left join held h using (pool_id, at)
$$;

create function flyahead.roll_up_scaling(pools integer[], since timestamptz, until timestamptz) returns void
language sql
as $$
  delete from flyahead.scaling_1h k where k.pool_id = any (pools) and k.at >= since and k.at < until;

  insert into flyahead.scaling_1h
  select pool_id, at, coalesce(f.observed_minutes, 0), coalesce(f.machine_minutes, 0), f.usd, coalesce(f.measured_minutes, 0), coalesce(f.short_minutes, 0),
    coalesce(f.unserved_requests, 0), coalesce(f.idle_machine_minutes, 0), f.peak_need, coalesce(f.right_intervals, 0), coalesce(f.over_intervals, 0),
    coalesce(f.under_intervals, 0), coalesce(d.decisions, 0), coalesce(d.grown, 0), coalesce(d.shrunk, 0), coalesce(d.held_back_by, '{}'),
    coalesce(d.flaps, 0), coalesce(d.actions_done, 0), coalesce(d.actions_refused, 0), coalesce(d.actions_failed, 0)
  from flyahead.fit_1h(pools, since, until) f full join flyahead.decided_1h(pools, since, until) d using (pool_id, at)
$$;

create function flyahead.roll_up_scaling_day(pools integer[], day timestamptz) returns void
language sql
as $$
  delete from flyahead.scaling_1d k where k.pool_id = any (pools) and k.at = day;

  with hours as (
    select * from flyahead.scaling_1h h where h.pool_id = any (pools) and h.at >= day and h.at < day + interval '24 hours'
  ), held as (
    select n.pool_id, jsonb_object_agg(n.rule, n.times) as held_back_by
    from (select h.pool_id, k.key as rule, sum(k.value::integer) as times from hours h, jsonb_each_text(h.held_back_by) k group by 1, 2) n
    group by 1
  )
  insert into flyahead.scaling_1d (pool_id, at, observed_minutes, machine_minutes, usd, measured_minutes, short_minutes, unserved_requests,
    idle_machine_minutes, peak_need, right_intervals, over_intervals, under_intervals, decisions, grown, shrunk, held_back_by, flaps,
    actions_done, actions_refused, actions_failed)
  select h.pool_id, day, sum(h.observed_minutes), sum(h.machine_minutes), case when bool_and(h.usd is not null or h.machine_minutes = 0) then sum(h.usd) end,
    sum(h.measured_minutes), sum(h.short_minutes), sum(h.unserved_requests), sum(h.idle_machine_minutes), max(h.peak_need),
    sum(h.right_intervals), sum(h.over_intervals), sum(h.under_intervals), sum(h.decisions), sum(h.grown), sum(h.shrunk),
    coalesce((select k.held_back_by from held k where k.pool_id = h.pool_id), '{}'), sum(h.flaps),
    sum(h.actions_done), sum(h.actions_refused), sum(h.actions_failed)
  from hours h group by 1, 2;

  -- A day is looked back on by the four weeks after it; mostly there are none yet.
  update flyahead.scaling_1d d set
    peak_of_four_weeks = (select max(b.peak_need) from flyahead.scaling_1d b where b.pool_id = d.pool_id and b.at > d.at - interval '672 hours' and b.at <= d.at),
    peak_of_yesterday = (select b.peak_need from flyahead.scaling_1d b where b.pool_id = d.pool_id and b.at = d.at - interval '24 hours')
  where d.pool_id = any (pools) and d.at >= day and d.at < day + interval '672 hours'
$$;

-- The staircase of before, from the history: machines as each tick found them, by today's policy.
insert into flyahead.capacity_steps (pool_id, since, workers, running, requests_per_worker, min_workers)
select f.pool_id, f.decided_at, f.from_workers, f.from_workers, (w.effective_policy ->> 'requestsPerWorker')::double precision,
  (w.effective_policy ->> 'minWorkers')::integer
from (
  select h.pool_id, h.decided_at, h.from_workers, lag(h.from_workers) over (partition by h.pool_id order by h.decided_at, h.id) as before
  from flyahead.autoscaling_history h
) f
join flyahead.worker_regions w on w.id = f.pool_id
where f.from_workers is distinct from f.before and w.effective_policy is not null
on conflict (pool_id, since) do update set workers = excluded.workers, running = excluded.running;

update flyahead.worker_regions w set observed_at = h.decided_at
from (select pool_id, max(decided_at) as decided_at from flyahead.autoscaling_history group by 1) h where h.pool_id = w.id;

insert into flyahead.rollup_queue (pool_id, since, until)
select h.pool_id, min(h.slot), max(h.slot) + interval '1 minute' from flyahead.autoscaling_history h group by h.pool_id, flyahead.bucket('24 hours', h.slot);

revoke all on function flyahead.is_active, flyahead.add_capacity_steps, flyahead.capacity_between, flyahead.fit_1h, flyahead.decided_1h,
  flyahead.roll_up_scaling, flyahead.roll_up_scaling_day from public;
grant execute on function flyahead.is_active, flyahead.add_capacity_steps to flyahead_service;
grant select on flyahead.machine_rates, flyahead.scaling_1h, flyahead.scaling_1d to flyahead_service;
grant select, insert, update on flyahead.capacity_steps to flyahead_service;
