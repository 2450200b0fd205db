-- Changes of what governs: proposed by one person, checked, approved by another. What is in force is the newest that was approved.

create table steward.governance_change (
  tenant_id uuid not null references steward.tenant,
  governance_change_id uuid not null,
  kind text not null check (kind in ('policy', 'prompt_label', 'tool', 'grant')),
  subject text not null check (length(subject) between 1 and 300),
  content text not null check (octet_length(content) <= 4194304),
  content_digest bytea not null check (length(content_digest) = 32),
  base_digest bytea not null check (length(base_digest) = 32),
  base_version integer not null check (base_version >= 0),
  report text not null check (octet_length(report) <= 16777216),
  sound boolean not null,
  proposed_by uuid not null,
  agent text,
  run_id uuid,
  proposed_at timestamptz not null,
  proposed_audit_id uuid not null,
  seal bytea not null check (length(seal) = 32),
  state text not null check (state in ('proposed', 'approved', 'rejected', 'withdrawn')),
  version integer check (version > 0),
  decided_by uuid,
  decided_at timestamptz,
  decided_audit_id uuid,
  decided_seal bytea check (length(decided_seal) = 32),
  primary key (tenant_id, governance_change_id),
  -- Of two approvals at once on the same base, one comes in force.
  unique (tenant_id, kind, subject, version),
  foreign key (tenant_id, proposed_by) references steward.person,
  foreign key (tenant_id, decided_by) references steward.person,
  foreign key (tenant_id, run_id) references steward.run,
  foreign key (tenant_id, proposed_audit_id) references steward.audit_event,
  foreign key (tenant_id, decided_audit_id) references steward.audit_event,
  check ((agent is null) = (run_id is null)),
  check ((state = 'proposed') = (decided_by is null) and (decided_by is null) = (decided_at is null) and (decided_by is null) = (decided_audit_id is null)),
  check ((state = 'approved') = (version is not null) and (state = 'approved') = (decided_seal is not null)),
  -- Nobody approves what they proposed, nor what did not pass its checks.
  check (state <> 'approved' or (decided_by <> proposed_by and sound)),
  check (state <> 'withdrawn' or decided_by = proposed_by)
);
comment on table steward.governance_change is 'A change of rules, a prompt label, an accepted tool or a grant: proposed by one person, approved by another; the newest approved version of a subject is in force.';
call steward.protect('governance_change', false, 'select, insert, update (state, version, decided_by, decided_at, decided_audit_id, decided_seal)', 'select, insert');
create index governance_change_recent on steward.governance_change (tenant_id, kind, governance_change_id desc);
create index governance_change_in_force on steward.governance_change (kind, tenant_id, subject, version desc) where state = 'approved';

-- What was proposed never changes, it is decided on once, and only on the base it was made for. Whoever writes the row.
create function steward.governance_change_moves() returns trigger language plpgsql set search_path = '' as $$
declare
  said text[] := array['state', 'version', 'decided_by', 'decided_at', 'decided_audit_id', 'decided_seal'];
  newest integer;
begin
  if tg_op = 'INSERT' then
    if new.state <> 'proposed' then
      raise exception 'a change begins as a proposal' using errcode = 'STW04';
    end if;
    return new;
  end if;
  if (to_jsonb(old) - said) is distinct from (to_jsonb(new) - said) then
    raise exception 'what was proposed cannot change; propose it anew' using errcode = 'STW03';
  end if;
  if old.state <> 'proposed' or new.state = 'proposed' then
    raise exception 'this change is already %', old.state using errcode = 'STW04';
  end if;
  if new.state = 'approved' then
    if new.decided_by = new.proposed_by then
      raise exception 'who proposed a change cannot approve it' using errcode = 'STW08';
    end if;
    if not new.sound then
      raise exception 'a change that did not pass its checks cannot be approved' using errcode = 'STW09';
    end if;
    select coalesce(max(version), 0) into newest from steward.governance_change
     where tenant_id = new.tenant_id and kind = new.kind and subject = new.subject;
    if new.base_version <> newest or new.version <> newest + 1 then
      raise exception 'another change came in force since this was proposed; propose it anew' using errcode = 'STW13';
    end if;
  end if;
  return new;
end $$;
create trigger governance_change_moves before insert or update on steward.governance_change for each row execute function steward.governance_change_moves();
create trigger never_remove before delete on steward.governance_change for each row execute function steward.never();
create trigger never_truncate before truncate on steward.governance_change for each statement execute function steward.never();

-- What is in force of one kind in every organisation: each process asks again and again, before there is an actor.
create function steward.changes_in_force(of_kind text) returns table (tenant_id uuid, governance_change_id uuid, subject text, version integer)
  language sql stable security definer set search_path = '' as
  $$ select distinct on (tenant_id, subject) tenant_id, governance_change_id, subject, version
       from steward.governance_change where kind = of_kind and state = 'approved' order by tenant_id, subject, version desc $$;
grant select (tenant_id, governance_change_id, kind, subject, version, state) on steward.governance_change to steward_definer;
grant create on schema steward to steward_definer; -- Needed only to receive the function.
alter function steward.changes_in_force(text) owner to steward_definer;
revoke create on schema steward from steward_definer;
revoke all on function steward.changes_in_force(text) from public;
grant execute on function steward.changes_in_force(text) to steward_app, steward_worker;
