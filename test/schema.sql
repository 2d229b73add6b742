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
  last_used_at timestamp with time zone -- when a function last let it by, to five minutes; null: never
  rotated_at timestamp with time zone -- when the word was last exchanged; null: it is the first
  previous_hash text -- of the word before the last rotation, good until previous_until
  previous_until timestamp with time zone
  constraint CHECK (((previous_hash IS NULL) = (previous_until IS NULL)))
  constraint CHECK (((scopes <@ ARRAY['tick'::text, 'ingest'::text, 'work'::text, 'read'::text]) AND (cardinality(scopes) > 0)))
  constraint CHECK ((previous_hash ~ '^[0-9a-f]{64}$'::text))
  constraint CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
  constraint CHECK (isfinite(previous_until))
  constraint PRIMARY KEY (id)
  constraint UNIQUE (name)
  constraint UNIQUE (previous_hash)
  constraint UNIQUE (token_hash)
  CREATE INDEX api_tokens_beginning ON flyahead.api_tokens USING btree ("left"(token_hash, 16))
  CREATE INDEX api_tokens_previous_beginning ON flyahead.api_tokens USING btree ("left"(previous_hash, 16)) WHERE (previous_hash IS NOT NULL)
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
  need_shrink integer -- of decisions before there was a goal: machines for the covered and the shrink window
  quantile real not null
  confidence real
  constraints text[] not null -- the rules that changed the number, in order
  reason text not null
  record jsonb not null -- the TickRecord: kind full can be decided again with the identical result
  worth integer -- machines that earn their keep by the forecast, before any rule
  goal text -- what was decided for, in words
  severity text -- critical: short now; high: short before the next tick's machines could serve; elevated: more needed within the hour
  foreseen jsonb -- the busiest minute within 5 minutes, 1 hour, 6 hours and a day: requests a minute and machines
  extra_machine_hours real -- machine-hours more than holding would have taken until the next tick
  constraint CHECK ((kind = ANY (ARRAY['hold'::text, 'grow'::text, 'shrink'::text])))
  constraint CHECK ((mode = ANY (ARRAY['observe'::text, 'advise'::text, 'act'::text])))
  constraint CHECK ((severity = ANY (ARRAY['normal'::text, 'elevated'::text, 'high'::text, 'critical'::text])))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint FOREIGN KEY (tick_id) REFERENCES flyahead.ticks(id)
  constraint PRIMARY KEY (id)
  constraint UNIQUE (pool_id, slot, attempt)
  CREATE INDEX autoscaling_history_moves ON flyahead.autoscaling_history USING btree (pool_id, slot) WHERE (kind <> 'hold'::text)
  CREATE INDEX autoscaling_history_slot ON flyahead.autoscaling_history USING btree (slot)
  CREATE INDEX autoscaling_history_tick ON flyahead.autoscaling_history USING btree (tick_id)
  grant to flyahead_service delete, insert, select, update

table flyahead.boot_times
-- how long a machine took from being asked for to serving; one row a boot
  pool_id integer not null
  machine_id text not null
  path text not null -- start: it was stopped; resume: it was suspended; create: it was made
  asked_at timestamp with time zone not null -- when it was asked to serve, by Fly's account where there is one
  serving_at timestamp with time zone not null -- when it was first known to serve
  seconds double precision not null -- from asking to serving, or the bound that evidence says
  evidence text not null -- event: Fly's events measured it; atMost, atLeast: ticks saw it, and this is all that they know
  constraint CHECK (((seconds >= (0)::double precision) AND (seconds < 'Infinity'::double precision)))
  constraint CHECK ((evidence = ANY (ARRAY['event'::text, 'atMost'::text, 'atLeast'::text])))
  constraint CHECK ((path = ANY (ARRAY['start'::text, 'resume'::text, 'create'::text])))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id, asked_at, machine_id)
  CREATE INDEX boot_times_recent ON flyahead.boot_times USING btree (pool_id, path, evidence, asked_at DESC, machine_id) INCLUDE (seconds)
  grant to flyahead_service insert, select, update

table flyahead.breaker_probes
-- half-open permits of each breaker's present opening, forgotten at until
  name text not null
  opening integer not null
  taken integer not null
  until timestamp with time zone not null
  constraint PRIMARY KEY (name)
  grant to flyahead_service insert, select, update

table flyahead.breakers
-- circuit breakers of what flyahead calls, as the last tick left them, and the last order for each
  name text not null
  version bigint not null -- grows by one with each save; a save of an older one is refused and laid over the newer
  state jsonb not null
  saved_at timestamp with time zone not null default clock_timestamp()
  order_id bigint not null default 0 -- number of the last order; carried out once state.orderId has reached it
  ordered text
  ordered_at timestamp with time zone
  ordered_by text
  constraint CHECK ((ordered = ANY (ARRAY['reset'::text, 'forceOpen'::text, 'measureOnly'::text, 'disable'::text])))
  constraint CHECK ((version > 0))
  constraint PRIMARY KEY (name)
  grant to flyahead_service select

table flyahead.capacity_steps
-- what stood ready in a pool from `since` until the next step; written when a tick finds or makes a change
  pool_id integer not null
  since timestamp with time zone not null
  workers integer not null -- machines that served or were on their way to
  running integer not null -- machines that cost money: those, and cordoned ones that run
  requests_per_worker double precision not null -- requests a minute that one machine carried by the policy of that time
  min_workers integer not null
  usd_per_hour double precision -- what the running ones cost together in an hour; null where the price is not known
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id, since)
  CREATE TRIGGER capacity_steps_spending AFTER INSERT OR UPDATE ON flyahead.capacity_steps FOR EACH ROW EXECUTE FUNCTION flyahead.carry_spending()
  grant to flyahead_service insert, select, update

table flyahead.forecast_state
-- the forecaster's memory: hot is written at every tick (at most 4 KB), cold at most hourly (at most 48 KB)
  pool_id integer not null
  hot jsonb not null
  saved_at timestamp with time zone not null
  cold jsonb
  cold_saved_at timestamp with time zone
  next_peak_at timestamp with time zone -- the busiest time of the next day, as the last tick foresaw it
  next_peak_load double precision -- requests a minute then, at the quantile that machines are counted by
  expert_weights jsonb -- part of each expert in the forecasts of each lead: [{expert, horizonMs, share, missRatio}]; flyahead_api.expert_weights reads it
  weighed_at timestamp with time zone -- when expert_weights was written
  confidence real -- 0 to 1, as the last tick had it: one minus its misses over those of the day before
  learned_until timestamp with time zone default flyahead.instant(((hot ->> 'through'::text))::double precision) -- samples before it are learned; one that is written now is noted in late_samples
  constraint CHECK ((jsonb_typeof(expert_weights) = 'array'::text))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id)
  CREATE TRIGGER forecast_state_deleted AFTER DELETE ON flyahead.forecast_state FOR EACH ROW EXECUTE FUNCTION flyahead.forget_late_of_deleted()
  grant to flyahead_service delete, insert, select, update

table flyahead.idempotency_keys
-- answers to writes that came with an Idempotency-Key, for as long as they may be asked for again
  token_id integer not null
  endpoint text not null
  key text not null
  fingerprint text not null -- SHA-256 of the request: the same key with another request is a mistake
  holder text not null -- the request that is at work, or was
  answer text -- the answer's body; null while the request is at work
  expires_at timestamp with time zone not null
  constraint CHECK (((length(key) >= 1) AND (length(key) <= 255)))
  constraint CHECK ((fingerprint ~ '^[0-9a-f]{64}$'::text))
  constraint CHECK ((octet_length(answer) <= 65536))
  constraint FOREIGN KEY (token_id) REFERENCES flyahead.api_tokens(id) ON DELETE CASCADE
  constraint PRIMARY KEY (token_id, endpoint, key)
  CREATE INDEX idempotency_keys_expiry ON flyahead.idempotency_keys USING btree (token_id, expires_at)
  grant to flyahead_service delete, insert, select, update

table flyahead.late_samples
-- samples that were written after their time was learned; a tick learns them and takes the notes away
  pool_id integer not null
  since timestamp with time zone not null -- the oldest of them
  samples integer not null
  noted_at timestamp with time zone not null
  constraint CHECK ((samples > 0))
  CREATE INDEX late_samples_pool ON flyahead.late_samples USING btree (pool_id)
  grant to flyahead_service delete, insert, select

table flyahead.machine_rates
-- Fly's list price of a started machine for 30 days, per CPU and per GB of memory, before the region's factor; change it when Fly does
  cpu_kind text not null
  usd_per_cpu double precision not null
  usd_per_gb double precision not null
  constraint CHECK ((usd_per_cpu >= (0)::double precision))
  constraint CHECK ((usd_per_gb >= (0)::double precision))
  constraint PRIMARY KEY (cpu_kind)
  grant to flyahead_service select

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

table flyahead.pool_spending
-- what the machines of a pool have run in the month of `since` up to it, and what has run from there
  pool_id integer not null
  since timestamp with time zone not null
  running integer not null
  usd_per_hour double precision
  machine_hours double precision not null
  usd double precision -- null where a price of that month is not known
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id)
  grant to flyahead_service insert, select, update

table flyahead.prediction_scores
-- sums over the judged predictions for a day of UTC; kept when the predictions have gone
  pool_id integer not null
  source text not null
  model text not null
  horizon_seconds integer not null
  day date not null
  judged integer not null
  given_up integer not null
  actual double precision not null -- sum of the actuals; the columns after it are sums too
  absolute_error double precision not null
  error double precision not null
  pinball double precision not null
  under_q10 integer not null -- actuals at or under the predicted quantile
  under_q50 integer not null
  under_q90 integer not null
  under_q95 integer not null
  under_q99 integer not null
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id, day, source, model, horizon_seconds)
  grant to flyahead_service select

table flyahead.regions
-- Fly regions by code; a pool may live in one that is not listed here
  code text not null
  city text not null
  country character(2) not null
  latitude double precision not null
  longitude double precision not null
  price_factor double precision not null default 1 -- how much dearer than in iad a machine is here
  constraint CHECK ((price_factor > (0)::double precision))
  constraint PRIMARY KEY (code)
  grant to flyahead_service select

table flyahead.rollup_queue
-- spans of a pool's time, each within one day of UTC, in which something changed and whose rollups are to be made anew
  pool_id integer not null
  since timestamp with time zone not null
  until timestamp with time zone not null
  constraint CHECK (((since < until) AND (until <= (since + '24:00:00'::interval))))
  grant to flyahead_service insert, select

table flyahead.sample_pulls
-- how far an app's samples were pulled from the source of metrics: all of filled_from to live_until is
  app text not null
  wanted_from timestamp with time zone not null -- history is wanted from here on
  filled_from timestamp with time zone not null
  live_until timestamp with time zone not null
  finished_at timestamp with time zone -- when the history was complete and the forecasters began to learn anew; null while it is not
  updated_at timestamp with time zone not null
  constraint CHECK ((filled_from >= wanted_from))
  constraint CHECK ((live_until >= filled_from))
  constraint PRIMARY KEY (app)
  grant to flyahead_service delete, insert, select, update

table flyahead.scaling_1d
-- scaling_1h added up over a day of UTC
  pool_id integer not null
  at timestamp with time zone not null
  observed_minutes real not null
  machine_minutes real not null
  usd double precision
  measured_minutes smallint not null
  short_minutes smallint not null
  unserved_requests double precision not null
  idle_machine_minutes real not null
  peak_need integer
  right_intervals smallint not null
  over_intervals smallint not null
  under_intervals smallint not null
  decisions smallint not null
  grown smallint not null
  shrunk smallint not null
  held_back_by jsonb not null
  flaps smallint not null
  actions_done integer not null
  actions_refused integer not null
  actions_failed integer not null
  peak_of_four_weeks integer -- the highest peak_need of this day and the 27 before it: what always-at-peak would have run
  peak_of_yesterday integer -- peak_need of the day before
  constraint PRIMARY KEY (pool_id, at)
  grant to flyahead_service select

table flyahead.scaling_1h
-- how the capacity of a pool fitted its traffic in an hour, and what was decided and done in it
  pool_id integer not null
  at timestamp with time zone not null
  observed_minutes real not null -- minutes of which it is known what stood ready
  machine_minutes real not null -- minutes that machines ran, all together
  usd double precision
  measured_minutes smallint not null -- observed minutes that have a sample; the next six columns speak of them
  short_minutes smallint not null -- minutes whose requests were more than the machines carry
  unserved_requests double precision not null -- requests above what the machines carry
  idle_machine_minutes real not null -- machine minutes beyond the fewest that the minute and the minimum asked for
  peak_need integer -- machines that the busiest minute asked for
  right_intervals smallint not null -- intervals of 5 minutes with exactly the machines that their busiest minute, and the minimum, asked for; over: more all the time; under: too few for some minute
  over_intervals smallint not null
  under_intervals smallint not null
  decisions smallint not null
  grown smallint not null
  shrunk smallint not null
  held_back_by jsonb not null -- rules that changed a decision, and how many they changed
  flaps smallint not null -- changes that took back one of the opposite direction within the hour before
  actions_done integer not null
  actions_refused integer not null
  actions_failed integer not null
  constraint PRIMARY KEY (pool_id, at)
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
  because text -- stuck: the machine did not come to serve, and another takes its place
  instead_of text -- only once this machine was stopped
  min_running integer -- of a start or create: min_machines_running to be set where Fly Proxy minds it; null: it is left alone
  constraint CHECK ((because = 'stuck'::text))
  constraint CHECK ((kind = ANY (ARRAY['start'::text, 'stop'::text, 'suspend'::text, 'cordon'::text, 'uncordon'::text, 'create'::text, 'destroy'::text])))
  constraint CHECK ((min_running >= 0))
  constraint CHECK ((status = ANY (ARRAY['done'::text, 'alreadyDone'::text, 'refused'::text, 'failed'::text, 'unknown'::text])))
  constraint FOREIGN KEY (history_id) REFERENCES flyahead.autoscaling_history(id)
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (id)
  constraint UNIQUE (history_id, ordinal)
  CREATE INDEX scaling_intents_open ON flyahead.scaling_intents USING btree (app) WHERE (closed_at IS NULL)
  CREATE INDEX scaling_intents_pool ON flyahead.scaling_intents USING btree (pool_id, opened_at)
  CREATE INDEX scaling_intents_stuck ON flyahead.scaling_intents USING btree (pool_id, opened_at) WHERE (because = 'stuck'::text)
  grant to flyahead_service delete, insert, select, update

table flyahead.schedule_requests
-- each call of the auto-scaling function by the schedule, and what came back
  id bigint not null generated always as identity
  job text not null -- tick: when the slot began; again: later in the slot, for what was not reached or failed
  slot timestamp with time zone not null
  apps text[] -- the apps it was for; null: all
  request_id bigint -- pg_net's number
  sent_at timestamp with time zone not null
  answered_at timestamp with time zone -- when the answer was seen, or the waiting given up
  status_code integer
  error text -- why it failed: the beginning of the answer, or what kept it from being sent
  constraint CHECK ((job = ANY (ARRAY['tick'::text, 'again'::text])))
  constraint PRIMARY KEY (id)
  CREATE INDEX schedule_requests_slot ON flyahead.schedule_requests USING btree (slot)
  CREATE INDEX schedule_requests_unanswered ON flyahead.schedule_requests USING btree (sent_at) WHERE (answered_at IS NULL)

table flyahead.settings
-- what this installation decided about itself: storage_mode, how long things are kept; simulated_now only in a simulation
  name text not null
  value text not null
  constraint PRIMARY KEY (name)
  CREATE TRIGGER settings_value BEFORE INSERT OR UPDATE ON flyahead.settings FOR EACH ROW WHEN (((new.name ~~ 'keep\_%'::text) OR (new.name = 'compress_samples_after'::text))) EXECUTE FUNCTION flyahead.check_setting()
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
  cadence_seconds integer -- time between slots; null: not told
  constraint CHECK ((cadence_seconds > 0))
  constraint CHECK ((mode = ANY (ARRAY['observe'::text, 'advise'::text, 'act'::text])))
  constraint PRIMARY KEY (id)
  constraint UNIQUE (app, slot, attempt)
  grant to flyahead_service delete, insert, select, update

table flyahead.traffic_1d
-- traffic of one pool in a day of UTC; columns as in traffic_1h
  pool_id integer not null
  at timestamp with time zone not null
  minutes smallint not null
  requests double precision not null
  peak double precision not null
  errors double precision
  worst_p95_latency_ms real
  p95 double precision not null
  sketch_buckets smallint[] not null
  sketch_counts smallint[] not null
  constraint PRIMARY KEY (pool_id, at)
  grant to flyahead_service select

table flyahead.traffic_1h
-- traffic of one pool in an hour
  pool_id integer not null
  at timestamp with time zone not null
  minutes smallint not null
  requests double precision not null
  peak double precision not null
  errors double precision
  worst_p95_latency_ms real
  p95 double precision not null -- requests in a minute that 95 % of the measured minutes stay at or under; right to 2 %
  sketch_buckets smallint[] not null -- buckets of minute loads that occurred, ascending; hours can be added up from them
  sketch_counts smallint[] not null -- minutes in each of the buckets
  constraint PRIMARY KEY (pool_id, at)
  grant to flyahead_service select

table flyahead.traffic_5m
-- traffic of one pool in 5 minutes; so few minutes have no quantile of their own: the busiest is it
  pool_id integer not null
  at timestamp with time zone not null
  minutes smallint not null -- minutes that have a sample
  requests double precision not null -- requests in the measured minutes together
  peak double precision not null -- requests in the busiest minute
  errors double precision
  worst_p95_latency_ms real
  constraint PRIMARY KEY (pool_id, at)
  grant to flyahead_service select

table flyahead.traffic_patterns
-- the usual week of a pool in its own time zone: a picture of the forecaster's profile, not a second model
  pool_id integer not null
  day_of_week smallint not null -- 0 is Monday
  hour_of_day smallint not null
  usual_load real not null -- requests a minute, busiest minute of each 5 minutes, mean over the hour
  peak_load real not null
  weeks_seen smallint not null -- how often this hour was seen
  updated_at timestamp with time zone not null
  season text -- weekly: this hour of the week was seen often enough to speak for itself; daily: the usual day stands in; none: never measured
  strength real -- 0 to 1: how much of the variation over the week the season explains; 0 for a flat load
  samples integer -- bins of 5 minutes that this hour rests on
  confidence real -- 0 to 1: the forecaster's confidence times the share of four weeks that this hour was seen
  time_zone text -- the pool's zone, in which day and hour are meant
  constraint CHECK (((day_of_week >= 0) AND (day_of_week <= 6)))
  constraint CHECK (((hour_of_day >= 0) AND (hour_of_day <= 23)))
  constraint CHECK ((season = ANY (ARRAY['weekly'::text, 'daily'::text, 'none'::text])))
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
  source text not null default 'flyahead'::text -- who predicted: flyahead, or the name of an outside expert
  actual double precision -- the busiest minute that was measured; null: not yet, or never
  error double precision -- median minus actual: above zero, too much was predicted
  pinball real -- pinball loss, mean over the five quantiles, in requests a minute
  resolved_at timestamp with time zone -- when it was judged, or given up because nothing was measured
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (pool_id, made_at, horizon_seconds, source)
  CREATE INDEX traffic_predictions_due ON flyahead.traffic_predictions USING btree (target_at) WHERE (resolved_at IS NULL)
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
  pulled_at timestamp with time zone -- equal to received_at where the minute was pulled from a source of metrics; else it was sent or imported
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
  hourly_price double precision -- US dollars that a started machine costs in an hour; null: Fly's list price for its size and region
  observed_at timestamp with time zone -- the last tick that read the pool's machines
  short_share double precision -- the promise: at most this share of minutes short of machines, like 0.001; null: as configured
  unserved_price double precision -- machine-hours that an hour of unserved demand for one machine is worth, like 20; outranks the promise; null: as configured
  stale_hold_seconds integer -- once samples are stale, nothing is changed for so long; null: as configured, like all below
  stale_trust_seconds integer -- so long after the newest sample the forecast may still raise the pool
  floor_workers integer -- what the pool is raised to without believable data
  schedule text -- floors and ceilings by local time, like mon-fri 08:00-18:00 min 4; daily 22:00-06:00 max 2; empty: none
  cap_factor double precision -- growth ends at so many times what the median minute of the past week needs; 0: no cap
  budget_machine_hours double precision -- machine-hours a month, by UTC; 0: no budget
  budget_usd double precision -- US dollars a month, by UTC; 0: no budget
  flaps_per_day integer -- after so many changes of direction within 24 hours the pool only grows; 0: as many as it likes
  grow_step_workers integer -- most machines to add at a time, or by grow_step_share, the greater; both 0: no steps
  grow_step_share double precision -- 0 to 1 and above, of the machines there are
  shrink_step_workers integer -- most machines to take at a time, or by shrink_step_share, the greater; both 0: no steps
  shrink_step_share double precision -- 0 to 1, of the machines there are
  low_confidence double precision -- 0 to 1: below this confidence of the forecast one machine at a time; 0: any will do
  grow_cooldown_seconds integer -- after a change, so long nothing is grown that is not urgent
  shrink_band double precision -- 0 to 1: a shrinkage by a smaller share is not worth it
  zero_after_seconds integer -- with min_workers 0, the last machine stays until so long after the last request
  keep_created integer -- so many machines stay created, running or stopped
  no_room jsonb not null default '[]'::jsonb -- what Fly had no room for: machineId (null: any new machine), since, until (not asked for before) and why; instants in ms
  fly_proxy text -- what Fly Proxy's settings on the machines would undo, in a sentence; null: nothing
  destroy_surplus boolean -- whether machines beyond keep_created are destroyed, one a day; null: as configured, like all below
  drain_seconds integer -- so long a machine that is to rest is out of Fly Proxy's routing first; 0: it is stopped at once
  rest_by text -- how machines rest: stop, or suspend where Fly can
  replacements_per_day integer -- so many stuck machines a day are replaced by others; 0: none
  keep_min_running boolean -- whether min_machines_running of machines that are started or made follows min_workers; null: as configured
  constraint CHECK (((low_confidence >= (0)::double precision) AND (low_confidence <= (1)::double precision)))
  constraint CHECK (((short_share > (0)::double precision) AND (short_share < (1)::double precision)))
  constraint CHECK (((shrink_band >= (0)::double precision) AND (shrink_band <= (1)::double precision)))
  constraint CHECK (((shrink_step_share >= (0)::double precision) AND (shrink_step_share <= (1)::double precision)))
  constraint CHECK ((budget_machine_hours >= (0)::double precision))
  constraint CHECK ((budget_usd >= (0)::double precision))
  constraint CHECK ((cap_factor >= (0)::double precision))
  constraint CHECK ((cooldown_seconds >= 0))
  constraint CHECK ((drain_seconds >= 0))
  constraint CHECK ((flaps_per_day >= 0))
  constraint CHECK ((floor_workers >= 0))
  constraint CHECK ((grow_cooldown_seconds >= 0))
  constraint CHECK ((grow_step_share >= (0)::double precision))
  constraint CHECK ((grow_step_workers >= 0))
  constraint CHECK ((hourly_price >= (0)::double precision))
  constraint CHECK ((jsonb_typeof(no_room) = 'array'::text))
  constraint CHECK ((keep_created >= 0))
  constraint CHECK ((lead_seconds >= 0))
  constraint CHECK ((max_workers >= 0))
  constraint CHECK ((min_workers <= max_workers))
  constraint CHECK ((min_workers >= 0))
  constraint CHECK ((mode = ANY (ARRAY['observe'::text, 'advise'::text, 'act'::text])))
  constraint CHECK ((override_seconds >= 0))
  constraint CHECK ((replacements_per_day >= 0))
  constraint CHECK ((requests_per_worker > (0)::double precision))
  constraint CHECK ((rest_by = ANY (ARRAY['stop'::text, 'suspend'::text])))
  constraint CHECK ((shrink_step_workers >= 0))
  constraint CHECK ((stabilisation_seconds >= 0))
  constraint CHECK ((stale_hold_seconds >= 0))
  constraint CHECK ((stale_seconds > 0))
  constraint CHECK ((stale_trust_seconds >= 0))
  constraint CHECK ((unserved_price > (1)::double precision))
  constraint CHECK ((zero_after_seconds >= 0))
  constraint CHECK (isfinite(frozen_until))
  constraint PRIMARY KEY (id)
  constraint UNIQUE (app, region, process_group)
  CREATE TRIGGER worker_regions_schedule BEFORE INSERT OR UPDATE OF schedule ON flyahead.worker_regions FOR EACH ROW WHEN ((new.schedule IS NOT NULL)) EXECUTE FUNCTION flyahead.check_schedule()
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
  cpu_kind text -- the machine's size as Fly names it: shared or performance; null: not told
  cpus integer
  memory_mb integer
  phase text -- creating, starting, warming (started, checks not passing yet), serving, cordoned (by somebody else), draining (by us), stopping, stopped, suspended, failed, gone or unknown; null: not told yet
  phase_since timestamp with time zone -- by Fly's account where it has one, else since a tick first saw it
  our_cordon boolean not null default false -- flyahead took it out of Fly Proxy's routing, and puts it back
  constraint CHECK ((health = ANY (ARRAY['passing'::text, 'failing'::text, 'unknown'::text])))
  constraint FOREIGN KEY (pool_id) REFERENCES flyahead.worker_regions(id)
  constraint PRIMARY KEY (machine_id)
  CREATE INDEX workers_pool ON flyahead.workers USING btree (pool_id) WHERE (gone_at IS NULL)
  grant to flyahead_service delete, insert, select, update

view flyahead_api.autoscaling_analytics
-- what flyahead did, per pool and day of UTC
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  day date -- day of UTC
  decisions smallint -- decisions taken
  grown smallint -- decisions for more machines, whatever the mode
  shrunk smallint -- decisions for fewer machines, whatever the mode
  held_back_by jsonb -- rules that changed a decision's number, and how often
  flaps smallint -- changes that took back one of the opposite direction within the hour before
  actions_done integer -- calls to Fly that were done
  actions_refused integer -- calls that Fly, a lost lease or the deadline refused
  actions_failed integer -- calls that failed
  peak_need integer -- machines that the busiest measured minute asked for
  machine_hours numeric -- hours that machines ran, all together, between the first and the last tick of the day that looked
  cost_usd numeric -- what they cost at Fly's list prices or the pool's hourly_price; null: a price is not known
  observed_hours numeric -- hours of the day of which it is known what stood ready; 24 on a whole day
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    w.process_group,
    (d.at AT TIME ZONE 'UTC'::text)::date AS day,
    d.decisions,
    d.grown,
    d.shrunk,
    d.held_back_by,
    d.flaps,
    d.actions_done,
    d.actions_refused,
    d.actions_failed,
    d.peak_need,
    round((d.machine_minutes / 60::double precision)::numeric, 2) AS machine_hours,
    round(d.usd::numeric, 4) AS cost_usd,
    round((d.observed_minutes / 60::double precision)::numeric, 2) AS observed_hours
   FROM flyahead.scaling_1d d
     JOIN flyahead.worker_regions w ON w.id = d.pool_id;

view flyahead_api.boot_times
-- how long machines took from being asked for to serving: the last 200 boots of each pool, path and evidence, none older than 30 days
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  path text -- start: the machine was stopped; resume: it was suspended; create: it was made
  evidence text -- event: measured by Fly's events; atMost: ticks a minute apart saw it, it took no longer than that; atLeast: a tick saw it half-way, it took longer than that
  boots integer -- boots that the other columns speak of
  p50_seconds double precision -- half of them took no longer
  p95_seconds double precision -- 95 % of them took no longer; with evidence event and from 20 boots up, what a decision plans with
  p99_seconds double precision -- a boot that takes twice as long as this counts as stuck
  newest_at timestamp with time zone -- when the newest of them was asked for
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    w.process_group,
    s.path,
    s.evidence,
    s.boots,
    s.p50 AS p50_seconds,
    s.p95 AS p95_seconds,
    s.p99 AS p99_seconds,
    s.newest_at
   FROM flyahead.worker_regions w
     CROSS JOIN LATERAL flyahead.boot_stats(w.id, flyahead.now()) s(path, evidence, boots, p50, p95, p99, newest_at);

view flyahead_api.breakers
-- what flyahead calls and whether it may: one circuit breaker a row, as the last tick left it
  name text -- the dependency, for Fly with its region (fly:write:fra) or the app whose token it is (fly:access:shop)
  mode text -- CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, METRICS_ONLY or DISABLED
  cause text -- why it is not closed: failures, slowness, retryAfter, denied, order
  since timestamp with time zone -- since when it is in this mode
  until timestamp with time zone -- end of OPEN; null: none, or not without a person
  needs_person boolean -- only flyahead_api.reset_breaker(name) closes it
  calls integer -- calls that it judges by: the last 20, none older than an hour at the last save
  failures integer -- of calls: those that failed
  slow integer -- of calls: those that took 5 s and more
  ever_good bigint -- calls that succeeded, ever
  ever_failed bigint -- calls that failed, ever
  ever_limited bigint -- calls that were answered 429, ever
  ever_denied bigint -- calls whose credentials were refused, ever
  ever_held_back bigint -- calls that were not made because it was open
  saved_at timestamp with time zone -- end of the tick that saved it, in real time
  pending_order text -- an order that the next tick will carry out
  last_order text -- the last order: reset, forceOpen, measureOnly or disable
  ordered_at timestamp with time zone -- when it was given, in real time
  ordered_by text -- the database login that gave it
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT b.name,
    b.state ->> 'mode'::text AS mode,
    b.state ->> 'cause'::text AS cause,
    to_timestamp(((b.state ->> 'since'::text)::double precision) / 1000::double precision) AS since,
    to_timestamp(((b.state ->> 'until'::text)::double precision) / 1000::double precision) AS until,
    (b.state ->> 'mode'::text) = 'FORCED_OPEN'::text OR (b.state ->> 'mode'::text) = 'OPEN'::text AND (b.state ->> 'until'::text) IS NULL AS needs_person,
    w.calls,
    w.failures,
    w.slow,
    (b.state #>> '{totals,success}'::text[])::bigint AS ever_good,
    (b.state #>> '{totals,failure}'::text[])::bigint AS ever_failed,
    (b.state #>> '{totals,limited}'::text[])::bigint AS ever_limited,
    (b.state #>> '{totals,denied}'::text[])::bigint AS ever_denied,
    (b.state #>> '{totals,refused}'::text[])::bigint AS ever_held_back,
    b.saved_at,
        CASE
            WHEN b.order_id > ((b.state ->> 'orderId'::text)::bigint) THEN b.ordered
            ELSE NULL::text
        END AS pending_order,
    b.ordered AS last_order,
    b.ordered_at,
    b.ordered_by
   FROM flyahead.breakers b
     CROSS JOIN LATERAL ( SELECT count(*)::integer AS calls,
            count(*) FILTER (WHERE (((c.value ->> 1)::integer) & 1) <> 0)::integer AS failures,
            count(*) FILTER (WHERE (((c.value ->> 1)::integer) & 2) <> 0)::integer AS slow
           FROM jsonb_array_elements(b.state -> 'window'::text) c(value)) w;

view flyahead_api.expert_weights
-- whom the forecaster listens to: per pool and lead the part of each expert, what it lately missed, and how the predictions of the last seven days did
  pool_id integer -- the pool's number
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  horizon interval -- how far ahead
  expert text -- one of flyahead's own (regression, belief, level, yesterday, last week, usual), a sister region that a young pool borrows from, or an outside expert by its name
  share double precision -- 0 to 1: its part in the forecasts; over the experts of a lead they sum to 1
  miss_ratio double precision -- its recent misses over those of flyahead's experts together: below 1 it alone did better; null: nothing to compare yet
  weighed_at timestamp with time zone -- when this was so: renewed at most hourly
  confidence real -- 0 to 1, of the pool's forecast at the last tick: one minus its misses over those of the day before
  judged_as text -- whose predictions the columns after it are about: an outside expert's own, else flyahead's
  judged bigint -- predictions of the last seven days whose actual is known
  bias double precision -- mean of median minus actual, requests a minute: above zero, too much was predicted
  mean_absolute_error double precision -- mean distance of the median from the actual, requests a minute
  mean_pinball_loss double precision -- mean pinball loss over five quantiles, requests a minute: the smaller the better
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.id AS pool_id,
    w.app,
    w.region,
    w.process_group,
    make_interval(secs => e."horizonMs" / 1000::double precision) AS horizon,
    e.expert,
    e.share,
    e."missRatio" AS miss_ratio,
    s.weighed_at,
    s.confidence,
    COALESCE(own.source, 'flyahead'::text) AS judged_as,
    j.judged,
    j.bias,
    j.mean_absolute_error,
    j.mean_pinball_loss
   FROM flyahead.forecast_state s
     JOIN flyahead.worker_regions w ON w.id = s.pool_id
     CROSS JOIN LATERAL jsonb_to_recordset(s.expert_weights) e(expert text, "horizonMs" double precision, share double precision, "missRatio" double precision)
     LEFT JOIN LATERAL ( SELECT p.source
           FROM flyahead.prediction_scores p
          WHERE p.pool_id = w.id AND p.source = e.expert AND p.day > ((flyahead.now() AT TIME ZONE 'UTC'::text)::date - 7)
         LIMIT 1) own ON true
     LEFT JOIN LATERAL ( SELECT sum(p.judged) AS judged,
            sum(p.error) / NULLIF(sum(p.judged), 0)::double precision AS bias,
            sum(p.absolute_error) / NULLIF(sum(p.judged), 0)::double precision AS mean_absolute_error,
            sum(p.pinball) / NULLIF(sum(p.judged), 0)::double precision AS mean_pinball_loss
           FROM flyahead.prediction_scores p
          WHERE p.pool_id = w.id AND p.source = COALESCE(own.source, 'flyahead'::text) AND p.horizon_seconds = (e."horizonMs" / 1000::double precision)::integer AND p.day > ((flyahead.now() AT TIME ZONE 'UTC'::text)::date - 7)) j ON true
  WHERE w.retired_at IS NULL;

view flyahead_api.missed_slots
-- slots of the last 7 days in which an app was due and no tick of it was closed, and what happened instead; empty is good
  app text -- Fly app
  slot timestamp with time zone -- when it was due
  what text -- died: begun, never closed; notReached: no time left; noRequest: nobody called; noAnswer: called in vain; refused: answered with an error; waiting: no answer yet; answered: well, but not about this app
  evidence text -- what is known of it, in words
  grant to flyahead_operator select
  grant to flyahead_service select
 WITH apps AS (
         SELECT l.app,
            newest.slot AS newest_slot,
            COALESCE(before.slot, '-infinity'::timestamp with time zone) AS since
           FROM flyahead.app_leases l
             CROSS JOIN LATERAL ( SELECT t.slot
                   FROM flyahead.ticks t
                  WHERE t.app = l.app
                  ORDER BY t.slot DESC
                 LIMIT 1) newest
             LEFT JOIN LATERAL ( SELECT t.slot
                   FROM flyahead.ticks t
                  WHERE t.app = l.app AND t.slot <= (flyahead.now() - '7 days'::interval)
                  ORDER BY t.slot DESC
                 LIMIT 1) before ON true
        ), ticked AS (
         SELECT a.app,
            t.slot,
            t.attempt,
            t.opened_at,
            t.closed_at IS NULL AS died,
            t.next,
            t.cadence
           FROM apps a
             CROSS JOIN LATERAL ( SELECT k_1.slot,
                    k_1.attempt,
                    k_1.opened_at,
                    k_1.closed_at,
                    make_interval(secs => COALESCE(k_1.cadence_seconds, 900)::double precision) AS cadence,
                    lead(k_1.slot, 1, 'infinity'::timestamp with time zone) OVER (ORDER BY k_1.slot, k_1.attempt) AS next
                   FROM flyahead.ticks k_1
                  WHERE k_1.app = a.app AND k_1.slot >= a.since) t
          WHERE a.newest_slot > ((( SELECT max(b.newest_slot) AS max
                   FROM apps b)) - '1 day'::interval) AND (t.closed_at IS NULL OR t.next > (t.slot + t.cadence))
        ), missed AS (
         SELECT t.app,
            t.slot,
            t.attempt,
            t.opened_at
           FROM ticked t
          WHERE t.died AND t.next > t.slot AND t.slot >= (flyahead.now() - '7 days'::interval) AND t.slot <= (flyahead.now() - '00:03:00'::interval)
        UNION ALL
         SELECT t.app,
            due.slot,
            NULL::integer,
            NULL::timestamp with time zone
           FROM ticked t
             CROSS JOIN LATERAL generate_series(flyahead.bucket(t.cadence, GREATEST(t.slot, flyahead.now() - '7 days'::interval)) + t.cadence, LEAST(t.next - '00:00:00.000001'::interval, flyahead.now() - '00:03:00'::interval), t.cadence) due(slot)
          WHERE t.next > (t.slot + t.cadence)
        ), calls AS (
         SELECT DISTINCT ON (r.slot, named.app) r.slot,
            named.app,
            r.*::flyahead.schedule_requests AS call
           FROM flyahead.schedule_requests r
             LEFT JOIN LATERAL unnest(r.apps) named(app) ON true
          WHERE r.slot > (flyahead.now() - '7 days'::interval)
          ORDER BY r.slot, named.app, r.id DESC
        ), known AS (
         SELECT m.app,
            m.slot,
            m.attempt,
            m.opened_at,
            u.app IS NOT NULL AS unreached,
            COALESCE(alone.call, everybody.call) AS call
           FROM missed m
             LEFT JOIN flyahead.unreached_apps u ON u.app = m.app AND u.slot = m.slot
             LEFT JOIN calls everybody ON everybody.slot = m.slot AND everybody.app IS NULL
             LEFT JOIN calls alone ON alone.slot = m.slot AND alone.app = m.app
        )
 SELECT app,
    slot,
        CASE
            WHEN opened_at IS NOT NULL THEN 'died'::text
            WHEN unreached THEN 'notReached'::text
            WHEN (call).id IS NULL THEN 'noRequest'::text
            WHEN (call).answered_at IS NULL THEN 'waiting'::text
            WHEN (call).status_code IS NULL THEN 'noAnswer'::text
            WHEN (call).status_code >= 400 THEN 'refused'::text
            WHEN (call).apps IS NOT NULL THEN 'notReached'::text
            ELSE 'answered'::text
        END AS what,
        CASE
            WHEN opened_at IS NOT NULL THEN format('attempt %s was opened at %s and never closed'::text, attempt, opened_at)
            WHEN unreached THEN 'the tick''s time ran out before this app''s turn'::text
            WHEN (call).id IS NULL THEN 'nobody called: is the schedule installed, and is it running?'::text
            WHEN (call).answered_at IS NULL THEN format('called at %s, no answer yet'::text, (call).sent_at)
            WHEN (call).status_code IS NULL THEN (call).error
            WHEN (call).status_code >= 400 THEN format('%s %s'::text, (call).status_code, (call).error)
            WHEN (call).apps IS NOT NULL THEN format('the tick''s time ran out before this app''s turn; called again at %s, in vain'::text, (call).sent_at)
            ELSE format('%s, yet no tick of this app was begun: see the function''s log, FLY_APPS, and the apps of the token'::text, (call).status_code)
        END AS evidence
   FROM known k;

view flyahead_api.open_intents
-- calls to Fly of which nobody knows yet what became of them; each tick looks again
  intent_id bigint -- number of the intent in flyahead.scaling_intents
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  action text -- start, stop or create
  machine_id text -- the machine; null for a create that made none yet
  machine_name text -- for a create: the name by which it is looked up
  opened_at timestamp with time zone -- when it was intended
  open_for interval -- how long ago that is; more than two cadences deserves a look
  last_seen text -- unknown: looked up and not clear yet; null: not looked up yet
  evidence text -- what was seen
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT i.id AS intent_id,
    w.app,
    w.region,
    w.process_group,
    i.kind AS action,
    i.machine_id,
    i.machine_name,
    i.opened_at,
    flyahead.now() - i.opened_at AS open_for,
    i.status AS last_seen,
    i.evidence
   FROM flyahead.scaling_intents i
     JOIN flyahead.worker_regions w ON w.id = i.pool_id
  WHERE i.closed_at IS NULL;

view flyahead_api.prediction_accuracy
-- how good the predictions were: per pool, source, model, horizon and UTC day of the time that was predicted. To add rows up, weigh them by judged
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  source text -- who predicted: flyahead, or the name of an outside expert
  model text -- the model, with its version
  horizon interval -- how far ahead
  day date -- the UTC day that was predicted
  judged integer -- predictions whose actual is known
  given_up integer -- predictions for minutes that nobody measured
  mean_actual double precision -- mean of the actuals: the busiest minute of five, requests a minute
  mean_absolute_error double precision -- mean distance of the median from the actual, requests a minute
  bias double precision -- mean of median minus actual: above zero, too much was predicted
  relative_error double precision -- sum of the distances over sum of the actuals (WAPE)
  mean_pinball_loss double precision -- mean pinball loss over quantiles 0.1, 0.5, 0.9, 0.95, 0.99, requests a minute: the smaller the better, for the whole distribution
  coverage_q10 double precision -- share of actuals at or under the predicted quantile 0.1; an honest forecast has 0.1 here
  coverage_q50 double precision -- likewise for the median
  coverage_q90 double precision -- likewise for quantile 0.9
  coverage_q95 double precision -- likewise for quantile 0.95, the one that machines are counted by unless a pool says otherwise
  coverage_q99 double precision -- likewise for quantile 0.99
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    w.process_group,
    s.source,
    s.model,
    make_interval(secs => s.horizon_seconds::double precision) AS horizon,
    s.day,
    s.judged,
    s.given_up,
    s.actual / NULLIF(s.judged, 0)::double precision AS mean_actual,
    s.absolute_error / NULLIF(s.judged, 0)::double precision AS mean_absolute_error,
    s.error / NULLIF(s.judged, 0)::double precision AS bias,
    s.absolute_error / NULLIF(s.actual, 0::double precision) AS relative_error,
    s.pinball / NULLIF(s.judged, 0)::double precision AS mean_pinball_loss,
    s.under_q10::double precision / NULLIF(s.judged, 0)::double precision AS coverage_q10,
    s.under_q50::double precision / NULLIF(s.judged, 0)::double precision AS coverage_q50,
    s.under_q90::double precision / NULLIF(s.judged, 0)::double precision AS coverage_q90,
    s.under_q95::double precision / NULLIF(s.judged, 0)::double precision AS coverage_q95,
    s.under_q99::double precision / NULLIF(s.judged, 0)::double precision AS coverage_q99
   FROM flyahead.prediction_scores s
     JOIN flyahead.worker_regions w ON w.id = s.pool_id;

view flyahead_api.region_status
-- each pool as it is now: machines, load against capacity, what is foreseen, and the last decision with its reason
  pool_id integer -- the pool's number, as functions like historical_matches take it
  app text -- Fly app
  region text -- Fly region
  city text -- where the region is; null: a region that Fly opened later
  process_group text -- Fly process group; app where none is named
  mode text -- observe: recorded only; advise: told what would be done; act: done
  started integer -- machines in state started
  stopped integer -- machines that stand still, ready to be started
  other integer -- machines on their way between states, or failed
  failing integer -- started machines whose health checks fail
  by_state jsonb -- machines in each state that occurs, by Fly's names
  by_health jsonb -- started machines by what their health checks say; unknown: they have none, or it is undecided
  min_workers integer -- never fewer started machines than this
  max_workers integer -- never more started machines than this
  load double precision -- requests in the newest measured minute, none older than a day
  load_at timestamp with time zone -- that minute
  capacity double precision -- requests a minute that the started machines carry
  predicted_load real -- requests a minute, an hour ahead of the last tick, at quantile 0.95
  predicted_for timestamp with time zone -- the time that predicted_load is for
  next_peak_load double precision -- requests a minute at the next peak foreseen by the last tick
  next_peak_at timestamp with time zone -- when that peak is foreseen
  last_decision text -- hold, grow or shrink
  last_reason text -- why, in a sentence
  decided_at timestamp with time zone -- when it was decided
  last_action text -- the newest call to Fly: start, stop or create
  last_action_status text -- what became of it: done, alreadyDone, refused, failed, unknown, or open
  last_action_at timestamp with time zone -- when it was intended
  open_intents bigint -- calls to Fly whose outcome is not known yet
  override_until timestamp with time zone -- a person moved a machine: the pool is kept as it was left until then
  frozen_until timestamp with time zone -- nothing is changed before this time
  last_change_at timestamp with time zone -- when flyahead last started, stopped or created a machine here
  retired_at timestamp with time zone -- since when the pool has had no machines
  fly_proxy text -- what Fly Proxy's settings on the machines would undo, in a sentence; null: nothing
  no_room_until timestamp with time zone -- Fly had no room for new machines here, and is not asked before this time
  no_room_why text -- where there was none: region, host, volume, or closed: Fly takes nothing new there any more
  phases jsonb -- how many machines are in each phase, like {"serving": 3, "draining": 1}; cordoned ones are out of routing by somebody else
  slowest_phase text -- of the phases that pass (creating, starting, warming, draining, stopping), the one that has lasted longest
  slowest_since timestamp with time zone -- since when a machine is in it
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT s.pool_id,
    s.app,
    s.region,
    s.city,
    s.process_group,
    s.mode,
    s.started,
    s.stopped,
    s.other,
    s.failing,
    s.by_state,
    s.by_health,
    s.min_workers,
    s.max_workers,
    s.load,
    s.load_at,
    s.capacity,
    s.predicted_load,
    s.predicted_for,
    s.next_peak_load,
    s.next_peak_at,
    s.last_decision,
    s.last_reason,
    s.decided_at,
    s.last_action,
    s.last_action_status,
    s.last_action_at,
    s.open_intents,
    s.override_until,
    s.frozen_until,
    s.last_change_at,
    s.retired_at,
    s.fly_proxy,
    s.no_room_until,
    s.no_room_why,
    COALESCE(p.phases, '{}'::jsonb) AS phases,
    p.slowest_phase,
    p.slowest_since
   FROM ( SELECT s_1.pool_id,
            s_1.app,
            s_1.region,
            s_1.city,
            s_1.process_group,
            s_1.mode,
            s_1.started,
            s_1.stopped,
            s_1.other,
            s_1.failing,
            s_1.by_state,
            s_1.by_health,
            s_1.min_workers,
            s_1.max_workers,
            s_1.load,
            s_1.load_at,
            s_1.capacity,
            s_1.predicted_load,
            s_1.predicted_for,
            s_1.next_peak_load,
            s_1.next_peak_at,
            s_1.last_decision,
            s_1.last_reason,
            s_1.decided_at,
            s_1.last_action,
            s_1.last_action_status,
            s_1.last_action_at,
            s_1.open_intents,
            s_1.override_until,
            s_1.frozen_until,
            s_1.last_change_at,
            s_1.retired_at,
            w.fly_proxy,
            n.until AS no_room_until,
            n.why AS no_room_why
           FROM ( SELECT w_1.id AS pool_id,
                    w_1.app,
                    w_1.region,
                    r.city,
                    w_1.process_group,
                    w_1.mode,
                    m.started,
                    m.stopped,
                    m.other,
                    m.failing,
                    m.by_state,
                    m.by_health,
                    (w_1.effective_policy ->> 'minWorkers'::text)::integer AS min_workers,
                    (w_1.effective_policy ->> 'maxWorkers'::text)::integer AS max_workers,
                    s_1_1.requests AS load,
                    s_1_1.at AS load_at,
                    m.started::double precision * ((w_1.effective_policy ->> 'requestsPerWorker'::text)::double precision) AS capacity,
                    p_1.load[4] AS predicted_load,
                    p_1.target_at AS predicted_for,
                    f.next_peak_load,
                    f.next_peak_at,
                    h.kind AS last_decision,
                    h.reason AS last_reason,
                    h.decided_at,
                    a.kind AS last_action,
                    a.status AS last_action_status,
                    a.opened_at AS last_action_at,
                    i.open_intents,
                    o.until AS override_until,
                        CASE
                            WHEN w_1.frozen_until > flyahead.now() THEN w_1.frozen_until
                            ELSE NULL::timestamp with time zone
                        END AS frozen_until,
                    w_1.last_change_at,
                    w_1.retired_at
                   FROM flyahead.worker_regions w_1
                     LEFT JOIN flyahead.regions r ON r.code = w_1.region
                     LEFT JOIN flyahead.forecast_state f ON f.pool_id = w_1.id
                     LEFT JOIN LATERAL ( SELECT COALESCE(sum(n_1.machines) FILTER (WHERE n_1.state = 'started'::text), 0::numeric)::integer AS started,
                            COALESCE(sum(n_1.machines) FILTER (WHERE n_1.state = ANY (ARRAY['stopped'::text, 'suspended'::text])), 0::numeric)::integer AS stopped,
                            COALESCE(sum(n_1.machines) FILTER (WHERE n_1.state <> ALL (ARRAY['started'::text, 'stopped'::text, 'suspended'::text])), 0::numeric)::integer AS other,
                            COALESCE(sum(n_1.failing), 0::numeric)::integer AS failing,
                            COALESCE(jsonb_object_agg(n_1.state, n_1.machines) FILTER (WHERE n_1.state IS NOT NULL), '{}'::jsonb) AS by_state,
                            jsonb_build_object('passing', COALESCE(sum(n_1.passing), 0::numeric), 'failing', COALESCE(sum(n_1.failing), 0::numeric), 'unknown', COALESCE(sum(n_1.unknown), 0::numeric)) AS by_health
                           FROM ( SELECT k.state,
                                    count(*) AS machines,
                                    count(*) FILTER (WHERE k.state = 'started'::text AND k.health = 'passing'::text) AS passing,
                                    count(*) FILTER (WHERE k.state = 'started'::text AND k.health = 'failing'::text) AS failing,
                                    count(*) FILTER (WHERE k.state = 'started'::text AND k.health = 'unknown'::text) AS unknown
                                   FROM flyahead.workers k
                                  WHERE k.pool_id = w_1.id AND k.gone_at IS NULL
                                  GROUP BY k.state) n_1) m ON true
                     LEFT JOIN LATERAL ( SELECT t.at,
                            t.requests
                           FROM flyahead.traffic_samples t
                          WHERE t.pool_id = w_1.id AND t.at > (flyahead.now() - '1 day'::interval) AND t.at <= (flyahead.now() + '1 day'::interval)
                          ORDER BY t.at DESC
                         LIMIT 1) s_1_1 ON true
                     LEFT JOIN LATERAL ( SELECT q.load,
                            q.target_at
                           FROM flyahead.traffic_predictions q
                          WHERE q.pool_id = w_1.id AND q.horizon_seconds = 3600 AND q.source = 'flyahead'::text AND q.made_at > (flyahead.now() - '1 day'::interval)
                          ORDER BY q.made_at DESC
                         LIMIT 1) p_1 ON true
                     LEFT JOIN LATERAL ( SELECT d.kind,
                            d.reason,
                            d.decided_at
                           FROM flyahead.autoscaling_history d
                          WHERE d.pool_id = w_1.id
                          ORDER BY d.slot DESC, d.attempt DESC
                         LIMIT 1) h ON true
                     LEFT JOIN LATERAL ( SELECT j.kind,
                            COALESCE(j.status, 'open'::text) AS status,
                            j.opened_at
                           FROM flyahead.scaling_intents j
                          WHERE j.pool_id = w_1.id
                          ORDER BY j.opened_at DESC, j.id DESC
                         LIMIT 1) a ON true
                     LEFT JOIN LATERAL ( SELECT count(*) AS open_intents
                           FROM flyahead.scaling_intents j
                          WHERE j.pool_id = w_1.id AND j.app = w_1.app AND j.closed_at IS NULL) i ON true
                     LEFT JOIN LATERAL ( SELECT v.until
                           FROM flyahead.manual_overrides v
                          WHERE v.pool_id = w_1.id
                          ORDER BY v.seen_at DESC, v.id DESC
                         LIMIT 1) o ON o.until > flyahead.now()) s_1
             JOIN flyahead.worker_regions w ON w.id = s_1.pool_id
             LEFT JOIN LATERAL ( SELECT to_timestamp(((e.value ->> 'until'::text)::double precision) / 1000::double precision) AS until,
                    e.value ->> 'why'::text AS why
                   FROM jsonb_array_elements(w.no_room) e(value)
                  WHERE (e.value ->> 'machineId'::text) IS NULL AND to_timestamp(((e.value ->> 'until'::text)::double precision) / 1000::double precision) > flyahead.now()
                 LIMIT 1) n ON true) s
     CROSS JOIN LATERAL ( SELECT jsonb_object_agg(c.phase, c.machines) AS phases,
            (array_agg(c.phase ORDER BY c.since) FILTER (WHERE c.is_passing))[1] AS slowest_phase,
            min(c.since) FILTER (WHERE c.is_passing) AS slowest_since
           FROM ( SELECT k.phase,
                    count(*)::integer AS machines,
                    min(k.phase_since) AS since,
                    k.phase = ANY (ARRAY['creating'::text, 'starting'::text, 'warming'::text, 'draining'::text, 'stopping'::text]) AS is_passing
                   FROM flyahead.workers k
                  WHERE k.pool_id = s.pool_id AND k.gone_at IS NULL AND k.phase IS NOT NULL
                  GROUP BY k.phase) c) p;

view flyahead_api.scaling_efficiency
-- how well the machines fitted the traffic, per pool and day of UTC, and what simpler policies would have cost
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  day date -- day of UTC
  right_intervals smallint -- measured intervals of 5 minutes with exactly the machines that their busiest minute, and the minimum, asked for
  over_intervals smallint -- intervals with more than that all the time
  under_intervals smallint -- intervals with a minute that asked for more machines than there were
  measured_minutes smallint -- minutes that have a sample and of which it is known what stood ready
  minutes_short smallint -- of these, minutes whose requests were more than the machines carry
  unserved_requests double precision -- requests above what the machines carry
  idle_machine_hours numeric -- machine hours beyond the fewest that each minute, and the minimum, asked for
  machine_hours numeric -- hours that machines ran, all together
  machine_hours_at_peak numeric -- the same with as many machines all day as the busiest minute of the last 28 days asked for
  machine_hours_at_yesterdays_peak numeric -- the same with as many as the busiest minute of the day before asked for; null: no day before
  saved_usd_against_peak numeric -- money that flyahead saved against always-at-peak; negative: it cost more; null: a price is not known
  saved_usd_against_yesterdays_peak numeric -- likewise against yesterday's peak
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.region,
    w.process_group,
    (d.at AT TIME ZONE 'UTC'::text)::date AS day,
    d.right_intervals,
    d.over_intervals,
    d.under_intervals,
    d.measured_minutes,
    d.short_minutes AS minutes_short,
    d.unserved_requests,
    round((d.idle_machine_minutes / 60::double precision)::numeric, 2) AS idle_machine_hours,
    round((d.machine_minutes / 60::double precision)::numeric, 2) AS machine_hours,
    round((d.peak_of_four_weeks::double precision * p.hours)::numeric, 2) AS machine_hours_at_peak,
    round((d.peak_of_yesterday::double precision * p.hours)::numeric, 2) AS machine_hours_at_yesterdays_peak,
    round(((d.peak_of_four_weeks::double precision * p.hours - d.machine_minutes / 60::double precision) * p.usd_per_hour)::numeric, 4) AS saved_usd_against_peak,
    round(((d.peak_of_yesterday::double precision * p.hours - d.machine_minutes / 60::double precision) * p.usd_per_hour)::numeric, 4) AS saved_usd_against_yesterdays_peak
   FROM flyahead.scaling_1d d
     JOIN flyahead.worker_regions w ON w.id = d.pool_id
     CROSS JOIN LATERAL ( SELECT d.observed_minutes / 60::double precision AS hours,
            d.usd / NULLIF(d.machine_minutes / 60::double precision, 0::double precision) AS usd_per_hour) p;

view flyahead_api.scaling_plan
-- what the newest decision of each pool foresees, from five minutes to a day ahead
  app text -- Fly app
  process_group text -- Fly process group
  region text -- Fly region
  decided_at timestamp with time zone -- when it was decided
  severity text -- normal, elevated, high or critical
  goal text -- what was decided for, in words
  quantile real -- the quantile of the busiest minute that the goal comes to
  workers integer -- started machines that were decided on
  within_minutes integer -- how far ahead this row looks
  load numeric -- requests a minute that the busiest minute until then stays under, at the quantile
  workers_needed integer -- machines for that load
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.app,
    w.process_group,
    w.region,
    d.decided_at,
    d.severity,
    d.goal,
    d.quantile,
    d.to_workers AS workers,
    (((f.value ->> 'withinMs'::text)::double precision) / 60000::double precision)::integer AS within_minutes,
    round((f.value ->> 'load'::text)::numeric, 2) AS load,
    (f.value ->> 'machines'::text)::integer AS workers_needed
   FROM flyahead.worker_regions w
     CROSS JOIN LATERAL ( SELECT h.id,
            h.tick_id,
            h.pool_id,
            h.slot,
            h.attempt,
            h.decided_at,
            h.mode,
            h.kind,
            h.from_workers,
            h.to_workers,
            h.need_now,
            h.need_covered,
            h.need_shrink,
            h.quantile,
            h.confidence,
            h.constraints,
            h.reason,
            h.record,
            h.worth,
            h.goal,
            h.severity,
            h.foreseen,
            h.extra_machine_hours
           FROM flyahead.autoscaling_history h
          WHERE h.pool_id = w.id
          ORDER BY h.slot DESC, h.attempt DESC
         LIMIT 1) d
     CROSS JOIN LATERAL jsonb_array_elements(COALESCE(d.foreseen, '[]'::jsonb)) f(value)
  WHERE w.retired_at IS NULL;

view flyahead_api.storage_status
-- how and how much traffic is stored here; always one row
  mode text -- native: partitions by day; hypertable: TimescaleDB; columnstore: TimescaleDB with old days compressed. Chosen when it was installed
  server_version text -- version of Postgres
  timescale_edition text -- apache or timescale (the community edition, which compresses); null: no TimescaleDB
  timescale_version text -- version of TimescaleDB; null: none
  parts integer -- partitions or chunks, empty ones included: a native installation makes three days ahead
  compressed_parts integer -- how many of them are compressed
  oldest_day date -- the first UTC day that has a sample
  newest_day date -- the last UTC day that has a sample
  total_bytes bigint -- what the samples take on disk now, indexes included
  bytes_before_compression bigint -- what the compressed parts took before they were compressed; null: none is
  bytes_after_compression bigint -- what the compressed parts take now
  keep_samples interval -- setting: days that are wholly older are dropped
  compress_samples_after interval -- setting: days that are wholly older are compressed; null: this storage does not compress
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT mode,
    server_version,
    timescale_edition,
    timescale_version,
    parts,
    compressed_parts,
    oldest_day,
    newest_day,
    total_bytes,
    bytes_before_compression,
    bytes_after_compression,
    keep_samples,
    compress_samples_after
   FROM flyahead.storage_status() storage_status(mode, server_version, timescale_edition, timescale_version, parts, compressed_parts, oldest_day, newest_day, total_bytes, bytes_before_compression, bytes_after_compression, keep_samples, compress_samples_after);

view flyahead_api.traffic_metrics
-- measured traffic of each pool at four resolutions: give one, and a span of bucket. 1 minute is real time, the others follow within a minute or two. The function flyahead_api.traffic chooses for you
  pool_id integer -- the pool's number
  app text -- Fly app
  region text -- Fly region
  process_group text -- Fly process group
  resolution text -- 1 minute, 5 minutes, 1 hour or 1 day: name one, else each request is there four times
  bucket timestamp with time zone -- start of the bucket; days are those of UTC
  minutes_measured integer -- minutes of the bucket that have a sample; fewer than it has: a gap
  requests double precision -- requests in the measured minutes
  peak_requests_per_minute double precision -- the busiest measured minute of the bucket
  p95_requests_per_minute double precision -- 95 % of the measured minutes stay at or under this; hours and days: right to 2 %
  errors double precision -- failed requests, where they were told
  worst_p95_latency_ms real -- the slowest minute's 95th percentile of latency
  grant to flyahead_operator select
  grant to flyahead_service select
 SELECT w.id AS pool_id,
    w.app,
    w.region,
    w.process_group,
    t.resolution,
    t.bucket,
    t.minutes_measured,
    t.requests,
    t.peak_requests_per_minute,
    t.p95_requests_per_minute,
    t.errors,
    t.worst_p95_latency_ms
   FROM flyahead.worker_regions w
     JOIN ( SELECT traffic_samples.pool_id,
            '1 minute'::text AS resolution,
            traffic_samples.at AS bucket,
            1 AS minutes_measured,
            traffic_samples.requests,
            traffic_samples.requests AS peak_requests_per_minute,
            traffic_samples.requests AS p95_requests_per_minute,
            traffic_samples.errors,
            traffic_samples.p95_latency_ms AS worst_p95_latency_ms
           FROM flyahead.traffic_samples
        UNION ALL
         SELECT traffic_5m.pool_id,
            '5 minutes'::text,
            traffic_5m.at,
            traffic_5m.minutes,
            traffic_5m.requests,
            traffic_5m.peak,
            traffic_5m.peak,
            traffic_5m.errors,
            traffic_5m.worst_p95_latency_ms
           FROM flyahead.traffic_5m
        UNION ALL
         SELECT traffic_1h.pool_id,
            '1 hour'::text,
            traffic_1h.at,
            traffic_1h.minutes,
            traffic_1h.requests,
            traffic_1h.peak,
            traffic_1h.p95,
            traffic_1h.errors,
            traffic_1h.worst_p95_latency_ms
           FROM flyahead.traffic_1h
        UNION ALL
         SELECT traffic_1d.pool_id,
            '1 day'::text,
            traffic_1d.at,
            traffic_1d.minutes,
            traffic_1d.requests,
            traffic_1d.peak,
            traffic_1d.p95,
            traffic_1d.errors,
            traffic_1d.worst_p95_latency_ms
           FROM flyahead.traffic_1d) t ON t.pool_id = w.id;

function flyahead.acquire_lease(text,timestamp with time zone,integer) → TABLE(status text, fence bigint, attempt integer, retry_ms integer)
  plpgsql, volatile
  callers: flyahead_service

function flyahead.add_capacity_steps(text,timestamp with time zone) → void
  sql, volatile
  callers: flyahead_service

function flyahead.advance_pull(timestamp with time zone,text,timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone) → boolean
-- moves an app's progress where filled_from and live_until are still as given; false where somebody else was faster
  plpgsql, volatile
  callers: flyahead_service

function flyahead.available_storage_mode() → text
  sql, stable
  callers: nobody

function flyahead.boot_rank(text) → integer
  sql, immutable
  callers: flyahead_service

function flyahead.boot_stats(integer,timestamp with time zone) → TABLE(path text, evidence text, boots integer, p50 double precision, p95 double precision, p99 double precision, newest_at timestamp with time zone)
-- how long a pool's boots took of late, per path and evidence, in seconds
  sql, stable, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_operator, flyahead_service

function flyahead.bucket(interval,timestamp with time zone) → timestamp with time zone
  sql, immutable
  callers: flyahead_operator, flyahead_service

function flyahead.call_again_for() → TABLE(apps text[])
-- one row where the slot that is on needs another call: the apps, or null for all
  sql, stable, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.capacity_between(integer[],timestamp with time zone,timestamp with time zone) → TABLE(pool_id integer, since timestamp with time zone, until timestamp with time zone, workers integer, running integer, requests_per_worker double precision, min_workers integer, usd_per_hour double precision)
  sql, stable
  callers: nobody

function flyahead.carry_spending() → trigger
  plpgsql, volatile
  callers: nobody

function flyahead.check_schedule() → trigger
  plpgsql, volatile
  callers: nobody

function flyahead.check_setting() → trigger
  plpgsql, volatile, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.check_time_zone() → trigger
  plpgsql, volatile
  callers: flyahead_service

function flyahead.claim_idempotency_key(integer,text,text,text,text,interval) → TABLE(status text, answer text, retry_after_ms integer)
-- claimed: go on; running: another request is at work; done: its answer; otherRequest: the key was used for something else
  plpgsql, volatile
  callers: flyahead_service

function flyahead.close_intents(text,timestamp with time zone,jsonb) → SETOF flyahead.scaling_intents
  plpgsql, volatile
  callers: flyahead_service

function flyahead.close_tick(jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.close_tick_books(jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.create_token(text,text[],text[],timestamp with time zone) → text
-- makes a token and answers its word, which is not kept: copy it now. scopes: tick, ingest, read, work; apps: null for all
  plpgsql, volatile
  callers: nobody

function flyahead.create_traffic_samples(text) → void
  plpgsql, volatile
  callers: nobody

function flyahead.current_slot() → timestamp with time zone
  sql, stable, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.decided_1h(integer[],timestamp with time zone,timestamp with time zone) → TABLE(pool_id integer, at timestamp with time zone, decisions smallint, grown smallint, shrunk smallint, held_back_by jsonb, flaps smallint, actions_done integer, actions_refused integer, actions_failed integer)
  sql, stable
  callers: nobody

function flyahead.elements(jsonb) → jsonb
  sql, immutable
  callers: flyahead_service

function flyahead.ensure_sample_days(timestamp with time zone,timestamp with time zone) → void
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.epoch_ms(timestamp with time zone) → double precision
  sql, immutable
  callers: flyahead_service

function flyahead.finish_pull(timestamp with time zone,text,timestamp with time zone,timestamp with time zone) → boolean
-- notes that an app's history is complete and has its forecasters learn anew; false where the progress has moved
  plpgsql, volatile
  callers: flyahead_service

function flyahead.fit_1h(integer[],timestamp with time zone,timestamp with time zone) → TABLE(pool_id integer, at timestamp with time zone, observed_minutes real, machine_minutes real, usd double precision, measured_minutes smallint, short_minutes smallint, unserved_requests double precision, idle_machine_minutes real, peak_need integer, right_intervals smallint, over_intervals smallint, under_intervals smallint)
  sql, stable
  callers: nobody

function flyahead.follow_up() → void
-- each minute: reads what was answered, and calls again for what was not reached
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.forget_forecasts(integer[]) → text[]
-- has the pools' forecasters learn anew at the next tick; answers the apps whose tick is running, which may put back what it knew: call again when it is over
  plpgsql, volatile
  callers: nobody

function flyahead.forget_late_of_deleted() → trigger
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.forget_late_samples(jsonb) → void
  sql, volatile
  callers: flyahead_service

function flyahead.harvest_answers() → integer
  plpgsql, volatile
  callers: nobody

function flyahead.import_days(regclass,integer) → SETOF timestamp with time zone
-- the days of UTC that a table of import_row has minutes of; makes the index that load_import_day goes by
  plpgsql, volatile
  callers: nobody

function flyahead.import_expression(text,regtype,text) → text
-- the SQL that makes a column of import_row from the column of that name in a query
  plpgsql, stable
  callers: nobody

function flyahead.import_traffic(text,text,text,text,integer,text,boolean,boolean) → TABLE(taken bigint, replaced bigint, unchanged bigint, refused bigint, refused_by jsonb, pools text[], new_pools text[], first timestamp with time zone, last timestamp with time zone, running_ticks text[])
-- imports history from a query whose columns are named app, region, process_group, at, requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth (at and requests must be there); for the owner. Answers minutes taken in all, of these replaced and unchanged, what was refused and why. See docs/import.md
  plpgsql, volatile
  callers: nobody

function flyahead.install_schedule(integer) → TABLE(job text, schedule text, command text)
-- installs the cron jobs: ticks at the cadence (1, 5 or 15 minutes; default: as before, else 15), follow-up, rollups, upkeep. For the owner; as often as you like
  plpgsql, volatile, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.instant(double precision) → timestamp with time zone
  sql, immutable
  callers: flyahead_service

function flyahead.is_active(text) → boolean
  sql, immutable
  callers: flyahead_service

function flyahead.is_lease_held(text,bigint) → boolean
  sql, stable
  callers: flyahead_service

function flyahead.keep_idempotent_answer(integer,text,text,text,text,interval) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.keep_storage() → jsonb
-- makes days ahead, compresses and drops old ones as the settings say; answers how many, what has to wait for a lock (tried again next time) and what failed. At most 10 are compressed and 100 dropped in one call
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp, TimeZone=UTC
  callers: flyahead_service

function flyahead.known_machine(flyahead.workers) → jsonb
  sql, stable
  callers: flyahead_service

function flyahead.late_samples_of(jsonb) → jsonb
  sql, stable
  callers: flyahead_service

function flyahead.least_setting(text) → interval
  sql, immutable
  callers: nobody

function flyahead.load_import_day(regclass,timestamp with time zone,integer,boolean) → TABLE(taken bigint, replaced bigint, unchanged bigint, doubled bigint, too_old bigint, pools integer[], first_at timestamp with time zone, last_at timestamp with time zone)
-- stores one UTC day of a table of import_row: minutes taken in all, of these replaced and unchanged; rows that a later one of the same minute outdid; minutes whose hour has only rollups left. It holds upkeep off until the transaction ends
  plpgsql, volatile
  callers: nobody

function flyahead.local_midnight(date,text) → timestamp with time zone
-- the first instant of a day in a time zone
  sql, stable, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.maintain() → jsonb
-- upkeep: partitions ahead, and what is older than its setting goes; answers what each step did. Hourly is often enough
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.match_import_pools(regclass,boolean,boolean) → TABLE(app text, region text, process_group text, known boolean, times bigint, lines bigint[])
-- the pools that a table of import_row speaks of; makes the unknown ones if asked, else takes their rows out
  plpgsql, volatile
  callers: nobody

function flyahead.new_token_word() → text
  sql, volatile
  callers: nobody

function flyahead.newest_override(integer) → SETOF flyahead.manual_overrides
  sql, stable
  callers: flyahead_service

function flyahead.no_room_of(jsonb) → jsonb
  sql, stable
  callers: flyahead_service

function flyahead.no_time_zone(text) → timestamp with time zone
-- raises where a query has a time without its zone and nobody told the zone
  plpgsql, volatile
  callers: nobody

function flyahead.note_boots(jsonb) → void
  sql, volatile
  callers: flyahead_service

function flyahead.note_findings(jsonb) → void
  sql, volatile
  callers: flyahead_service

function flyahead.note_late_samples(timestamp with time zone,text[],text[],text[],integer[],double precision[]) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.note_own_phases(jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.note_request(text,timestamp with time zone,text[],timestamp with time zone,integer,text) → void
  sql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.note_span(integer,timestamp with time zone,timestamp with time zone) → void
  sql, volatile
  callers: flyahead_service

function flyahead.now() → timestamp with time zone
-- the time that views go by: the server's, or that of a running simulation
  sql, stable, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_operator, flyahead_service

function flyahead.open_tick(jsonb) → TABLE(intent_id bigint, app text, region text, process_group text, ordinal integer)
  plpgsql, volatile
  callers: flyahead_service

function flyahead.order_breaker(text,text) → void
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.pinball_loss(double precision,real[]) → double precision
  sql, immutable
  callers: nobody

function flyahead.policy_of(flyahead.worker_regions) → jsonb
  sql, immutable
  callers: flyahead_service

function flyahead.pool_detail(integer,text[],integer) → SETOF jsonb
-- one pool with its forecast and its last decisions; no row where it is not in use, or of another app
  sql, stable
  callers: flyahead_service

function flyahead.pool_status(text[],integer) → SETOF jsonb
-- pools in use of these apps (null: of all) as they stand; p_pool: only that one
  sql, stable
  callers: flyahead_service

function flyahead.pools_of(jsonb) → TABLE(pool_id integer, doc jsonb)
  sql, stable
  callers: flyahead_service

function flyahead.prune_boots(timestamp with time zone) → integer
  plpgsql, volatile
  callers: nobody

function flyahead.prune_history(timestamp with time zone,integer) → integer
  plpgsql, volatile
  callers: nobody

function flyahead.prune_predictions(timestamp with time zone,integer) → integer
  plpgsql, volatile
  callers: nobody

function flyahead.prune_rollups(timestamp with time zone) → integer
  plpgsql, volatile
  callers: nobody

function flyahead.prune_schedule() → integer
  plpgsql, volatile
  callers: nobody

function flyahead.recall_boots(text,timestamp with time zone) → TABLE(region text, process_group text, looked_at double precision, boots jsonb)
  sql, stable
  callers: flyahead_service

function flyahead.recall_pools(text,timestamp with time zone) → SETOF jsonb
  sql, stable
  callers: flyahead_service

function flyahead.record_pulled_samples(timestamp with time zone,text[],text[],text[],integer[],double precision[],double precision[],double precision[],real[],real[],real[],real[],real[],real[]) → jsonb
-- stores samples that were pulled from a source of metrics: never over those that were sent or imported, and notes those that came late; answers how many changed, and what record_samples answers
  plpgsql, volatile
  callers: flyahead_service

function flyahead.record_samples(timestamp with time zone,text[],text[],text[],integer[],double precision[],double precision[],double precision[],real[],real[],real[],real[],real[],real[]) → jsonb
-- stores samples of known pools, the later write counts, and notes those that came late; answers the places (from 0) of unknown pools and, in ms, the instant before which samples are not kept
  plpgsql, volatile
  callers: flyahead_service

function flyahead.refresh_rollups(integer) → integer
-- makes anew what was noted, the oldest first, at most max_notes notes, and judges the predictions that are due; answers how many notes it took. Call it until it answers 0
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.refuse_import_rows(regclass) → TABLE(reason text, times bigint, lines bigint[])
-- takes out of a table of import_row what nobody could take; answers how many, why, and the first ten lines of each reason
  plpgsql, volatile
  callers: nobody

function flyahead.release_idempotency_key(integer,text,text,text) → void
  sql, volatile
  callers: flyahead_service

function flyahead.release_lease(text,bigint) → void
  sql, volatile
  callers: flyahead_service

function flyahead.remove_schedule() → SETOF text
-- removes the cron jobs and answers their names; the machines stay as they are
  plpgsql, volatile, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.replace_token_hash(text,text,interval) → timestamp with time zone
  plpgsql, volatile
  callers: nobody

function flyahead.require_fence(text,bigint) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.resolve_predictions(timestamp with time zone,integer) → integer
-- puts actuals beside predictions that are due and adds them to the scores; answers how many. Each is judged once
  sql, volatile
  callers: nobody

function flyahead.revoke_token(text) → boolean
-- from the next request on the token is refused; false: there is none of that name, or it was revoked before
  sql, volatile
  callers: nobody

function flyahead.roll_up_1d(integer[],timestamp with time zone) → void
  sql, volatile
  callers: nobody

function flyahead.roll_up_1h(integer[],timestamp with time zone,timestamp with time zone) → void
  sql, volatile, enable_sort=off
  callers: nobody

function flyahead.roll_up_5m(integer[],timestamp with time zone,timestamp with time zone) → void
  sql, volatile, enable_sort=off
  callers: nobody

function flyahead.roll_up_scaling(integer[],timestamp with time zone,timestamp with time zone) → void
  sql, volatile
  callers: nobody

function flyahead.roll_up_scaling_day(integer[],timestamp with time zone) → void
  sql, volatile
  callers: nobody

function flyahead.rotate_token(text,interval) → text
-- exchanges a token's word and answers the new one; the old one is good for `grace` longer
  plpgsql, volatile
  callers: nobody

function flyahead.sample_parts() → TABLE(part text, first_at timestamp with time zone, end_at timestamp with time zone, packed boolean)
-- the partitions or chunks that traffic_samples consists of, with the time that each covers
  plpgsql, stable, search_path=pg_catalog, pg_temp, TimeZone=UTC
  callers: nobody

function flyahead.save_breakers(jsonb) → TABLE(name text, version bigint, state jsonb)
  plpgsql, volatile
  callers: flyahead_service

function flyahead.send_tick(text,text[]) → void
-- calls the auto-scaling function for the slot that is on, and notes the request
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.setting(text) → text
-- the value of a setting, null where there is none
  sql, stable, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.single(double precision) → real
-- a number of 64 bits as one of 32; nothing where it is too small for that
  sql, immutable
  callers: nobody

function flyahead.sketch_bucket(double precision) → smallint
  sql, immutable
  callers: flyahead_service

function flyahead.sketch_load(smallint) → double precision
  sql, immutable
  callers: flyahead_service

function flyahead.spent_until(flyahead.pool_spending,timestamp with time zone) → record
  sql, immutable
  callers: flyahead_service

function flyahead.stage_import(text,text,text,text,text) → bigint
-- runs the query of an import into the temporary table flyahead_import_rows; answers how many rows
  plpgsql, volatile
  callers: nobody

function flyahead.storage_mode() → text
-- how traffic samples are stored here: native, hypertable or columnstore
  sql, stable
  callers: flyahead_service

function flyahead.storage_status() → TABLE(mode text, server_version text, timescale_edition text, timescale_version text, parts integer, compressed_parts integer, oldest_day date, newest_day date, total_bytes bigint, bytes_before_compression bigint, bytes_after_compression bigint, keep_samples interval, compress_samples_after interval)
  plpgsql, stable, security definer, search_path=pg_catalog, pg_temp, TimeZone=UTC
  callers: flyahead_operator, flyahead_service

function flyahead.store_samples(timestamp with time zone,text[],text[],text[],timestamp with time zone[],double precision[],double precision[],real[],real[],real[],real[],real[],real[]) → integer[]
-- stores samples of known pools, the later write counts; answers the row numbers (from 0) of unknown pools
  sql, volatile
  callers: flyahead_service

function flyahead.take_probe(text,integer,integer,integer) → boolean
  sql, volatile
  callers: flyahead_service

function flyahead.tally_of(integer,timestamp with time zone) → jsonb
  sql, stable
  callers: flyahead_service

function flyahead.token_hash(text) → text
  sql, immutable
  callers: nobody

function flyahead.touch_token(integer) → void
-- notes that a token was used, at most every five minutes
  sql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_service

function flyahead.try_upkeep(text) → text
-- runs a command of upkeep; answers null when it worked, "waiting" when its lock was not to be had in half a second, else the error
  plpgsql, volatile, search_path=pg_catalog, pg_temp, TimeZone=UTC, lock_timeout=500ms
  callers: nobody

function flyahead.vault_secret(text) → text
  plpgsql, volatile, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead.write_decisions(bigint,timestamp with time zone,integer,timestamp with time zone,jsonb) → void
  sql, volatile
  callers: flyahead_service

function flyahead.write_forecast_rows(timestamp with time zone,jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_forecasts(timestamp with time zone,jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_pulled_samples(timestamp with time zone,text[],text[],text[],integer[],double precision[],double precision[],double precision[],real[],real[],real[],real[],real[],real[]) → jsonb
-- stores samples that were pulled from a source of metrics: never over those that were sent or imported; answers how many changed, and what record_samples answers
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_samples(timestamp with time zone,text[],text[],text[],integer[],double precision[],double precision[],double precision[],real[],real[],real[],real[],real[],real[]) → jsonb
-- stores samples of known pools, the later write counts; answers the places (from 0) of unknown pools and, in ms, the instant before which samples are not kept
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_workers(text,timestamp with time zone,jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.write_workers_books(text,timestamp with time zone,jsonb) → void
  plpgsql, volatile
  callers: flyahead_service

function flyahead.zone_of_pool(integer) → text
-- the IANA time zone in which the days of a pool repeat: its own, else that of its policy, else UTC; null: no such pool
  plpgsql, stable, search_path=pg_catalog, pg_temp
  callers: nobody

function flyahead_api.force_breaker(text,text) → void
-- from the next tick until a reset the breaker lets nothing by (FORCED_OPEN), everything (DISABLED), or everything and counts (METRICS_ONLY)
  plpgsql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_operator

function flyahead_api.historical_matches(integer,timestamp with time zone,integer) → TABLE(day date, weekday text, distance double precision, bins_compared integer, load_then double precision, load_now double precision, next_hour_peak double precision, rest_of_day_peak double precision)
-- days of the past eight weeks most like today so far, the nearest first: `distance` 0 is the same, 0.1 differs by a tenth of the load, 2 has nothing in common. load_now and load_then are requests in the busiest minute of the 5 minutes before `at`, next_hour_peak and rest_of_day_peak those that came then. In the first hour of a day the 24 hours before `at` are compared. Days with fewer than 80 % of the 5 minutes are left out
  plpgsql, stable, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_operator, flyahead_service

function flyahead_api.reset_breaker(text) → void
-- from the next tick on the breaker is CLOSED and has forgotten
  sql, volatile, security definer, search_path=pg_catalog, pg_temp
  callers: flyahead_operator

function flyahead_api.traffic(text,timestamp with time zone,timestamp with time zone,interval) → TABLE(region text, process_group text, bucket timestamp with time zone, minutes_measured bigint, requests double precision, peak_requests_per_minute double precision, errors double precision, worst_p95_latency_ms real, resolution text)
-- an app's traffic per region in buckets of `step`, from the coarsest resolution that answers; until: now; step: as the span suggests
  plpgsql, stable, security definer, search_path=pg_catalog, pg_temp, plan_cache_mode=force_custom_plan
  callers: flyahead_operator, flyahead_service
