table flyahead.api_tokens
-- callers of the functions; the token itself is shown once, when it is made, and stored only as a hash
  id integer not null generated always as identity
  name text not null
  token_hash text not null
  scopes text[] not null
  apps text[] -- apps the caller may speak for; null: all
  created_at timestamp with time zone not null default clock_timestamp()
  expires_at timestamp with time zone
  revoked_at timestamp with time zone
  constraint CHECK (((scopes <@ ARRAY['tick'::text, 'ingest'::text, 'work'::text, 'read'::text]) AND (cardinality(scopes) > 0)))
  constraint CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
  constraint PRIMARY KEY (id)
  constraint UNIQUE (name)
  constraint UNIQUE (token_hash)
  grant to flyahead_service select

table flyahead.app_leases
-- who may act on an app: the holder of the newest fence until expires_at
  app text not null
  fence bigint not null default 0
  slot timestamp with time zone
  attempt integer not null default 0
  expires_at timestamp with time zone not null default '-infinity'::timestamp with time zone
  closed_slot timestamp with time zone -- the newest slot that was closed; it and all before it are final
  constraint PRIMARY KEY (app)
  grant to flyahead_service delete, insert, select, update

table flyahead.autoscaling_history
-- one decision per pool and tick, with its reason and enough to decide again
  id bigint not null generated always as identity
  tick_id bigint not null
  pool_id integer not null
  slot timestamp with time zone not null
  attempt integer not null
  decided_at timestamp with time zone not null
  mode text not null
  kind text not null
  from_workers integer not null
  to_workers integer not null
  need_now integer -- machines for the busiest of the last minutes
  need_covered integer -- machines for the forecast until the next tick's machines could serve
  need_shrink integer -- machines for the forecast over that and the shrink window
  quantile real not null
  confidence real
  constraints text[] not null -- the rules that changed the number, in order
  reason text not null
  record jsonb not null -- the TickRecord: kind full can be decided again with the identical result
  constraint CHECK ((kind = ANY (ARRAY['hold'::text, 'grow'::text, 'shrink'::text])))
  constraint CHECK ((mode = ANY (ARRAY['observe'::text, 'advise'::text, 'act'::text])))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint FOREIGN KEY (tick_id) REFERENCES flyahead.ticks(id)
  constraint PRIMARY KEY (id)
  constraint UNIQUE (pool_id, slot, attempt)
  CREATE INDEX autoscaling_history_slot ON flyahead.autoscaling_history USING btree (slot)
  grant to flyahead_service delete, insert, select, update

table flyahead.forecast_state
-- the forecaster's memory: hot is written at every tick (at most 4 KB), cold at most hourly (at most 48 KB)
  pool_id integer not null
  hot jsonb not null
  saved_at timestamp with time zone not null
  cold jsonb
  cold_saved_at timestamp with time zone
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id)
  grant to flyahead_service delete, insert, select, update

table flyahead.manual_overrides
-- machines that a person started or stopped between ticks; the pool is kept at `workers` until `until`
  id bigint not null generated always as identity
  pool_id integer not null
  machine_id text not null
  what text not null
  workers integer not null
  seen_at timestamp with time zone not null
  until timestamp with time zone not null
  constraint CHECK ((workers >= 0))
  constraint CHECK (isfinite(until))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (id)
  CREATE INDEX manual_overrides_newest ON flyahead.manual_overrides USING btree (pool_id, seen_at DESC)
  grant to flyahead_service delete, insert, select, update

table flyahead.regions
-- Fly regions by code; a pool may live in one that is not listed here
  code text not null
  city text not null
  country character(2) not null
  latitude double precision not null
  longitude double precision not null
  constraint PRIMARY KEY (code)
  grant to flyahead_service select

table flyahead.scaling_intents
-- each call to Fly, written before it is made; open (closed_at null) until its outcome is known
  id bigint not null generated always as identity
  history_id bigint not null
  pool_id integer not null
  app text not null
  ordinal integer not null
  kind text not null
  machine_id text
  machine_name text -- for a create: the name by which it is looked up when the answer was lost
  template_id text
  opened_at timestamp with time zone not null
  status text
  evidence text -- what was seen: Fly's answer, or the state found by a later tick
  closed_at timestamp with time zone
  constraint CHECK ((kind = ANY (ARRAY['start'::text, 'stop'::text, 'create'::text])))
  constraint CHECK ((status = ANY (ARRAY['done'::text, 'alreadyDone'::text, 'refused'::text, 'failed'::text, 'unknown'::text])))
  constraint FOREIGN KEY (history_id) REFERENCES flyahead.autoscaling_history(id)
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (id)
  constraint UNIQUE (history_id, ordinal)
  CREATE INDEX scaling_intents_open ON flyahead.scaling_intents USING btree (app) WHERE (closed_at IS NULL)
  CREATE INDEX scaling_intents_pool ON flyahead.scaling_intents USING btree (pool_id, opened_at)
  grant to flyahead_service delete, insert, select, update

table flyahead.settings
-- what this installation decided about itself: storage_mode; simulated_now only in a simulation
  name text not null
  value text not null
  constraint PRIMARY KEY (name)
  grant to flyahead_service select

table flyahead.ticks
-- one run of the loop for one app and slot; closed_at is null where it died on the way
  id bigint not null generated always as identity
  app text not null
  slot timestamp with time zone not null
  attempt integer not null
  fence bigint not null
  mode text not null
  opened_at timestamp with time zone not null
  closed_at timestamp with time zone
  summary jsonb
  constraint CHECK ((mode = ANY (ARRAY['observe'::text, 'advise'::text, 'act'::text])))
  constraint PRIMARY KEY (id)
  constraint UNIQUE (app, slot, attempt)
  grant to flyahead_service delete, insert, select, update

table flyahead.traffic_patterns
-- the usual week of a pool in its own time zone: a picture of the forecaster's profile, not a second model
  pool_id integer not null
  day_of_week smallint not null -- 0 is Monday
  hour_of_day smallint not null
  usual_load real not null -- requests a minute, busiest minute of each 5 minutes, mean over the hour
  peak_load real not null
  weeks_seen smallint not null -- how often this hour was seen
  updated_at timestamp with time zone not null
  constraint CHECK (((day_of_week >= 0) AND (day_of_week <= 6)))
  constraint CHECK (((hour_of_day >= 0) AND (hour_of_day <= 23)))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id, day_of_week, hour_of_day)
  grant to flyahead_service delete, insert, select, update

table flyahead.traffic_predictions
-- five horizons a tick; load is the busiest minute of the five minutes from target_at, at quantiles 0.1, 0.5, 0.9, 0.95, 0.99
  pool_id integer not null
  made_at timestamp with time zone not null
  horizon_seconds integer not null
  target_at timestamp with time zone not null
  model text not null
  confidence real not null
  load real[] not null
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id, made_at, horizon_seconds)
  grant to flyahead_service delete, insert, select, update

table flyahead.traffic_samples
-- load of one pool in one minute; a missing row is a gap, a row with 0 a measured zero
  pool_id integer not null
  at timestamp with time zone not null -- start of the minute
  requests double precision not null
  errors double precision
  p95_latency_ms real
  cpu real -- share of what the machines have, 0 to 1; memory and disk likewise
  memory real
  disk real
  concurrency real
  queue_depth real
  received_at timestamp with time zone not null
  constraint CHECK ((requests >= (0)::double precision))
  constraint PRIMARY KEY (pool_id, at)
  grant to flyahead_service delete, insert, select, update

table flyahead.unreached_apps
-- apps that a tick could not reach before its deadline and that must be called again
  slot timestamp with time zone not null
  app text not null
  noted_at timestamp with time zone not null
  constraint PRIMARY KEY (slot, app)
  grant to flyahead_service delete, insert, select, update

table flyahead.worker_regions
-- pools: one app, region and process group, the unit that is scaled; found in Fly's machine list, retired when their machines are gone
  id integer not null generated always as identity
  app text not null
  region text not null
  process_group text not null
  mode text not null default 'advise'::text -- observe: record only; advise: record and tell; act: call Fly. New pools start in advise
  min_workers integer
  max_workers integer
  requests_per_worker double precision -- requests a minute that one machine carries; null: as configured
  quantile double precision -- capacity covers this quantile of the forecast; null: as configured
  lead_seconds integer
  cooldown_seconds integer
  stabilisation_seconds integer
  stale_seconds integer
  override_seconds integer
  time_zone text -- IANA zone in which the app's days and weeks repeat; null: as configured
  pinned_machine_id text
  frozen_until timestamp with time zone -- nothing is changed before this time; for good: a date far away, like 2100-01-01
  effective_policy jsonb -- the policy that the last tick went by: configuration and own values together
  last_change_at timestamp with time zone -- when a machine was last started, stopped or created by flyahead
  discovered_at timestamp with time zone not null default flyahead.now()
  retired_at timestamp with time zone
  constraint CHECK (((quantile > (0)::double precision) AND (quantile < (1)::double precision)))
  constraint CHECK ((cooldown_seconds >= 0))
  constraint CHECK ((lead_seconds >= 0))
  constraint CHECK ((max_workers >= 0))
  constraint CHECK ((min_workers <= max_workers))
  constraint CHECK ((min_workers >= 0))
  constraint CHECK ((mode = ANY (ARRAY['observe'::text, 'advise'::text, 'act'::text])))
  constraint CHECK ((override_seconds >= 0))
  constraint CHECK ((requests_per_worker > (0)::double precision))
  constraint CHECK ((stabilisation_seconds >= 0))
  constraint CHECK ((stale_seconds > 0))
  constraint CHECK (isfinite(frozen_until))
  constraint PRIMARY KEY (id)
  constraint UNIQUE (app, region, process_group)
  CREATE TRIGGER worker_regions_time_zone BEFORE INSERT OR UPDATE OF time_zone ON flyahead.worker_regions FOR EACH ROW WHEN ((new.time_zone IS NOT NULL)) EXECUTE FUNCTION flyahead.check_time_zone()
  grant to flyahead_service delete, insert, select, update

table flyahead.workers
-- Fly machines as the last tick left them in the books
  machine_id text not null
  pool_id integer not null
  name text not null
  state text not null -- the state last seen, or the one our own action led to; what differs at the next tick was done by somebody else
  health text not null
  cordoned boolean not null
  machine_created_at timestamp with time zone not null
  seen_at timestamp with time zone not null
  gone_at timestamp with time zone -- when the machine was first missing from Fly's list
  constraint CHECK ((health = ANY (ARRAY['passing'::text, 'failing'::text, 'unknown'::text])))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (machine_id)
  CREATE INDEX workers_pool ON flyahead.workers USING btree (pool_id) WHERE (gone_at IS NULL)
  grant to flyahead_service delete, insert, select, update

view flyahead_api.autoscaling_analytics
-- what flyahead did, per pool and UTC day
  app text
  region text
  process_group text
  day date
  decisions bigint
  grown bigint
  shrunk bigint
  constrained bigint -- decisions in which at least one rule changed the number
  fewest_workers integer
  most_workers integer
  mean_workers numeric
  actions_done numeric
  actions_refused numeric -- calls that Fly, a lost lease or the deadline refused
  actions_failed numeric
  actions_open numeric
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    w.process_group,
    date_trunc('day'::text, (h.slot AT TIME ZONE 'UTC'::text))::date AS day,
    count(*) AS decisions,
    count(*) FILTER (WHERE h.kind = 'grow'::text) AS grown,
    count(*) FILTER (WHERE h.kind = 'shrink'::text) AS shrunk,
    count(*) FILTER (WHERE cardinality(h.constraints) > 0) AS constrained,
    min(h.to_workers) AS fewest_workers,
    max(h.to_workers) AS most_workers,
    round(avg(h.to_workers), 2) AS mean_workers,
    COALESCE(sum(a.done), 0::numeric) AS actions_done,
    COALESCE(sum(a.refused), 0::numeric) AS actions_refused,
    COALESCE(sum(a.failed), 0::numeric) AS actions_failed,
    COALESCE(sum(a.open), 0::numeric) AS actions_open
   FROM flyahead.autoscaling_history h
     JOIN flyahead.worker_regions w ON w.id = h.pool_id
     LEFT JOIN LATERAL ( SELECT count(*) FILTER (WHERE i.status = ANY (ARRAY['done'::text, 'alreadyDone'::text])) AS done,
            count(*) FILTER (WHERE i.status = 'refused'::text) AS refused,
            count(*) FILTER (WHERE i.status = 'failed'::text) AS failed,
            count(*) FILTER (WHERE i.closed_at IS NULL) AS open
           FROM flyahead.scaling_intents i
          WHERE i.history_id = h.id) a ON true
  GROUP BY w.app, w.region, w.process_group, (date_trunc('day'::text, (h.slot AT TIME ZONE 'UTC'::text))::date);

view flyahead_api.region_status
-- each pool as it is now: machines, load against capacity, what is foreseen, and the last decision with its reason
  app text
  region text
  city text
  process_group text
  mode text
  started bigint -- machines in state started
  stopped bigint
  other bigint -- machines on their way between states, or failed
  failing bigint -- started machines whose health checks fail
  min_workers integer
  max_workers integer
  load double precision -- requests in the newest measured minute, none older than a day
  load_at timestamp with time zone
  capacity double precision -- requests a minute that the started machines carry
  predicted_load real -- requests a minute, an hour ahead of the last tick, at quantile 0.95
  predicted_for timestamp with time zone
  last_decision text
  last_reason text
  decided_at timestamp with time zone
  open_intents bigint -- calls to Fly whose outcome is not known yet
  override_until timestamp with time zone -- a person moved a machine: the pool is kept as it was left until then
  frozen_until timestamp with time zone
  last_change_at timestamp with time zone
  retired_at timestamp with time zone
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    r.city,
    w.process_group,
    w.mode,
    m.started,
    m.stopped,
    m.other,
    m.failing,
    (w.effective_policy ->> 'minWorkers'::text)::integer AS min_workers,
    (w.effective_policy ->> 'maxWorkers'::text)::integer AS max_workers,
    s.requests AS load,
    s.at AS load_at,
    m.started::double precision * ((w.effective_policy ->> 'requestsPerWorker'::text)::double precision) AS capacity,
    p.load[4] AS predicted_load,
    p.target_at AS predicted_for,
    h.kind AS last_decision,
    h.reason AS last_reason,
    h.decided_at,
    i.open_intents,
    o.until AS override_until,
        CASE
            WHEN w.frozen_until > flyahead.now() THEN w.frozen_until
            ELSE NULL::timestamp with time zone
        END AS frozen_until,
    w.last_change_at,
    w.retired_at
   FROM flyahead.worker_regions w
     LEFT JOIN flyahead.regions r ON r.code = w.region
     LEFT JOIN LATERAL ( SELECT count(*) FILTER (WHERE k.state = 'started'::text) AS started,
            count(*) FILTER (WHERE k.state = ANY (ARRAY['stopped'::text, 'suspended'::text])) AS stopped,
            count(*) FILTER (WHERE k.state <> ALL (ARRAY['started'::text, 'stopped'::text, 'suspended'::text])) AS other,
            count(*) FILTER (WHERE k.state = 'started'::text AND k.health = 'failing'::text) AS failing
           FROM flyahead.workers k
          WHERE k.pool_id = w.id AND k.gone_at IS NULL) m ON true
     LEFT JOIN LATERAL ( SELECT t.at,
            t.requests
           FROM flyahead.traffic_samples t
          WHERE t.pool_id = w.id AND t.at > (flyahead.now() - '1 day'::interval)
          ORDER BY t.at DESC
         LIMIT 1) s ON true
     LEFT JOIN LATERAL ( SELECT q.load,
            q.target_at
           FROM flyahead.traffic_predictions q
          WHERE q.pool_id = w.id AND q.horizon_seconds = 3600
          ORDER BY q.made_at DESC
         LIMIT 1) p ON true
     LEFT JOIN LATERAL ( SELECT d.kind,
            d.reason,
            d.decided_at
           FROM flyahead.autoscaling_history d
          WHERE d.pool_id = w.id
          ORDER BY d.slot DESC, d.attempt DESC
         LIMIT 1) h ON true
     LEFT JOIN LATERAL ( SELECT count(*) AS open_intents
           FROM flyahead.scaling_intents j
          WHERE j.pool_id = w.id AND j.app = w.app AND j.closed_at IS NULL) i ON true
     LEFT JOIN LATERAL ( SELECT v.until
           FROM flyahead.manual_overrides v
          WHERE v.pool_id = w.id
          ORDER BY v.seen_at DESC, v.id DESC
         LIMIT 1) o ON o.until > flyahead.now();

view flyahead_api.traffic_metrics
-- measured traffic of each pool in buckets of 15 minutes
  app text
  region text
  process_group text
  bucket timestamp with time zone
  minutes_measured bigint -- minutes of the bucket that have a sample; fewer than 15: a gap
  requests double precision
  peak_requests_per_minute double precision -- the busiest measured minute of the bucket
  errors double precision
  worst_p95_latency_ms real
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    w.process_group,
    date_bin('00:15:00'::interval, t.at, '2000-01-01 00:00:00+00'::timestamp with time zone) AS bucket,
    count(*) AS minutes_measured,
    sum(t.requests) AS requests,
    max(t.requests) AS peak_requests_per_minute,
    sum(t.errors) AS errors,
    max(t.p95_latency_ms) AS worst_p95_latency_ms
   FROM flyahead.traffic_samples t
     JOIN flyahead.worker_regions w ON w.id = t.pool_id
  GROUP BY w.app, w.region, w.process_group, (date_bin('00:15:00'::interval, t.at, '2000-01-01 00:00:00+00'::timestamp with time zone));

function flyahead.acquire_lease(text,timestamp with time zone,integer) → TABLE(status text, fence bigint, attempt integer, retry_ms integer)
  plpgsql, volatile
  callers: flyahead_service

function flyahead.available_storage_mode() → text
  sql, stable
  callers: flyahead_service

function flyahead.check_time_zone() → trigger
  plpgsql, volatile
  callers: flyahead_service

function flyahead.close_intents(text,timestamp with time zone,jsonb) → SETOF flyahead.scaling_intents
  plpgsql, volatile
  callers: flyahead_service

function flyahead.close_tick(jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.create_traffic_samples(text) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.elements(jsonb) → jsonb
  sql, immutable
  callers: flyahead_service

function flyahead.ensure_sample_days(timestamp with time zone,timestamp with time zone) → void
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.epoch_ms(timestamp with time zone) → double precision
  sql, immutable
  callers: flyahead_service

function flyahead.instant(double precision) → timestamp with time zone
  sql, immutable
  callers: flyahead_service

function flyahead.is_lease_held(text,bigint) → boolean
  sql, stable
  callers: flyahead_service

function flyahead.newest_override(integer) → SETOF flyahead.manual_overrides
  sql, stable
  callers: flyahead_service

function flyahead.now() → timestamp with time zone
-- the time that views go by: the server's, or that of a running simulation
  sql, stable, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_operator, flyahead_service

function flyahead.open_tick(jsonb) → TABLE(intent_id bigint, app text, region text, process_group text, ordinal integer)
  plpgsql, volatile
  callers: flyahead_service

function flyahead.pools_of(jsonb) → TABLE(pool_id integer, doc jsonb)
  sql, stable
  callers: flyahead_service

function flyahead.recall_pools(text,timestamp with time zone) → SETOF jsonb
  sql, stable
  callers: flyahead_service

function flyahead.release_lease(text,bigint) → void
  sql, volatile
  callers: flyahead_service

function flyahead.require_fence(text,bigint) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.storage_mode() → text
-- how traffic samples are stored here: native, hypertable or columnstore
  sql, stable
  callers: flyahead_service

function flyahead.store_samples(timestamp with time zone,text[],text[],text[],timestamp with time zone[],double precision[],double precision[],real[],real[],real[],real[],real[],real[]) → integer[]
-- stores samples of known pools, the later write counts; answers the row numbers (from 0) of unknown pools
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_forecasts(timestamp with time zone,jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_workers(text,timestamp with time zone,jsonb) → void
  plpgsql, volatile
  callers: flyahead_service
