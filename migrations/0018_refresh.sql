-- The refresh of all that is made from what was noted (0014). Every minute by cron; call it as often as you like, and by
-- as many as like: one works, the others have nothing to do.

create function flyahead.refresh_rollups(max_notes integer default 5000) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  batch record;
  done integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('flyahead.refresh_rollups')) then return 0; end if;
  for batch in
    with taken as (
      delete from flyahead.rollup_queue
      where ctid = any (array(select q.ctid from flyahead.rollup_queue q order by q.since limit max_notes))
      returning pool_id, since, until
    )
    select flyahead.bucket('24 hours', t.since) as day, flyahead.bucket('5 minutes', min(t.since)) as since,
      flyahead.bucket('1 hour', min(t.since)) as hour, flyahead.bucket('1 hour', max(t.until) + interval '59 minutes 59.999999 seconds') as until,
      array_agg(distinct t.pool_id) as pools, count(*) as notes
    from taken t group by 1 order by 1
  loop
    -- Samples and history go sooner than what was made of them; a day that has none left is not made anew: it would come out
    -- empty. Not in functions of their own: those keep a plan for the whole transaction, and miss a day that it has made.
    if exists (select from flyahead.traffic_samples s
      where s.pool_id = any (batch.pools) and s.at >= batch.day and s.at < batch.day + interval '24 hours') then
      perform flyahead.roll_up_5m(batch.pools, batch.since, batch.until);
      perform flyahead.roll_up_1h(batch.pools, batch.hour, batch.until);
      perform flyahead.roll_up_1d(batch.pools, batch.day);
    end if;
    if exists (select from flyahead.autoscaling_history h
        where h.pool_id = any (batch.pools) and h.slot >= batch.day and h.slot < batch.day + interval '24 hours')
      or not exists (select from flyahead.scaling_1d d where d.pool_id = any (batch.pools) and d.at = batch.day) then
      perform flyahead.roll_up_scaling(batch.pools, batch.hour, batch.until);
      perform flyahead.roll_up_scaling_day(batch.pools, batch.day);
    end if;
    done := done + batch.notes;
  end loop;
  perform flyahead.resolve_predictions(flyahead.now());
  return done;
end $$;
comment on function flyahead.refresh_rollups is 'makes anew what was noted, the oldest first, at most max_notes notes, and judges the predictions that are due; answers how many notes it took. Call it until it answers 0';

revoke all on function flyahead.refresh_rollups from public;
grant execute on function flyahead.refresh_rollups to flyahead_service;
