-- A run goes on with what its person may do now, and not with what they could do when it was leased.

alter table steward.run add column roles_changed boolean not null default false;
comment on column steward.run.roles_changed is 'Whether what the run''s person may do has changed since the run was last leased: whoever drives it takes it up anew.';

do $$
declare was text; becomes text;
begin
  -- A step has three answers: yes, somebody asked the run to stop; no; and none, where the run is to be taken up anew. A stop comes first.
  was := pg_get_functiondef('steward.write_step'::regproc);
  becomes := replace(was, 'return mine.cancel_at is not null;', 'return case when mine.cancel_at is not null then true when not mine.roles_changed then false end;');
  if becomes = was then raise exception 'write_step is not as it was; write it anew'; end if;
  -- And what is called off after people approved it says still when they did.
  was := becomes;
  becomes := replace(was, 'then now_at else decided_at end', 'then coalesce(decided_at, now_at) else decided_at end');
  if becomes = was then raise exception 'write_step is not as it was; write it anew'; end if;
  execute becomes;
  -- Whoever leases it reads the roles after this, so what is changed from then on is said of it again.
  was := pg_get_functiondef('steward.lease_run'::regproc);
  becomes := replace(was, 'left_until = null', 'left_until = null, roles_changed = false');
  if becomes = was then raise exception 'lease_run is not as it was; write it anew'; end if;
  execute becomes;
end $$;
