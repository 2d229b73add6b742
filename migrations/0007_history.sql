-- Ticks, decisions and intents: what was decided from what, what was to be done, and what became of it.

create table flyahead.ticks (
  id bigint generated always as identity primary key,
  app text not null,
  slot timestamptz not null,
  attempt integer not null,
  fence bigint not null,
  mode text not null check (mode in ('observe', 'advise', 'act')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  summary jsonb,
  unique (app, slot, attempt)
);
comment on table flyahead.ticks is 'one run of the loop for one app and slot; closed_at is null where it died on the way';

create table flyahead.unreached_apps (
  slot timestamptz not null,
  app text not null,
  noted_at timestamptz not null,
  primary key (slot, app)
);
comment on table flyahead.unreached_apps is 'apps that a tick could not reach before its deadline and that must be called again';

create table flyahead.autoscaling_history (
  id bigint generated always as identity primary key,
  tick_id bigint not null references flyahead.ticks (id),
  pool_id integer not null references flyahead.worker_regions (id),
  slot timestamptz not null,
  attempt integer not null,
  decided_at timestamptz not null,
  mode text not null check (mode in ('observe', 'advise', 'act')),
  kind text not null check (kind in ('hold', 'grow', 'shrink')),
  from_workers integer not null,
  to_workers integer not null,
  need_now integer,
  need_covered integer,
  need_shrink integer,
  quantile real not null,
  confidence real,
  constraints text[] not null,
  reason text not null,
  record jsonb not null,
  unique (pool_id, slot, attempt)
);
create index autoscaling_history_slot on flyahead.autoscaling_history (slot);
comment on table flyahead.autoscaling_history is 'one decision per pool and tick, with its reason and enough to decide again';
comment on column flyahead.autoscaling_history.need_now is 'machines for the busiest of the last minutes';
comment on column flyahead.autoscaling_history.need_covered is 'machines for the forecast until the next tick''s machines could serve';
comment on column flyahead.autoscaling_history.need_shrink is 'machines for the forecast over that and the shrink window';
comment on column flyahead.autoscaling_history.constraints is 'the rules that changed the number, in order';
comment on column flyahead.autoscaling_history.record is 'the TickRecord: kind full can be decided again with the identical result';

create table flyahead.scaling_intents (
  id bigint generated always as identity primary key,
  history_id bigint not null references flyahead.autoscaling_history (id),
  pool_id integer not null references flyahead.worker_regions (id),
  app text not null,
  ordinal integer not null,
  kind text not null check (kind in ('start', 'stop', 'create')),
  machine_id text,
  machine_name text,
  template_id text,
  opened_at timestamptz not null,
  status text check (status in ('done', 'alreadyDone', 'refused', 'failed', 'unknown')),
  evidence text,
  closed_at timestamptz,
  unique (history_id, ordinal)
);
create index scaling_intents_open on flyahead.scaling_intents (app) where closed_at is null;
create index scaling_intents_pool on flyahead.scaling_intents (pool_id, opened_at);
comment on table flyahead.scaling_intents is 'each call to Fly, written before it is made; open (closed_at null) until its outcome is known';
comment on column flyahead.scaling_intents.machine_name is 'for a create: the name by which it is looked up when the answer was lost';
comment on column flyahead.scaling_intents.evidence is 'what was seen: Fly''s answer, or the state found by a later tick';
