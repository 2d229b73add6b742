-- Who calls the ticks, on Supabase: pg_cron fires, pg_net posts, Vault keeps the address and the token. Elsewhere
-- scripts/cron.ts does the same and notes its requests here too.
--
-- The idea: every request is a row, and every row gets its answer, so that a slot that did not come about can be explained
-- (missed_slots). The trap that this is against: a pg_cron run that "succeeded" has only queued a request, and a function
-- may fail for weeks while every run is green.

create table flyahead.schedule_requests (
  id bigint generated always as identity primary key,
  job text not null check (job in ('tick', 'again')),
  slot timestamptz not null,
  apps text[],
  request_id bigint,
  sent_at timestamptz not null,
  answered_at timestamptz,
  status_code integer,
  error text
);
create index schedule_requests_slot on flyahead.schedule_requests (slot);
create index schedule_requests_unanswered on flyahead.schedule_requests (sent_at) where answered_at is null;
comment on table flyahead.schedule_requests is 'each call of the auto-scaling function by the schedule, and what came back';
comment on column flyahead.schedule_requests.job is 'tick: when the slot began; again: later in the slot, for what was not reached or failed';
comment on column flyahead.schedule_requests.apps is 'the apps it was for; null: all';
comment on column flyahead.schedule_requests.request_id is 'pg_net''s number';
comment on column flyahead.schedule_requests.answered_at is 'when the answer was seen, or the waiting given up';
comment on column flyahead.schedule_requests.error is 'why it failed: the beginning of the answer, or what kept it from being sent';

-- The slot that is on now, by the cadence that install_schedule was given, else by that of the newest tick.
create function flyahead.current_slot() returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select flyahead.bucket(make_interval(secs => coalesce(60 * flyahead.setting('cadence_minutes')::integer,
    (select t.cadence_seconds from flyahead.ticks t order by t.id desc limit 1), 900)), flyahead.now())
$$;

create function flyahead.vault_secret(secret_name text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  secret text;
begin
  execute 'select decrypted_secret from vault.decrypted_secrets where name = $1' into secret using secret_name;
  if secret is null then
    raise exception 'Vault has no secret %', secret_name using hint = 'select vault.create_secret(''…'', ''' || secret_name || ''');';
  end if;
  return secret;
end $$;

-- Never raises: what keeps a request from being sent stands in its row. pg_net sends after the commit, and hangs up
-- after seconds unless it is told how long a tick may take.
create function flyahead.send_tick(p_job text default 'tick', p_apps text[] default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  sent bigint;
  request bigint;
begin
  insert into flyahead.schedule_requests (job, slot, apps, sent_at) values (p_job, flyahead.current_slot(), p_apps, flyahead.now())
  returning id into sent;
  begin
    execute 'select net.http_post(url := $1, headers := $2, body := $3, timeout_milliseconds := 120000)' into request
    using flyahead.vault_secret('flyahead_url') || '/auto-scaling',
      jsonb_build_object('content-type', 'application/json', 'authorization', 'Bearer ' || flyahead.vault_secret('flyahead_cron_token')),
      case when p_apps is null then '{}'::jsonb else jsonb_build_object('apps', p_apps) end;
    update flyahead.schedule_requests set request_id = request where id = sent;
  exception when others then
    update flyahead.schedule_requests set answered_at = flyahead.now(), error = 'not sent: ' || sqlerrm where id = sent;
  end;
end $$;
comment on function flyahead.send_tick is 'calls the auto-scaling function for the slot that is on, and notes the request';

-- pg_net keeps answers for six hours, in a table that a crash empties. An extension whose schema is closed to the owner is as
-- good as absent; the trap is that to_regclass raises there.
create function flyahead.harvest_answers() returns integer
language plpgsql
as $$
declare
  harvested integer := 0;
begin
  if has_schema_privilege(to_regnamespace('net'), 'usage') and to_regclass('net._http_response') is not null then
    execute $harvest$
      update flyahead.schedule_requests r set answered_at = $1, status_code = n.status_code,
        error = case when n.timed_out then 'timed out' when n.error_msg is not null then n.error_msg when n.status_code >= 400 then left(n.content, 300) end
      from net._http_response n where n.id = r.request_id and r.answered_at is null $harvest$ using flyahead.now();
    get diagnostics harvested = row_count;
  end if;
  update flyahead.schedule_requests set answered_at = flyahead.now(), error = 'no answer came'
  where answered_at is null and sent_at < flyahead.now() - interval '3 minutes';
  return harvested;
end $$;

-- What is to be called once more while its slot is on: apps that were not reached (up to five times), or everything where the
-- request failed (once). Null: nothing. A closed slot costs the function nothing, so a call too many does no harm.
create function flyahead.call_again_for() returns table (apps text[])
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with slot as (
    select flyahead.current_slot() as now
  ), requests as (
    select r.* from flyahead.schedule_requests r, slot where r.slot = slot.now
  ), unreached as (
    select array_agg(u.app order by u.app) as apps from flyahead.unreached_apps u, slot where u.slot = slot.now
  )
  select u.apps from unreached u
  where not exists (select from requests r where r.answered_at is null)
    and (u.apps is not null and (select count(*) from requests r where r.job = 'again') < 5
      or u.apps is null and exists (select from requests) and not exists (select from requests r where r.job = 'again' or coalesce(r.status_code, 599) < 500))
$$;
comment on function flyahead.call_again_for is 'one row where the slot that is on needs another call: the apps, or null for all';

create function flyahead.follow_up() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform flyahead.harvest_answers();
  perform flyahead.send_tick('again', a.apps) from flyahead.call_again_for() a;
end $$;
comment on function flyahead.follow_up is 'each minute: reads what was answered, and calls again for what was not reached';

-- For a scheduler outside the database, which has its answer at once.
create function flyahead.note_request(p_job text, p_slot timestamptz, p_apps text[], p_sent_at timestamptz, p_status_code integer, p_error text) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into flyahead.schedule_requests (job, slot, apps, sent_at, answered_at, status_code, error)
  values (p_job, p_slot, p_apps, p_sent_at, flyahead.now(), p_status_code, left(p_error, 300))
$$;

create function flyahead.prune_schedule() returns integer
language plpgsql
as $$
declare
  gone integer;
begin
  delete from flyahead.schedule_requests where sent_at < flyahead.now() - flyahead.setting('keep_requests')::interval;
  get diagnostics gone = row_count;
  -- pg_cron keeps a row of each run for ever. Runs go by their number, since one that never started has no time of end.
  if has_schema_privilege(to_regnamespace('cron'), 'usage') and to_regclass('cron.job_run_details') is not null then
    execute $cron$ delete from cron.job_run_details d using cron.job j
      where j.jobid = d.jobid and j.jobname like 'flyahead-%'
        and d.runid <= (select max(o.runid) from cron.job_run_details o where o.end_time < now() - interval '2 days') $cron$;
  end if;
  return gone;
end $$;

-- Installs the jobs, or brings them up to date. Those of before, made by hand, have the same names or go.
create function flyahead.install_schedule(cadence_minutes integer default null) returns table (job text, schedule text, command text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  cadence integer;
  tick_schedule text;
  needed text;
begin
  foreach needed in array array['net', 'cron'] loop
    if not coalesce(has_schema_privilege(to_regnamespace(needed), 'usage'), false) then
      raise exception 'Cannot install the schedule: pg_% is not here, or its schema is closed to %', needed, current_user
        using hint = format('create extension pg_%1$s; grant usage on schema %1$s to %2$I; or run npm run cron on some machine.', needed, current_user);
    end if;
  end loop;
  execute $now$ select schedule from cron.job where jobname = 'flyahead-tick' $now$ into tick_schedule;
  cadence := coalesce(install_schedule.cadence_minutes, flyahead.setting('cadence_minutes')::integer,
    case tick_schedule when '* * * * *' then 1 when '*/5 * * * *' then 5 else 15 end);
  if cadence not in (1, 5, 15) then
    raise exception 'Cannot install the schedule: cadence is % minutes, expected 1, 5 or 15', cadence
      using errcode = 'invalid_parameter_value', hint = 'It must be that of the functions'' CADENCE_MINUTES.';
  end if;
  insert into flyahead.settings as s (name, value) values ('cadence_minutes', cadence)
  on conflict (name) do update set value = excluded.value;

  for job, schedule, command in values
    ('flyahead-tick', case cadence when 1 then '* * * * *' else format('*/%s * * * *', cadence) end, 'select flyahead.send_tick()'),
    ('flyahead-follow-up', '* * * * *', 'select flyahead.follow_up()'),
    ('flyahead-rollups', '* * * * *', 'select flyahead.refresh_rollups()'),
    ('flyahead-upkeep', '7 * * * *', 'select flyahead.maintain()')
  loop
    execute 'select cron.schedule($1, $2, $3)' using job, schedule, command;
    return next;
  end loop;
  execute $old$ select cron.unschedule(j.jobname) from cron.job j where j.jobname in ('flyahead-unreached', 'flyahead-prune-cron-log') $old$;
end $$;
comment on function flyahead.install_schedule is 'installs the cron jobs: ticks at the cadence (1, 5 or 15 minutes; default: as before, else 15), follow-up, rollups, upkeep. For the owner; as often as you like';

create function flyahead.remove_schedule() returns setof text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not coalesce(has_schema_privilege(to_regnamespace('cron'), 'usage'), false) then return; end if;
  return query execute $remove$
    with ours as (select j.jobname::text as name from cron.job j where j.jobname like 'flyahead-%')
    select o.name from ours o, lateral (select cron.unschedule(o.name)) u $remove$;
end $$;
comment on function flyahead.remove_schedule is 'removes the cron jobs and answers their names; the machines stay as they are';

-- Nothing of all this is for callers of the API; the functions' own role may only note and ask.
revoke all on flyahead.schedule_requests from public;
revoke all on function flyahead.current_slot, flyahead.vault_secret, flyahead.send_tick, flyahead.harvest_answers, flyahead.call_again_for,
  flyahead.follow_up, flyahead.note_request, flyahead.prune_schedule, flyahead.install_schedule, flyahead.remove_schedule from public;
grant execute on function flyahead.note_request, flyahead.call_again_for to flyahead_service;

-- An installation that ticked and has no job now was stopped by its owner: it is left alone.
do $$
declare
  has_job boolean := false;
begin
  if not coalesce(has_schema_privilege(to_regnamespace('cron'), 'usage') and has_schema_privilege(to_regnamespace('net'), 'usage'), false) then
    return;
  end if;
  execute $job$ select exists (select from cron.job where jobname = 'flyahead-tick') $job$ into has_job;
  if has_job or not exists (select from flyahead.ticks) then
    perform flyahead.install_schedule();
  end if;
end $$;
