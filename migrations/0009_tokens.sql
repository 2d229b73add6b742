-- flyahead's own tokens: random words, of which only the SHA-256 is stored. A scope says what a caller may do, the list
-- of apps for whom (null: all).

create table flyahead.api_tokens (
  id integer generated always as identity primary key,
  name text not null unique,
  token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
  scopes text[] not null check (scopes <@ array['tick', 'ingest', 'work', 'read'] and cardinality(scopes) > 0),
  apps text[],
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on table flyahead.api_tokens is 'callers of the functions; the token itself is shown once, when it is made, and stored only as a hash';
comment on column flyahead.api_tokens.apps is 'apps the caller may speak for; null: all';
