-- History of before flyahead: minutes from a file (npm run import-history) or from another table (flyahead.import_traffic). Both
-- put their rows, as they were found, into a temporary table of type import_row; what follows is the same: what cannot be
-- taken is refused and counted, pools are looked up, and day by day the rows become minutes. The later import counts, so the same
-- one again changes nothing.
--
-- The trap is age. Samples older than keep_samples go at the next upkeep, and what stays of them are their rollups. So a day's
-- samples and its rollups are one transaction, which upkeep waits for; and an hour whose samples have gone takes no new
-- ones, for its rollups would be made anew from those alone.

create type flyahead.import_row as (
  line bigint,
  app text,
  region text,
  process_group text,
  at timestamptz,
  requests double precision,
  errors double precision,
  p95_latency_ms double precision,
  cpu double precision,
  memory double precision,
  disk double precision,
  concurrency double precision,
  queue_depth double precision
);
comment on type flyahead.import_row is 'one row of history as it was found: load of a pool in the bin that starts at `at`; line is where it stood, the higher one counts';

-- Takes rows out that nobody could take, and answers them by reason. What ingest refuses is refused here, by the same limits.
create function flyahead.refuse_import_rows(p_rows regclass) returns table (reason text, times bigint, lines bigint[])
language plpgsql
as $$
declare
  this_time constant timestamptz := flyahead.now();
  fault constant text := $fault$
    case
      when s.app is null or s.app !~ '^[A-Za-z0-9_-]{1,63}$' then 'app is missing or no name of an app'
      when s.region is null or s.region !~ '^[A-Za-z0-9_-]{1,16}$' then 'region is missing or no name of a region'
      when s.process_group is null or s.process_group !~ '^[A-Za-z0-9_-]{1,63}$' then 'process_group is no name of a process group'
      when s.at is null then 'at is missing'
      when s.at > $1 + interval '2 minutes' then 'at is in the future; is its unit right?'
      when s.at < $1 - interval '10 years' then 'at is more than 10 years ago; is its unit right?'
      when s.requests is null then 'requests is missing; leave out what was not measured'
      when not s.requests between 0 and 1e12 then 'requests is not between 0 and 1e12'
      when not s.errors between 0 and 1e12 then 'errors is not between 0 and 1e12'
      when not s.p95_latency_ms between 0 and 1e12 then 'p95_latency_ms is not between 0 and 1e12'
      when not s.cpu between 0 and 1 then 'cpu is no share between 0 and 1'
      when not s.memory between 0 and 1 then 'memory is no share between 0 and 1'
      when not s.disk between 0 and 1 then 'disk is no share between 0 and 1'
      when not s.concurrency between 0 and 1e12 then 'concurrency is not between 0 and 1e12'
      when not s.queue_depth between 0 and 1e12 then 'queue_depth is not between 0 and 1e12'
    end $fault$;
begin
  return query execute format($refuse$
    with refused as (
      delete from %1$s s where %2$s is not null returning s.line, %2$s as reason
    )
    select r.reason, count(*), (array_agg(r.line order by r.line))[1:10] from refused r group by 1 order by 2 desc, 1
  $refuse$, p_rows, fault) using this_time;
end $$;
comment on function flyahead.refuse_import_rows is 'takes out of a table of import_row what nobody could take; answers how many, why, and the first ten lines of each reason';

-- The pools that the rows speak of. One that nobody knows is made where that is asked for, in mode advise as any new pool; else its rows
-- are taken out. A retired pool takes history like any other.
create function flyahead.match_import_pools(p_rows regclass, p_create_pools boolean, p_dry_run boolean)
returns table (app text, region text, process_group text, known boolean, times bigint, lines bigint[])
language plpgsql
as $$
begin
  return query execute format($match$
    select s.app, s.region, s.process_group, w.id is not null, count(*), (array_agg(s.line order by s.line))[1:10]
    from %s s
    left join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (s.app, s.region, s.process_group)
    group by 1, 2, 3, 4 order by 1, 2, 3
  $match$, p_rows);
  if not p_create_pools then
    execute format($refuse$
      delete from %s s where not exists (
        select from flyahead.worker_regions w where (w.app, w.region, w.process_group) = (s.app, s.region, s.process_group))
    $refuse$, p_rows);
  elsif not p_dry_run then
    execute format($make$
      insert into flyahead.worker_regions (app, region, process_group)
      select distinct s.app, s.region, s.process_group from %s s
      on conflict (app, region, process_group) do nothing
    $make$, p_rows);
  end if;
end $$;
comment on function flyahead.match_import_pools is 'the pools that a table of import_row speaks of; makes the unknown ones if asked, else takes their rows out';

-- The days of UTC that have minutes of the rows, ascending. A wide bin may reach into the next day.
create function flyahead.import_days(p_rows regclass, p_bin_seconds integer) returns setof timestamptz
language plpgsql
as $$
declare
  reach constant interval := make_interval(secs => greatest(p_bin_seconds - 60, 0));
begin
  if not (60 % p_bin_seconds = 0 or p_bin_seconds % 60 = 0) or p_bin_seconds > 86400 then
    raise exception 'Cannot import bins of % seconds: they do not fit into minutes', p_bin_seconds
      using errcode = 'invalid_parameter_value', hint = 'Give a divisor of 60, or a multiple of 60 up to a day.';
  end if;
  execute format('create index if not exists flyahead_import_rows_at on %s (at)', p_rows);
  execute format('analyze %s', p_rows);
  return query execute format($days$
    select distinct date_bin('24 hours', t.at, timestamptz '2000-01-01 00:00+00')
    from %s s cross join lateral (values (s.at), (s.at + $1)) t (at) order by 1
  $days$, p_rows) using reach;
end $$;
comment on function flyahead.import_days is 'the days of UTC that a table of import_row has minutes of; makes the index that load_import_day goes by';

-- One day of the rows becomes samples and rollups, in the transaction of the caller. Bins of less than a minute are added up;
-- wider ones are spread evenly over their minutes. From bins of a minute and more only the latest row of a minute counts.
create function flyahead.load_import_day(p_rows regclass, p_day timestamptz, p_bin_seconds integer, p_dry_run boolean)
returns table (taken bigint, replaced bigint, unchanged bigint, doubled bigint, too_old bigint, pools integer[], first_at timestamptz, last_at timestamptz)
language plpgsql
as $$
declare
  kept_from constant timestamptz := flyahead.now() - flyahead.setting('keep_samples')::interval;
  nested constant text := current_setting('enable_nestloop');
  minutes constant text := $minutes$
    with bins as (
      select s.*, date_bin('1 minute', s.at, timestamptz '2000-01-01 00:00+00') + make_interval(mins => k) as minute
      from %s s cross join generate_series(0, greatest($2 / 60, 1) - 1) k
      where s.at > $1 - make_interval(secs => $2) and s.at < $1 + interval '24 hours'
    ), parts as (
      select b.*, row_number() over (partition by b.app, b.region, b.process_group, b.minute order by b.at desc, b.line desc) as age
      from bins b where b.minute >= $1 and b.minute < $1 + interval '24 hours'
    ), minutes as (
      select p.app, p.region, p.process_group, p.minute as at,
        sum(p.requests order by p.age) / greatest($2 / 60, 1) as requests, sum(p.errors order by p.age) / greatest($2 / 60, 1) as errors,
        max(p.p95_latency_ms) as p95_latency_ms, avg(p.cpu) as cpu, avg(p.memory) as memory, avg(p.disk) as disk,
        avg(p.concurrency) as concurrency, max(p.queue_depth) as queue_depth
      from parts p where p.age = 1 or $2 < 60 group by 1, 2, 3, 4
    ), gone as (
      -- Hours of which rollups tell of more minutes than there are samples.
      select h.pool_id, h.at from flyahead.traffic_1h h
      where $1 < $3 and h.at >= $1 and h.at < $1 + interval '24 hours' and h.minutes > (
        select count(*) from flyahead.traffic_samples t where t.pool_id = h.pool_id and t.at >= h.at and t.at < h.at + interval '1 hour')
      union
      -- The same of days whose hours have gone too.
      select d.pool_id, hour from flyahead.traffic_1d d cross join generate_series($1, $1 + interval '23 hours', interval '1 hour') hour
      where $1 < $3 and d.at = $1 and d.minutes > (
        select coalesce(sum(h.minutes), 0) from flyahead.traffic_1h h where h.pool_id = d.pool_id and h.at >= $1 and h.at < $1 + interval '24 hours')
    ), found as (
      select w.id as pool_id, m.at, m.requests, m.errors, flyahead.single(m.p95_latency_ms) as p95_latency_ms, flyahead.single(m.cpu) as cpu,
        flyahead.single(m.memory) as memory, flyahead.single(m.disk) as disk, flyahead.single(m.concurrency) as concurrency,
        flyahead.single(m.queue_depth) as queue_depth, g.pool_id is not null as is_gone
      from minutes m
      left join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (m.app, m.region, m.process_group)
      left join gone g on g.pool_id = w.id and g.at = date_bin('1 hour', m.at, timestamptz '2000-01-01 00:00+00')
    ), compared as (
      select f.*, t.pool_id is not null as is_stored,
        (f.requests, f.errors, f.p95_latency_ms, f.cpu, f.memory, f.disk, f.concurrency, f.queue_depth) is not distinct from
          (t.requests, t.errors, t.p95_latency_ms, t.cpu, t.memory, t.disk, t.concurrency, t.queue_depth) as is_same
      from found f
      left join flyahead.traffic_samples t
        on t.pool_id = f.pool_id and t.at = f.at and t.at >= $1 and t.at < $1 + interval '24 hours'
    ) $minutes$;
  writes constant text := $writes$
    , written as (
      insert into flyahead.traffic_samples as stored
        (pool_id, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth, received_at)
      select c.pool_id, c.at, c.requests, c.errors, c.p95_latency_ms, c.cpu, c.memory, c.disk, c.concurrency, c.queue_depth, $4
      from compared c where not c.is_gone and not (c.is_stored and c.is_same)
      order by c.pool_id, c.at
      on conflict (pool_id, at) do update set
        requests = excluded.requests, errors = excluded.errors, p95_latency_ms = excluded.p95_latency_ms, cpu = excluded.cpu,
        memory = excluded.memory, disk = excluded.disk, concurrency = excluded.concurrency, queue_depth = excluded.queue_depth,
        received_at = excluded.received_at
      returning stored.pool_id, stored.at
    ), noted as (
      insert into flyahead.rollup_queue (pool_id, since, until)
      select n.pool_id, min(n.at), max(n.at) + interval '1 minute' from written n group by 1
    ), forgotten as (
      -- What a forecaster learned without these minutes is to be learned anew. With the day, not at the end: an import may be killed.
      delete from flyahead.forecast_state f where f.pool_id in (select n.pool_id from written n)
    ) $writes$;
  counts constant text := $counts$
    select count(*) filter (where not c.is_gone), count(*) filter (where not c.is_gone and c.is_stored and not c.is_same),
      count(*) filter (where not c.is_gone and c.is_stored and c.is_same),
      (select count(*) from parts p where p.age > 1 and $2 >= 60), count(*) filter (where c.is_gone),
      array_agg(distinct c.pool_id) filter (where not c.is_gone and not (c.is_stored and c.is_same) and c.pool_id is not null),
      min(c.at) filter (where not c.is_gone), max(c.at) filter (where not c.is_gone)
    from compared c $counts$;
begin
  -- Nothing is known of how many minutes come out: an expected handful would be looked up one by one.
  perform set_config('enable_nestloop', 'off', true);
  if p_dry_run then
    return query execute format(minutes || counts, p_rows) using p_day, p_bin_seconds, kept_from, flyahead.now();
    perform set_config('enable_nestloop', nested, true);
    return;
  end if;
  -- Upkeep must not drop the day between its samples and its rollups.
  perform pg_advisory_xact_lock(hashtext('flyahead.keep_storage'));
  perform flyahead.ensure_sample_days(p_day, p_day);
  if flyahead.storage_mode() = 'columnstore' then
    -- A day of many pools is more than TimescaleDB would unpack in one transaction. Old editions have no such limit.
    perform set_config(g.name, '0', true) from pg_settings g where g.name = 'timescaledb.max_tuples_decompressed_per_dml_transaction';
  end if;
  return query execute format(minutes || writes || counts, p_rows) using p_day, p_bin_seconds, kept_from, flyahead.now();
  perform set_config('enable_nestloop', nested, true);
  perform pg_advisory_xact_lock(hashtext('flyahead.refresh_rollups'));
  while flyahead.refresh_rollups() > 0 loop null; end loop;
end $$;
comment on function flyahead.load_import_day is 'stores one UTC day of a table of import_row: minutes taken in all, of these replaced and unchanged; rows that a later one of the same minute outdid; minutes whose hour has only rollups left. It holds upkeep off until the transaction ends';

-- A column of 32 bits refuses what is too small for it; it is nothing.
create function flyahead.single(value double precision) returns real
language sql immutable parallel safe
as $$ select case when abs(value) < 1e-37 then 0 else value end::real $$;

comment on function flyahead.single is 'a number of 64 bits as one of 32; nothing where it is too small for that';

-- A tick that was already running had read the old state and may put it back: then forget again, once that tick is over.
create function flyahead.forget_forecasts(p_pools integer[]) returns text[]
language plpgsql
as $$
begin
  delete from flyahead.forecast_state f where f.pool_id = any (p_pools);
  return array(
    select distinct l.app from flyahead.app_leases l join flyahead.worker_regions w on w.app = l.app
    where w.id = any (p_pools) and l.expires_at > clock_timestamp() order by 1);
end $$;
comment on function flyahead.forget_forecasts is 'has the pools'' forecasters learn anew at the next tick; answers the apps whose tick is running, which may put back what it knew: call again when it is over';

-- How a column of a query becomes one of import_row. A time without a zone is local time, a number seconds or milliseconds
-- since the epoch: 1e11 is the year 5138 in seconds and 1973 in milliseconds.
create function flyahead.import_expression(p_name text, p_type regtype, p_time_zone text) returns text
language plpgsql stable
as $$
declare
  at_zone constant text := case when p_time_zone is null then null else format(' at time zone %L', p_time_zone) end;
begin
  if p_name in ('app', 'region', 'process_group') then return format('q.%I::text', p_name); end if;
  if p_name <> 'at' then return format('q.%I::double precision', p_name); end if;
  if p_type = 'timestamptz'::regtype then return 'q.at'; end if;
  if p_type in ('bigint'::regtype, 'integer'::regtype, 'numeric'::regtype, 'double precision'::regtype) then
    return 'to_timestamp(case when abs(q.at) >= 1e11 then q.at / 1000.0 else q.at end::double precision)';
  end if;
  if p_type in ('text'::regtype, 'varchar'::regtype) then
    return format($text$case when q.at ~ ':\d\d(\.\d+)? ?(Z|[+-]\d\d(:?\d\d)?)$' then q.at::timestamptz else %s end$text$,
      coalesce('q.at::timestamp' || at_zone, 'flyahead.no_time_zone(q.at)'));
  end if;
  if p_type in ('timestamp'::regtype, 'date'::regtype) then
    return coalesce('q.at::timestamp' || at_zone, 'flyahead.no_time_zone(q.at::text)');
  end if;
  raise exception 'Cannot import: column at is of type %, expected a time, or a number of seconds or milliseconds since the epoch', p_type
    using errcode = 'datatype_mismatch';
end $$;

comment on function flyahead.import_expression is 'the SQL that makes a column of import_row from the column of that name in a query';

create function flyahead.no_time_zone(value text) returns timestamptz
language plpgsql
as $$
begin
  if value is null then return null; end if;
  raise exception 'Cannot import: at is "%", a time without its zone', value
    using errcode = 'invalid_parameter_value', hint = 'Give p_time_zone => ''Europe/Berlin'', or whichever it is.';
end $$;

comment on function flyahead.no_time_zone is 'raises where a query has a time without its zone and nobody told the zone';

-- Puts what a query answers into the temporary table flyahead_import_rows, columns by their names.
create function flyahead.stage_import(p_query text, p_app text, p_region text, p_process_group text, p_time_zone text) returns bigint
language plpgsql
as $$
declare
  fixed constant jsonb := jsonb_build_object('app', p_app, 'region', p_region, 'process_group', coalesce(p_process_group, 'app'));
  wanted constant text[] := array(
    select a.attname from pg_attribute a where a.attrelid = 'flyahead.import_row'::regclass and a.attnum > 1 order by a.attnum);
  found text[];
  expressions text[];
  staged bigint;
begin
  drop view if exists pg_temp.flyahead_import_query;
  drop table if exists pg_temp.flyahead_import_rows;
  execute format(E'create temp view flyahead_import_query as select * from (%s\n) q', p_query);
  select array_agg(c.attname::text),
    array_agg(case when c.attname in ('app', 'region', 'process_group') then
      format('coalesce(%s, %L)', flyahead.import_expression(c.attname, c.atttypid, p_time_zone), fixed ->> c.attname)
      else flyahead.import_expression(c.attname, c.atttypid, p_time_zone) end)
    into found, expressions
  from pg_attribute c
  where c.attrelid = to_regclass('pg_temp.flyahead_import_query') and c.attnum > 0 and c.attname = any (wanted);
  if not coalesce(found @> array['at', 'requests'], false) then
    raise exception 'Cannot import: the query answers no column %', case when 'at' = any (found) then 'requests' else 'at' end
      using errcode = 'undefined_column', hint = format('Name its columns with "as": %s. at and requests must be there.', array_to_string(wanted, ', '));
  end if;
  select found || array_agg(k), expressions || array_agg(quote_nullable(fixed ->> k)) into found, expressions
  from jsonb_object_keys(fixed) k where k <> all (found);
  create temp table flyahead_import_rows of flyahead.import_row on commit drop;
  execute format('insert into pg_temp.flyahead_import_rows (line, %s) select row_number() over (), %s from pg_temp.flyahead_import_query q',
    (select string_agg(quote_ident(f), ', ' order by n) from unnest(found) with ordinality u (f, n)), array_to_string(expressions, ', '));
  get diagnostics staged = row_count;
  drop view pg_temp.flyahead_import_query;
  return staged;
end $$;

comment on function flyahead.stage_import is 'runs the query of an import into the temporary table flyahead_import_rows; answers how many rows';

create function flyahead.import_traffic(
  p_query text, p_app text default null, p_region text default null, p_process_group text default null, p_bin_seconds integer default 60,
  p_time_zone text default null, p_create_pools boolean default false, p_dry_run boolean default false
) returns table (taken bigint, replaced bigint, unchanged bigint, refused bigint, refused_by jsonb, pools text[], new_pools text[],
  first timestamptz, last timestamptz, running_ticks text[])
language plpgsql
as $$
declare
  rows constant text := 'pg_temp.flyahead_import_rows';
  doubled bigint := 0;
  too_old bigint := 0;
  touched integer[] := array[]::integer[];
  day timestamptz;
  part record;
begin
  perform flyahead.stage_import(p_query, p_app, p_region, p_process_group, p_time_zone);
  select coalesce(jsonb_object_agg(r.reason, r.times), '{}') into refused_by from flyahead.refuse_import_rows(rows::regclass) r;
  for part in select * from flyahead.match_import_pools(rows::regclass, p_create_pools, p_dry_run) loop
    if part.known or p_create_pools then
      pools := pools || format('%s/%s@%s', part.app, part.process_group, part.region);
      if not part.known then new_pools := new_pools || format('%s/%s@%s', part.app, part.process_group, part.region); end if;
    else
      refused_by := refused_by || jsonb_build_object(format('no pool %s/%s@%s: a first tick finds pools in Fly''s machine list, p_create_pools => true makes them',
        part.app, part.process_group, part.region), part.times);
    end if;
  end loop;
  taken := 0; replaced := 0; unchanged := 0;
  for day in select * from flyahead.import_days(rows::regclass, p_bin_seconds) loop
    select * into part from flyahead.load_import_day(rows::regclass, day, p_bin_seconds, p_dry_run);
    taken := taken + part.taken; replaced := replaced + part.replaced; unchanged := unchanged + part.unchanged;
    doubled := doubled + part.doubled; too_old := too_old + part.too_old;
    touched := touched || part.pools;
    first := least(first, part.first_at); last := greatest(last, part.last_at);
  end loop;
  if doubled > 0 then
    refused_by := refused_by || jsonb_build_object('another row of the same pool and minute counts; to add rows up, say p_bin_seconds => 1', doubled);
  end if;
  if too_old > 0 then
    refused_by := refused_by || jsonb_build_object('older than keep_samples, and of this hour only the rollups are left', too_old);
  end if;
  select coalesce(sum(r.value::bigint), 0) into refused from jsonb_each_text(refused_by) r;
  if not p_dry_run then running_ticks := nullif(flyahead.forget_forecasts(touched), '{}'); end if;
  drop table pg_temp.flyahead_import_rows;
  return next;
end $$;
comment on function flyahead.import_traffic is 'imports history from a query whose columns are named app, region, process_group, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth (at and requests must be there); for the owner. Answers minutes taken in all, of these replaced and unchanged, what was refused and why. See docs/import.md';

revoke all on type flyahead.import_row from public;
revoke all on function flyahead.refuse_import_rows, flyahead.match_import_pools, flyahead.import_days, flyahead.load_import_day, flyahead.single,
  flyahead.forget_forecasts, flyahead.import_expression, flyahead.no_time_zone, flyahead.stage_import, flyahead.import_traffic from public;
