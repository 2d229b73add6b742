-- Upkeep: what is older than its setting (0012) goes, in batches that hold no lock for long. Hourly by cron; a run that finds
-- more than a batch leaves the rest to the next.

-- History, oldest first, with its intents. A row whose intent is still open stays until it is known what became of it.
create function flyahead.prune_history(p_now timestamptz, batch integer default 20000) returns integer
language plpgsql
as $$
declare
  oldest constant timestamptz := p_now - flyahead.setting('keep_history')::interval;
  gone bigint[];
begin
  gone := array(
    select h.id from flyahead.autoscaling_history h
    where h.slot < oldest
      and not exists (select from flyahead.scaling_intents i where i.history_id = h.id and i.closed_at is null)
    order by h.slot limit batch);
  delete from flyahead.scaling_intents where history_id = any (gone);
  delete from flyahead.autoscaling_history where id = any (gone);
  delete from flyahead.ticks t
  where t.slot < oldest and not exists (select from flyahead.autoscaling_history h where h.tick_id = t.id);
  delete from flyahead.unreached_apps where slot < oldest;
  delete from flyahead.manual_overrides where until < oldest;
  delete from flyahead.workers where gone_at < oldest;
  return cardinality(gone);
end $$;

create function flyahead.prune_rollups(p_now timestamptz) returns integer
language plpgsql
as $$
declare
  fine constant timestamptz := p_now - flyahead.setting('keep_rollups_5m')::interval;
  coarse constant timestamptz := p_now - flyahead.setting('keep_rollups_1h')::interval;
  pool integer;
  part integer;
  gone integer := 0;
begin
  -- Pool by pool: each is a short walk down the primary key.
  for pool in select id from flyahead.worker_regions loop
    delete from flyahead.traffic_5m r where r.pool_id = pool and r.at < fine;
    get diagnostics part = row_count;
    gone := gone + part;
    delete from flyahead.traffic_1h r where r.pool_id = pool and r.at < coarse;
    get diagnostics part = row_count;
    gone := gone + part;
    delete from flyahead.scaling_1h r where r.pool_id = pool and r.at < fine;
    get diagnostics part = row_count;
    gone := gone + part;
    -- The last step before the span still says what stood ready in it.
    delete from flyahead.capacity_steps s
    where s.pool_id = pool and s.since < fine
      and exists (select from flyahead.capacity_steps n where n.pool_id = pool and n.since > s.since and n.since <= fine);
  end loop;
  return gone;
end $$;

-- Each step by itself: one that fails is told of and does not keep the others from running. The storage comes last, for the
-- drop of a partition holds up every sample until this ends.
create function flyahead.maintain() returns jsonb
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
  foreach step in array array['prune_history($1)', 'prune_predictions($1)', 'prune_rollups($1)', 'prune_schedule()', 'keep_storage()'] loop
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
comment on function flyahead.maintain is 'upkeep: partitions ahead, and what is older than its setting goes; answers what each step did. Hourly is often enough';

revoke all on function flyahead.prune_history, flyahead.prune_rollups, flyahead.maintain from public;
grant execute on function flyahead.maintain to flyahead_service;
