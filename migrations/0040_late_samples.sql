-- Samples that came, or were corrected, after the forecaster had learned their bin: noted here, so that it learns them all the
-- same. In time nothing is noted, and a tick reads what is new.
--
-- The trap is the same as with the rollups (0014): a note must not be lost between two transactions. Notes are only ever added;
-- a tick that has learned them tells how many samples they spoke of, and they go only if that is still all of them.

alter table flyahead.forecast_state add column learned_until timestamptz
  generated always as (flyahead.instant((hot ->> 'through')::double precision)) stored;
comment on column flyahead.forecast_state.learned_until is 'samples before it are learned; one that is written now is noted in late_samples';

create table flyahead.late_samples (
  pool_id integer not null,
  since timestamptz not null,
  samples integer not null check (samples > 0),
  noted_at timestamptz not null
);
create index late_samples_pool on flyahead.late_samples (pool_id);
comment on table flyahead.late_samples is 'samples that were written after their time was learned; a tick learns them and takes the notes away';
comment on column flyahead.late_samples.since is 'the oldest of them';

-- Of samples that were stored just now: those of a time that is learned. It looks them up, since a pulled minute that says what
-- is stored already was not written; only the pools that have late ones pay for it.
create function flyahead.note_late_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_pool integer[], p_at double precision[]
) returns void
language plpgsql
as $$
begin
  with sent as materialized (
    select u.n, flyahead.instant(min(u.at)) as since from unnest(p_pool, p_at) u (n, at) group by 1
  ), behind as materialized (
    select f.pool_id, sent.since, f.learned_until as until
    from sent
    join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (p_app[sent.n], p_region[sent.n], p_process_group[sent.n])
    join flyahead.forecast_state f on f.pool_id = w.id and f.learned_until > sent.since
  )
  insert into flyahead.late_samples (pool_id, since, samples, noted_at)
  select b.pool_id, late.since, late.samples, p_now
  from behind b
  cross join lateral (
    select min(s.at) as since, count(*)::integer as samples from flyahead.traffic_samples s
    where s.pool_id = b.pool_id and s.at >= b.since and s.at < b.until
      and s.received_at >= date_trunc('milliseconds', p_now) and s.received_at <= p_now + interval '1 millisecond'
  ) late
  where late.samples > 0;
end $$;

-- What stores samples stores as before (0026, 0033), under another name, and then notes what came late.
alter function flyahead.record_samples rename to write_samples;
alter function flyahead.record_pulled_samples rename to write_pulled_samples;

create function flyahead.record_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_pool integer[], p_at double precision[],
  p_requests double precision[], p_errors double precision[], p_p95_latency_ms real[], p_cpu real[], p_memory real[], p_disk real[],
  p_concurrency real[], p_queue_depth real[]
) returns jsonb
language plpgsql
as $$
declare
  answer constant jsonb := flyahead.write_samples(p_now, p_app, p_region, p_process_group, p_pool, p_at, p_requests, p_errors,
    p_p95_latency_ms, p_cpu, p_memory, p_disk, p_concurrency, p_queue_depth);
begin
  perform flyahead.note_late_samples(p_now, p_app, p_region, p_process_group, p_pool, p_at);
  return answer;
end $$;
comment on function flyahead.record_samples is 'stores samples of known pools, the later write counts, and notes those that came late; answers the places (from 0) of unknown pools and, in ms, the instant before which samples are not kept';

create function flyahead.record_pulled_samples(
  p_now timestamptz, p_app text[], p_region text[], p_process_group text[], p_pool integer[], p_at double precision[],
  p_requests double precision[], p_errors double precision[], p_p95_latency_ms real[], p_cpu real[], p_memory real[], p_disk real[],
  p_concurrency real[], p_queue_depth real[]
) returns jsonb
language plpgsql
as $$
declare
  answer constant jsonb := flyahead.write_pulled_samples(p_now, p_app, p_region, p_process_group, p_pool, p_at, p_requests, p_errors,
    p_p95_latency_ms, p_cpu, p_memory, p_disk, p_concurrency, p_queue_depth);
begin
  if (answer ->> 'changed')::integer > 0 then
    perform flyahead.note_late_samples(p_now, p_app, p_region, p_process_group, p_pool, p_at);
  end if;
  return answer;
end $$;
comment on function flyahead.record_pulled_samples is 'stores samples that were pulled from a source of metrics: never over those that were sent or imported, and notes those that came late; answers how many changed, and what record_samples answers';

-- Read beside recall_pools, in the same round trip; `doc` is one of its rows. Null: nothing came late.
create function flyahead.late_samples_of(doc jsonb) returns jsonb
language sql stable
as $$
  select jsonb_build_object('since', flyahead.epoch_ms(min(l.since)), 'samples', sum(l.samples), 'notedAt', flyahead.epoch_ms(min(l.noted_at)))
  from flyahead.worker_regions w join flyahead.late_samples l on l.pool_id = w.id
  where (w.app, w.region, w.process_group) = (doc ->> 'app', doc ->> 'region', doc ->> 'processGroup')
  having count(*) > 0
$$;

-- Takes away what a tick has learned, where nothing more has come since it looked.
create function flyahead.forget_late_samples(p jsonb) returns void
language sql
as $$
  delete from flyahead.late_samples l
  using flyahead.pools_of(p) o
  where l.pool_id = o.pool_id and (o.doc ->> 'lateLearned')::bigint > 0
    and (o.doc ->> 'lateLearned')::bigint = (select sum(k.samples) from flyahead.late_samples k where k.pool_id = o.pool_id)
$$;

-- Whoever deletes a state (an import, a history that is complete) has all samples learned anew: nothing of them is late.
create function flyahead.forget_late_of_deleted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from flyahead.late_samples where pool_id = old.pool_id;
  return null;
end $$;
create trigger forecast_state_deleted after delete on flyahead.forecast_state
  for each row execute function flyahead.forget_late_of_deleted();

-- What a tick writes of forecasts stays as it is (0028), under another name.
alter function flyahead.write_forecasts rename to write_forecast_rows;
create function flyahead.write_forecasts(p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  perform flyahead.write_forecast_rows(p_now, p);
  perform flyahead.forget_late_samples(p);
end $$;

revoke all on function flyahead.note_late_samples, flyahead.record_samples, flyahead.record_pulled_samples, flyahead.late_samples_of,
  flyahead.forget_late_samples, flyahead.forget_late_of_deleted, flyahead.write_forecasts from public;
grant execute on function flyahead.note_late_samples, flyahead.record_samples, flyahead.record_pulled_samples, flyahead.late_samples_of,
  flyahead.forget_late_samples, flyahead.write_forecasts to flyahead_service;
grant select, insert, delete on flyahead.late_samples to flyahead_service;

-- Supabase grants on new objects by default; here nobody else gets anything.
do $$
declare
  role text;
begin
  foreach role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = role) then
      execute format('revoke all on flyahead.late_samples from %I', role);
      execute format('revoke all on function flyahead.note_late_samples, flyahead.record_samples, flyahead.record_pulled_samples, flyahead.late_samples_of,
        flyahead.forget_late_samples, flyahead.forget_late_of_deleted, flyahead.write_forecasts from %I', role);
    end if;
  end loop;
end $$;
