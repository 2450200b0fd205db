-- Bounds that only the program kept are the table's too, and what is looked for often has its index.

-- Why the glass was broken is sealed beside the entry of the log that says so, like other words of a person.
alter table steward.budget_hold
  add column decided_audit_id uuid,
  add foreign key (tenant_id, decided_audit_id) references steward.audit_event,
  drop constraint budget_hold_check1;
alter table steward.budget_hold add constraint budget_hold_broken_glass check (
  not broke_glass or (state = 'allowed' and allowed_micros <= 5000000 and allowed_until <= decided_at + interval '4 hours' and decided_at >= held_at
                      and decided_by is not null and (length(reason) >= 10 or decided_audit_id is not null)));

-- Nobody lets more than 20 US dollars through in a day by breaking the glass, in whatever workspaces, whoever writes the row.
create function steward.broken_glass_is_bounded() returns trigger language plpgsql security definer set search_path = '' as $$
declare before bigint;
begin
  if new.broke_glass and (tg_op = 'INSERT' or not old.broke_glass) then
    -- Whoever does it at the same moment waits, and is counted.
    perform pg_advisory_xact_lock(hashtextextended('steward broken glass ' || new.decided_by::text, 0));
    select coalesce(sum(allowed_micros), 0) into before from steward.budget_hold
     where tenant_id = new.tenant_id and broke_glass and decided_by = new.decided_by and budget_hold_id <> new.budget_hold_id
       and decided_at > new.decided_at - interval '1 day' and decided_at < new.decided_at + interval '1 day';
    if before + new.allowed_micros > 20000000 then
      raise exception 'one person lets no more than 20 US dollars through in a day by breaking the glass' using errcode = 'STW09';
    end if;
  end if;
  return new;
end $$;
grant select (tenant_id, budget_hold_id, broke_glass, decided_by, decided_at, allowed_micros) on steward.budget_hold to steward_definer;
grant create on schema steward to steward_definer; -- Needed only to receive the function.
alter function steward.broken_glass_is_bounded() owner to steward_definer;
revoke create on schema steward from steward_definer;
revoke all on function steward.broken_glass_is_bounded() from public;
create trigger broken_glass_is_bounded before insert or update on steward.budget_hold for each row execute function steward.broken_glass_is_bounded();
create index budget_hold_broken_glass on steward.budget_hold (tenant_id, decided_by, decided_at) where broke_glass;

-- What was said is said once, and that goes for where its reason is too.
create or replace function steward.budget_hold_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.budget_hold_id, old.workspace_id, old.run_id, old.person_id, old.agent, old.step, old.need_micros, old.cost_micros, old.of_run, old.why, old.held_at, old.expires_at)
     is distinct from (new.budget_hold_id, new.workspace_id, new.run_id, new.person_id, new.agent, new.step, new.need_micros, new.cost_micros, new.of_run, new.why, new.held_at, new.expires_at) then
    raise exception 'what was asked for cannot change' using errcode = 'STW03';
  end if;
  if old.state <> 'held' and (old.state, old.allowed_micros, old.allowed_until, old.broke_glass, old.decided_by, old.decided_at, old.reason, old.decided_audit_id)
     is distinct from (new.state, new.allowed_micros, new.allowed_until, new.broke_glass, new.decided_by, new.decided_at, new.reason, new.decided_audit_id) then
    raise exception 'it is already %', old.state using errcode = 'STW04';
  end if;
  if old.review is not null and (old.review, old.reviewed_by, old.reviewed_at) is distinct from (new.review, new.reviewed_by, new.reviewed_at) then
    raise exception 'it is already reviewed' using errcode = 'STW04';
  end if;
  return new;
end $$;

-- Everybody who edited an action on its way to how it stands. A row that edits itself ends the walk.
create function steward.editors_of(of_tenant uuid, of_hold uuid) returns setof uuid language sql stable set search_path = '' as $$
  with recursive chain as (
    select hold_id, edits, edited_by from steward.hold where tenant_id = of_tenant and hold_id = of_hold
    union
    select before.hold_id, before.edits, before.edited_by from steward.hold as before join chain on before.tenant_id = of_tenant and before.hold_id = chain.edits)
  select edited_by from chain where edited_by is not null $$;
revoke all on function steward.editors_of(uuid, uuid) from public;
grant execute on function steward.editors_of(uuid, uuid) to steward_app, steward_worker;

create or replace function steward.hold_word() returns trigger language plpgsql set search_path = '' as $$
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
  if new.approves and held.separate
     and (new.person_id = held.person_id or new.person_id in (select steward.editors_of(held.tenant_id, held.hold_id))) then
    raise exception 'who asked for an action or edited it cannot approve it' using errcode = 'STW08';
  end if;
  return new;
end $$;

-- Approvals are counted without any of those who edited. The function is changed where it counts and nowhere else.
do $$
declare was text := pg_get_functiondef('steward.hold_moves'::regproc); becomes text := was;
begin
  becomes := replace(becomes, 'said.person_id is distinct from new.edited_by)',
                     'said.person_id not in (select steward.editors_of(new.tenant_id, new.hold_id)))');
  if becomes = was then
    raise exception 'hold_moves is not as it was; write it anew so that no editor is counted';
  end if;
  execute becomes;
end $$;

-- The steps of a route as stored with an action; of one that cannot be read, none: it is no reason to forget the others.
create function steward.steps_of(ask text) returns table (after_minutes integer, roles text[]) language plpgsql stable set search_path = '' as $$
begin
  return query select step.after_minutes, array(select json_array_elements_text(step.roles))
                 from json_to_recordset(ask::json) as step (after_minutes integer, roles json);
exception when others then
  return;
end $$;
revoke all on function steward.steps_of(text) from public;
grant execute on function steward.steps_of(text) to steward_worker;

-- The last action of its kind before a held one.
create index decision_similar on steward.decision (tenant_id, workspace_id, agent, tool, decided_at desc, decision_id desc) where verdict = 'allow';

-- What was done in a run, and how often a grant was used, found without reading the whole log.
create index audit_event_object on steward.audit_event (tenant_id, object collate "C", audit_id);

-- Held actions whose time is over are looked for in each organisation by itself, like everything else that waits.
drop function steward.expired_holds(timestamptz, integer);
revoke select (tenant_id, hold_id, state, expires_at) on steward.hold from steward_definer;
