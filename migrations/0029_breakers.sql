-- Circuit breakers outlive the process that counts: a tick loads them once and saves them once. The state itself is the
-- business of src/core/breaker; here it is kept, seen, and overruled by an operator. Orders have columns of their own, which
-- a tick never writes: so an order given while a tick is at work is not lost.

create table flyahead.breakers (
  name text primary key,
  version bigint not null check (version > 0),
  state jsonb not null,
  saved_at timestamptz not null default clock_timestamp(),
  order_id bigint not null default 0,
  ordered text check (ordered in ('reset', 'forceOpen', 'measureOnly', 'disable')),
  ordered_at timestamptz,
  ordered_by text
);
comment on table flyahead.breakers is 'circuit breakers of what flyahead calls, as the last tick left them, and the last order for each';
comment on column flyahead.breakers.version is 'grows by one with each save; a save of an older one is refused and laid over the newer';
comment on column flyahead.breakers.order_id is 'number of the last order; carried out once state.orderId has reached it';

-- Half-open permits: how many probes of an opening were given out. In real time, since probes are.
create table flyahead.breaker_probes (
  name text primary key,
  opening integer not null,
  taken integer not null,
  until timestamptz not null
);
comment on table flyahead.breaker_probes is 'half-open permits of each breaker''s present opening, forgotten at until';

-- Saves what is newer than what is stored; answers what was not, as it is stored. In the order of the names, so that two
-- that save at once wait for each other and never both.
create function flyahead.save_breakers(p jsonb) returns table (name text, version bigint, state jsonb)
language plpgsql
as $$
#variable_conflict use_column
declare
  saved text[];
begin
  with kept as (
    insert into flyahead.breakers as b (name, version, state)
    select e ->> 'name', (e ->> 'version')::bigint, e -> 'state' from jsonb_array_elements(p) e order by e ->> 'name'
    on conflict (name) do update set version = excluded.version, state = excluded.state, saved_at = clock_timestamp()
      where b.version < excluded.version
    returning b.name
  )
  select coalesce(array_agg(kept.name), '{}') into saved from kept;
  return query
    select b.name, b.version, b.state from flyahead.breakers b
    where b.name in (select e ->> 'name' from jsonb_array_elements(p) e) and b.name <> all (saved);
end $$;

-- One permit, or none: one statement, so that any number of callers get no more than p_limit between them.
create function flyahead.take_probe(p_name text, p_opening integer, p_limit integer, p_ttl_ms integer) returns boolean
language sql
as $$
  with taken as (
    insert into flyahead.breaker_probes as b (name, opening, taken, until)
    select p_name, p_opening, 1, clock_timestamp() + make_interval(secs => p_ttl_ms / 1000.0) where p_limit > 0
    on conflict (name) do update set
      opening = excluded.opening,
      taken = case when b.opening < excluded.opening or b.until <= clock_timestamp() then 1 else b.taken + 1 end,
      until = case when b.opening < excluded.opening or b.until <= clock_timestamp() then excluded.until else b.until end
      where b.opening < excluded.opening or b.until <= clock_timestamp() or (b.opening = excluded.opening and b.taken < p_limit)
    returning 1
  )
  select exists (select from taken)
$$;

create view flyahead_api.breakers as
select
  b.name,
  b.state ->> 'mode' as mode,
  b.state ->> 'cause' as cause,
  to_timestamp((b.state ->> 'since')::double precision / 1000) as since,
  to_timestamp((b.state ->> 'until')::double precision / 1000) as until,
  (b.state ->> 'mode' = 'FORCED_OPEN' or (b.state ->> 'mode' = 'OPEN' and b.state ->> 'until' is null)) as needs_person,
  w.calls,
  w.failures,
  w.slow,
  (b.state #>> '{totals,success}')::bigint as ever_good,
  (b.state #>> '{totals,failure}')::bigint as ever_failed,
  (b.state #>> '{totals,limited}')::bigint as ever_limited,
  (b.state #>> '{totals,denied}')::bigint as ever_denied,
  (b.state #>> '{totals,refused}')::bigint as ever_held_back,
  b.saved_at,
  case when b.order_id > (b.state ->> 'orderId')::bigint then b.ordered end as pending_order,
  b.ordered as last_order,
  b.ordered_at,
  b.ordered_by
from flyahead.breakers b
cross join lateral (
  select count(*)::integer as calls, (count(*) filter (where (c ->> 1)::integer & 1 <> 0))::integer as failures,
    (count(*) filter (where (c ->> 1)::integer & 2 <> 0))::integer as slow
  from jsonb_array_elements(b.state -> 'window') c
) w;
comment on view flyahead_api.breakers is 'what flyahead calls and whether it may: one circuit breaker a row, as the last tick left it';
comment on column flyahead_api.breakers.name is 'the dependency, for Fly with its region (fly:write:fra) or the app whose token it is (fly:access:shop)';
comment on column flyahead_api.breakers.mode is 'CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, METRICS_ONLY or DISABLED';
comment on column flyahead_api.breakers.cause is 'why it is not closed: failures, slowness, retryAfter, denied, order';
comment on column flyahead_api.breakers.since is 'since when it is in this mode';
comment on column flyahead_api.breakers.until is 'end of OPEN; null: none, or not without a person';
comment on column flyahead_api.breakers.needs_person is 'only flyahead_api.reset_breaker(name) closes it';
comment on column flyahead_api.breakers.calls is 'calls that it judges by: the last 20, none older than an hour at the last save';
comment on column flyahead_api.breakers.failures is 'of calls: those that failed';
comment on column flyahead_api.breakers.slow is 'of calls: those that took 5 s and more';
comment on column flyahead_api.breakers.ever_good is 'calls that succeeded, ever';
comment on column flyahead_api.breakers.ever_failed is 'calls that failed, ever';
comment on column flyahead_api.breakers.ever_limited is 'calls that were answered 429, ever';
comment on column flyahead_api.breakers.ever_denied is 'calls whose credentials were refused, ever';
comment on column flyahead_api.breakers.ever_held_back is 'calls that were not made because it was open';
comment on column flyahead_api.breakers.saved_at is 'end of the tick that saved it, in real time';
comment on column flyahead_api.breakers.last_order is 'the last order: reset, forceOpen, measureOnly or disable';
comment on column flyahead_api.breakers.ordered_at is 'when it was given, in real time';
comment on column flyahead_api.breakers.ordered_by is 'the database login that gave it';
comment on column flyahead_api.breakers.pending_order is 'an order that the next tick will carry out';

-- An order for a breaker that is there; the next tick carries it out. As the owner, for operators may write nothing else.
create function flyahead.order_breaker(p_name text, p_order text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update flyahead.breakers set order_id = order_id + 1, ordered = p_order, ordered_at = clock_timestamp(), ordered_by = session_user
  where name = p_name;
  if not found then
    raise exception 'No breaker is named "%"', p_name using errcode = 'FA003', hint = 'select name from flyahead_api.breakers lists them.';
  end if;
end $$;

create function flyahead_api.reset_breaker(p_name text) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select flyahead.order_breaker(p_name, 'reset')
$$;
comment on function flyahead_api.reset_breaker is 'from the next tick on the breaker is CLOSED and has forgotten';

create function flyahead_api.force_breaker(p_name text, p_mode text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted constant text := case p_mode when 'FORCED_OPEN' then 'forceOpen' when 'METRICS_ONLY' then 'measureOnly' when 'DISABLED' then 'disable' end;
begin
  if wanted is null then
    raise exception 'A breaker cannot be forced into "%"', p_mode using errcode = 'FA003',
      hint = 'FORCED_OPEN, METRICS_ONLY or DISABLED; flyahead_api.reset_breaker(name) takes it back.';
  end if;
  perform flyahead.order_breaker(p_name, wanted);
end $$;
comment on function flyahead_api.force_breaker is 'from the next tick until a reset the breaker lets nothing by (FORCED_OPEN), everything (DISABLED), or everything and counts (METRICS_ONLY)';

revoke all on function flyahead.save_breakers, flyahead.take_probe, flyahead.order_breaker, flyahead_api.reset_breaker, flyahead_api.force_breaker from public;
revoke all on flyahead.breakers, flyahead.breaker_probes from flyahead_service;
grant select, insert (name, version, state, saved_at), update (version, state, saved_at) on flyahead.breakers to flyahead_service;
grant select, insert, update on flyahead.breaker_probes to flyahead_service;
grant execute on function flyahead.save_breakers, flyahead.take_probe to flyahead_service;
grant select on flyahead_api.breakers to flyahead_service, flyahead_operator;
grant execute on function flyahead_api.reset_breaker, flyahead_api.force_breaker to flyahead_operator;

-- Supabase grants on new objects by default; here nobody else gets anything.
do $$
declare
  role text;
begin
  foreach role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = role) then
      execute format('revoke all on flyahead.breakers, flyahead.breaker_probes, flyahead_api.breakers from %I', role);
      execute format('revoke all on function flyahead.save_breakers, flyahead.take_probe, flyahead.order_breaker, flyahead_api.reset_breaker, flyahead_api.force_breaker from %I', role);
    end if;
  end loop;
end $$;
