-- What the forecaster carries, what it has learned (patterns) and what it said (predictions).

create table flyahead.forecast_state (
  pool_id integer primary key references flyahead.worker_regions (id),
  hot jsonb not null,
  saved_at timestamptz not null,
  cold jsonb,
  cold_saved_at timestamptz
);
comment on table flyahead.forecast_state is 'the forecaster''s memory: hot is written at every tick (at most 4 KB), cold at most hourly (at most 48 KB)';

create table flyahead.traffic_patterns (
  pool_id integer not null references flyahead.worker_regions (id),
  day_of_week smallint not null check (day_of_week between 0 and 6),
  hour_of_day smallint not null check (hour_of_day between 0 and 23),
  usual_load real not null,
  peak_load real not null,
  weeks_seen smallint not null,
  updated_at timestamptz not null,
  primary key (pool_id, day_of_week, hour_of_day)
);
comment on table flyahead.traffic_patterns is 'the usual week of a pool in its own time zone: a picture of the forecaster''s profile, not a second model';
comment on column flyahead.traffic_patterns.day_of_week is '0 is Monday';
comment on column flyahead.traffic_patterns.usual_load is 'requests a minute, busiest minute of each 5 minutes, mean over the hour';
comment on column flyahead.traffic_patterns.weeks_seen is 'how often this hour was seen';

create table flyahead.traffic_predictions (
  pool_id integer not null references flyahead.worker_regions (id),
  made_at timestamptz not null,
  horizon_seconds integer not null,
  target_at timestamptz not null,
  model text not null,
  confidence real not null,
  load real[] not null,
  primary key (pool_id, made_at, horizon_seconds)
);
comment on table flyahead.traffic_predictions is 'five horizons a tick; load is the busiest minute of the five minutes from target_at, at quantiles 0.1, 0.5, 0.9, 0.95, 0.99';
