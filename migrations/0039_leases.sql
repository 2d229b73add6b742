-- Leases and clocks that jump, found by the fault matrix. A caller whose clock was an hour ahead closed the slots of that hour,
-- since only more than an hour was refused: now it is a minute, which clocks that are kept in step never reach. And where the
-- database's own clock went back, a lease stood as much longer as it went back: one that ends later than any lease
-- may (LEASE_SECONDS is at most ten minutes) is of a clock that was wrong, and free. Who still works under it is fenced.

create or replace function flyahead.acquire_lease(p_app text, p_slot timestamptz, p_ttl_ms integer)
returns table (status text, fence bigint, attempt integer, retry_ms integer)
language plpgsql
as $$
#variable_conflict use_column
declare
  ttl constant interval := make_interval(secs => p_ttl_ms / 1000.0);
  longest constant interval := greatest(ttl, interval '10 minutes');
  -- A simulation's clock is elsewhere, unless it says how far ahead of flyahead.now() a slot may be.
  ahead constant interval := coalesce(flyahead.setting('slot_ahead')::interval,
    case when flyahead.setting('simulated_now') is null then interval '1 minute' end);
begin
  -- A caller whose clock runs ahead would close slots that are yet to come, and the app with them.
  if p_slot > flyahead.now() + ahead then
    raise exception 'Cannot take the lease of app % for slot %: that is more than % ahead of the database''s clock, %',
      p_app, p_slot, ahead, flyahead.now() using errcode = 'FA002', hint = 'Correct the clock of whoever calls.';
  end if;
  insert into flyahead.app_leases (app) values (p_app) on conflict (app) do nothing;
  return query
    update flyahead.app_leases l set
      fence = l.fence + 1,
      attempt = case when l.slot = p_slot then l.attempt + 1 else 1 end,
      slot = p_slot,
      expires_at = clock_timestamp() + ttl
    where l.app = p_app
      and (l.expires_at <= clock_timestamp() or l.expires_at > clock_timestamp() + longest)
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
