-- Ingest, twice as fast as before (0004): pools are named once, what nobody measured is not sent, and what was stored is
-- noted for the rollups.

-- Stores samples given as columns: pools once each, then a row of numbers a sample with `pool` counting into them from 1. A
-- column that nobody measured may be null altogether.
--
-- A minute is hardly ever sent twice, and an insert that allows for it costs twice as much. So the first try does not allow
-- for it; where a minute was there before, all are stored again as upserts. Both go by pool and time, or two callers with the
-- same minutes in different orders would wait for each other.
create function flyahead.record_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_pool integer[], p_at double precision[],
  p_requests double precision[], p_errors double precision[], p_p95_latency_ms real[], p_cpu real[], p_memory real[], p_disk real[],
  p_concurrency real[], p_queue_depth real[]
) returns jsonb
language plpgsql
as $$
declare
  -- By place in the caller's list: the pool's id, null where it is not known. A pool counts as known for a day after it was
  -- retired: one odd answer of Fly's must not tear a hole into its history.
  ids constant integer[] := array(
    select w.id from unnest(p_app, p_region, p_process_group) with ordinality as k (app, region, process_group, n)
    left join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (k.app, k.region, k.process_group)
      and (w.retired_at is null or w.retired_at > p_now - interval '1 day')
    order by k.n);
  oldest constant timestamptz := p_now - flyahead.setting('keep_samples')::interval;
  day record;
begin
  for day in
    with noted as (
      insert into flyahead.rollup_queue (pool_id, since, until)
      select ids[p_pool[i]], flyahead.instant(min(p_at[i])), flyahead.instant(max(p_at[i])) + interval '1 minute'
      from generate_subscripts(p_pool, 1) i
      where ids[p_pool[i]] is not null and flyahead.instant(p_at[i]) >= oldest
      group by 1, floor(p_at[i] / 86400000)
      returning since, until
    )
    select min(n.since) as first_at, max(n.until) - interval '1 minute' as last_at from noted n group by flyahead.bucket('24 hours', n.since)
  loop
    perform flyahead.ensure_sample_days(day.first_at, day.last_at);
  end loop;

  begin
    insert into flyahead.traffic_samples
      (pool_id, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth, received_at)
    select ids[p_pool[i]], flyahead.instant(p_at[i]), p_requests[i], p_errors[i], p_p95_latency_ms[i], p_cpu[i], p_memory[i], p_disk[i],
      p_concurrency[i], p_queue_depth[i], p_now
    from generate_subscripts(p_pool, 1) i
    where ids[p_pool[i]] is not null and flyahead.instant(p_at[i]) >= oldest
    order by 1, 2;
  exception when unique_violation then
    insert into flyahead.traffic_samples
      (pool_id, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth, received_at)
    select distinct on (ids[p_pool[i]], p_at[i]) ids[p_pool[i]], flyahead.instant(p_at[i]), p_requests[i], p_errors[i], p_p95_latency_ms[i],
      p_cpu[i], p_memory[i], p_disk[i], p_concurrency[i], p_queue_depth[i], p_now
    from generate_subscripts(p_pool, 1) i
    where ids[p_pool[i]] is not null and flyahead.instant(p_at[i]) >= oldest
    order by ids[p_pool[i]], p_at[i], i desc
    on conflict (pool_id, at) do update set
      requests = excluded.requests, errors = excluded.errors, p95_latency_ms = excluded.p95_latency_ms, cpu = excluded.cpu,
      memory = excluded.memory, disk = excluded.disk, concurrency = excluded.concurrency, queue_depth = excluded.queue_depth,
      received_at = excluded.received_at;
  end;
  return jsonb_build_object(
    'unknownPools', (select coalesce(jsonb_agg(k.n - 1 order by k.n), '[]') from unnest(ids) with ordinality as k (id, n) where k.id is null),
    'keptFrom', flyahead.epoch_ms(oldest));
end $$;
comment on function flyahead.record_samples is 'stores samples of known pools, the later write counts; answers the places (from 0) of unknown pools and, in ms, the instant before which samples are not kept';

-- For functions deployed before this migration, which name the pool in each row.
create or replace function flyahead.store_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_at timestamptz[], p_requests double precision[],
  p_errors double precision[], p_p95_latency_ms real[], p_cpu real[], p_memory real[], p_disk real[], p_concurrency real[], p_queue_depth real[]
) returns integer[]
language sql
as $$
  select array(select jsonb_array_elements_text(r.answer -> 'unknownPools')::integer)
  from (
    select flyahead.record_samples(p_now, p_app, p_region, p_process_group,
      array(select n::integer from generate_subscripts(p_app, 1) n), array(select flyahead.epoch_ms(t.at) from unnest(p_at) with ordinality t (at, n) order by t.n),
      p_requests, p_errors, p_p95_latency_ms, p_cpu, p_memory, p_disk, p_concurrency, p_queue_depth) as answer
  ) r
$$;

revoke all on function flyahead.record_samples from public;
grant execute on function flyahead.record_samples to flyahead_service;
