-- How a person reads and by whose clock, as they say it themselves: what works for them is told. Without it English and UTC count.
alter table steward.person
  add column locale text check (locale ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$' and length(locale) <= 35),
  add column time_zone text check (length(time_zone) between 1 and 64);
