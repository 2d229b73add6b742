-- People and dashboards come through Supabase's Data API as the role in their token. Where that API is, it may become
-- flyahead_operator; nothing else opens a door: anon and authenticated have no right to either schema (0011).

do $$
begin
  if exists (select from pg_roles where rolname = 'authenticator') then
    grant flyahead_operator to authenticator;
  end if;
exception when insufficient_privilege then
  raise notice 'flyahead_operator could not be granted to authenticator: do it as its owner, if people are to read the views through the Data API';
end $$;

-- What chose the storage once is nobody's to call again.
revoke all on function flyahead.available_storage_mode, flyahead.create_traffic_samples from flyahead_service;
