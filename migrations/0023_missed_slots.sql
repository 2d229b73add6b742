-- Slots that did not come about. An app is due in each slot of the cadence that its newest tick was run at, from its first
-- tick on. An app that was not ticked for a day while others were has been taken out of the configuration.

create view flyahead_api.missed_slots as
with apps as (
  select l.app, first.slot as first_slot, make_interval(secs => coalesce(newest.cadence_seconds, 900)) as cadence, newest.slot as newest_slot
  from flyahead.app_leases l
  cross join lateral (select t.slot from flyahead.ticks t where t.app = l.app order by t.slot limit 1) first
  cross join lateral (select t.slot, t.cadence_seconds from flyahead.ticks t where t.app = l.app order by t.slot desc limit 1) newest
), due as (
  select a.app, slot
  from apps a
  cross join lateral generate_series(
    flyahead.bucket(a.cadence, greatest(a.first_slot, flyahead.now() - interval '7 days') + a.cadence - interval '1 microsecond'),
    flyahead.now() - interval '3 minutes', a.cadence) slot
  where a.newest_slot > (select max(b.newest_slot) from apps b) - interval '1 day'
), missed as (
  select d.app, d.slot from due d
  left join flyahead.ticks t on t.app = d.app and t.slot = d.slot and t.closed_at is not null
  where t.id is null
)
select
  m.app,
  m.slot,
  case
    when opened.at is not null then 'died'
    when u.app is not null then 'notReached'
    when r.id is null then 'noRequest'
    when r.answered_at is null then 'waiting'
    when r.status_code is null then 'noAnswer'
    when r.status_code >= 400 then 'refused'
    else 'answered'
  end as what,
  case
    when opened.at is not null then format('attempt %s was opened at %s and never closed', opened.attempt, opened.at)
    when u.app is not null then 'the tick''s time ran out before this app''s turn'
    when r.id is null then 'nobody called: is the schedule installed, and is it running?'
    when r.answered_at is null then format('called at %s, no answer yet', r.sent_at)
    when r.status_code is null then r.error
    when r.status_code >= 400 then format('%s %s', r.status_code, r.error)
    else format('%s, yet this app was not worked on: is it in FLY_APPS, and the token for it?', r.status_code)
  end as evidence
from missed m
left join lateral (
  select t.opened_at as at, t.attempt from flyahead.ticks t where t.app = m.app and t.slot = m.slot order by t.attempt desc limit 1
) opened on true
left join flyahead.unreached_apps u on u.app = m.app and u.slot = m.slot
left join lateral (
  select q.* from flyahead.schedule_requests q
  where q.slot = m.slot and (q.apps is null or m.app = any (q.apps)) order by q.id desc limit 1
) r on true;

comment on view flyahead_api.missed_slots is 'slots of the last 7 days in which an app was due and no tick of it was closed, and what happened instead; empty is good';
comment on column flyahead_api.missed_slots.app is 'Fly app';
comment on column flyahead_api.missed_slots.slot is 'when it was due';
comment on column flyahead_api.missed_slots.what is 'died: begun, never closed; notReached: no time left; noRequest: nobody called; noAnswer: called in vain; refused: answered with an error; waiting: no answer yet; answered: well, but not about this app';
comment on column flyahead_api.missed_slots.evidence is 'what is known of it, in words';

grant select on flyahead_api.missed_slots to flyahead_service, flyahead_operator;
