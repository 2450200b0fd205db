-- What a step costs the server, again. A CHECK of a table is read anew from its stored form by every statement that writes the table, whether
-- the column is written or not; that of a type only where a value of it is made. So what says which words and digests there are moves from the
-- tables of a run to types, word for word, and what is said of a fork to the trigger that guards it already. Settings are made by assignment
-- and verdicts come as arrays: neither needs a plan of its own, nor JSON to be read. The wall is where it was.

create domain steward.run_channel as text check (value in ('chat', 'api', 'terminal', 'schedule', 'mcp'));
comment on domain steward.run_channel is 'Where a run came from.';
create domain steward.run_status as text check (value in ('queued', 'running', 'waiting', 'ended'));
comment on domain steward.run_status is 'Where a run stands.';
create domain steward.verdict as text check (value in ('allow', 'hold', 'block'));
comment on domain steward.verdict is 'The word of the gate.';
create domain steward.digest as bytea check (length(value) = 32);
comment on domain steward.digest is 'A hash of 32 bytes.';

-- The queue's column is made of the status.
drop index steward.run_open;
alter table steward.run drop column ready_at;
alter table steward.run
  drop constraint run_channel_check, alter column channel type steward.run_channel,
  drop constraint run_status_check, alter column status type steward.run_status;
alter table steward.run
  add column ready_at timestamptz generated always as (case when status in ('queued', 'running') then created_at end) stored;
comment on column steward.run.ready_at is 'Set while a worker may want the run: the queue is this index and nothing else.';
create index run_open on steward.run (ready_at) where ready_at is not null;

alter table steward.decision
  drop constraint decision_verdict_check, alter column verdict type steward.verdict,
  drop constraint decision_policy_digest_check, alter column policy_digest type steward.digest,
  drop constraint decision_envelope_id_check, alter column envelope_id type steward.digest;
alter table steward.audit_event
  drop constraint audit_event_leaf_check, alter column leaf type steward.digest;

-- Where a run was forked from is whole, and is said once.
alter table steward.run drop constraint run_forked_whole;
create function steward.fork_is_whole() returns trigger language plpgsql set search_path = '' as $$
begin
  if not (num_nonnulls(new.forked_from, new.forked_step, new.forked_seq) = 3 and new.forked_step >= 1 and new.forked_seq >= 2 and new.forked_from <> new.run_id) then
    raise exception 'a fork names the run, the step and the event it begins at' using errcode = 'check_violation', constraint = 'run_forked_whole';
  end if;
  return new;
end $$;
create trigger fork_is_whole before insert on steward.run for each row
  when (new.forked_from is not null or new.forked_step is not null or new.forked_seq is not null) execute function steward.fork_is_whole();

drop function steward.write_step(uuid, text, uuid, bigint, integer, text, text, integer, bigint, bigint, timestamptz, timestamptz, timestamptz[], text[],
                                 text, text, text, text, uuid, text, uuid, uuid[], bigint[], text[], text[], text[], bytea[], bytea[], boolean);
-- One commit of a run: its events and all that belongs to them, or nothing. Refused with STW05 when the lease was lost, when another
-- event came in between, or when a held action to be claimed is no longer free. Tells whether somebody asked the run to stop.
create function steward.write_step(
  as_tenant uuid, as_workspaces text, the_run uuid, the_fence bigint, from_seq integer, to_status text, to_outcome text,
  now_steps integer, now_tokens bigint, now_cost bigint, now_at timestamptz, lease_to timestamptz,
  event_at timestamptz[], event_body text[],
  decision_ids uuid[], decision_calls text[], decision_tools text[], decision_effects text[], decision_verdicts text[], decision_classes text[],
  -- The rules of all verdicts one after another, and how many each has.
  decision_rules text[], decision_rule_counts integer[], decision_reasons text[], decision_envelopes bytea[], decision_policies bytea[],
  decision_arguments text[], decision_provenances text[], decision_records text[],
  holds text, moves text, reply text,
  audit_writer uuid, audit_kind text, audit_person uuid, audit_ids uuid[], audit_seqs bigint[], audit_actions text[], audit_objects text[],
  audit_outcomes text[], audit_canons bytea[], audit_leaves bytea[], settle boolean
) returns boolean language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare mine steward.run; move record; setting text; one integer; rules_before integer := 0;
begin
  setting := set_config('app.tenant', as_tenant::text, true);
  setting := set_config('app.workspaces', as_workspaces, true);
  -- A run about to wait is queued again when somebody asked it to stop meanwhile.
  update steward.run
     set last_seq = from_seq + cardinality(event_body), steps = now_steps, tokens = now_tokens, cost_micros = now_cost, outcome = to_outcome,
         status = case when to_status = 'waiting' and cancel_at is not null then 'queued' else to_status end,
         lease_until = case when to_status = 'running' then lease_to end,
         lease_owner = case when to_status = 'running' then lease_owner end,
         ended_at = case when to_status = 'ended' then now_at end
   where tenant_id = as_tenant and run_id = the_run and fence = the_fence and last_seq = from_seq and status = 'running'
  returning * into mine;
  if not found then raise exception 'the run has moved on' using errcode = 'STW05'; end if;

  insert into steward.run_event (tenant_id, run_id, workspace_id, seq, at, body)
  select as_tenant, the_run, mine.workspace_id, from_seq + new.place::integer, new.at, new.body
    from unnest(event_at, event_body) with ordinality as new (at, body, place);

  for one in 1 .. coalesce(cardinality(decision_ids), 0) loop
    insert into steward.decision (tenant_id, decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, class, rules, reason,
                                  envelope_id, policy_digest, arguments, provenance, record, decided_at)
    values (as_tenant, decision_ids[one], mine.workspace_id, the_run, decision_calls[one], mine.person_id, mine.agent, decision_tools[one],
            decision_effects[one], decision_verdicts[one], decision_classes[one], decision_rules[rules_before + 1 : rules_before + decision_rule_counts[one]],
            decision_reasons[one], decision_envelopes[one], decision_policies[one], decision_arguments[one], decision_provenances[one],
            decision_records[one], now_at);
    rules_before := rules_before + decision_rule_counts[one];
  end loop;
  if holds is not null then
    insert into steward.hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason,
                              rules, state, held_at, expires_at, people, separate, ask, preview, edits, edited_by, journal, seal)
    select as_tenant, new.hold_id, mine.workspace_id, the_run, new.call_id, mine.person_id, mine.agent, new.tool, new.effect, decode(new.envelope_id, 'hex'),
           new.envelope, new.needs, new.reason, new.rules, 'held', now_at, new.expires_at, new.people, new.separate, new.ask, new.preview,
           new.edits, new.edited_by, decode(new.journal, 'hex'), decode(new.seal, 'hex')
      from json_to_recordset(holds::json) as new (hold_id uuid, call_id text, tool text, effect text, envelope_id text, envelope text, needs text, reason text,
                                            rules text[], expires_at timestamptz, people smallint, separate boolean, ask text, preview text,
                                            edits uuid, edited_by uuid, journal text, seal text);
  end if;
  if moves is not null then
    for move in select new.call_id, new.from_state, new.to_state from json_to_recordset(moves::json) as new (call_id text, from_state text, to_state text) loop
      update steward.hold
         set state = move.to_state,
             decided_at = case when move.to_state in ('approved', 'rejected', 'expired', 'cancelled') then now_at else decided_at end,
             claimed_at = case when move.to_state = 'claimed' then now_at else claimed_at end,
             closed_at = case when move.to_state in ('rejected', 'expired', 'cancelled', 'done', 'failed') then now_at else closed_at end
       where tenant_id = as_tenant and run_id = the_run and call_id = move.call_id and state = move.from_state;
      -- Somebody else claimed it, or it was taken back: nothing of this commit may happen.
      if not found and move.to_state = 'claimed' then raise exception 'the held action is no longer free' using errcode = 'STW05'; end if;
    end loop;
  end if;
  if reply is not null then
    insert into steward.message (tenant_id, message_id, workspace_id, conversation_id, run_id, by_agent, text, integrity, readers, created_at)
    values (as_tenant, (reply::json ->> 'message_id')::uuid, mine.workspace_id, mine.conversation_id, the_run, true, reply::json ->> 'text',
            (reply::json ->> 'integrity')::smallint, reply::json ->> 'readers', now_at);
    update steward.conversation set changed_at = greatest(changed_at, now_at) where tenant_id = as_tenant and conversation_id = mine.conversation_id;
  end if;
  if audit_ids is not null then
    insert into steward.audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, person_id, action, object, outcome, canon, leaf)
    select as_tenant, new.audit_id, audit_writer, new.seq, now_at, audit_kind, audit_person, new.action, new.object, new.outcome, new.canon, new.leaf
      from unnest(audit_ids, audit_seqs, audit_actions, audit_objects, audit_outcomes, audit_canons, audit_leaves)
           as new (audit_id, seq, action, object, outcome, canon, leaf);
  end if;
  if settle then perform steward.settle_run(the_run, now_cost, 'settled'); end if;
  return mine.cancel_at is not null;
end $$;
revoke all on function steward.write_step from public;
grant execute on function steward.write_step to steward_worker;

-- Settings by assignment on the other ways of a run as well.
do $$
declare one text; was text; becomes text;
begin
  foreach one in array array['take_up', 'reserve'] loop
    was := pg_get_functiondef(('steward.' || one)::regproc);
    becomes := replace(replace(was, 'perform set_config(''app.tenant'', as_tenant::text, true), set_config(',
                               E'setting := set_config(''app.tenant'', as_tenant::text, true);\n  setting := set_config('),
                       'declare applying bigint;', 'declare setting text; applying bigint;');
    if one = 'take_up' then
      becomes := replace(becomes, E'\nbegin\n', E'\ndeclare setting text;\nbegin\n');
    end if;
    if becomes not like '%declare setting text;%' or becomes not like '%setting := set_config(''app.workspaces''%' then
      raise exception '% is not as it was; write it anew', one;
    end if;
    execute becomes;
  end loop;
end $$;
