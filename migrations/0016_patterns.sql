-- More of what the forecaster carries, for people: which season speaks for an hour and how sure that is, and the next peak that it
-- foresees. Still a picture of its state, never a second model.

alter table flyahead.traffic_patterns
  add column season text check (season in ('weekly', 'daily', 'none')),
  add column strength real,
  add column samples integer,
  add column confidence real,
  add column time_zone text;
comment on column flyahead.traffic_patterns.season is 'weekly: this hour of the week was seen often enough to speak for itself; daily: the usual day stands in; none: never measured';
comment on column flyahead.traffic_patterns.strength is '0 to 1: how much of the variation over the week the season explains; 0 for a flat load';
comment on column flyahead.traffic_patterns.samples is 'bins of 5 minutes that this hour rests on';
comment on column flyahead.traffic_patterns.confidence is '0 to 1: the forecaster''s confidence times the share of four weeks that this hour was seen';
comment on column flyahead.traffic_patterns.time_zone is 'the pool''s zone, in which day and hour are meant';

alter table flyahead.forecast_state
  add column next_peak_at timestamptz,
  add column next_peak_load double precision;
comment on column flyahead.forecast_state.next_peak_at is 'the busiest time of the next day, as the last tick foresaw it';
comment on column flyahead.forecast_state.next_peak_load is 'requests a minute then, at the quantile that machines are counted by';

create or replace function flyahead.write_forecasts(p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  insert into flyahead.forecast_state as s (pool_id, hot, saved_at, cold, cold_saved_at, next_peak_at, next_peak_load)
  select o.pool_id, o.doc -> 'hot', p_now, o.doc -> 'cold', case when jsonb_typeof(o.doc -> 'cold') = 'object' then p_now end,
    flyahead.instant((o.doc #>> '{nextPeak,at}')::double precision), (o.doc #>> '{nextPeak,load}')::double precision
  from flyahead.pools_of(p) o where jsonb_typeof(o.doc -> 'hot') = 'object'
  on conflict (pool_id) do update set hot = excluded.hot, saved_at = excluded.saved_at,
    cold = case when excluded.cold_saved_at is null then s.cold else excluded.cold end,
    cold_saved_at = coalesce(excluded.cold_saved_at, s.cold_saved_at),
    next_peak_at = excluded.next_peak_at, next_peak_load = excluded.next_peak_load;

  insert into flyahead.traffic_patterns as t (pool_id, day_of_week, hour_of_day, usual_load, peak_load, weeks_seen, updated_at, season, strength, samples,
    confidence, time_zone)
  select o.pool_id, r."dayOfWeek", r."hourOfDay", r."usualLoad", r."peakLoad", r."weeksSeen", p_now, r.season, r.strength, r.samples, r.confidence,
    o.doc #>> '{policy,timeZone}'
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(flyahead.elements(o.doc -> 'patterns'))
    as r ("dayOfWeek" smallint, "hourOfDay" smallint, "usualLoad" real, "peakLoad" real, "weeksSeen" smallint, season text, strength real, samples integer, confidence real)
  on conflict (pool_id, day_of_week, hour_of_day) do update set usual_load = excluded.usual_load,
    peak_load = excluded.peak_load, weeks_seen = excluded.weeks_seen, updated_at = excluded.updated_at, season = excluded.season,
    strength = excluded.strength, samples = excluded.samples, confidence = excluded.confidence, time_zone = excluded.time_zone;

  insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, source, model, confidence, load)
  select o.pool_id, p_now, (r."horizonMs" / 1000)::integer, flyahead.instant(r."targetAt"), coalesce(r.source, 'flyahead'), coalesce(r.model, o.doc ->> 'model'),
    (o.doc ->> 'confidence')::real, r.load
  from flyahead.pools_of(p) o
  cross join jsonb_to_recordset(o.doc -> 'predictions')
    as r ("horizonMs" double precision, "targetAt" double precision, load real[], source text, model text)
  on conflict do nothing;
end $$;
