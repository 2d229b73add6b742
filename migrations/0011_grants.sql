-- Who may do what. Nothing is open to everyone; on Supabase the roles behind the public API get nothing at all.

revoke all on schema flyahead, flyahead_api from public;
revoke all on all functions in schema flyahead from public;

do $$
declare
  role text;
begin
  foreach role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = role) then
      execute format('revoke all on schema flyahead, flyahead_api from %I', role);
      execute format('revoke all on all tables in schema flyahead, flyahead_api from %I', role);
      execute format('revoke all on all functions in schema flyahead from %I', role);
    end if;
  end loop;
end $$;

grant usage on schema flyahead to flyahead_service;
grant select, insert, update, delete on all tables in schema flyahead to flyahead_service;
-- The functions may check tokens, not make them; and what the installation decided about itself is not theirs to change.
revoke insert, update, delete on flyahead.api_tokens, flyahead.settings, flyahead.regions from flyahead_service;
grant execute on all functions in schema flyahead to flyahead_service;
grant usage on schema flyahead_api to flyahead_service, flyahead_operator;
-- What the views call is called as the one who looks.
grant execute on function flyahead.now() to flyahead_operator;
grant select on all tables in schema flyahead_api to flyahead_service, flyahead_operator;
