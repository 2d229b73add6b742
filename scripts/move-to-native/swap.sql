-- The swap, under a lock on both tables: the twin takes the name, views that read the hypertable are made to read the
-- twin, the hypertable and the books of the move go, the new storage mode is recorded. All of it or nothing.

do $$
declare
  -- Read before the hypertable is renamed: a view's text names its tables as they are called at the moment.
  readers constant text[] := array(
    select distinct format('create or replace view %s %s as %s', v.oid::regclass, 'with (' || array_to_string(v.reloptions, ', ') || ')', pg_get_viewdef(v.oid))
    from pg_depend d
    join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
    where d.refclassid = 'pg_class'::regclass and d.refobjid = 'flyahead.traffic_samples'::regclass);
  reader text;
begin
  alter table flyahead.traffic_samples rename to traffic_samples_hypertable;
  alter table flyahead.traffic_samples_native rename to traffic_samples;
  foreach reader in array readers loop execute reader; end loop;
  -- A plain DROP TABLE leaves the tables of compressed chunks behind, in nobody's books (TimescaleDB 2.28), and they
  -- would keep the extension from being dropped. DROP … CASCADE takes them too, but whatever else reads the table as well.
  execute format('select %I.drop_chunks(%L, older_than => timestamptz %L)',
    (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'timescaledb'),
    'flyahead.traffic_samples_hypertable', 'infinity');
end $$;

drop table flyahead.traffic_samples_hypertable;
alter table flyahead.traffic_samples rename constraint traffic_samples_native_pkey to traffic_samples_pkey;
update flyahead.settings set value = 'native' where name = 'storage_mode';

drop function flyahead.carry_to_native, flyahead.touch_moving_day, flyahead.ensure_native_day, flyahead.compare_moved_day;
drop table flyahead.storage_move, flyahead.storage_move_touched;
select flyahead.ensure_sample_days(flyahead.now() - interval '1 day', flyahead.now() + interval '3 days');
