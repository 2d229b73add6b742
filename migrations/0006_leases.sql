-- One lease row an app. The fence only grows; every write of a tick names it, so a tick that lost its lease can write
-- nothing. Leases live in real time, also in a simulation: they guard processes, and processes are real.

create table flyahead.app_leases (
  app text primary key,
  fence bigint not null default 0,
  slot timestamptz,
  attempt integer not null default 0,
  expires_at timestamptz not null default '-infinity',
  closed_slot timestamptz
);
comment on table flyahead.app_leases is 'who may act on an app: the holder of the newest fence until expires_at';
comment on column flyahead.app_leases.closed_slot is 'the newest slot that was closed; it and all before it are final';

-- held: the lease is ours, as this attempt. busy: somebody else's for retry_ms more. closed: this slot is over, either
-- closed or passed by a later one.
create function flyahead.acquire_lease(p_app text, p_slot timestamptz, p_ttl_ms integer)
returns table (status text, fence bigint, attempt integer, retry_ms integer)
language plpgsql
as $$
#variable_conflict use_column
begin
  -- A caller whose clock runs ahead would close slots that are yet to come, and the app with them.
  if p_slot > clock_timestamp() + interval '1 hour' and not exists (select from flyahead.settings where name = 'simulated_now') then
    raise exception 'Cannot take the lease of app % for slot %: that is more than an hour ahead of the database''s clock, %',
      p_app, p_slot, clock_timestamp() using errcode = 'FA002', hint = 'Correct the clock of whoever calls.';
  end if;
  insert into flyahead.app_leases (app) values (p_app) on conflict (app) do nothing;
  return query
    update flyahead.app_leases l set
      fence = l.fence + 1,
      attempt = case when l.slot = p_slot then l.attempt + 1 else 1 end,
      slot = p_slot,
      expires_at = clock_timestamp() + make_interval(secs => p_ttl_ms / 1000.0)
    where l.app = p_app
      and l.expires_at <= clock_timestamp()
      and (l.slot is null or l.slot <= p_slot)
      and (l.closed_slot is null or l.closed_slot < p_slot)
    returning 'held', l.fence, l.attempt, null::integer;
  if found then return; end if;
  return query
    select case when l.closed_slot >= p_slot or l.slot > p_slot then 'closed' else 'busy' end,
      null::bigint, null::integer,
      case when l.expires_at > clock_timestamp() then ceil(extract(epoch from l.expires_at - clock_timestamp()) * 1000)::integer else 1 end
    from flyahead.app_leases l where l.app = p_app;
end $$;

create function flyahead.release_lease(p_app text, p_fence bigint) returns void
language sql
as $$
  update flyahead.app_leases set expires_at = '-infinity' where app = p_app and fence = p_fence
$$;

create function flyahead.is_lease_held(p_app text, p_fence bigint) returns boolean
language sql stable
as $$
  select exists (select from flyahead.app_leases where app = p_app and fence = p_fence and expires_at > clock_timestamp())
$$;

-- Locks the row until the transaction ends: between this check and the writes after it no other tick can take over.
create function flyahead.require_fence(p_app text, p_fence bigint) returns void
language plpgsql
as $$
begin
  perform from flyahead.app_leases where app = p_app and fence = p_fence and expires_at > clock_timestamp() for update;
  if not found then
    raise exception 'stale fence % for app %', p_fence, p_app using errcode = 'FA001';
  end if;
end $$;
