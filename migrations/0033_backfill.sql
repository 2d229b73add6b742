-- Samples that were pulled from a source of metrics (Fly's Prometheus) beside those that apps send, and how far back the
-- pulling has come.
--
-- What an app sent, or a person imported, counts: it knows its own requests. What was pulled only fills the minutes that nobody
-- sent, and corrects what was pulled before. A sample counts as pulled while pulled_at equals received_at: every other
-- writer sets received_at alone, and so takes the minute over without knowing of this column.

alter table flyahead.traffic_samples add column pulled_at timestamptz;
comment on column flyahead.traffic_samples.pulled_at is 'equal to received_at where the minute was pulled from a source of metrics; else it was sent or imported';

-- Stores pulled samples, given as columns like those of record_samples (0026). Minutes that were sent stay as they are; minutes that
-- say what is stored already are not written. Answers also how many changed.
create function flyahead.record_pulled_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_pool integer[], p_at double precision[],
  p_requests double precision[], p_errors double precision[], p_p95_latency_ms real[], p_cpu real[], p_memory real[], p_disk real[],
  p_concurrency real[], p_queue_depth real[]
) returns jsonb
language plpgsql
as $$
declare
  ids constant integer[] := array(
    select w.id from unnest(p_app, p_region, p_process_group) with ordinality as k (app, region, process_group, n)
    left join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (k.app, k.region, k.process_group)
      and (w.retired_at is null or w.retired_at > p_now - interval '1 day')
    order by k.n);
  oldest constant timestamptz := p_now - flyahead.setting('keep_samples')::interval;
  -- No one sends a sample at a fraction of a millisecond: so one that is sent in the very millisecond is not taken for a pulled one.
  mark constant timestamptz := date_trunc('milliseconds', p_now) + interval '1 microsecond';
  written integer;
begin
  perform flyahead.ensure_sample_days(day.first_at, day.last_at) from (
    select flyahead.instant(min(p_at[i])) as first_at, flyahead.instant(max(p_at[i])) as last_at
    from generate_subscripts(p_pool, 1) i
    where ids[p_pool[i]] is not null and flyahead.instant(p_at[i]) >= oldest
    group by floor(p_at[i] / 86400000)
  ) day;

  with put as (
    insert into flyahead.traffic_samples as stored
      (pool_id, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth, received_at, pulled_at)
    select distinct on (ids[p_pool[i]], p_at[i]) ids[p_pool[i]], flyahead.instant(p_at[i]), p_requests[i], p_errors[i], p_p95_latency_ms[i],
      p_cpu[i], p_memory[i], p_disk[i], p_concurrency[i], p_queue_depth[i], mark, mark
    from generate_subscripts(p_pool, 1) i
    where ids[p_pool[i]] is not null and flyahead.instant(p_at[i]) >= oldest
    order by ids[p_pool[i]], p_at[i], i desc
    on conflict (pool_id, at) do update set
      requests = excluded.requests, errors = excluded.errors, p95_latency_ms = excluded.p95_latency_ms, cpu = excluded.cpu,
      memory = excluded.memory, disk = excluded.disk, concurrency = excluded.concurrency, queue_depth = excluded.queue_depth,
      received_at = excluded.received_at, pulled_at = excluded.pulled_at
    where stored.pulled_at = stored.received_at
      and (stored.requests, stored.errors, stored.p95_latency_ms, stored.cpu, stored.memory, stored.disk, stored.concurrency, stored.queue_depth)
        is distinct from (excluded.requests, excluded.errors, excluded.p95_latency_ms, excluded.cpu, excluded.memory, excluded.disk,
          excluded.concurrency, excluded.queue_depth)
    returning stored.pool_id, stored.at
  ), noted as (
    insert into flyahead.rollup_queue (pool_id, since, until)
    select p.pool_id, min(p.at), max(p.at) + interval '1 minute' from put p group by p.pool_id, flyahead.bucket('24 hours', p.at)
  )
  select count(*)::integer into written from put;
  return jsonb_build_object(
    'changed', written,
    'unknownPools', (select coalesce(jsonb_agg(k.n - 1 order by k.n), '[]') from unnest(ids) with ordinality as k (id, n) where k.id is null),
    'keptFrom', flyahead.epoch_ms(oldest));
end $$;
comment on function flyahead.record_pulled_samples is 'stores samples that were pulled from a source of metrics: never over those that were sent or imported; answers how many changed, and what record_samples answers';

create table flyahead.sample_pulls (
  app text primary key,
  wanted_from timestamptz not null,
  filled_from timestamptz not null check (filled_from >= wanted_from),
  live_until timestamptz not null check (live_until >= filled_from),
  finished_at timestamptz,
  updated_at timestamptz not null
);
comment on table flyahead.sample_pulls is 'how far an app''s samples were pulled from the source of metrics: all of filled_from to live_until is';
comment on column flyahead.sample_pulls.wanted_from is 'history is wanted from here on';
comment on column flyahead.sample_pulls.finished_at is 'when the history was complete and the forecasters began to learn anew; null while it is not';

-- Writes progress where it is still what the caller read. A null p_filled_from says: there is none yet.
create function flyahead.advance_pull(
  p_now timestamptz, p_app text, p_before_filled timestamptz, p_before_live timestamptz,
  p_wanted_from timestamptz, p_filled_from timestamptz, p_live_until timestamptz, p_finished_at timestamptz
) returns boolean
language plpgsql
as $$
begin
  if p_before_filled is null then
    insert into flyahead.sample_pulls (app, wanted_from, filled_from, live_until, finished_at, updated_at)
    values (p_app, p_wanted_from, p_filled_from, p_live_until, p_finished_at, p_now)
    on conflict (app) do nothing;
  else
    update flyahead.sample_pulls s set wanted_from = p_wanted_from, filled_from = p_filled_from, live_until = p_live_until,
      finished_at = p_finished_at, updated_at = p_now
    where s.app = p_app and s.filled_from = p_before_filled and s.live_until = p_before_live;
  end if;
  return found;
end $$;
comment on function flyahead.advance_pull is 'moves an app''s progress where filled_from and live_until are still as given; false where somebody else was faster';

-- The history is complete: what forecasters learned without it is to be learned anew, in the same transaction.
create function flyahead.finish_pull(p_now timestamptz, p_app text, p_filled_from timestamptz, p_live_until timestamptz) returns boolean
language plpgsql
as $$
begin
  update flyahead.sample_pulls s set finished_at = p_now, updated_at = p_now
  where s.app = p_app and s.filled_from = p_filled_from and s.live_until = p_live_until;
  if not found then return false; end if;
  delete from flyahead.forecast_state f using flyahead.worker_regions w where w.id = f.pool_id and w.app = p_app;
  return true;
end $$;
comment on function flyahead.finish_pull is 'notes that an app''s history is complete and has its forecasters learn anew; false where the progress has moved';

revoke all on function flyahead.record_pulled_samples, flyahead.advance_pull, flyahead.finish_pull from public;
grant execute on function flyahead.record_pulled_samples, flyahead.advance_pull, flyahead.finish_pull to flyahead_service;
grant select, insert, update, delete on flyahead.sample_pulls to flyahead_service;
