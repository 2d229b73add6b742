-- The move begins: a partitioned twin beside the hypertable, a trigger that carries each write over, and the books of the
-- move. All of it is temporary; swap.sql or abandon.sql takes it away again. While flyahead.storage_move exists,
-- keep_storage neither drops nor compresses days.
--
-- The copy of a day and the writers of that day meet at an advisory lock: writers share it, the copy has it alone. So the
-- copy sees all that was written before and nothing half-written, and cannot bring back a row that is being deleted.

create table flyahead.storage_move (
  day date primary key,
  copied_at timestamptz,
  verified_at timestamptz,
  samples bigint
);
comment on table flyahead.storage_move is 'the samples are on their way from a hypertable to native partitions: the days, and how far each is';

create table flyahead.storage_move_touched (day date not null);
comment on table flyahead.storage_move_touched is 'days written to during the move, once a transaction: they are verified again at the swap';

create table flyahead.traffic_samples_native (
  like flyahead.traffic_samples including all excluding indexes,
  constraint traffic_samples_native_pkey primary key (pool_id, at)
) partition by range (at);

do $$
declare
  right_given record;
begin
  execute format('comment on table flyahead.traffic_samples_native is %L', obj_description('flyahead.traffic_samples'::regclass, 'pg_class'));
  for right_given in
    select g.grantee, g.privilege_type, c.relowner
    from pg_class c, aclexplode(c.relacl) g where c.oid = 'flyahead.traffic_samples'::regclass and g.grantee not in (0, c.relowner)
  loop
    execute format('grant %s on flyahead.traffic_samples_native to %s', right_given.privilege_type, right_given.grantee::regrole);
  end loop;
  execute format('alter table flyahead.traffic_samples_native owner to %s', (select relowner::regrole from pg_class where oid = 'flyahead.traffic_samples'::regclass));
end $$;

-- The twin's partition of a day, under the name that flyahead.ensure_sample_days gives it.
create function flyahead.ensure_native_day(day date) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  partition constant text := 'traffic_samples_' || to_char(day, 'YYYYMMDD');
begin
  if exists (select from pg_class c where c.relname = partition and c.relnamespace = 'flyahead'::regnamespace) then return; end if;
  perform pg_advisory_xact_lock(hashtext('flyahead.ensure_sample_days'));
  if exists (select from pg_class c where c.relname = partition and c.relnamespace = 'flyahead'::regnamespace) then return; end if;
  execute format('create table flyahead.%I (like flyahead.traffic_samples_native including all)', partition);
  execute format('alter table flyahead.traffic_samples_native attach partition flyahead.%I for values from (%L) to (%L)',
    partition, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
end $$;

-- What a transaction does before its first write to a day: it shares the day's lock to its end, and leaves a mark.
create function flyahead.touch_moving_day(day date) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  touched constant text := coalesce(current_setting('flyahead.touched_days', true), '');
begin
  if position(day::text in touched) > 0 then return; end if;
  perform pg_advisory_xact_lock_shared(hashtext('flyahead.storage_move'), day - date '2000-01-01');
  perform flyahead.ensure_native_day(day);
  insert into flyahead.storage_move_touched values (day);
  perform set_config('flyahead.touched_days', touched || ' ' || day, true);
end $$;

-- It runs as its owner: the writers may not touch the twin's partitions or make them.
create function flyahead.carry_to_native() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
as $$
begin
  if tg_op <> 'INSERT' then
    perform flyahead.touch_moving_day((old.at at time zone 'UTC')::date);
    delete from flyahead.traffic_samples_native n where n.pool_id = old.pool_id and n.at = old.at;
  end if;
  if tg_op <> 'DELETE' then
    perform flyahead.touch_moving_day((new.at at time zone 'UTC')::date);
    delete from flyahead.traffic_samples_native n where n.pool_id = new.pool_id and n.at = new.at;
    insert into flyahead.traffic_samples_native select new.*;
  end if;
  return null;
end $$;

-- Both tables at one moment: how many samples of the day each has, and whether they are the same in every column.
create function flyahead.compare_moved_day(day date, out old_samples bigint, out new_samples bigint, out same boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select o.samples, n.samples, o.samples = n.samples and o.sums is not distinct from n.sums
  from (
    select count(*) as samples, sum(hashtextextended(s::text, 0)::numeric) as sums from flyahead.traffic_samples s
    where s.at >= day::timestamp at time zone 'UTC' and s.at < (day + 1)::timestamp at time zone 'UTC'
  ) o, (
    select count(*) as samples, sum(hashtextextended(s::text, 0)::numeric) as sums from flyahead.traffic_samples_native s
    where s.at >= day::timestamp at time zone 'UTC' and s.at < (day + 1)::timestamp at time zone 'UTC'
  ) n
$$;

revoke all on function flyahead.ensure_native_day, flyahead.touch_moving_day, flyahead.carry_to_native, flyahead.compare_moved_day from public;

create trigger carry_to_native after insert or update or delete on flyahead.traffic_samples
  for each row execute function flyahead.carry_to_native();
