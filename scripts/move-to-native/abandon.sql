-- The move is given up: the hypertable stays as it is, and what begin.sql made goes.

drop trigger if exists carry_to_native on flyahead.traffic_samples;
drop function if exists flyahead.carry_to_native, flyahead.touch_moving_day, flyahead.ensure_native_day, flyahead.compare_moved_day;
drop table if exists flyahead.traffic_samples_native, flyahead.storage_move, flyahead.storage_move_touched;
