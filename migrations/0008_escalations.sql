-- Held actions nobody decided: who was asked next, and when. A held action is never silently lost.

create table steward.hold_escalation (
  tenant_id uuid not null,
  hold_id uuid not null,
  workspace_id uuid not null,
  after_minutes integer not null check (after_minutes > 0),
  roles text[] not null check (cardinality(roles) > 0),
  at timestamptz not null,
  primary key (tenant_id, hold_id, after_minutes),
  foreign key (tenant_id, hold_id) references steward.hold,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.hold_escalation is 'Who else was asked for a held action that nobody had decided by then; once for each step of its route, insert-only.';
call steward.protect('hold_escalation', true, 'select', 'select, insert');
call steward.insert_only('hold_escalation');

-- Nobody else is asked for what somebody decided: the row is refused whoever writes it.
create function steward.escalation_waits() returns trigger language plpgsql set search_path = '' as $$
begin
  if not exists (select from steward.hold where tenant_id = new.tenant_id and hold_id = new.hold_id and state = 'held' and workspace_id = new.workspace_id) then
    raise exception 'this action does not wait any more' using errcode = 'STW07';
  end if;
  return new;
end $$;
create trigger escalation_waits before insert on steward.hold_escalation for each row execute function steward.escalation_waits();
