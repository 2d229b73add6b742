-- Pools as a program reads them: what the status function answers, one document a pool. The views are for people; here it is
-- the same, with what was foreseen and the last decisions beside it, in one statement.

create function flyahead.pool_status(p_apps text[], p_pool integer default null) returns setof jsonb
language sql stable
as $$
  select jsonb_build_object(
    'id', s.pool_id,
    'pool', jsonb_build_object('app', s.app, 'region', s.region, 'processGroup', s.process_group),
    'mode', s.mode,
    'machines', jsonb_build_object('started', s.started, 'stopped', s.stopped, 'other', s.other, 'failing', s.failing),
    'bounds', case when s.min_workers is not null and s.max_workers is not null then jsonb_build_object('min', s.min_workers, 'max', s.max_workers) end,
    'load', case when s.load_at is not null then jsonb_build_object('at', flyahead.epoch_ms(s.load_at), 'requests', s.load) end,
    'capacity', s.capacity,
    'nextPeak', case when s.next_peak_at is not null and s.next_peak_load is not null
      then jsonb_build_object('at', flyahead.epoch_ms(s.next_peak_at), 'load', s.next_peak_load) end,
    'lastDecision', case when s.last_decision is not null
      then jsonb_build_object('kind', s.last_decision, 'reason', s.last_reason, 'at', flyahead.epoch_ms(s.decided_at)) end,
    'overrideUntil', flyahead.epoch_ms(s.override_until),
    'frozenUntil', flyahead.epoch_ms(s.frozen_until))
  from flyahead_api.region_status s
  where s.retired_at is null and (p_apps is null or s.app = any (p_apps)) and (p_pool is null or s.pool_id = p_pool)
  order by s.app, s.process_group, s.region
$$;
comment on function flyahead.pool_status is 'pools in use of these apps (null: of all) as they stand; p_pool: only that one';

-- The newest prediction of each horizon: one tick makes them all, so made_at tells them apart from older ones.
create function flyahead.pool_detail(p_pool integer, p_apps text[], p_decisions integer) returns setof jsonb
language sql stable
as $$
  select s.doc || jsonb_build_object(
    'policy', (
      select jsonb_build_object('requestsPerWorker', e -> 'requestsPerWorker', 'leadSeconds', e -> 'leadSeconds',
        'minWorkers', e -> 'minWorkers', 'maxWorkers', e -> 'maxWorkers')
      from (select w.effective_policy as e from flyahead.worker_regions w where w.id = p_pool) w where e is not null),
    'forecast', (
      select jsonb_build_object('madeAt', flyahead.epoch_ms(q.made_at), 'model', min(q.model), 'confidence', min(q.confidence),
        'horizons', jsonb_agg(jsonb_build_object('horizonMs', q.horizon_seconds * 1000::bigint, 'at', flyahead.epoch_ms(q.target_at), 'load', to_jsonb(q.load))
          order by q.horizon_seconds))
      from flyahead.traffic_predictions q
      where q.pool_id = p_pool and q.source = 'flyahead' and q.made_at = (
        select max(n.made_at) from flyahead.traffic_predictions n where n.pool_id = p_pool and n.source = 'flyahead')
      group by q.made_at),
    'decisions', (
      select coalesce(jsonb_agg(d.doc order by d.slot desc, d.attempt desc), '[]')
      from (
        select h.slot, h.attempt, jsonb_build_object('slot', flyahead.epoch_ms(h.slot), 'attempt', h.attempt, 'at', flyahead.epoch_ms(h.decided_at),
          'mode', h.mode, 'kind', h.kind, 'from', h.from_workers, 'to', h.to_workers, 'needNow', h.need_now, 'needCovered', h.need_covered,
          'worth', h.worth, 'goal', coalesce(h.goal, ''), 'severity', coalesce(h.severity, 'normal'), 'foreseen', coalesce(h.foreseen, '[]'), 'quantile', h.quantile, 'confidence', h.confidence, 'constraints', h.constraints, 'reason', h.reason,
          'actions', (
            select coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'machineId', i.machine_id,
              'status', case when i.closed_at is null then 'open' else i.status end) order by i.ordinal), '[]')
            from flyahead.scaling_intents i where i.history_id = h.id)) as doc
        from flyahead.autoscaling_history h where h.pool_id = p_pool
        order by h.slot desc, h.attempt desc limit p_decisions
      ) d))
  from flyahead.pool_status(p_apps, p_pool) s (doc)
$$;
comment on function flyahead.pool_detail is 'one pool with its forecast and its last decisions; no row where it is not in use, or of another app';

revoke all on function flyahead.pool_status, flyahead.pool_detail from public;
grant execute on function flyahead.pool_status, flyahead.pool_detail to flyahead_service;
