-- What a step costs the queue. The queue's column was made of where a run stands by PostgreSQL itself, which reads the expression for that anew in
-- each statement, also where nothing of it changes; and a step that leaves a run where it stands named the column all the same, so that the
-- conditions of what hangs on it were read anew as well.

alter table steward.run alter column ready_at drop expression;
create function steward.stands_in_queue() returns trigger language plpgsql set search_path = '' as $$
begin
  new.ready_at := case when new.status in ('queued', 'running') then coalesce(new.left_until, new.created_at) end;
  return new;
end $$;
revoke all on function steward.stands_in_queue() from public;
-- Whoever names the column itself gets what the others say.
create trigger stands_in_queue before insert or update of status, left_until, created_at, ready_at on steward.run
  for each row execute function steward.stands_in_queue();
-- Also where somebody repairs rows with all other triggers off: a run that stands nowhere in the queue would never be taken up.
alter table steward.run enable always trigger stands_in_queue;

create or replace function steward.write_step(
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
  if to_status = 'running' and to_outcome is null then
    -- Most steps: where the run stands is not written, so that nothing is looked at that hangs on it.
    update steward.run
       set last_seq = from_seq + cardinality(event_body), steps = now_steps, tokens = now_tokens, cost_micros = now_cost, lease_until = lease_to
     where tenant_id = as_tenant and run_id = the_run and fence = the_fence and last_seq = from_seq and status = 'running'
    returning * into mine;
  else
    -- A run about to wait is queued again when somebody asked it to stop meanwhile.
    update steward.run
       set last_seq = from_seq + cardinality(event_body), steps = now_steps, tokens = now_tokens, cost_micros = now_cost, outcome = to_outcome,
           status = case when to_status = 'waiting' and cancel_at is not null then 'queued' else to_status end,
           lease_until = case when to_status = 'running' then lease_to end,
           lease_owner = case when to_status = 'running' then lease_owner end,
           ended_at = case when to_status = 'ended' then now_at end
     where tenant_id = as_tenant and run_id = the_run and fence = the_fence and last_seq = from_seq and status = 'running'
    returning * into mine;
  end if;
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

-- The run that is next, leased to `worker`: of the organisation that holds the fewest places, its oldest that nobody works on and that is not left
-- alone. A place is held by a lease that has not run out. Runs of a dead worker come up again when their lease has run out; a lease, or a time until
-- which a run is left alone, that ends later than any can is one from before the clock was put back. One organisation alone is not counted.
create or replace function steward.lease_run(worker text, now_at timestamptz, lease_ms bigint)
  returns table (tenant_id uuid, run_id uuid, person_id uuid, fence bigint)
  language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare lowest uuid; others boolean; in_turn uuid[]; its uuid; lease_max timestamptz := now_at + 2 * lease_ms * interval '1 millisecond';
begin
  -- Ordered by both columns, as nothing but the index of the queue is.
  select first.id, (select queue.tenant_id from steward.run as queue where queue.ready_at is not null and queue.tenant_id > first.id
                    order by queue.tenant_id, queue.ready_at limit 1) is not null
    into lowest, others
    from (select queue.tenant_id as id from steward.run as queue where queue.ready_at is not null order by queue.tenant_id, queue.ready_at limit 1) as first;
  if lowest is null then
    return;
  elsif not others then
    in_turn := array[lowest];
  else
    -- From one organisation with open runs to the next: each is one look into the index, however many runs it has. What is driven stands at the
    -- front of an organisation's queue, since its oldest are leased first, so some hundred are enough to count places by.
    with recursive org (id) as (
      select lowest
      union all
      select (select queue.tenant_id from steward.run as queue where queue.ready_at is not null and queue.tenant_id > org.id
               order by queue.tenant_id, queue.ready_at limit 1)
        from org where org.id is not null)
    -- One without a free run among those is tried last: it may have one behind them.
    select array_agg(org.id order by front.since is null, front.held, front.since) into in_turn
      from org cross join lateral (
        select count(*) filter (where seen.is_held) as held, min(seen.ready_at) filter (where seen.is_free) as since
          from (select queue.ready_at, queue.status = 'running' and queue.lease_until between now_at and lease_max as is_held,
                       queue.status = 'queued' and (queue.left_until is null or queue.left_until <= now_at or queue.left_until > now_at + interval '2 minutes')
                       or queue.lease_until < now_at or queue.lease_until > lease_max as is_free
                  from steward.run as queue
                 where queue.tenant_id = org.id and queue.ready_at is not null
                 order by queue.ready_at
                 limit 256) as seen) as front
     where org.id is not null;
  end if;
  foreach its in array in_turn loop
    return query
    update steward.run as run
       set status = 'running', fence = run.fence + 1, lease_owner = worker, lease_until = now_at + lease_ms * interval '1 millisecond', left_until = null
     where (run.tenant_id, run.run_id) = (
       select waiting.tenant_id, waiting.run_id from steward.run as waiting
        where waiting.tenant_id = its and waiting.ready_at is not null
          and (waiting.status = 'queued' and (waiting.left_until is null or waiting.left_until <= now_at or waiting.left_until > now_at + interval '2 minutes')
               or waiting.lease_until < now_at or waiting.lease_until > lease_max)
        order by waiting.ready_at
        for update skip locked
        limit 1)
    returning run.tenant_id, run.run_id, run.person_id, run.fence;
    if found then return; end if;
  end loop;
end $$;
