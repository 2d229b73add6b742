-- What people look at, made anew on the rollups: each view answers its usual question from a few hundred rows. Columns of
-- the views of before (0010) keep their names.

drop view flyahead_api.region_status, flyahead_api.traffic_metrics, flyahead_api.autoscaling_analytics;

create view flyahead_api.region_status as
select
  w.id as pool_id,
  w.app,
  w.region,
  r.city,
  w.process_group,
  w.mode,
  m.started,
  m.stopped,
  m.other,
  m.failing,
  m.by_state,
  m.by_health,
  (w.effective_policy ->> 'minWorkers')::integer as min_workers,
  (w.effective_policy ->> 'maxWorkers')::integer as max_workers,
  s.requests as load,
  s.at as load_at,
  m.started * (w.effective_policy ->> 'requestsPerWorker')::double precision as capacity,
  p.load[4] as predicted_load,
  p.target_at as predicted_for,
  f.next_peak_load,
  f.next_peak_at,
  h.kind as last_decision,
  h.reason as last_reason,
  h.decided_at,
  a.kind as last_action,
  a.status as last_action_status,
  a.opened_at as last_action_at,
  i.open_intents,
  o.until as override_until,
  case when w.frozen_until > flyahead.now() then w.frozen_until end as frozen_until,
  w.last_change_at,
  w.retired_at
from flyahead.worker_regions w
left join flyahead.regions r on r.code = w.region
left join flyahead.forecast_state f on f.pool_id = w.id
left join lateral (
  select
    coalesce(sum(n.machines) filter (where n.state = 'started'), 0)::integer as started,
    coalesce(sum(n.machines) filter (where n.state in ('stopped', 'suspended')), 0)::integer as stopped,
    coalesce(sum(n.machines) filter (where n.state not in ('started', 'stopped', 'suspended')), 0)::integer as other,
    coalesce(sum(n.failing), 0)::integer as failing,
    coalesce(jsonb_object_agg(n.state, n.machines) filter (where n.state is not null), '{}') as by_state,
    jsonb_build_object('passing', coalesce(sum(n.passing), 0), 'failing', coalesce(sum(n.failing), 0), 'unknown', coalesce(sum(n.unknown), 0)) as by_health
  from (
    select k.state, count(*) as machines, count(*) filter (where k.state = 'started' and k.health = 'passing') as passing,
      count(*) filter (where k.state = 'started' and k.health = 'failing') as failing,
      count(*) filter (where k.state = 'started' and k.health = 'unknown') as unknown
    from flyahead.workers k where k.pool_id = w.id and k.gone_at is null group by 1
  ) n
) m on true
left join lateral (
  select t.at, t.requests from flyahead.traffic_samples t
  where t.pool_id = w.id and t.at > flyahead.now() - interval '1 day' and t.at <= flyahead.now() + interval '1 day'
  order by t.at desc limit 1
) s on true
left join lateral (
  select q.load, q.target_at from flyahead.traffic_predictions q
  where q.pool_id = w.id and q.horizon_seconds = 3600 and q.source = 'flyahead' and q.made_at > flyahead.now() - interval '1 day'
  order by q.made_at desc limit 1
) p on true
left join lateral (
  select d.kind, d.reason, d.decided_at from flyahead.autoscaling_history d where d.pool_id = w.id order by d.slot desc, d.attempt desc limit 1
) h on true
left join lateral (
  select j.kind, coalesce(j.status, 'open') as status, j.opened_at from flyahead.scaling_intents j where j.pool_id = w.id order by j.opened_at desc, j.id desc limit 1
) a on true
left join lateral (
  select count(*) as open_intents from flyahead.scaling_intents j where j.pool_id = w.id and j.app = w.app and j.closed_at is null
) i on true
left join lateral (
  select v.until from flyahead.manual_overrides v where v.pool_id = w.id order by v.seen_at desc, v.id desc limit 1
) o on o.until > flyahead.now();

comment on view flyahead_api.region_status is 'each pool as it is now: machines, load against capacity, what is foreseen, and the last decision with its reason';
comment on column flyahead_api.region_status.pool_id is 'the pool''s number, as functions like historical_matches take it';
comment on column flyahead_api.region_status.app is 'Fly app';
comment on column flyahead_api.region_status.region is 'Fly region';
comment on column flyahead_api.region_status.city is 'where the region is; null: a region that Fly opened later';
comment on column flyahead_api.region_status.process_group is 'Fly process group; app where none is named';
comment on column flyahead_api.region_status.mode is 'observe: recorded only; advise: told what would be done; act: done';
comment on column flyahead_api.region_status.started is 'machines in state started';
comment on column flyahead_api.region_status.stopped is 'machines that stand still, ready to be started';
comment on column flyahead_api.region_status.other is 'machines on their way between states, or failed';
comment on column flyahead_api.region_status.failing is 'started machines whose health checks fail';
comment on column flyahead_api.region_status.by_state is 'machines in each state that occurs, by Fly''s names';
comment on column flyahead_api.region_status.by_health is 'started machines by what their health checks say; unknown: they have none, or it is undecided';
comment on column flyahead_api.region_status.min_workers is 'never fewer started machines than this';
comment on column flyahead_api.region_status.max_workers is 'never more started machines than this';
comment on column flyahead_api.region_status.load is 'requests in the newest measured minute, none older than a day';
comment on column flyahead_api.region_status.load_at is 'that minute';
comment on column flyahead_api.region_status.capacity is 'requests a minute that the started machines carry';
comment on column flyahead_api.region_status.predicted_load is 'requests a minute, an hour ahead of the last tick, at quantile 0.95';
comment on column flyahead_api.region_status.predicted_for is 'the time that predicted_load is for';
comment on column flyahead_api.region_status.next_peak_load is 'requests a minute at the next peak foreseen by the last tick';
comment on column flyahead_api.region_status.next_peak_at is 'when that peak is foreseen';
comment on column flyahead_api.region_status.last_decision is 'hold, grow or shrink';
comment on column flyahead_api.region_status.last_reason is 'why, in a sentence';
comment on column flyahead_api.region_status.decided_at is 'when it was decided';
comment on column flyahead_api.region_status.last_action is 'the newest call to Fly: start, stop or create';
comment on column flyahead_api.region_status.last_action_status is 'what became of it: done, alreadyDone, refused, failed, unknown, or open';
comment on column flyahead_api.region_status.last_action_at is 'when it was intended';
comment on column flyahead_api.region_status.open_intents is 'calls to Fly whose outcome is not known yet';
comment on column flyahead_api.region_status.override_until is 'a person moved a machine: the pool is kept as it was left until then';
comment on column flyahead_api.region_status.frozen_until is 'nothing is changed before this time';
comment on column flyahead_api.region_status.last_change_at is 'when flyahead last started, stopped or created a machine here';
comment on column flyahead_api.region_status.retired_at is 'since when the pool has had no machines';

create view flyahead_api.traffic_metrics as
select w.id as pool_id, w.app, w.region, w.process_group, t.resolution, t.bucket, t.minutes_measured, t.requests, t.peak_requests_per_minute,
  t.p95_requests_per_minute, t.errors, t.worst_p95_latency_ms
from flyahead.worker_regions w
join (
  select pool_id, '1 minute' as resolution, at as bucket, 1 as minutes_measured, requests, requests as peak_requests_per_minute,
    requests as p95_requests_per_minute, errors, p95_latency_ms as worst_p95_latency_ms
  from flyahead.traffic_samples
  union all
  select pool_id, '5 minutes', at, minutes, requests, peak, peak, errors, worst_p95_latency_ms from flyahead.traffic_5m
  union all
  select pool_id, '1 hour', at, minutes, requests, peak, p95, errors, worst_p95_latency_ms from flyahead.traffic_1h
  union all
  select pool_id, '1 day', at, minutes, requests, peak, p95, errors, worst_p95_latency_ms from flyahead.traffic_1d
) t on t.pool_id = w.id;

comment on view flyahead_api.traffic_metrics is 'measured traffic of each pool at four resolutions: give one, and a span of bucket. 1 minute is real time, the others follow within a minute or two. The function flyahead_api.traffic chooses for you';
comment on column flyahead_api.traffic_metrics.pool_id is 'the pool''s number';
comment on column flyahead_api.traffic_metrics.app is 'Fly app';
comment on column flyahead_api.traffic_metrics.region is 'Fly region';
comment on column flyahead_api.traffic_metrics.process_group is 'Fly process group';
comment on column flyahead_api.traffic_metrics.resolution is '1 minute, 5 minutes, 1 hour or 1 day: name one, else each request is there four times';
comment on column flyahead_api.traffic_metrics.bucket is 'start of the bucket; days are those of UTC';
comment on column flyahead_api.traffic_metrics.minutes_measured is 'minutes of the bucket that have a sample; fewer than it has: a gap';
comment on column flyahead_api.traffic_metrics.requests is 'requests in the measured minutes';
comment on column flyahead_api.traffic_metrics.peak_requests_per_minute is 'the busiest measured minute of the bucket';
comment on column flyahead_api.traffic_metrics.p95_requests_per_minute is '95 % of the measured minutes stay at or under this; hours and days: right to 2 %';
comment on column flyahead_api.traffic_metrics.errors is 'failed requests, where they were told';
comment on column flyahead_api.traffic_metrics.worst_p95_latency_ms is 'the slowest minute''s 95th percentile of latency';

-- The coarsest resolution that answers: buckets of `step`, made from the largest rollup whose buckets fit into it. Without a
-- step, one that gives no more than about 500 buckets. A plan made for the chosen resolution leaves the other tables out.
create function flyahead_api.traffic(app text, since timestamptz, until timestamptz default null, step interval default null)
returns table (region text, process_group text, bucket timestamptz, minutes_measured bigint, requests double precision,
  peak_requests_per_minute double precision, errors double precision, worst_p95_latency_ms real, resolution text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  last constant timestamptz := coalesce(traffic.until, flyahead.now());
  span constant interval := last - traffic.since;
  width constant interval := coalesce(traffic.step, case
    when span <= interval '8 hours' then interval '1 minute'
    when span <= interval '2 days' then interval '5 minutes'
    when span <= interval '21 days' then interval '1 hour'
    else interval '1 day' end);
  seconds constant numeric := extract(epoch from width);
  chosen text;
begin
  if seconds < 60 or seconds % 60 <> 0 then
    raise exception 'Cannot make buckets of %: a step is a whole number of minutes', width using errcode = 'invalid_parameter_value';
  end if;
  chosen := case when seconds % 86400 = 0 then '1 day' when seconds % 3600 = 0 then '1 hour' when seconds % 300 = 0 then '5 minutes' else '1 minute' end;
  return query
    select m.region, m.process_group, date_bin(width, m.bucket, timestamptz '2000-01-01 00:00+00'), sum(m.minutes_measured), sum(m.requests),
      max(m.peak_requests_per_minute), sum(m.errors), max(m.worst_p95_latency_ms), chosen
    from flyahead_api.traffic_metrics m
    where m.app = traffic.app and m.resolution = chosen and m.bucket >= flyahead.bucket(width, traffic.since) and m.bucket < last
    group by 1, 2, 3 order by 1, 2, 3;
end $$;
comment on function flyahead_api.traffic is 'an app''s traffic per region in buckets of `step`, from the coarsest resolution that answers; until: now; step: as the span suggests';

create view flyahead_api.autoscaling_analytics as
select
  w.app,
  w.region,
  w.process_group,
  (d.at at time zone 'UTC')::date as day,
  d.decisions,
  d.grown,
  d.shrunk,
  d.held_back_by,
  d.flaps,
  d.actions_done,
  d.actions_refused,
  d.actions_failed,
  d.peak_need,
  round((d.machine_minutes / 60)::numeric, 2) as machine_hours,
  round(d.usd::numeric, 4) as cost_usd,
  round((d.observed_minutes / 60)::numeric, 2) as observed_hours
from flyahead.scaling_1d d
join flyahead.worker_regions w on w.id = d.pool_id;

comment on view flyahead_api.autoscaling_analytics is 'what flyahead did, per pool and day of UTC';
comment on column flyahead_api.autoscaling_analytics.app is 'Fly app';
comment on column flyahead_api.autoscaling_analytics.region is 'Fly region';
comment on column flyahead_api.autoscaling_analytics.process_group is 'Fly process group';
comment on column flyahead_api.autoscaling_analytics.day is 'day of UTC';
comment on column flyahead_api.autoscaling_analytics.decisions is 'decisions taken';
comment on column flyahead_api.autoscaling_analytics.grown is 'decisions for more machines, whatever the mode';
comment on column flyahead_api.autoscaling_analytics.shrunk is 'decisions for fewer machines, whatever the mode';
comment on column flyahead_api.autoscaling_analytics.held_back_by is 'rules that changed a decision''s number, and how often';
comment on column flyahead_api.autoscaling_analytics.flaps is 'changes that took back one of the opposite direction within the hour before';
comment on column flyahead_api.autoscaling_analytics.actions_done is 'calls to Fly that were done';
comment on column flyahead_api.autoscaling_analytics.actions_refused is 'calls that Fly, a lost lease or the deadline refused';
comment on column flyahead_api.autoscaling_analytics.actions_failed is 'calls that failed';
comment on column flyahead_api.autoscaling_analytics.peak_need is 'machines that the busiest measured minute asked for';
comment on column flyahead_api.autoscaling_analytics.machine_hours is 'hours that machines ran, all together, between the first and the last tick of the day that looked';
comment on column flyahead_api.autoscaling_analytics.cost_usd is 'what they cost at Fly''s list prices or the pool''s hourly_price; null: a price is not known';
comment on column flyahead_api.autoscaling_analytics.observed_hours is 'hours of the day of which it is known what stood ready; 24 on a whole day';

create view flyahead_api.scaling_efficiency as
select
  w.app,
  w.region,
  w.process_group,
  (d.at at time zone 'UTC')::date as day,
  d.right_intervals,
  d.over_intervals,
  d.under_intervals,
  d.measured_minutes,
  d.short_minutes as minutes_short,
  d.unserved_requests,
  round((d.idle_machine_minutes / 60)::numeric, 2) as idle_machine_hours,
  round((d.machine_minutes / 60)::numeric, 2) as machine_hours,
  round((d.peak_of_four_weeks * p.hours)::numeric, 2) as machine_hours_at_peak,
  round((d.peak_of_yesterday * p.hours)::numeric, 2) as machine_hours_at_yesterdays_peak,
  round(((d.peak_of_four_weeks * p.hours - d.machine_minutes / 60) * p.usd_per_hour)::numeric, 4) as saved_usd_against_peak,
  round(((d.peak_of_yesterday * p.hours - d.machine_minutes / 60) * p.usd_per_hour)::numeric, 4) as saved_usd_against_yesterdays_peak
from flyahead.scaling_1d d
join flyahead.worker_regions w on w.id = d.pool_id
cross join lateral (
  select d.observed_minutes / 60 as hours, d.usd / nullif(d.machine_minutes / 60, 0) as usd_per_hour
) p;

comment on view flyahead_api.scaling_efficiency is 'how well the machines fitted the traffic, per pool and day of UTC, and what simpler policies would have cost';
comment on column flyahead_api.scaling_efficiency.app is 'Fly app';
comment on column flyahead_api.scaling_efficiency.region is 'Fly region';
comment on column flyahead_api.scaling_efficiency.process_group is 'Fly process group';
comment on column flyahead_api.scaling_efficiency.day is 'day of UTC';
comment on column flyahead_api.scaling_efficiency.right_intervals is 'measured intervals of 5 minutes with exactly the machines that their busiest minute, and the minimum, asked for';
comment on column flyahead_api.scaling_efficiency.over_intervals is 'intervals with more than that all the time';
comment on column flyahead_api.scaling_efficiency.under_intervals is 'intervals with a minute that asked for more machines than there were';
comment on column flyahead_api.scaling_efficiency.measured_minutes is 'minutes that have a sample and of which it is known what stood ready';
comment on column flyahead_api.scaling_efficiency.minutes_short is 'of these, minutes whose requests were more than the machines carry';
comment on column flyahead_api.scaling_efficiency.unserved_requests is 'requests above what the machines carry';
comment on column flyahead_api.scaling_efficiency.idle_machine_hours is 'machine hours beyond the fewest that each minute, and the minimum, asked for';
comment on column flyahead_api.scaling_efficiency.machine_hours is 'hours that machines ran, all together';
comment on column flyahead_api.scaling_efficiency.machine_hours_at_peak is 'the same with as many machines all day as the busiest minute of the last 28 days asked for';
comment on column flyahead_api.scaling_efficiency.machine_hours_at_yesterdays_peak is 'the same with as many as the busiest minute of the day before asked for; null: no day before';
comment on column flyahead_api.scaling_efficiency.saved_usd_against_peak is 'money that flyahead saved against always-at-peak; negative: it cost more; null: a price is not known';
comment on column flyahead_api.scaling_efficiency.saved_usd_against_yesterdays_peak is 'likewise against yesterday''s peak';

create view flyahead_api.open_intents as
select
  i.id as intent_id,
  w.app,
  w.region,
  w.process_group,
  i.kind as action,
  i.machine_id,
  i.machine_name,
  i.opened_at,
  flyahead.now() - i.opened_at as open_for,
  i.status as last_seen,
  i.evidence
from flyahead.scaling_intents i
join flyahead.worker_regions w on w.id = i.pool_id
where i.closed_at is null;

comment on view flyahead_api.open_intents is 'calls to Fly of which nobody knows yet what became of them; each tick looks again';
comment on column flyahead_api.open_intents.intent_id is 'number of the intent in flyahead.scaling_intents';
comment on column flyahead_api.open_intents.app is 'Fly app';
comment on column flyahead_api.open_intents.region is 'Fly region';
comment on column flyahead_api.open_intents.process_group is 'Fly process group';
comment on column flyahead_api.open_intents.action is 'start, stop or create';
comment on column flyahead_api.open_intents.machine_id is 'the machine; null for a create that made none yet';
comment on column flyahead_api.open_intents.machine_name is 'for a create: the name by which it is looked up';
comment on column flyahead_api.open_intents.opened_at is 'when it was intended';
comment on column flyahead_api.open_intents.open_for is 'how long ago that is; more than two cadences deserves a look';
comment on column flyahead_api.open_intents.last_seen is 'unknown: looked up and not clear yet; null: not looked up yet';
comment on column flyahead_api.open_intents.evidence is 'what was seen';

revoke all on function flyahead_api.traffic from public;
grant execute on function flyahead_api.traffic to flyahead_service, flyahead_operator;
grant execute on function flyahead.bucket to flyahead_operator;
grant select on flyahead_api.region_status, flyahead_api.traffic_metrics, flyahead_api.autoscaling_analytics, flyahead_api.scaling_efficiency,
  flyahead_api.open_intents to flyahead_service, flyahead_operator;
