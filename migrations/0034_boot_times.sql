-- How long machines took from being asked for to serving: the ground for the lead time of a pool, path by path.
--
-- The trap: a tick sees states at its own times only. What it knows of a boot is a bound, and is marked as one; only Fly's
-- events measure. A bound in place of a measurement is put right when the events are read.

create table flyahead.boot_times (
  pool_id integer not null references flyahead.worker_regions (id),
  machine_id text not null,
  path text not null check (path in ('start', 'resume', 'create')),
  asked_at timestamptz not null,
  serving_at timestamptz not null,
  seconds double precision not null check (seconds >= 0 and seconds < 'infinity'),
  evidence text not null check (evidence in ('event', 'atMost', 'atLeast')),
  primary key (pool_id, asked_at, machine_id)
);
-- The newest of a kind are read at each tick, from the index alone.
create index boot_times_recent on flyahead.boot_times (pool_id, path, evidence, asked_at desc, machine_id) include (seconds);
comment on table flyahead.boot_times is 'how long a machine took from being asked for to serving; one row a boot';
comment on column flyahead.boot_times.path is 'start: it was stopped; resume: it was suspended; create: it was made';
comment on column flyahead.boot_times.asked_at is 'when it was asked to serve, by Fly''s account where there is one';
comment on column flyahead.boot_times.serving_at is 'when it was first known to serve';
comment on column flyahead.boot_times.seconds is 'from asking to serving, or the bound that evidence says';
comment on column flyahead.boot_times.evidence is 'event: Fly''s events measured it; atMost, atLeast: ticks saw it, and this is all that they know';

insert into flyahead.settings (name, value) values ('keep_boots', '90 days') on conflict (name) do nothing;

-- The smaller the better.
create function flyahead.boot_rank(evidence text) returns integer
language sql immutable
as $$ select array_position(array['event', 'atMost', 'atLeast'], evidence) $$;

-- Writes the boots that a tick found. A boot told again stays as it was, unless the evidence is better now.
create function flyahead.note_boots(p jsonb) returns void
language sql
as $$
  insert into flyahead.boot_times as known (pool_id, machine_id, path, asked_at, serving_at, seconds, evidence)
  select distinct on (o.pool_id, b."askedAt", b."machineId")
    o.pool_id, b."machineId", b.path, flyahead.instant(b."askedAt"), flyahead.instant(b."servingAt"), b.seconds, b.evidence
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(flyahead.elements(o.doc -> 'boots'))
    as b ("machineId" text, path text, "askedAt" double precision, "servingAt" double precision, seconds double precision, evidence text)
  where b.seconds >= 0
  order by o.pool_id, b."askedAt", b."machineId", flyahead.boot_rank(b.evidence)
  on conflict (pool_id, asked_at, machine_id) do update
    set path = excluded.path, serving_at = excluded.serving_at, seconds = excluded.seconds, evidence = excluded.evidence
    where flyahead.boot_rank(excluded.evidence) < flyahead.boot_rank(known.evidence)
$$;

-- As in 0019, and the boots of the machines.
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

  perform flyahead.note_boots(p);
end $$;

-- The last 200 of each kind, none older than 30 days: an image that boots slower shows within days. It runs as its owner, for
-- a view that people read.
create function flyahead.boot_stats(p_pool_id integer, p_now timestamptz)
returns table (path text, evidence text, boots integer, p50 double precision, p95 double precision, p99 double precision, newest_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.path, s.evidence, s.boots, round(s.q[1]::numeric, 3)::double precision, round(s.q[2]::numeric, 3)::double precision,
    round(s.q[3]::numeric, 3)::double precision, s.newest_at
  from (
    select r.path, r.evidence, count(*)::integer as boots, percentile_cont(array[0.5, 0.95, 0.99]) within group (order by r.seconds) as q,
      max(r.asked_at) as newest_at
    from unnest(array['start', 'resume', 'create']) k (path)
    cross join unnest(array['event', 'atMost', 'atLeast']) e (evidence)
    cross join lateral (
      select b.path, b.evidence, b.asked_at, b.seconds
      from flyahead.boot_times b
      where b.pool_id = p_pool_id and b.path = k.path and b.evidence = e.evidence
        and b.asked_at > p_now - interval '30 days' and b.asked_at <= p_now
      order by b.asked_at desc, b.machine_id
      limit 200
    ) r
    group by r.path, r.evidence
  ) s
$$;
comment on function flyahead.boot_stats is 'how long a pool''s boots took of late, per path and evidence, in seconds';

-- Read beside recall_pools, in the same round trip.
create function flyahead.recall_boots(p_app text, p_now timestamptz)
returns table (region text, process_group text, looked_at double precision, boots jsonb)
language sql stable
as $$
  select w.region, w.process_group, flyahead.epoch_ms(w.observed_at),
    coalesce(jsonb_agg(jsonb_build_object('path', s.path, 'evidence', s.evidence, 'count', s.boots, 'p50', s.p50, 'p95', s.p95, 'p99', s.p99)
      order by s.path, s.evidence) filter (where s.path is not null), '[]')
  from flyahead.worker_regions w
  left join lateral flyahead.boot_stats(w.id, p_now) s on true
  where w.app = p_app
  group by w.id
$$;

create view flyahead_api.boot_times as
select w.app, w.region, w.process_group, s.path, s.evidence, s.boots, s.p50 as p50_seconds, s.p95 as p95_seconds, s.p99 as p99_seconds,
  s.newest_at
from flyahead.worker_regions w
cross join lateral flyahead.boot_stats(w.id, flyahead.now()) s;

comment on view flyahead_api.boot_times is 'how long machines took from being asked for to serving: the last 200 boots of each pool, path and evidence, none older than 30 days';
comment on column flyahead_api.boot_times.app is 'Fly app';
comment on column flyahead_api.boot_times.region is 'Fly region';
comment on column flyahead_api.boot_times.process_group is 'Fly process group';
comment on column flyahead_api.boot_times.path is 'start: the machine was stopped; resume: it was suspended; create: it was made';
comment on column flyahead_api.boot_times.evidence is 'event: measured by Fly''s events; atMost: ticks a minute apart saw it, it took no longer than that; atLeast: a tick saw it half-way, it took longer than that';
comment on column flyahead_api.boot_times.boots is 'boots that the other columns speak of';
comment on column flyahead_api.boot_times.p50_seconds is 'half of them took no longer';
comment on column flyahead_api.boot_times.p95_seconds is '95 % of them took no longer; with evidence event and from 20 boots up, what a decision plans with';
comment on column flyahead_api.boot_times.p99_seconds is 'a boot that takes twice as long as this counts as stuck';
comment on column flyahead_api.boot_times.newest_at is 'when the newest of them was asked for';

create function flyahead.prune_boots(p_now timestamptz) returns integer
language plpgsql
as $$
declare
  gone integer;
begin
  delete from flyahead.boot_times where asked_at < p_now - flyahead.setting('keep_boots')::interval;
  get diagnostics gone = row_count;
  return gone;
end $$;

-- As in 0027, and the boots.
create or replace function flyahead.maintain() returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := flyahead.now();
  step text;
  answer jsonb;
  done jsonb := jsonb_build_object();
begin
  if not pg_try_advisory_xact_lock(hashtext('flyahead.maintain')) then return jsonb_build_object('busy', true); end if;
  foreach step in array array['prune_history($1)', 'prune_predictions($1)', 'prune_rollups($1)', 'prune_boots($1)', 'prune_schedule()', 'keep_storage()'] loop
    begin
      execute format('select to_jsonb(flyahead.%s)', step) into answer using at;
      done := done || jsonb_build_object(split_part(step, '(', 1), answer);
    exception when others then
      raise warning 'upkeep: % failed: %', step, sqlerrm;
      done := done || jsonb_build_object(split_part(step, '(', 1), jsonb_build_object('failed', sqlerrm));
    end;
  end loop;
  return done;
end $$;

revoke all on function flyahead.boot_rank, flyahead.note_boots, flyahead.boot_stats, flyahead.recall_boots, flyahead.prune_boots from public;
grant select, insert, update on flyahead.boot_times to flyahead_service;
grant execute on function flyahead.boot_rank, flyahead.note_boots, flyahead.boot_stats, flyahead.recall_boots to flyahead_service;
grant execute on function flyahead.boot_stats to flyahead_operator;
grant select on flyahead_api.boot_times to flyahead_service, flyahead_operator;
