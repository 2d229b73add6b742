-- Idempotency keys: a caller that did not hear the answer may ask again under the same key, and is told what was answered.
--
-- A key is claimed before the work and kept with the answer after it. A claim runs out, so that a function that died does not
-- lock its caller out; its holder is named, so that one who comes back late completes nothing. All in real time. What has run
-- out is cleared by the same token's next claims, and a token keeps a thousand answers at most: who may write cannot fill the
-- database with keys.

create table flyahead.idempotency_keys (
  token_id integer not null references flyahead.api_tokens (id) on delete cascade,
  endpoint text not null,
  key text not null check (length(key) between 1 and 255),
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  holder text not null,
  answer text check (octet_length(answer) <= 65536),
  expires_at timestamptz not null,
  primary key (token_id, endpoint, key)
);
create index idempotency_keys_expiry on flyahead.idempotency_keys (token_id, expires_at);
comment on table flyahead.idempotency_keys is 'answers to writes that came with an Idempotency-Key, for as long as they may be asked for again';
comment on column flyahead.idempotency_keys.fingerprint is 'SHA-256 of the request: the same key with another request is a mistake';
comment on column flyahead.idempotency_keys.holder is 'the request that is at work, or was';
comment on column flyahead.idempotency_keys.answer is 'the answer''s body; null while the request is at work';

create function flyahead.claim_idempotency_key(p_token_id integer, p_endpoint text, p_key text, p_fingerprint text, p_holder text, p_running_for interval)
returns table (status text, answer text, retry_after_ms integer)
language plpgsql
as $$
#variable_conflict use_column
declare
  real_now constant timestamptz := clock_timestamp();
begin
  delete from flyahead.idempotency_keys where ctid = any (array(
    select k.ctid from flyahead.idempotency_keys k where k.token_id = p_token_id and k.expires_at <= real_now
    order by k.expires_at limit 100 for update skip locked));
  insert into flyahead.idempotency_keys as k (token_id, endpoint, key, fingerprint, holder, expires_at)
  values (p_token_id, p_endpoint, p_key, p_fingerprint, p_holder, real_now + p_running_for)
  on conflict (token_id, endpoint, key) do update set fingerprint = excluded.fingerprint, holder = excluded.holder, answer = null, expires_at = excluded.expires_at
    where k.expires_at <= real_now;
  if found then return query select 'claimed', null::text, null::integer; return; end if;
  return query
    select case when k.fingerprint <> p_fingerprint then 'otherRequest' when k.answer is null then 'running' else 'done' end,
      case when k.fingerprint = p_fingerprint then k.answer end,
      greatest(1, ceil(extract(epoch from k.expires_at - real_now) * 1000))::integer
    from flyahead.idempotency_keys k where (k.token_id, k.endpoint, k.key) = (p_token_id, p_endpoint, p_key);
end $$;
comment on function flyahead.claim_idempotency_key is 'claimed: go on; running: another request is at work; done: its answer; otherRequest: the key was used for something else';

-- The oldest beyond a thousand go.
create function flyahead.keep_idempotent_answer(p_token_id integer, p_endpoint text, p_key text, p_holder text, p_answer text, p_keep interval) returns void
language plpgsql
as $$
begin
  update flyahead.idempotency_keys set answer = p_answer, expires_at = clock_timestamp() + p_keep
  where (token_id, endpoint, key, holder) = (p_token_id, p_endpoint, p_key, p_holder) and answer is null;
  delete from flyahead.idempotency_keys where ctid = any (array(
    select k.ctid from flyahead.idempotency_keys k where k.token_id = p_token_id and k.answer is not null order by k.expires_at desc offset 1000 limit 100));
end $$;

-- So that a request that was refused or failed may be sent again under its key.
create function flyahead.release_idempotency_key(p_token_id integer, p_endpoint text, p_key text, p_holder text) returns void
language sql
as $$
  delete from flyahead.idempotency_keys
  where (token_id, endpoint, key, holder) = (p_token_id, p_endpoint, p_key, p_holder) and answer is null
$$;

revoke all on function flyahead.claim_idempotency_key, flyahead.keep_idempotent_answer, flyahead.release_idempotency_key from public;
grant execute on function flyahead.claim_idempotency_key, flyahead.keep_idempotent_answer, flyahead.release_idempotency_key to flyahead_service;
grant select, insert, update, delete on flyahead.idempotency_keys to flyahead_service;
