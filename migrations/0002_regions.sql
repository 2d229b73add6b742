-- Fly's regions, for names and distances in views and reports. No table refers to this one: Fly may open a region before
-- we hear of it, and a pool there must work all the same.

create table flyahead.regions (
  code text primary key,
  city text not null,
  country char(2) not null,
  latitude double precision not null,
  longitude double precision not null
);
comment on table flyahead.regions is 'Fly regions by code; a pool may live in one that is not listed here';

insert into flyahead.regions (code, city, country, latitude, longitude) values
  ('ams', 'Amsterdam', 'NL', 52.37, 4.90),
  ('arn', 'Stockholm', 'SE', 59.65, 17.92),
  ('bom', 'Mumbai', 'IN', 19.10, 72.87),
  ('cdg', 'Paris', 'FR', 48.86, 2.35),
  ('dfw', 'Dallas', 'US', 32.78, -96.80),
  ('ewr', 'Secaucus', 'US', 40.79, -74.06),
  ('fra', 'Frankfurt', 'DE', 50.12, 8.68),
  ('gru', 'São Paulo', 'BR', -23.55, -46.65),
  ('iad', 'Ashburn', 'US', 39.02, -77.46),
  ('jnb', 'Johannesburg', 'ZA', -26.13, 28.20),
  ('lax', 'Los Angeles', 'US', 33.94, -118.41),
  ('lhr', 'London', 'GB', 51.52, -0.13),
  ('nrt', 'Tokyo', 'JP', 35.62, 139.74),
  ('ord', 'Chicago', 'US', 41.89, -87.63),
  ('sin', 'Singapore', 'SG', 1.30, 103.80),
  ('sjc', 'San Jose', 'US', 37.35, -121.90),
  ('syd', 'Sydney', 'AU', -33.87, 151.21),
  ('yyz', 'Toronto', 'CA', 43.64, -79.38)
on conflict (code) do nothing;
