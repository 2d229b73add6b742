-- Traffic in buckets of 5 minutes, an hour and a day: the same plain tables in every storage mode, made from the samples by
-- our own SQL, because continuous aggregates exist in one edition of one extension only.
--
-- The idea: whoever changes something notes the pool and the span of time; a refresh takes the notes and makes the buckets
-- they touch anew, 5 minutes and hour from the samples, the day from its hours. So late, doubled and corrected samples
-- come out right, and a refresh costs in what is new, not in what there is.
--
-- The trap: a note must never be lost between two transactions. Notes are only ever added, never merged; a refresh deletes
-- those it sees and reads the samples in a later statement; and only one refresh runs at a time.

create table flyahead.rollup_queue (
  pool_id integer not null,
  since timestamptz not null,
  until timestamptz not null,
  check (since < until and until <= since + interval '24 hours')
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
comment on table flyahead.rollup_queue is 'spans of a pool''s time, each within one day of UTC, in which something changed and whose rollups are to be made anew';

create table flyahead.traffic_5m (
  pool_id integer not null,
  at timestamptz not null,
  minutes smallint not null,
  requests double precision not null,
  peak double precision not null,
  errors double precision,
  worst_p95_latency_ms real,
  primary key (pool_id, at)
);
comment on table flyahead.traffic_5m is 'traffic of one pool in 5 minutes; so few minutes have no quantile of their own: the busiest is it';
comment on column flyahead.traffic_5m.minutes is 'minutes that have a sample';
comment on column flyahead.traffic_5m.requests is 'requests in the measured minutes together';
comment on column flyahead.traffic_5m.peak is 'requests in the busiest minute';

-- How busy the minutes were, as a histogram that can be added to others: DDSketch (Masson, Rim, Lee, PVLDB 12, 2019) with a
-- relative error of 2 %. Bucket b holds the loads in (g^(b-1), g^b] with g = 1.02 / 0.98; 1 / ln(g) = 24.9966….
create table flyahead.traffic_1h (
  like flyahead.traffic_5m including indexes,
  p95 double precision not null,
  sketch_buckets smallint[] not null,
  sketch_counts smallint[] not null
);
comment on table flyahead.traffic_1h is 'traffic of one pool in an hour';
comment on column flyahead.traffic_1h.p95 is 'requests in a minute that 95 % of the measured minutes stay at or under; right to 2 %';
comment on column flyahead.traffic_1h.sketch_buckets is 'buckets of minute loads that occurred, ascending; hours can be added up from them';
comment on column flyahead.traffic_1h.sketch_counts is 'minutes in each of the buckets';

create table flyahead.traffic_1d (
  like flyahead.traffic_1h including indexes
);
comment on table flyahead.traffic_1d is 'traffic of one pool in a day of UTC; columns as in traffic_1h';

-- A load of nothing has no logarithm; it has a bucket of its own below all others.
create function flyahead.sketch_bucket(load double precision) returns smallint
language sql immutable parallel safe
as $$ select case when load > 1e-6 then ceil(ln(load) * 24.996665777)::smallint else (-32768)::smallint end $$;

-- The load in the middle of a bucket: no load of the bucket is further from it than 2 %.
create function flyahead.sketch_load(bucket smallint) returns double precision
language sql immutable parallel safe
as $$ select case when bucket > -32768 then 0.98 * exp(bucket / 24.996665777) else 0 end $$;

-- The start of the bucket of 5 minutes, an hour or a day of UTC that an instant lies in, whatever the session's time zone.
create function flyahead.bucket(width interval, at timestamptz) returns timestamptz
language sql immutable parallel safe
as $$ select date_bin(width, at, timestamptz '2000-01-01 00:00+00') $$;

-- The makers take pools and a span on the grid of their buckets within one day of UTC, and make every bucket in it anew. The
-- trap is to take buckets one by one: that is an index scan each. The other is that the planner cannot know how many samples a
-- span holds, guesses few, and sorts them all to group them; without sorts it hashes.

create function flyahead.roll_up_5m(pools integer[], since timestamptz, until timestamptz) returns void
language sql
set enable_sort = off
as $$
  delete from flyahead.traffic_5m k where k.pool_id = any (pools) and k.at >= since and k.at < until;

  insert into flyahead.traffic_5m (pool_id, at, minutes, requests, peak, errors, worst_p95_latency_ms)
  select s.pool_id, flyahead.bucket('5 minutes', s.at), count(*), sum(s.requests), max(s.requests), sum(s.errors), max(s.p95_latency_ms)
  from flyahead.traffic_samples s
  where s.pool_id = any (pools) and s.at >= since and s.at < until
  group by 1, 2
$$;

-- `offset 0` keeps the bucket from being computed twice.
create function flyahead.roll_up_1h(pools integer[], since timestamptz, until timestamptz) returns void
language sql
set enable_sort = off
as $$
  with minutes as (
    select s.pool_id, flyahead.bucket('1 hour', s.at) as at, flyahead.sketch_bucket(s.requests) as bucket, s.requests, s.errors, s.p95_latency_ms
    from flyahead.traffic_samples s
    where s.pool_id = any (pools) and s.at >= since and s.at < until
    offset 0
  ), bucketed as (
    select m.pool_id, m.at, m.bucket, count(*) as minutes, sum(m.requests) as requests, max(m.requests) as peak,
      sum(m.errors) as errors, max(m.p95_latency_ms) as latency
    from minutes m group by 1, 2, 3
  ), ranked as (
    select *, sum(b.minutes) over (partition by b.pool_id, b.at order by b.bucket) as up_to_here,
      sum(b.minutes) over (partition by b.pool_id, b.at) as of_all
    from bucketed b
  )
  insert into flyahead.traffic_1h (pool_id, at, minutes, requests, peak, errors, worst_p95_latency_ms, p95, sketch_buckets, sketch_counts)
  select r.pool_id, r.at, sum(r.minutes), sum(r.requests), max(r.peak), sum(r.errors), max(r.latency),
    flyahead.sketch_load(min(r.bucket) filter (where r.up_to_here >= 0.95 * r.of_all)),
    array_agg(r.bucket order by r.bucket), array_agg(r.minutes::smallint order by r.bucket)
  from ranked r group by 1, 2
  on conflict (pool_id, at) do update set minutes = excluded.minutes, requests = excluded.requests, peak = excluded.peak,
    errors = excluded.errors, worst_p95_latency_ms = excluded.worst_p95_latency_ms, p95 = excluded.p95,
    sketch_buckets = excluded.sketch_buckets, sketch_counts = excluded.sketch_counts
$$;

create function flyahead.roll_up_1d(pools integer[], day timestamptz) returns void
language sql
as $$
  with hours as (
    select h.* from flyahead.traffic_1h h
    where h.pool_id = any (pools) and h.at >= day and h.at < day + interval '24 hours'
  ), sums as (
    select h.pool_id, sum(h.minutes) as minutes, sum(h.requests) as requests, max(h.peak) as peak, sum(h.errors) as errors,
      max(h.worst_p95_latency_ms) as latency
    from hours h group by 1
  ), bucketed as (
    select h.pool_id, k.bucket, sum(k.minutes) as minutes
    from hours h, unnest(h.sketch_buckets, h.sketch_counts) as k (bucket, minutes) group by 1, 2
  ), ranked as (
    select *, sum(b.minutes) over (partition by b.pool_id order by b.bucket) as up_to_here,
      sum(b.minutes) over (partition by b.pool_id) as of_all
    from bucketed b
  ), sketches as (
    select r.pool_id, flyahead.sketch_load(min(r.bucket) filter (where r.up_to_here >= 0.95 * r.of_all)) as p95,
      array_agg(r.bucket order by r.bucket) as buckets, array_agg(r.minutes::smallint order by r.bucket) as counts
    from ranked r group by 1
  )
  insert into flyahead.traffic_1d (pool_id, at, minutes, requests, peak, errors, worst_p95_latency_ms, p95, sketch_buckets, sketch_counts)
  select s.pool_id, day, s.minutes, s.requests, s.peak, s.errors, s.latency, k.p95, k.buckets, k.counts
  from sums s join sketches k using (pool_id)
  on conflict (pool_id, at) do update set minutes = excluded.minutes, requests = excluded.requests, peak = excluded.peak,
    errors = excluded.errors, worst_p95_latency_ms = excluded.worst_p95_latency_ms, p95 = excluded.p95,
    sketch_buckets = excluded.sketch_buckets, sketch_counts = excluded.sketch_counts
$$;

-- What was stored before there were rollups.
insert into flyahead.rollup_queue (pool_id, since, until)
select s.pool_id, min(s.at), max(s.at) + interval '1 minute' from flyahead.traffic_samples s group by s.pool_id, flyahead.bucket('24 hours', s.at);

revoke all on function flyahead.sketch_bucket, flyahead.sketch_load, flyahead.bucket, flyahead.roll_up_5m, flyahead.roll_up_1h, flyahead.roll_up_1d from public;
grant execute on function flyahead.sketch_bucket, flyahead.sketch_load, flyahead.bucket to flyahead_service;
grant select on flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d to flyahead_service;
grant select, insert on flyahead.rollup_queue to flyahead_service;
