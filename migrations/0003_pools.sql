-- Pools (worker_regions), their machines (workers), and what people did to them by hand (manual_overrides).

create table flyahead.worker_regions (
  id integer generated always as identity primary key,
  app text not null,
  region text not null,
  process_group text not null,
  mode text not null default 'advise' check (mode in ('observe', 'advise', 'act')),
  -- The owner's own values; null means: as configured for the installation.
  min_workers integer check (min_workers >= 0),
  max_workers integer check (max_workers >= 0),
  requests_per_worker double precision check (requests_per_worker > 0),
  quantile double precision check (quantile > 0 and quantile < 1),
  lead_seconds integer check (lead_seconds >= 0),
  cooldown_seconds integer check (cooldown_seconds >= 0),
  stabilisation_seconds integer check (stabilisation_seconds >= 0),
  stale_seconds integer check (stale_seconds > 0),
  override_seconds integer check (override_seconds >= 0),
  time_zone text,
  pinned_machine_id text,
  frozen_until timestamptz check (isfinite(frozen_until)),
  -- Kept by the tick.
  effective_policy jsonb,
  last_change_at timestamptz,
  discovered_at timestamptz not null default flyahead.now(),
  retired_at timestamptz,
  unique (app, region, process_group),
  check (min_workers <= max_workers)
);
comment on table flyahead.worker_regions is 'pools: one app, region and process group, the unit that is scaled; found in Fly''s machine list, retired when their machines are gone';
comment on column flyahead.worker_regions.mode is 'observe: record only; advise: record and tell; act: call Fly. New pools start in advise';
comment on column flyahead.worker_regions.requests_per_worker is 'requests a minute that one machine carries; null: as configured';
comment on column flyahead.worker_regions.quantile is 'capacity covers this quantile of the forecast; null: as configured';
comment on column flyahead.worker_regions.time_zone is 'IANA zone in which the app''s days and weeks repeat; null: as configured';
comment on column flyahead.worker_regions.frozen_until is 'nothing is changed before this time; for good: a date far away, like 2100-01-01';
comment on column flyahead.worker_regions.effective_policy is 'the policy that the last tick went by: configuration and own values together';
comment on column flyahead.worker_regions.last_change_at is 'when a machine was last started, stopped or created by flyahead';

create function flyahead.check_time_zone() returns trigger
language plpgsql
as $$
begin
  if exists (select from pg_timezone_names where name = new.time_zone) then return new; end if;
  raise exception 'Cannot set time_zone of pool %/%@% to "%": no such IANA time zone', new.app, new.process_group, new.region, new.time_zone
    using errcode = 'check_violation', hint = 'Use a name like Europe/Berlin; select name from pg_timezone_names lists them.';
end $$;

create trigger worker_regions_time_zone before insert or update of time_zone on flyahead.worker_regions
  for each row when (new.time_zone is not null) execute function flyahead.check_time_zone();

create table flyahead.workers (
  machine_id text primary key,
  pool_id integer not null references flyahead.worker_regions (id),
  name text not null,
  state text not null,
  health text not null check (health in ('passing', 'failing', 'unknown')),
  cordoned boolean not null,
  machine_created_at timestamptz not null,
  seen_at timestamptz not null,
  gone_at timestamptz
);
create index workers_pool on flyahead.workers (pool_id) where gone_at is null;
comment on table flyahead.workers is 'Fly machines as the last tick left them in the books';
comment on column flyahead.workers.state is 'the state last seen, or the one our own action led to; what differs at the next tick was done by somebody else';
comment on column flyahead.workers.gone_at is 'when the machine was first missing from Fly''s list';

create table flyahead.manual_overrides (
  id bigint generated always as identity primary key,
  pool_id integer not null references flyahead.worker_regions (id),
  machine_id text not null,
  what text not null,
  workers integer not null check (workers >= 0),
  seen_at timestamptz not null,
  until timestamptz not null check (isfinite(until))
);
create index manual_overrides_newest on flyahead.manual_overrides (pool_id, seen_at desc);
comment on table flyahead.manual_overrides is 'machines that a person started or stopped between ticks; the pool is kept at `workers` until `until`';

-- The last word counts: a newer override replaces an older one, also where the older one would last longer.
create function flyahead.newest_override(p_pool_id integer) returns setof flyahead.manual_overrides
language sql stable
as $$
  select * from flyahead.manual_overrides where pool_id = p_pool_id order by seen_at desc, id desc limit 1
$$;
