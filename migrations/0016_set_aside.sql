-- What the first question of a run may cost is set aside in the commit that says it is asked: one way to the server less, and no crash in between.
-- The same as `reserve`, refused with STW18 where that says no: nothing of the commit may happen then.
create function steward.set_aside(
  as_tenant uuid, as_workspaces text, the_reservation uuid, the_run uuid, scopes text[], scope_ids text[], amount bigint, now_at timestamptz, until timestamptz
) returns boolean language plpgsql volatile as $$
begin
  if not steward.reserve(as_tenant, as_workspaces, the_reservation, the_run, scopes, scope_ids, amount, now_at, until) then
    raise exception 'a budget has no room' using errcode = 'STW18';
  end if;
  return true;
end $$;
revoke all on function steward.set_aside(uuid, text, uuid, uuid, text[], text[], bigint, timestamptz, timestamptz) from public;
grant execute on function steward.set_aside(uuid, text, uuid, uuid, text[], text[], bigint, timestamptz, timestamptz) to steward_worker;

-- Long texts of the journal and the decisions are compressed in a tenth of the time, where this server was built with it.
do $$ begin
  alter table steward.decision alter column record set compression lz4, alter column provenance set compression lz4, alter column arguments set compression lz4;
  alter table steward.run_event alter column body set compression lz4;
exception when feature_not_supported then null;
end $$;
