-- Run once by a superuser, before `steward migrate`. Safe to run again.
-- steward_owner    owns every table; nobody logs in as it; migrations set it as their role.
-- steward_app      the HTTP server and the command line: row security is forced on everything it touches.
-- steward_worker   runs, jobs and expiry: the same walls.
-- steward_definer  owns the few functions that must look across organisations (who has this address, which run is next).
do $$
begin
  if not exists (select from pg_roles where rolname = 'steward_owner') then create role steward_owner nologin nobypassrls; end if;
  if not exists (select from pg_roles where rolname = 'steward_definer') then create role steward_definer nologin bypassrls; end if;
  if not exists (select from pg_roles where rolname = 'steward_app') then create role steward_app login nobypassrls; end if;
  if not exists (select from pg_roles where rolname = 'steward_worker') then create role steward_worker login nobypassrls; end if;
end $$;
grant steward_definer to steward_owner;
alter role steward_owner set search_path = steward;
alter role steward_app set search_path = steward;
alter role steward_worker set search_path = steward;
