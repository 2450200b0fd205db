-- What an approval is bound to and what it takes: terms, seals, edits, and who may say yes. Held by the database whoever writes.

alter table steward.hold
  add column people smallint not null default 1 check (people between 1 and 20),
  add column separate boolean not null default false,
  add column ask text not null default '[]',
  add column preview text,
  add column edits uuid,
  add column edited_by uuid,
  add column journal bytea check (length(journal) = 32),
  add column seal bytea check (length(seal) = 32),
  add foreign key (tenant_id, edits) references steward.hold,
  add foreign key (tenant_id, edited_by) references steward.person,
  add check ((edits is null) = (edited_by is null));

alter table steward.hold drop constraint hold_state_check;
alter table steward.hold add constraint hold_state_check check (state in
  ('held', 'approved', 'rejected', 'expired', 'cancelled', 'edited', 'revised', 'claimed', 'done', 'failed', 'unknown'));

-- One live hold a call. Those that were edited stay on record beside the one that waits in their place.
alter table steward.hold drop constraint hold_tenant_id_run_id_call_id_key;
create unique index hold_of_call on steward.hold (tenant_id, run_id, call_id) where state <> 'edited';
create unique index hold_edits on steward.hold (tenant_id, edits) where edits is not null;

alter table steward.hold_approval add column seal bytea check (length(seal) = 32);

-- What one person may say of a held action.
create function steward.hold_word() returns trigger language plpgsql set search_path = '' as $$
declare held steward.hold;
begin
  select * into held from steward.hold where tenant_id = new.tenant_id and hold_id = new.hold_id;
  if not found then return new; end if; -- The foreign key refuses it.
  if new.envelope_id <> held.envelope_id then
    raise exception 'these words are for another envelope than the one that waits' using errcode = 'STW07';
  end if;
  if held.state <> 'held' then
    raise exception 'this action is already %', held.state using errcode = 'STW07';
  end if;
  if new.approves and held.separate and new.person_id in (held.person_id, held.edited_by) then
    raise exception 'who asked for an action or edited it cannot approve it' using errcode = 'STW08';
  end if;
  return new;
end $$;
create trigger hold_word before insert on steward.hold_approval for each row execute function steward.hold_word();

-- The legal edges of a hold, whoever writes the row; its content never changes, and it is approved only by as many people as it needs.
create or replace function steward.hold_moves() returns trigger language plpgsql set search_path = '' as $$
declare given integer;
begin
  if (old.envelope_id, old.envelope, old.needs, old.run_id, old.call_id, old.tool, old.person_id, old.expires_at, old.agent, old.effect, old.reason,
      old.rules, old.workspace_id, old.people, old.separate, old.ask, old.preview, old.edits, old.edited_by, old.journal, old.seal, old.held_at)
     is distinct from
     (new.envelope_id, new.envelope, new.needs, new.run_id, new.call_id, new.tool, new.person_id, new.expires_at, new.agent, new.effect, new.reason,
      new.rules, new.workspace_id, new.people, new.separate, new.ask, new.preview, new.edits, new.edited_by, new.journal, new.seal, new.held_at) then
    raise exception 'the content of a held action cannot change' using errcode = 'STW03';
  end if;
  if old.state <> new.state and not (old.state, new.state) in (
    ('held', 'approved'), ('held', 'rejected'), ('held', 'expired'), ('held', 'cancelled'), ('held', 'edited'), ('held', 'revised'),
    ('approved', 'claimed'), ('approved', 'expired'), ('approved', 'cancelled'), ('approved', 'failed'),
    ('claimed', 'done'), ('claimed', 'failed'), ('claimed', 'unknown'), ('unknown', 'done'), ('unknown', 'failed')
  ) then
    raise exception 'a held action cannot go from % to %', old.state, new.state using errcode = 'STW04';
  end if;
  if old.state = 'held' and new.state = 'approved' then
    select count(distinct said.person_id) into given from steward.hold_approval as said
     where said.tenant_id = new.tenant_id and said.hold_id = new.hold_id and said.approves and said.envelope_id = new.envelope_id
       and (not new.separate or (said.person_id is distinct from new.person_id and said.person_id is distinct from new.edited_by));
    if given < new.people then
      raise exception 'this action needs % people and % approved it', new.people, given using errcode = 'STW09';
    end if;
    if exists (select from steward.hold_approval as said where said.tenant_id = new.tenant_id and said.hold_id = new.hold_id and not said.approves) then
      raise exception 'somebody refused this action' using errcode = 'STW09';
    end if;
  end if;
  return new;
end $$;

-- One commit of a run writes the new columns too. The function is changed where it names the columns of a hold and nowhere else.
do $$
declare was text := pg_get_functiondef('steward.write_step'::regproc); becomes text := was;
begin
  becomes := replace(becomes, 'rules, state, held_at, expires_at)', 'rules, state, held_at, expires_at, people, separate, ask, preview, edits, edited_by, journal, seal)');
  becomes := replace(becomes, '''held'', now_at, new.expires_at',
                     '''held'', now_at, new.expires_at, new.people, new.separate, new.ask, new.preview, new.edits, new.edited_by, decode(new.journal, ''hex''), decode(new.seal, ''hex'')');
  becomes := replace(becomes, 'rules text[], expires_at timestamptz)',
                     'rules text[], expires_at timestamptz, people smallint, separate boolean, ask text, preview text, edits uuid, edited_by uuid, journal text, seal text)');
  if becomes not like '%people, separate, ask, preview, edits, edited_by, journal, seal)%' or becomes not like '%decode(new.seal, ''hex'')%' or becomes not like '%seal text)%' then
    raise exception 'write_step is not as it was; write it anew with the columns of this migration';
  end if;
  execute becomes;
end $$;
