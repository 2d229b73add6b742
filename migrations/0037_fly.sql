-- What ticks found out about Fly, for later ticks and for people: what there was no room for, and Fly Proxy's settings that
-- would undo decisions. Both are as the last tick that looked left them.

alter table flyahead.worker_regions
  add column no_room jsonb not null default '[]' check (jsonb_typeof(no_room) = 'array'),
  add column fly_proxy text;
comment on column flyahead.worker_regions.no_room is 'what Fly had no room for: machineId (null: any new machine), since, until (not asked for before) and why; instants in ms';
comment on column flyahead.worker_regions.fly_proxy is 'what Fly Proxy''s settings on the machines would undo, in a sentence; null: nothing';

-- Read beside recall_pools, in the same round trip; `doc` is one of its rows.
create function flyahead.no_room_of(doc jsonb) returns jsonb
language sql stable
as $$
  select w.no_room from flyahead.worker_regions w
  where (w.app, w.region, w.process_group) = (doc ->> 'app', doc ->> 'region', doc ->> 'processGroup')
$$;

-- A tick of a version without findings leaves them as they are; so does one that was cut short before its end.
create function flyahead.note_findings(p jsonb) returns void
language sql
as $$
  update flyahead.worker_regions w set no_room = f."noRoom", fly_proxy = f.proxy
  from jsonb_to_recordset(flyahead.elements(p -> 'findings')) as f (region text, "processGroup" text, proxy text, "noRoom" jsonb)
  where (w.app, w.region, w.process_group) = (p ->> 'app', f.region, f."processGroup") and w.retired_at is null
    and (w.no_room, w.fly_proxy) is distinct from (f."noRoom", f.proxy)
$$;

-- close_tick is the one call that a tick ends with; what it did before stays its own, under another name.
alter function flyahead.close_tick(jsonb) rename to close_tick_books;

create function flyahead.close_tick(p jsonb) returns void
language plpgsql
as $$
begin
  perform flyahead.require_fence(p ->> 'app', (p ->> 'fence')::bigint);
  perform flyahead.note_findings(p);
  perform flyahead.close_tick_books(p);
end $$;

-- region_status as it is by now, whatever came before, and three columns more.
do $$
begin
  execute format($view$
    create or replace view flyahead_api.region_status as
    select s.*, w.fly_proxy, n.until as no_room_until, n.why as no_room_why
    from (%s) s
    join flyahead.worker_regions w on w.id = s.pool_id
    left join lateral (
      select to_timestamp((e ->> 'until')::double precision / 1000) as until, e ->> 'why' as why
      from jsonb_array_elements(w.no_room) e
      where e ->> 'machineId' is null and to_timestamp((e ->> 'until')::double precision / 1000) > flyahead.now()
      limit 1
    ) n on true
  $view$, rtrim(pg_get_viewdef('flyahead_api.region_status'::regclass), ';'));
end $$;
comment on column flyahead_api.region_status.fly_proxy is 'what Fly Proxy''s settings on the machines would undo, in a sentence; null: nothing';
comment on column flyahead_api.region_status.no_room_until is 'Fly had no room for new machines here, and is not asked before this time';
comment on column flyahead_api.region_status.no_room_why is 'where there was none: region, host, volume, or closed: Fly takes nothing new there any more';

revoke all on function flyahead.no_room_of, flyahead.note_findings, flyahead.close_tick, flyahead.close_tick_books from public;
grant execute on function flyahead.no_room_of, flyahead.note_findings, flyahead.close_tick, flyahead.close_tick_books to flyahead_service;

-- Supabase grants on new objects by default; here nobody else gets anything.
do $$
declare
  role text;
begin
  foreach role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = role) then
      execute format('revoke all on function flyahead.no_room_of, flyahead.note_findings, flyahead.close_tick, flyahead.close_tick_books from %I', role);
    end if;
  end loop;
end $$;
