-- What people look at. One row says one thing; each column is explained.

create view flyahead_api.region_status as
select
  w.app,
  w.region,
  r.city,
  w.process_group,
  w.mode,
  m.started,
  m.stopped,
  m.other,
  m.failing,
  (w.effective_policy ->> 'minWorkers')::integer as min_workers,
  (w.effective_policy ->> 'maxWorkers')::integer as max_workers,
  s.requests as load,
  s.at as load_at,
  m.started * (w.effective_policy ->> 'requestsPerWorker')::double precision as capacity,
  p.load[4] as predicted_load,
  p.target_at as predicted_for,
  h.kind as last_decision,
  h.reason as last_reason,
  h.decided_at,
  i.open_intents,
  o.until as override_until,
  case when w.frozen_until > flyahead.now() then w.frozen_until end as frozen_until,
  w.last_change_at,
  w.retired_at
from flyahead.worker_regions w
left join flyahead.regions r on r.code = w.region
left join lateral (
  select
    count(*) filter (where k.state = 'started') as started,
    count(*) filter (where k.state in ('stopped', 'suspended')) as stopped,
    count(*) filter (where k.state not in ('started', 'stopped', 'suspended')) as other,
    count(*) filter (where k.state = 'started' and k.health = 'failing') as failing
  from flyahead.workers k where k.pool_id = w.id and k.gone_at is null
) m on true
left join lateral (
  select t.at, t.requests from flyahead.traffic_samples t where t.pool_id = w.id and t.at > flyahead.now() - interval '1 day' order by t.at desc limit 1
) s on true
left join lateral (
  select q.load, q.target_at from flyahead.traffic_predictions q
  where q.pool_id = w.id and q.horizon_seconds = 3600 order by q.made_at desc limit 1
) p on true
left join lateral (
  select d.kind, d.reason, d.decided_at from flyahead.autoscaling_history d where d.pool_id = w.id order by d.slot desc, d.attempt desc limit 1
) h on true
left join lateral (
  select count(*) as open_intents from flyahead.scaling_intents j where j.pool_id = w.id and j.app = w.app and j.closed_at is null
) i on true
left join lateral (
  select v.until from flyahead.manual_overrides v where v.pool_id = w.id order by v.seen_at desc, v.id desc limit 1
) o on o.until > flyahead.now();

comment on view flyahead_api.region_status is 'each pool as it is now: machines, load against capacity, what is foreseen, and the last decision with its reason';
comment on column flyahead_api.region_status.started is 'machines in state started';
comment on column flyahead_api.region_status.other is 'machines on their way between states, or failed';
comment on column flyahead_api.region_status.failing is 'started machines whose health checks fail';
comment on column flyahead_api.region_status.load is 'requests in the newest measured minute, none older than a day';
comment on column flyahead_api.region_status.capacity is 'requests a minute that the started machines carry';
comment on column flyahead_api.region_status.predicted_load is 'requests a minute, an hour ahead of the last tick, at quantile 0.95';
comment on column flyahead_api.region_status.open_intents is 'calls to Fly whose outcome is not known yet';
comment on column flyahead_api.region_status.override_until is 'a person moved a machine: the pool is kept as it was left until then';

create view flyahead_api.traffic_metrics as
select
  w.app,
  w.region,
  w.process_group,
  date_bin('15 minutes', t.at, timestamptz '2000-01-01 00:00+00') as bucket,
  count(*) as minutes_measured,
  sum(t.requests) as requests,
  max(t.requests) as peak_requests_per_minute,
  sum(t.errors) as errors,
  max(t.p95_latency_ms) as worst_p95_latency_ms
from flyahead.traffic_samples t
join flyahead.worker_regions w on w.id = t.pool_id
group by 1, 2, 3, 4;

comment on view flyahead_api.traffic_metrics is 'measured traffic of each pool in buckets of 15 minutes';
comment on column flyahead_api.traffic_metrics.minutes_measured is 'minutes of the bucket that have a sample; fewer than 15: a gap';
comment on column flyahead_api.traffic_metrics.peak_requests_per_minute is 'the busiest measured minute of the bucket';

create view flyahead_api.autoscaling_analytics as
select
  w.app,
  w.region,
  w.process_group,
  date_trunc('day', h.slot at time zone 'UTC')::date as day,
  count(*) as decisions,
  count(*) filter (where h.kind = 'grow') as grown,
  count(*) filter (where h.kind = 'shrink') as shrunk,
  count(*) filter (where cardinality(h.constraints) > 0) as constrained,
  min(h.to_workers) as fewest_workers,
  max(h.to_workers) as most_workers,
  round(avg(h.to_workers), 2) as mean_workers,
  coalesce(sum(a.done), 0) as actions_done,
  coalesce(sum(a.refused), 0) as actions_refused,
  coalesce(sum(a.failed), 0) as actions_failed,
  coalesce(sum(a.open), 0) as actions_open
from flyahead.autoscaling_history h
join flyahead.worker_regions w on w.id = h.pool_id
left join lateral (
  select
    count(*) filter (where i.status in ('done', 'alreadyDone')) as done,
    count(*) filter (where i.status = 'refused') as refused,
    count(*) filter (where i.status = 'failed') as failed,
    count(*) filter (where i.closed_at is null) as open
  from flyahead.scaling_intents i where i.history_id = h.id
) a on true
group by 1, 2, 3, 4;

comment on view flyahead_api.autoscaling_analytics is 'what flyahead did, per pool and UTC day';
comment on column flyahead_api.autoscaling_analytics.constrained is 'decisions in which at least one rule changed the number';
comment on column flyahead_api.autoscaling_analytics.actions_refused is 'calls that Fly, a lost lease or the deadline refused';
