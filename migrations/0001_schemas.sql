-- Two schemas. `flyahead` holds the tables and is closed to everyone but the functions' own role; `flyahead_api` holds the
-- views that people query and is the only one to expose. Roles belong to the whole server, so they may exist already.

create schema if not exists flyahead;
create schema if not exists flyahead_api;

do $$
begin
  create role flyahead_service nologin;
exception when duplicate_object then null;
end $$;

do $$
begin
  create role flyahead_operator nologin;
exception when duplicate_object then null;
end $$;

comment on schema flyahead is 'flyahead''s tables: read and written by role flyahead_service only';
comment on schema flyahead_api is 'flyahead''s views for people: readable by role flyahead_operator';

-- What the installation decided about itself, once (the storage mode of the samples) or for a while (a simulated time).
create table flyahead.settings (
  name text primary key,
  value text not null
);
comment on table flyahead.settings is 'what this installation decided about itself: storage_mode; simulated_now only in a simulation';

-- The one source of time for views and defaults. Ticks hand their own time in; a simulation sets it for everyone.
-- It runs as its owner, since people who may read the views may not read the settings.
create function flyahead.now() returns timestamptz
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select value::timestamptz from flyahead.settings where name = 'simulated_now'), clock_timestamp())
$$;
comment on function flyahead.now() is 'the time that views go by: the server''s, or that of a running simulation';
