-- Approvals given in advance: what they cover is sealed outside the database, how often they were used is counted in it.

create table steward.standing_grant (
  tenant_id uuid not null,
  grant_id uuid not null,
  workspace_id uuid not null,
  agent text not null,
  person_id uuid,
  tool text not null,
  effect text not null check (effect in ('read', 'fetch', 'write', 'send')),
  tool_digest bytea not null check (length(tool_digest) = 32),
  ranges text not null,
  uses_max integer not null check (uses_max between 1 and 1000),
  uses integer not null default 0 check (uses between 0 and uses_max),
  given_by uuid not null,
  roles text[] not null,
  given_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > given_at and expires_at <= given_at + interval '90 days'),
  revoked_at timestamptz,
  revoked_by uuid,
  seal bytea not null check (length(seal) = 32),
  primary key (tenant_id, grant_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, given_by) references steward.person,
  foreign key (tenant_id, revoked_by) references steward.person,
  check ((revoked_at is null) = (revoked_by is null))
);
comment on table steward.standing_grant is 'An approval given in advance for one tool of one agent, within ranges of its arguments, so often and so long; never for money, keys, people, removal or Steward itself.';
call steward.protect('standing_grant', true, 'select, insert, update (revoked_at, revoked_by)', 'select, update (uses)');
create index standing_grant_recent on steward.standing_grant (tenant_id, grant_id desc);
create index standing_grant_live on steward.standing_grant (tenant_id, workspace_id, agent, tool) where revoked_at is null;

create table steward.grant_use (
  tenant_id uuid not null,
  grant_id uuid not null,
  run_id uuid not null,
  call_id text not null,
  workspace_id uuid not null,
  ordinal integer not null check (ordinal > 0),
  at timestamptz not null,
  primary key (tenant_id, grant_id, run_id, call_id),
  unique (tenant_id, grant_id, ordinal),
  foreign key (tenant_id, grant_id) references steward.standing_grant,
  foreign key (tenant_id, run_id) references steward.run,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.grant_use is 'One use of a standing grant by one call, numbered; the same call finds its use again; insert-only.';
call steward.protect('grant_use', true, 'select', 'select, insert');
call steward.insert_only('grant_use');

-- A grant is used one at a time and taken back once; what it covers never changes, and it is never removed.
create function steward.grant_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if (to_jsonb(old) - 'uses' - 'revoked_at' - 'revoked_by') is distinct from (to_jsonb(new) - 'uses' - 'revoked_at' - 'revoked_by') then
    raise exception 'what a grant covers cannot change; give another one' using errcode = 'STW03';
  end if;
  if new.uses not in (old.uses, old.uses + 1) or (new.uses > old.uses and old.revoked_at is not null) then
    raise exception 'a grant is used one at a time, and not after it was taken back' using errcode = 'STW04';
  end if;
  if old.revoked_at is not null and (old.revoked_at, old.revoked_by) is distinct from (new.revoked_at, new.revoked_by) then
    raise exception 'a grant that was taken back stays so' using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger grant_moves before update on steward.standing_grant for each row execute function steward.grant_moves();
create trigger never_remove before delete on steward.standing_grant for each row execute function steward.never();
create trigger never_truncate before truncate on steward.standing_grant for each statement execute function steward.never();
