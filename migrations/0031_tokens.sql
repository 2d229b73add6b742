-- Tokens that can be exchanged without a gap, that say when they were last used, and that can be made in the SQL editor.
--
-- A rotated token keeps its name, its rights and its number; the word before the last still opens the door until
-- previous_until, so callers can be changed one after the other. Looking a token up takes only the beginning of its hash; the
-- rest is compared by the caller, in constant time, and never travels to the database.

alter table flyahead.api_tokens
  add column last_used_at timestamptz,
  add column rotated_at timestamptz,
  add column previous_hash text unique check (previous_hash ~ '^[0-9a-f]{64}$'),
  add column previous_until timestamptz check (isfinite(previous_until)),
  add check ((previous_hash is null) = (previous_until is null));
comment on column flyahead.api_tokens.last_used_at is 'when a function last let it by, to five minutes; null: never';
comment on column flyahead.api_tokens.rotated_at is 'when the word was last exchanged; null: it is the first';
comment on column flyahead.api_tokens.previous_hash is 'of the word before the last rotation, good until previous_until';
create index api_tokens_beginning on flyahead.api_tokens (left(token_hash, 16));
create index api_tokens_previous_beginning on flyahead.api_tokens (left(previous_hash, 16)) where previous_hash is not null;

-- Real time: it is for people. The functions may note the use of a token, and change nothing else of it.
create function flyahead.touch_token(p_id integer) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  update flyahead.api_tokens set last_used_at = clock_timestamp()
  where id = p_id and (last_used_at is null or last_used_at < clock_timestamp() - interval '5 minutes')
$$;
comment on function flyahead.touch_token is 'notes that a token was used, at most every five minutes';

-- A word like those of `npm run token`; 244 bits of chance.
create function flyahead.new_token_word() returns text
language sql volatile
as $$ select 'fa_' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') $$;

create function flyahead.token_hash(word text) returns text
language sql immutable
as $$ select encode(sha256(convert_to(word, 'UTF8')), 'hex') $$;

create function flyahead.create_token(name text, scopes text[], apps text[] default null, expires_at timestamptz default null) returns text
language plpgsql
as $$
declare
  word constant text := flyahead.new_token_word();
begin
  insert into flyahead.api_tokens (name, token_hash, scopes, apps, expires_at)
  values (create_token.name, flyahead.token_hash(word), create_token.scopes, create_token.apps, create_token.expires_at);
  return word;
end $$;
comment on function flyahead.create_token is 'makes a token and answers its word, which is not kept: copy it now. scopes: tick, ingest, read, work; apps: null for all';

-- Puts another word in a token's place; the one before is good for `grace` longer.
create function flyahead.replace_token_hash(p_name text, p_hash text, p_grace interval) returns timestamptz
language plpgsql
as $$
declare
  kept_until timestamptz;
begin
  update flyahead.api_tokens t set previous_hash = t.token_hash, previous_until = flyahead.now() + greatest(p_grace, interval '0'),
    token_hash = p_hash, rotated_at = clock_timestamp()
  where t.name = p_name and t.revoked_at is null
  returning t.previous_until into kept_until;
  if kept_until is not null then return kept_until; end if;
  if exists (select from flyahead.api_tokens t where t.name = p_name) then
    raise exception 'Cannot rotate token "%": it is revoked', p_name using errcode = 'object_not_in_prerequisite_state', hint = 'Make a new one, under another name.';
  end if;
  raise exception 'Cannot rotate token "%": there is none of that name', p_name using errcode = 'no_data_found', hint = 'select name from flyahead.api_tokens lists them.';
end $$;

create function flyahead.rotate_token(name text, grace interval default '1 day') returns text
language plpgsql
as $$
declare
  word constant text := flyahead.new_token_word();
begin
  perform flyahead.replace_token_hash(rotate_token.name, flyahead.token_hash(word), rotate_token.grace);
  return word;
end $$;
comment on function flyahead.rotate_token is 'exchanges a token''s word and answers the new one; the old one is good for `grace` longer';

-- The old word of a rotated token goes with it.
create function flyahead.revoke_token(name text) returns boolean
language sql
as $$
  with revoked as (
    update flyahead.api_tokens t set revoked_at = clock_timestamp() where t.name = revoke_token.name and t.revoked_at is null returning 1
  )
  select exists (select from revoked)
$$;
comment on function flyahead.revoke_token is 'from the next request on the token is refused; false: there is none of that name, or it was revoked before';

-- Making and changing tokens is the owner's; anon and authenticated have no right to the schema (0011).
revoke all on function flyahead.touch_token, flyahead.new_token_word, flyahead.token_hash, flyahead.create_token, flyahead.replace_token_hash,
  flyahead.rotate_token, flyahead.revoke_token from public;
grant execute on function flyahead.touch_token to flyahead_service;
