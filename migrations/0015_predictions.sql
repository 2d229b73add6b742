-- What became of the predictions. A prediction is of the busiest minute of five; when these five minutes are measured its actual
-- is put beside it, judged once, and added to the scores from which accuracy is read. Samples that are corrected later do not
-- change the verdict: the forecaster was judged on what was known.
--
-- Judged is the whole distribution. The pinball loss of quantile q for actual y and predicted x is (y - x) q where y is
-- above x and (x - y) (1 - q) where it is below (Koenker and Bassett, Econometrica 46, 1978): the least on average where x is
-- the true quantile. Coverage is the share of actuals at or under the quantile; an honest 0.95 covers 0.95.

alter table flyahead.traffic_predictions
  add column source text not null default 'flyahead',
  add column actual double precision,
  add column error double precision,
  add column pinball real,
  add column resolved_at timestamptz;
alter table flyahead.traffic_predictions drop constraint traffic_predictions_pkey, add primary key (pool_id, made_at, horizon_seconds, source);
-- What waits for its actual; a row leaves it when it is judged, so it stays as small as the longest horizon.
create index traffic_predictions_due on flyahead.traffic_predictions (target_at) where resolved_at is null;

comment on column flyahead.traffic_predictions.source is 'who predicted: flyahead, or the name of an outside expert';
comment on column flyahead.traffic_predictions.actual is 'the busiest minute that was measured; null: not yet, or never';
comment on column flyahead.traffic_predictions.error is 'median minus actual: above zero, too much was predicted';
comment on column flyahead.traffic_predictions.pinball is 'pinball loss, mean over the five quantiles, in requests a minute';
comment on column flyahead.traffic_predictions.resolved_at is 'when it was judged, or given up because nothing was measured';

create table flyahead.prediction_scores (
  pool_id integer not null references flyahead.worker_regions (id),
  source text not null,
  model text not null,
  horizon_seconds integer not null,
  day date not null,
  judged integer not null,
  given_up integer not null,
  actual double precision not null,
  absolute_error double precision not null,
  error double precision not null,
  pinball double precision not null,
  under_q10 integer not null,
  under_q50 integer not null,
  under_q90 integer not null,
  under_q95 integer not null,
  under_q99 integer not null,
  primary key (pool_id, day, source, model, horizon_seconds)
);
comment on table flyahead.prediction_scores is 'sums over the judged predictions for a day of UTC; kept when the predictions have gone';
comment on column flyahead.prediction_scores.actual is 'sum of the actuals; the columns after it are sums too';
comment on column flyahead.prediction_scores.under_q10 is 'actuals at or under the predicted quantile';

-- The five quantiles that each prediction holds, in its order (core/forecast/forecast.ts).
create function flyahead.pinball_loss(actual double precision, load real[]) returns double precision
language sql immutable
as $$
  select avg(case when actual >= x then (actual - x) * q else (x - actual) * (1 - q) end)
  from unnest(load, array[0.1, 0.5, 0.9, 0.95, 0.99]::double precision[]) as k (x, q)
$$;

-- Judges what is due. Five minutes are settled when all were measured, else after another twenty with what there is; where
-- nothing was measured, two days later nothing will be. But what is noted and not rolled up yet was measured: after days in
-- which no refresh ran, a verdict on less than the whole waits for it. The lateral look-up and the ctid keep the planner from
-- walking through whole tables for the few rows that are due.
--
-- The trap is a load that a real cannot hold: one such sample would stop the judging of all pools, and the refresh with it. So
-- less than a millionth counts as nothing, as in the sketch of the rollups, and there is a most. What was predicted is kept as
-- real; to compare, so is the actual, or 33.33 is above a prediction of 33.33.
create function flyahead.resolve_predictions(p_now timestamptz, batch integer default 20000) returns integer
language sql
as $$
  with due as (
    select q.ctid, t.peak as actual
    from flyahead.traffic_predictions q
    left join lateral (
      select case when b.peak > 1e-6 then least(b.peak, 1e30) else 0 end as peak, b.minutes
      from flyahead.traffic_5m b where b.pool_id = q.pool_id and b.at = flyahead.bucket('5 minutes', q.target_at) offset 0
    ) t on true
    where q.resolved_at is null and q.target_at <= p_now - interval '5 minutes'
      and (t.minutes = 5
        or (t.minutes > 0 and q.target_at <= p_now - interval '25 minutes' or q.target_at <= p_now - interval '2 days')
          and q.target_at + interval '5 minutes' <= coalesce((select min(n.since) from flyahead.rollup_queue n), 'infinity'))
    order by q.target_at limit batch
    for update of q skip locked
  ), judged as (
    update flyahead.traffic_predictions q set actual = d.actual, error = q.load[2] - d.actual, pinball = flyahead.pinball_loss(d.actual, q.load), resolved_at = p_now
    from due d where q.ctid = d.ctid
    returning q.*
  ), scored as (
    insert into flyahead.prediction_scores as known (pool_id, source, model, horizon_seconds, day, judged, given_up, actual, absolute_error, error, pinball,
      under_q10, under_q50, under_q90, under_q95, under_q99)
    select j.pool_id, j.source, j.model, j.horizon_seconds, (j.target_at at time zone 'UTC')::date, count(j.actual), count(*) filter (where j.actual is null),
      coalesce(sum(j.actual), 0), coalesce(sum(abs(j.error)), 0), coalesce(sum(j.error), 0), coalesce(sum(j.pinball::double precision), 0),
      count(*) filter (where j.actual::real <= j.load[1]), count(*) filter (where j.actual::real <= j.load[2]), count(*) filter (where j.actual::real <= j.load[3]),
      count(*) filter (where j.actual::real <= j.load[4]), count(*) filter (where j.actual::real <= j.load[5])
    from judged j group by 1, 2, 3, 4, 5
    order by 1, 5, 2, 3, 4
    on conflict (pool_id, day, source, model, horizon_seconds) do update set judged = known.judged + excluded.judged,
      given_up = known.given_up + excluded.given_up, actual = known.actual + excluded.actual, absolute_error = known.absolute_error + excluded.absolute_error,
      error = known.error + excluded.error, pinball = known.pinball + excluded.pinball, under_q10 = known.under_q10 + excluded.under_q10,
      under_q50 = known.under_q50 + excluded.under_q50, under_q90 = known.under_q90 + excluded.under_q90,
      under_q95 = known.under_q95 + excluded.under_q95, under_q99 = known.under_q99 + excluded.under_q99
  )
  select count(*)::integer from judged
$$;
comment on function flyahead.resolve_predictions is 'puts actuals beside predictions that are due and adds them to the scores; answers how many. Each is judged once';

create function flyahead.prune_predictions(p_now timestamptz, batch integer default 50000) returns integer
language plpgsql
as $$
declare
  oldest constant timestamptz := p_now - flyahead.setting('keep_predictions')::interval;
  pool integer;
  part integer;
  gone integer := 0;
begin
  for pool in select id from flyahead.worker_regions loop
    delete from flyahead.traffic_predictions q
    where q.pool_id = pool and q.made_at < oldest and q.resolved_at is not null
      and q.ctid = any (array(select o.ctid from flyahead.traffic_predictions o where o.pool_id = pool and o.made_at < oldest order by o.made_at limit batch - gone));
    get diagnostics part = row_count;
    gone := gone + part;
    exit when gone >= batch;
  end loop;
  return gone;
end $$;

create view flyahead_api.prediction_accuracy as
select
  w.app,
  w.region,
  w.process_group,
  s.source,
  s.model,
  make_interval(secs => s.horizon_seconds) as horizon,
  s.day,
  s.judged,
  s.given_up,
  s.actual / nullif(s.judged, 0) as mean_actual,
  s.absolute_error / nullif(s.judged, 0) as mean_absolute_error,
  s.error / nullif(s.judged, 0) as bias,
  s.absolute_error / nullif(s.actual, 0) as relative_error,
  s.pinball / nullif(s.judged, 0) as mean_pinball_loss,
  s.under_q10::double precision / nullif(s.judged, 0) as coverage_q10,
  s.under_q50::double precision / nullif(s.judged, 0) as coverage_q50,
  s.under_q90::double precision / nullif(s.judged, 0) as coverage_q90,
  s.under_q95::double precision / nullif(s.judged, 0) as coverage_q95,
  s.under_q99::double precision / nullif(s.judged, 0) as coverage_q99
from flyahead.prediction_scores s
join flyahead.worker_regions w on w.id = s.pool_id;

comment on view flyahead_api.prediction_accuracy is 'how good the predictions were: per pool, source, model, horizon and UTC day of the time that was predicted. To add rows up, weigh them by judged';
comment on column flyahead_api.prediction_accuracy.app is 'Fly app';
comment on column flyahead_api.prediction_accuracy.region is 'Fly region';
comment on column flyahead_api.prediction_accuracy.process_group is 'Fly process group';
comment on column flyahead_api.prediction_accuracy.source is 'who predicted: flyahead, or the name of an outside expert';
comment on column flyahead_api.prediction_accuracy.model is 'the model, with its version';
comment on column flyahead_api.prediction_accuracy.horizon is 'how far ahead';
comment on column flyahead_api.prediction_accuracy.day is 'the UTC day that was predicted';
comment on column flyahead_api.prediction_accuracy.judged is 'predictions whose actual is known';
comment on column flyahead_api.prediction_accuracy.given_up is 'predictions for minutes that nobody measured';
comment on column flyahead_api.prediction_accuracy.mean_actual is 'mean of the actuals: the busiest minute of five, requests a minute';
comment on column flyahead_api.prediction_accuracy.mean_absolute_error is 'mean distance of the median from the actual, requests a minute';
comment on column flyahead_api.prediction_accuracy.bias is 'mean of median minus actual: above zero, too much was predicted';
comment on column flyahead_api.prediction_accuracy.relative_error is 'sum of the distances over sum of the actuals (WAPE)';
comment on column flyahead_api.prediction_accuracy.mean_pinball_loss is 'mean pinball loss over quantiles 0.1, 0.5, 0.9, 0.95, 0.99, requests a minute: the smaller the better, for the whole distribution';
comment on column flyahead_api.prediction_accuracy.coverage_q10 is 'share of actuals at or under the predicted quantile 0.1; an honest forecast has 0.1 here';
comment on column flyahead_api.prediction_accuracy.coverage_q50 is 'likewise for the median';
comment on column flyahead_api.prediction_accuracy.coverage_q90 is 'likewise for quantile 0.9';
comment on column flyahead_api.prediction_accuracy.coverage_q95 is 'likewise for quantile 0.95, the one that machines are counted by unless a pool says otherwise';
comment on column flyahead_api.prediction_accuracy.coverage_q99 is 'likewise for quantile 0.99';

revoke all on function flyahead.pinball_loss, flyahead.resolve_predictions, flyahead.prune_predictions from public;
grant select on flyahead.prediction_scores to flyahead_service;
grant select on flyahead_api.prediction_accuracy to flyahead_service, flyahead_operator;
