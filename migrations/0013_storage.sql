-- The upkeep of the samples' days, the same in each storage mode: native partitions are made ahead, days past keep_samples are
-- dropped whole, and in mode columnstore old chunks are compressed. All of it is tried again at the next run, so nothing waits for
-- a lock for long: a reader of an old day delays that day's drop, never the writers behind it. Two traps. The drop of a
-- partition locks out all samples until the transaction ends: call keep_storage last in yours. And a TimescaleDB
-- function may only be named in an EXECUTE, or this file would not load without the extension.

-- A partition for each day between the two times, as in 0004, with one fault less. Whoever waited here while another made the day
-- still had "no such table" in its cache, which to_regclass answers from, and failed to make it again; a query of
-- pg_class sees it.
create or replace function flyahead.ensure_sample_days(first_at timestamptz, last_at timestamptz) returns void
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
    continue when exists (select from pg_class c where c.relname = partition and c.relnamespace = 'flyahead'::regnamespace);
    perform pg_advisory_xact_lock(hashtext('flyahead.ensure_sample_days'));
    continue when exists (select from pg_class c where c.relname = partition and c.relnamespace = 'flyahead'::regnamespace);
    execute format('create table flyahead.%I (like flyahead.traffic_samples including all)', partition);
    execute format('alter table flyahead.traffic_samples attach partition flyahead.%I for values from (%L) to (%L)',
      partition, day at time zone 'UTC', (day + interval '1 day') at time zone 'UTC');
  end loop;
end $$;

-- The parts that samples lie in (native: partitions, else: chunks), oldest first; `packed` is null where nothing can be compressed.
create function flyahead.sample_parts() returns table (part text, first_at timestamptz, end_at timestamptz, packed boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
begin
  if flyahead.storage_mode() = 'native' then
    return query
      select c.oid::regclass::text, bounds[1]::timestamptz, bounds[2]::timestamptz, null::boolean
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      cross join regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.*)''\) TO \(''(.*)''\)') bounds
      where i.inhparent = 'flyahead.traffic_samples'::regclass and bounds is not null
      order by 2;
  else
    -- Bit 8 of the status: rows came after the chunk was compressed; they lie beside, unpacked, until it is compressed again.
    return query execute format($parts$
      select format('%%I.%%I', c.chunk_schema, c.chunk_name), c.range_start, c.range_end,
        case when flyahead.storage_mode() = 'columnstore' then c.is_compressed and k.status & 8 = 0 end
      from %I.chunks c
      join %I.chunk k on (k.schema_name, k.table_name) = (c.chunk_schema, c.chunk_name)
      where (c.hypertable_schema, c.hypertable_name) = ('flyahead', 'traffic_samples')
      order by c.range_start $parts$, 'timescaledb_information', '_timescaledb_catalog');
  end if;
end $$;
comment on function flyahead.sample_parts is 'the partitions or chunks that traffic_samples consists of, with the time that each covers';

-- One step of upkeep in a subtransaction of its own: null when it is done, "waiting" when somebody holds the lock, else what is wrong.
create function flyahead.try_upkeep(command text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set lock_timeout = '500ms'
as $$
begin
  execute command;
  return null;
exception
  when lock_not_available then return 'waiting';
  when others then return sqlerrm;
end $$;
comment on function flyahead.try_upkeep is 'runs a command of upkeep; answers null when it worked, "waiting" when its lock was not to be had in half a second, else the error';

create function flyahead.keep_storage() returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  mode constant text := flyahead.storage_mode();
  this_time constant timestamptz := flyahead.now();
  kept_from constant timestamptz := this_time - flyahead.setting('keep_samples')::interval;
  packed_before constant timestamptz := this_time - flyahead.setting('compress_samples_after')::interval;
  timescale constant text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'timescaledb');
  made integer;
  dropped integer := 0;
  compressed integer := 0;
  waiting text[] := array[]::text[];
  failed text[] := array[]::text[];
  outcome text;
  day record;
begin
  if not pg_try_advisory_xact_lock(hashtext('flyahead.keep_storage')) then
    return jsonb_build_object('mode', mode, 'created', 0, 'dropped', 0, 'compressed', 0, 'waiting', array['another upkeep is at work'], 'failed', failed);
  end if;

  made := (select count(*) from flyahead.sample_parts());
  outcome := flyahead.try_upkeep(format('select flyahead.ensure_sample_days(%L, %L)', this_time - interval '1 day', this_time + interval '3 days'));
  if outcome = 'waiting' then waiting := waiting || 'days ahead'::text; end if;
  if outcome <> 'waiting' then failed := failed || format('days ahead: %s', outcome); end if;
  made := (select count(*) from flyahead.sample_parts()) - made;

  -- While the samples move to native partitions (docs/storage.md), the days of the two tables have to stay alike.
  if to_regclass('flyahead.storage_move') is not null then
    return jsonb_build_object('mode', mode, 'created', made, 'dropped', 0, 'compressed', 0, 'waiting', waiting || 'the move to native partitions'::text, 'failed', failed);
  end if;

  for day in select * from flyahead.sample_parts() p where not p.packed and p.end_at > kept_from and p.end_at <= packed_before order by p.first_at limit 10 loop
    outcome := flyahead.try_upkeep(format('select %I.compress_chunk(%L, if_not_compressed => true)', timescale, day.part));
    if outcome is null then compressed := compressed + 1;
    elsif outcome = 'waiting' then waiting := waiting || day.part;
    else failed := failed || format('%s: %s', day.part, outcome);
    end if;
  end loop;

  -- The first that has to wait ends the row: the next would hold up writers for half a second more, for the same reader.
  for day in select * from flyahead.sample_parts() p where p.end_at <= kept_from order by p.first_at limit 100 loop
    outcome := flyahead.try_upkeep(case when mode = 'native' then format('drop table %s', day.part)
      else format('select %I.drop_chunks(%L, older_than => %L::timestamptz, newer_than => %L::timestamptz)', timescale, 'flyahead.traffic_samples', day.end_at, day.first_at) end);
    if outcome is null then dropped := dropped + 1;
    elsif outcome = 'waiting' then waiting := waiting || day.part; exit;
    else failed := failed || format('%s: %s', day.part, outcome);
    end if;
  end loop;
  return jsonb_build_object('mode', mode, 'created', made, 'dropped', dropped, 'compressed', compressed, 'waiting', waiting, 'failed', failed);
end $$;
comment on function flyahead.keep_storage is 'makes days ahead, compresses and drops old ones as the settings say; answers how many, what has to wait for a lock (tried again next time) and what failed. At most 10 are compressed and 100 dropped in one call';

-- What people ask of the storage. The sizes of TimescaleDB come from its own functions, hence plpgsql and EXECUTE.
create function flyahead.storage_status() returns table (
  mode text, server_version text, timescale_edition text, timescale_version text, parts integer, compressed_parts integer, oldest_day date, newest_day date,
  total_bytes bigint, bytes_before_compression bigint, bytes_after_compression bigint, keep_samples interval, compress_samples_after interval)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  timescale text;
  day record;
begin
  mode := flyahead.storage_mode();
  server_version := current_setting('server_version');
  keep_samples := flyahead.setting('keep_samples')::interval;
  select n.nspname, e.extversion, current_setting('timescaledb.license', true) into timescale, timescale_version, timescale_edition
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'timescaledb';
  select count(*), count(*) filter (where p.packed) into parts, compressed_parts from flyahead.sample_parts() p;

  for day in select * from flyahead.sample_parts() p order by p.first_at loop
    if exists (select from flyahead.traffic_samples s where s.at >= day.first_at and s.at < day.end_at) then
      oldest_day := day.first_at::date;
      exit;
    end if;
  end loop;
  for day in select * from flyahead.sample_parts() p order by p.first_at desc loop
    if exists (select from flyahead.traffic_samples s where s.at >= day.first_at and s.at < day.end_at) then
      newest_day := day.first_at::date;
      exit;
    end if;
  end loop;

  if mode = 'native' then
    total_bytes := (select coalesce(sum(pg_total_relation_size(p.part::regclass)), 0) from flyahead.sample_parts() p);
  else
    execute format('select coalesce(%I.hypertable_size(%L), 0)', timescale, 'flyahead.traffic_samples') into total_bytes;
  end if;
  if mode = 'columnstore' then
    compress_samples_after := flyahead.setting('compress_samples_after')::interval;
    execute format('select before_compression_total_bytes, after_compression_total_bytes from %I.hypertable_compression_stats(%L)', timescale, 'flyahead.traffic_samples')
      into bytes_before_compression, bytes_after_compression;
  end if;
  return next;
end $$;

create view flyahead_api.storage_status as select * from flyahead.storage_status();

comment on view flyahead_api.storage_status is 'how and how much traffic is stored here; always one row';
comment on column flyahead_api.storage_status.mode is 'native: partitions by day; hypertable: TimescaleDB; columnstore: TimescaleDB with old days compressed. Chosen when it was installed';
comment on column flyahead_api.storage_status.server_version is 'version of Postgres';
comment on column flyahead_api.storage_status.timescale_edition is 'apache or timescale (the community edition, which compresses); null: no TimescaleDB';
comment on column flyahead_api.storage_status.timescale_version is 'version of TimescaleDB; null: none';
comment on column flyahead_api.storage_status.parts is 'partitions or chunks, empty ones included: a native installation makes three days ahead';
comment on column flyahead_api.storage_status.compressed_parts is 'how many of them are compressed';
comment on column flyahead_api.storage_status.oldest_day is 'the first UTC day that has a sample';
comment on column flyahead_api.storage_status.newest_day is 'the last UTC day that has a sample';
comment on column flyahead_api.storage_status.total_bytes is 'what the samples take on disk now, indexes included';
comment on column flyahead_api.storage_status.bytes_before_compression is 'what the compressed parts took before they were compressed; null: none is';
comment on column flyahead_api.storage_status.bytes_after_compression is 'what the compressed parts take now';
comment on column flyahead_api.storage_status.keep_samples is 'setting: days that are wholly older are dropped';
comment on column flyahead_api.storage_status.compress_samples_after is 'setting: days that are wholly older are compressed; null: this storage does not compress';

-- The ages are settings now, read at each run; the fixed policy that 0004 gave to mode columnstore goes.
do $$
declare
  timescale text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'timescaledb');
begin
  if flyahead.storage_mode() = 'columnstore' then
    execute format('select %I.remove_compression_policy(%L, if_exists => true)', timescale, 'flyahead.traffic_samples');
  end if;
end $$;

revoke all on function flyahead.sample_parts, flyahead.try_upkeep, flyahead.keep_storage, flyahead.storage_status from public;
grant execute on function flyahead.keep_storage to flyahead_service;
-- What the view calls is called as the one who looks.
grant execute on function flyahead.storage_status to flyahead_service, flyahead_operator;
grant select on flyahead_api.storage_status to flyahead_service, flyahead_operator;
