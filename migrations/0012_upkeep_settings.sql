-- How long things are kept. One row a setting, changed with an update; upkeep (0019) reads them at each run. A value that
-- makes no sense is refused when it is written, not found out at night when upkeep fails.

insert into flyahead.settings (name, value) values
  ('keep_samples', '92 days'),
  ('compress_samples_after', '7 days'),
  ('keep_rollups_5m', '100 days'),
  ('keep_rollups_1h', '3 years'),
  ('keep_history', '90 days'),
  ('keep_predictions', '35 days'),
  ('keep_requests', '7 days')
on conflict (name) do nothing;

comment on table flyahead.settings is 'what this installation decided about itself: storage_mode, how long things are kept; simulated_now only in a simulation';

-- It runs as its owner: what reads a setting for a view or a job may not read the table.
create function flyahead.setting(name text) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select s.value from flyahead.settings s where s.name = setting.name $$;
comment on function flyahead.setting is 'the value of a setting, null where there is none';

-- The least that a setting may be: a forecaster is rebuilt from 28 days of samples, and the views look back over weeks.
create function flyahead.least_setting(name text) returns interval
language sql immutable
as $$
  select case name
    when 'keep_samples' then interval '29 days'
    when 'keep_rollups_5m' then interval '29 days'
    when 'keep_rollups_1h' then interval '29 days'
    when 'keep_history' then interval '2 days'
    when 'keep_predictions' then interval '8 days'
    else interval '1 day'
  end
$$;

create function flyahead.check_setting() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  least constant interval := flyahead.least_setting(new.name);
begin
  if new.value::interval >= least then return new; end if;
  raise exception 'Cannot set % to "%": it must be at least %', new.name, new.value, least using errcode = 'check_violation';
exception when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
  raise exception 'Cannot set % to "%": that is no interval', new.name, new.value
    using errcode = 'check_violation', hint = 'Write it like ''92 days'' or ''3 years''.';
end $$;

create trigger settings_value before insert or update on flyahead.settings
  for each row when (new.name like 'keep\_%' or new.name = 'compress_samples_after') execute function flyahead.check_setting();

revoke all on function flyahead.setting, flyahead.least_setting, flyahead.check_setting from public;
grant execute on function flyahead.setting to flyahead_service;
