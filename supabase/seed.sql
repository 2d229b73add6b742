-- flyahead needs no seed: pools are discovered from Fly's machine list, and what an installation decides for itself is
-- configuration. This file is here for `supabase db push --include-seed`; statements of your own may go below.
select 'nothing to seed' as seed;
