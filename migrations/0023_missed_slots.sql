-- Slots that did not come about. An app is due in each slot of the cadence that it was last ticked at, from its first tick on.
-- An app that was not ticked for a day while others were has been taken out of the configuration.
--
-- The trap is to ask for every slot of the week whether it was ticked: at a minute's cadence those are 10,000 an app. What is
-- looked for are the gaps between one tick and the next, in one pass; only what is missing is counted up.

create view flyahead_api.missed_slots as
with apps as (
  select l.app, newest.slot as newest_slot, coalesce(before.slot, '-infinity') as since
  from flyahead.app_leases l
  cross join lateral (select t.slot from flyahead.ticks t where t.app = l.app order by t.slot desc limit 1) newest
  left join lateral (
    select t.slot from flyahead.ticks t where t.app = l.app and t.slot <= flyahead.now() - interval '7 days' order by t.slot desc limit 1
  ) before on true
), ticked as (
  -- Ticks that died, or that a gap follows.
  select a.app, t.slot, t.attempt, t.opened_at, t.closed_at is null as died, t.next, t.cadence
  from apps a
  cross join lateral (
    select k.slot, k.attempt, k.opened_at, k.closed_at, make_interval(secs => coalesce(k.cadence_seconds, 900)) as cadence,
      lead(k.slot, 1, 'infinity') over (order by k.slot, k.attempt) as next
    from flyahead.ticks k where k.app = a.app and k.slot >= a.since
  ) t
  where a.newest_slot > (select max(b.newest_slot) from apps b) - interval '1 day'
    and (t.closed_at is null or t.next > t.slot + t.cadence)
), missed as (
  -- Of a slot with several attempts the last one counts: only an attempt that died is followed by another.
  select t.app, t.slot, t.attempt, t.opened_at from ticked t
  where t.died and t.next > t.slot and t.slot between flyahead.now() - interval '7 days' and flyahead.now() - interval '3 minutes'
  union all
  select t.app, due.slot, null, null from ticked t
  cross join lateral generate_series(
    flyahead.bucket(t.cadence, greatest(t.slot, flyahead.now() - interval '7 days')) + t.cadence,
    least(t.next - interval '1 microsecond', flyahead.now() - interval '3 minutes'), t.cadence) due (slot)
  where t.next > t.slot + t.cadence
), calls as (
  -- The last call for each slot, and the last one in it for each app that was called again by name.
  select distinct on (r.slot, named.app) r.slot, named.app, r as call
  from flyahead.schedule_requests r
  left join lateral unnest(r.apps) named (app) on true
  where r.slot > flyahead.now() - interval '7 days'
  order by r.slot, named.app, r.id desc
), known as (
  select m.app, m.slot, m.attempt, m.opened_at, u.app is not null as unreached, coalesce(alone.call, everybody.call) as call
  from missed m
  left join flyahead.unreached_apps u on u.app = m.app and u.slot = m.slot
  left join calls everybody on everybody.slot = m.slot and everybody.app is null
  left join calls alone on alone.slot = m.slot and alone.app = m.app
)
select
  k.app,
  k.slot,
  case
    when k.opened_at is not null then 'died'
    when k.unreached then 'notReached'
    when (k.call).id is null then 'noRequest'
    when (k.call).answered_at is null then 'waiting'
    when (k.call).status_code is null then 'noAnswer'
    when (k.call).status_code >= 400 then 'refused'
    when (k.call).apps is not null then 'notReached'
    else 'answered'
  end as what,
  case
    when k.opened_at is not null then format('attempt %s was opened at %s and never closed', k.attempt, k.opened_at)
    when k.unreached then 'the tick''s time ran out before this app''s turn'
    when (k.call).id is null then 'nobody called: is the schedule installed, and is it running?'
    when (k.call).answered_at is null then format('called at %s, no answer yet', (k.call).sent_at)
    when (k.call).status_code is null then (k.call).error
    when (k.call).status_code >= 400 then format('%s %s', (k.call).status_code, (k.call).error)
    when (k.call).apps is not null then format('the tick''s time ran out before this app''s turn; called again at %s, in vain', (k.call).sent_at)
    else format('%s, yet no tick of this app was begun: see the function''s log, FLY_APPS, and the apps of the token', (k.call).status_code)
  end as evidence
from known k;

comment on view flyahead_api.missed_slots is 'slots of the last 7 days in which an app was due and no tick of it was closed, and what happened instead; empty is good';
comment on column flyahead_api.missed_slots.app is 'Fly app';
comment on column flyahead_api.missed_slots.slot is 'when it was due';
comment on column flyahead_api.missed_slots.what is 'died: begun, never closed; notReached: no time left; noRequest: nobody called; noAnswer: called in vain; refused: answered with an error; waiting: no answer yet; answered: well, but not about this app';
comment on column flyahead_api.missed_slots.evidence is 'what is known of it, in words';

grant select on flyahead_api.missed_slots to flyahead_service, flyahead_operator;
