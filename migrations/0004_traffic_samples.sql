-- Traffic samples, in one of three storage modes, chosen once from what the server has and recorded in settings:
--   native       range partitions by day, made by our own SQL (every server; what Supabase's Postgres 17 gets)
--   hypertable   a TimescaleDB hypertable (Apache edition, e.g. Supabase's Postgres 15)
--   columnstore  a hypertable with compression of old chunks (TSL edition)
-- Reads and writes are the same in all three. All TimescaleDB calls go through EXECUTE, so that this file loads without it.

create function flyahead.available_storage_mode() returns text
language sql stable
as $$
  select case
    when not exists (select from pg_extension where extname = 'timescaledb') then 'native'
    when current_setting('timescaledb.license', true) = 'timescale' then 'columnstore'
    else 'hypertable'
  end
$$;

create function flyahead.storage_mode() returns text
language sql stable
as $$
  select value from flyahead.settings where name = 'storage_mode'
$$;
comment on function flyahead.storage_mode() is 'how traffic samples are stored here: native, hypertable or columnstore';

create function flyahead.create_traffic_samples(mode text) returns void
language plpgsql
as $$
declare
  timescale text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'timescaledb');
begin
  if mode not in ('native', 'hypertable', 'columnstore') then
    raise exception 'Cannot create traffic_samples: storage mode is "%", expected native, hypertable or columnstore', mode;
  end if;
  execute format($table$
    create table flyahead.traffic_samples (
      pool_id integer not null,
      at timestamptz not null,
      requests double precision not null check (requests >= 0),
      errors double precision,
      p95_latency_ms real,
      cpu real,
      memory real,
      disk real,
      concurrency real,
      queue_depth real,
      received_at timestamptz not null,
      primary key (pool_id, at)
    ) %s $table$, case when mode = 'native' then 'partition by range (at)' else '' end);
  if mode <> 'native' then
    execute format($hyper$select %I.create_hypertable('flyahead.traffic_samples', 'at', chunk_time_interval => interval '1 day')$hyper$, timescale);
  end if;
  if mode = 'columnstore' then
    execute 'alter table flyahead.traffic_samples set (timescaledb.compress, timescaledb.compress_segmentby = ''pool_id'', timescaledb.compress_orderby = ''at'')';
    execute format($policy$select %I.add_compression_policy('flyahead.traffic_samples', interval '14 days', if_not_exists => true)$policy$, timescale);
  end if;
  insert into flyahead.settings (name, value) values ('storage_mode', mode);
end $$;

select flyahead.create_traffic_samples(flyahead.available_storage_mode());

comment on table flyahead.traffic_samples is 'load of one pool in one minute; a missing row is a gap, a row with 0 a measured zero';
comment on column flyahead.traffic_samples.at is 'start of the minute';
comment on column flyahead.traffic_samples.cpu is 'share of what the machines have, 0 to 1; memory and disk likewise';

-- A partition for each day between the two times. Built beside the parent and then attached: attaching locks out neither
-- readers nor writers. Two callers at once are put in line by the advisory lock.
create function flyahead.ensure_sample_days(first_at timestamptz, last_at timestamptz) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  day timestamp;
  partition text;
begin
  if flyahead.storage_mode() <> 'native' then return; end if;
  for day in select generate_series(date_trunc('day', first_at at time zone 'UTC'), last_at at time zone 'UTC', interval '1 day') loop
    partition := 'traffic_samples_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass('flyahead.' || partition) is not null;
    perform pg_advisory_xact_lock(hashtext('flyahead.ensure_sample_days'));
    continue when to_regclass('flyahead.' || partition) is not null;
    execute format('create table flyahead.%I (like flyahead.traffic_samples including all)', partition);
    execute format('alter table flyahead.traffic_samples attach partition flyahead.%I for values from (%L) to (%L)',
      partition, day at time zone 'UTC', (day + interval '1 day') at time zone 'UTC');
  end loop;
end $$;

-- Stores samples given as columns; the row number counts from 0. Answers the rows whose pool is not known. A pool counts
-- as known for a day after it was retired: one odd answer of Fly's must not tear a hole into its history.
create function flyahead.store_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_at timestamptz[], p_requests double precision[],
  p_errors double precision[], p_p95_latency_ms real[], p_cpu real[], p_memory real[], p_disk real[], p_concurrency real[], p_queue_depth real[]
) returns integer[]
language plpgsql
as $$
declare
  unknown integer[];
begin
  select coalesce(array_agg((r.n - 1)::integer order by r.n), '{}') into unknown
  from unnest(p_app, p_region, p_process_group) with ordinality as r (app, region, process_group, n)
  where not exists (
    select from flyahead.worker_regions w
    where (w.app, w.region, w.process_group) = (r.app, r.region, r.process_group)
      and (w.retired_at is null or w.retired_at > p_now - interval '1 day'));
  if cardinality(unknown) = cardinality(p_app) then return unknown; end if;

  perform flyahead.ensure_sample_days(min(t), max(t)) from unnest(p_at) t
    group by date_trunc('day', t at time zone 'UTC');
  insert into flyahead.traffic_samples as stored
    (pool_id, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth, received_at)
  select distinct on (w.id, r.at)
    w.id, r.at, r.requests, r.errors, r.p95, r.cpu, r.memory, r.disk, r.concurrency, r.queue_depth, p_now
  from unnest(p_app, p_region, p_process_group, p_at, p_requests, p_errors, p_p95_latency_ms, p_cpu, p_memory, p_disk, p_concurrency, p_queue_depth)
    with ordinality as r (app, region, process_group, at, requests, errors, p95, cpu, memory, disk, concurrency, queue_depth, n)
  join flyahead.worker_regions w
    on (w.app, w.region, w.process_group) = (r.app, r.region, r.process_group)
      and (w.retired_at is null or w.retired_at > p_now - interval '1 day')
  order by w.id, r.at, r.n desc
  on conflict (pool_id, at) do update set
    requests = excluded.requests, errors = excluded.errors, p95_latency_ms = excluded.p95_latency_ms, cpu = excluded.cpu,
    memory = excluded.memory, disk = excluded.disk, concurrency = excluded.concurrency, queue_depth = excluded.queue_depth,
    received_at = excluded.received_at;
  return unknown;
end $$;
comment on function flyahead.store_samples is 'stores samples of known pools, the later write counts; answers the row numbers (from 0) of unknown pools';
