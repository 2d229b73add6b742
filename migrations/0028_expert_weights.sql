-- Learning from mistakes, made visible: who has which part in a pool's forecasts at each lead, and how each of them fared. A
-- picture of the forecaster's state, renewed with its cold part, at most hourly; the forecaster never reads it back.

alter table flyahead.forecast_state
  add column expert_weights jsonb check (jsonb_typeof(expert_weights) = 'array'),
  add column weighed_at timestamptz,
  add column confidence real;
comment on column flyahead.forecast_state.expert_weights is 'part of each expert in the forecasts of each lead: [{expert, horizonMs, share, missRatio}]; flyahead_api.expert_weights reads it';
comment on column flyahead.forecast_state.weighed_at is 'when expert_weights was written';
comment on column flyahead.forecast_state.confidence is '0 to 1, as the last tick had it: one minus its misses over those of the day before';

create or replace function flyahead.write_forecasts(p_now timestamptz, p jsonb) returns void
language plpgsql
as $$
begin
  insert into flyahead.forecast_state as s (pool_id, hot, saved_at, cold, cold_saved_at, next_peak_at, next_peak_load, expert_weights, weighed_at, confidence)
  select o.pool_id, o.doc -> 'hot', p_now, o.doc -> 'cold', case when jsonb_typeof(o.doc -> 'cold') = 'object' then p_now end,
    flyahead.instant((o.doc #>> '{nextPeak,at}')::double precision), (o.doc #>> '{nextPeak,load}')::double precision,
    case when jsonb_typeof(o.doc -> 'weights') = 'array' then o.doc -> 'weights' end,
    case when jsonb_typeof(o.doc -> 'weights') = 'array' then p_now end, (o.doc ->> 'confidence')::real
  from flyahead.pools_of(p) o where jsonb_typeof(o.doc -> 'hot') = 'object'
  on conflict (pool_id) do update set hot = excluded.hot, saved_at = excluded.saved_at,
    cold = case when excluded.cold_saved_at is null then s.cold else excluded.cold end,
    cold_saved_at = coalesce(excluded.cold_saved_at, s.cold_saved_at),
    next_peak_at = excluded.next_peak_at, next_peak_load = excluded.next_peak_load,
    expert_weights = coalesce(excluded.expert_weights, s.expert_weights), weighed_at = coalesce(excluded.weighed_at, s.weighed_at),
    confidence = excluded.confidence;

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

-- One row per pool, lead and expert. What was judged belongs to a source: an outside expert has its own, all others speak
-- through flyahead's.
create view flyahead_api.expert_weights as
select
  w.id as pool_id,
  w.app,
  w.region,
  w.process_group,
  make_interval(secs => e."horizonMs" / 1000) as horizon,
  e.expert,
  e.share,
  e."missRatio" as miss_ratio,
  s.weighed_at,
  s.confidence,
  coalesce(own.source, 'flyahead') as judged_as,
  j.judged,
  j.bias,
  j.mean_absolute_error,
  j.mean_pinball_loss
from flyahead.forecast_state s
join flyahead.worker_regions w on w.id = s.pool_id
cross join lateral jsonb_to_recordset(s.expert_weights) as e (expert text, "horizonMs" double precision, share double precision, "missRatio" double precision)
left join lateral (
  select p.source from flyahead.prediction_scores p
  where p.pool_id = w.id and p.source = e.expert and p.day > (flyahead.now() at time zone 'UTC')::date - 7 limit 1
) own on true
left join lateral (
  select sum(p.judged)::bigint as judged, sum(p.error) / nullif(sum(p.judged), 0) as bias, sum(p.absolute_error) / nullif(sum(p.judged), 0) as mean_absolute_error,
    sum(p.pinball) / nullif(sum(p.judged), 0) as mean_pinball_loss
  from flyahead.prediction_scores p
  where p.pool_id = w.id and p.source = coalesce(own.source, 'flyahead') and p.horizon_seconds = (e."horizonMs" / 1000)::integer
    and p.day > (flyahead.now() at time zone 'UTC')::date - 7
) j on true
where w.retired_at is null;

comment on view flyahead_api.expert_weights is 'whom the forecaster listens to: per pool and lead the part of each expert, what it lately missed, and how the predictions of the last seven days did';
comment on column flyahead_api.expert_weights.pool_id is 'the pool''s number';
comment on column flyahead_api.expert_weights.app is 'Fly app';
comment on column flyahead_api.expert_weights.region is 'Fly region';
comment on column flyahead_api.expert_weights.process_group is 'Fly process group';
comment on column flyahead_api.expert_weights.horizon is 'how far ahead';
comment on column flyahead_api.expert_weights.expert is 'one of flyahead''s own (regression, belief, level, yesterday, last week, usual), a sister region that a young pool borrows from, or an outside expert by its name';
comment on column flyahead_api.expert_weights.share is '0 to 1: its part in the forecasts; over the experts of a lead they sum to 1';
comment on column flyahead_api.expert_weights.miss_ratio is 'its recent misses over those of flyahead''s experts together: below 1 it alone did better; null: nothing to compare yet';
comment on column flyahead_api.expert_weights.weighed_at is 'when this was so: renewed at most hourly';
comment on column flyahead_api.expert_weights.confidence is '0 to 1, of the pool''s forecast at the last tick: one minus its misses over those of the day before';
comment on column flyahead_api.expert_weights.judged_as is 'whose predictions the columns after it are about: an outside expert''s own, else flyahead''s';
comment on column flyahead_api.expert_weights.judged is 'predictions of the last seven days whose actual is known';
comment on column flyahead_api.expert_weights.bias is 'mean of median minus actual, requests a minute: above zero, too much was predicted';
comment on column flyahead_api.expert_weights.mean_absolute_error is 'mean distance of the median from the actual, requests a minute';
comment on column flyahead_api.expert_weights.mean_pinball_loss is 'mean pinball loss over five quantiles, requests a minute: the smaller the better';

grant select on flyahead_api.expert_weights to flyahead_service, flyahead_operator;
