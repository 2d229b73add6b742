-- The past days most like today so far: an expectation that a person can check by eye, beside the forecaster's. Two days are laid
-- over each other by the time that has passed since local midnight, never by what the clock on the wall shows: so days of 23 and
-- 25 hours fit. Compared is the busiest minute of each 5 minutes.
--
-- The distance of two days is the mean difference of their bins, divided by the mean of all bins of both: 0 is the same, 0.1
-- differs by a tenth of the load, 2 has nothing in common. It stays the same when both are multiplied (Bray and Curtis's
-- dissimilarity, doubled), and two days without any traffic are alike.
--
-- The trap is a look ahead: at a time in the past nothing after it may count. Only bins that had ended by then are compared,
-- and what came next is told of past days alone.

-- The first instant of a day. Where clocks go back over midnight it comes twice, and `at time zone` answers the second one.
create function flyahead.local_midnight(day date, zone text) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case when ((m.at - interval '1 hour') at time zone zone)::date = day then m.at - interval '1 hour' else m.at end
  from (select day::timestamp at time zone zone) m (at)
$$;

comment on function flyahead.local_midnight is 'the first instant of a day in a time zone';

-- The zone in which a pool's days repeat; null: there is no such pool. Intl may know zones that Postgres does not.
create function flyahead.zone_of_pool(p_pool_id integer) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  zone text;
begin
  select coalesce(w.time_zone, w.effective_policy ->> 'timeZone', 'UTC') into zone from flyahead.worker_regions w where w.id = p_pool_id;
  perform timestamptz 'epoch' at time zone zone;
  return zone;
exception when invalid_parameter_value then
  return 'UTC';
end $$;

comment on function flyahead.zone_of_pool is 'the IANA time zone in which the days of a pool repeat: its own, else that of its policy, else UTC; null: no such pool';

create function flyahead_api.historical_matches(pool integer, at timestamptz default flyahead.now(), matches integer default 5)
returns table (day date, weekday text, distance double precision, bins_compared integer, load_then double precision, load_now double precision,
  next_hour_peak double precision, rest_of_day_peak double precision)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  bin constant interval := interval '5 minutes';
  zone constant text := flyahead.zone_of_pool(pool);
  -- The end of the last bin that was over.
  until constant timestamptz := flyahead.bucket(bin, coalesce(at, flyahead.now()));
  today constant date := (until at time zone zone)::date;
  passed constant interval := until - flyahead.local_midnight(today, zone);
  -- Within the first hour of a day the 24 hours before are compared instead: some few bins are like any others.
  window_start constant interval := case when passed < interval '1 hour' then passed - interval '24 hours' else interval '0' end;
  wanted constant double precision := 0.8 * extract(epoch from passed - window_start) / 300;
begin
  return query
    with days as (
      select today - ago as day, ago = 0 as is_today, flyahead.local_midnight(today - ago, zone) as midnight,
        flyahead.local_midnight(today - ago + 1, zone) as next_midnight
      from generate_series(0, 56) ago
    ), bins as (
      select d.day, d.is_today, b.at - d.midnight as since_midnight, b.peak
      from days d
      join flyahead.traffic_5m b
        on b.pool_id = pool and b.at >= d.midnight + window_start and b.at < least(d.midnight + passed, d.next_midnight)
    ), enough as (
      select b.day from bins b group by b.day having count(*) >= wanted
    ), compared as (
      select p.day, count(*)::integer as bins, coalesce(2 * sum(abs(p.peak - n.peak)) / nullif(sum(p.peak + n.peak), 0), 0) as distance,
        max(p.peak) filter (where p.since_midnight = passed - bin) as load_then
      from bins n
      join bins p on p.since_midnight = n.since_midnight and not p.is_today
      where n.is_today and n.day in (select e.day from enough e) and p.day in (select e.day from enough e)
      group by p.day
    )
    select c.day, to_char(c.day, 'FMDay'), c.distance, c.bins, c.load_then,
      (select n.peak from bins n where n.is_today and n.since_midnight = passed - bin),
      (select max(b.peak) from flyahead.traffic_5m b
        where b.pool_id = pool and b.at >= d.midnight + passed and b.at < d.midnight + passed + interval '1 hour'),
      (select max(b.peak) from flyahead.traffic_5m b
        where b.pool_id = pool and b.at >= d.midnight + passed and b.at < d.next_midnight)
    from compared c join days d using (day)
    order by c.distance, c.day desc
    limit greatest(matches, 0);
end $$;
comment on function flyahead_api.historical_matches is 'days of the past eight weeks most like today so far, the nearest first: `distance` 0 is the same, 0.1 differs by a tenth of the load, 2 has nothing in common. load_now and load_then are requests in the busiest minute of the 5 minutes before `at`, next_hour_peak and rest_of_day_peak those that came then. In the first hour of a day the 24 hours before `at` are compared. Days with fewer than 80 % of the 5 minutes are left out';

revoke all on function flyahead.local_midnight, flyahead.zone_of_pool, flyahead_api.historical_matches from public;
grant execute on function flyahead_api.historical_matches to flyahead_service, flyahead_operator;
