-- The foundation: organisations and people, runs and their journal, decisions and holds, audit, budgets, contacts.
-- Every table carries its organisation, has row security forced, a comment, and grants that say who may do what.

create schema if not exists steward;
grant usage on schema steward to steward_app, steward_worker, steward_definer;

-- The organisation of the current transaction. An empty setting is no organisation: nothing is visible.
create function steward.tenant() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.tenant', true), '')::uuid;

-- Whether the current transaction may see a workspace. '*' is all of them; a list is uuids joined by commas.
-- Compared as text: the planner may look at the second half first, and a cast of '*' would fail there.
create function steward.sees(workspace uuid) returns boolean language sql stable parallel safe
  return current_setting('app.workspaces', true) = '*'
      or workspace::text = any (string_to_array(current_setting('app.workspaces', true), ','));

create function steward.never() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'table %.% is insert-only', tg_table_schema, tg_table_name using errcode = 'STW01';
end $$;

-- Row security for a table, written once: own organisation only and, where asked, own workspaces only.
create procedure steward.protect(name text, by_workspace boolean, app text, worker text) language plpgsql as $$
declare condition text := 'tenant_id = (select steward.tenant())';
begin
  if by_workspace then condition := condition || ' and steward.sees(workspace_id)'; end if;
  execute format('alter table steward.%I enable row level security', name);
  execute format('alter table steward.%I force row level security', name);
  execute format('create policy own on steward.%I using (%s) with check (%s)', name, condition, condition);
  execute format('revoke all on steward.%I from public', name);
  execute format('grant %s on steward.%I to steward_app', app, name);
  execute format('grant %s on steward.%I to steward_worker', worker, name);
end $$;

-- A table whose rows are never changed or removed, whatever the grants say.
create procedure steward.insert_only(name text) language plpgsql as $$
begin
  execute format('create trigger never_change before update or delete on steward.%I for each row execute function steward.never()', name);
  execute format('create trigger never_truncate before truncate on steward.%I for each statement execute function steward.never()', name);
end $$;

-- Identity ---------------------------------------------------------------------------------------------------------

create table steward.tenant (
  tenant_id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null
);
comment on table steward.tenant is 'An organisation: the outer wall between customers.';
call steward.protect('tenant', false, 'select, insert, update', 'select');

create table steward.workspace (
  tenant_id uuid not null references steward.tenant,
  workspace_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null,
  primary key (tenant_id, workspace_id),
  unique (tenant_id, name)
);
comment on table steward.workspace is 'A part of an organisation with members of its own.';
call steward.protect('workspace', true, 'select, insert, update', 'select');

create table steward.person (
  tenant_id uuid not null references steward.tenant,
  person_id uuid not null,
  email text not null check (email = lower(email) and length(email) between 3 and 320),
  display_name text not null check (length(display_name) between 1 and 200),
  password_hash text,
  disabled_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, person_id),
  unique (tenant_id, email)
);
comment on table steward.person is 'A human being who can sign in; the password is stored as an Argon2id PHC string.';
call steward.protect('person', false, 'select, insert, update', 'select');
create index person_email on steward.person (email);

create table steward.membership (
  tenant_id uuid not null,
  membership_id uuid not null,
  person_id uuid not null,
  workspace_id uuid,
  role text not null check (role in ('owner', 'manager', 'finance', 'support', 'auditor')),
  created_at timestamptz not null,
  primary key (tenant_id, membership_id),
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, workspace_id) references steward.workspace,
  unique nulls not distinct (tenant_id, person_id, workspace_id, role),
  check (role <> 'owner' or workspace_id is null)
);
comment on table steward.membership is 'A role of a person, in one workspace or, without one, in the whole organisation.';
call steward.protect('membership', false, 'select, insert, delete', 'select');

create function steward.keep_an_owner() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.role = 'owner' and not exists (
    select from steward.membership where tenant_id = old.tenant_id and role = 'owner' and membership_id <> old.membership_id
  ) then
    raise exception 'the last owner cannot be removed' using errcode = 'STW02';
  end if;
  return old;
end $$;
create trigger keep_an_owner before delete on steward.membership for each row execute function steward.keep_an_owner();

create table steward.session (
  tenant_id uuid not null,
  session_id uuid not null,
  person_id uuid not null,
  token_hash bytea not null check (length(token_hash) = 32),
  method text not null check (method in ('link', 'password')),
  user_agent text,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, session_id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.session is 'A signed-in browser; only the hash of its secret is kept.';
call steward.protect('session', false, 'select, insert, update', 'select');

create table steward.api_token (
  tenant_id uuid not null,
  api_token_id uuid not null,
  person_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  token_hash bytea not null check (length(token_hash) = 32),
  scopes text[] not null check (scopes <@ array['converse', 'read', 'write'] and cardinality(scopes) > 0),
  created_at timestamptz not null,
  expires_at timestamptz,
  used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, api_token_id),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.api_token is 'A program''s key with scopes; it never decides on held actions.';
call steward.protect('api_token', false, 'select, insert, update', 'select');

create table steward.sign_in_link (
  tenant_id uuid not null,
  link_id uuid not null,
  person_id uuid not null,
  token_hash bytea not null check (length(token_hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, link_id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.sign_in_link is 'A one-time link that signs a person in once.';
call steward.protect('sign_in_link', false, 'select, insert, update', 'select');

create table steward.sign_in_failure (
  tenant_id uuid not null references steward.tenant,
  failure_id uuid not null,
  subject text not null,
  at timestamptz not null,
  primary key (tenant_id, failure_id)
);
comment on table steward.sign_in_failure is 'Failed sign-ins, counted per account and address to slow guessing.';
call steward.protect('sign_in_failure', false, 'select, insert, delete', 'select, delete');
create index sign_in_failure_recent on steward.sign_in_failure (tenant_id, subject, at);

create table steward.idempotency (
  tenant_id uuid not null references steward.tenant,
  person_id uuid not null,
  key text not null check (length(key) between 1 and 200),
  request_digest bytea not null check (length(request_digest) = 32),
  status smallint,
  body text,
  created_at timestamptz not null,
  primary key (tenant_id, person_id, key),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.idempotency is 'Answers to POST requests that carried an Idempotency-Key, so that a repeat gets the same answer and no second effect.';
call steward.protect('idempotency', false, 'select, insert, update, delete', 'select, delete');

-- Conversations and runs -------------------------------------------------------------------------------------------

create table steward.conversation (
  tenant_id uuid not null,
  conversation_id uuid not null,
  workspace_id uuid not null,
  person_id uuid not null,
  agent text not null,
  title text not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, conversation_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.conversation is 'A conversation between one person and one agent.';
call steward.protect('conversation', true, 'select, insert, update', 'select, update');
create index conversation_recent on steward.conversation (tenant_id, person_id, changed_at desc);

create table steward.message (
  tenant_id uuid not null,
  message_id uuid not null,
  workspace_id uuid not null,
  conversation_id uuid not null,
  run_id uuid,
  by_agent boolean not null,
  text text not null,
  integrity smallint not null check (integrity between 0 and 4),
  created_at timestamptz not null,
  primary key (tenant_id, message_id),
  foreign key (tenant_id, conversation_id) references steward.conversation,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.message is 'One message of a conversation, by the person or by the agent, with the lowest integrity of what it was written from.';
call steward.protect('message', true, 'select, insert', 'select, insert');
create index message_order on steward.message (tenant_id, conversation_id, message_id);

create table steward.run (
  tenant_id uuid not null,
  run_id uuid not null,
  workspace_id uuid not null,
  conversation_id uuid not null,
  person_id uuid not null,
  agent text not null,
  channel text not null check (channel in ('chat', 'api', 'terminal', 'schedule')),
  status text not null check (status in ('queued', 'running', 'waiting', 'ended')),
  outcome text,
  last_seq integer not null default 0,
  fence bigint not null default 0,
  lease_owner text,
  lease_until timestamptz,
  cancel_by uuid,
  cancel_at timestamptz,
  steps integer not null default 0,
  tokens bigint not null default 0,
  cost_micros bigint not null default 0,
  created_at timestamptz not null,
  ended_at timestamptz,
  -- The queue's order. It stays the same from lease to lease and step to step, so those updates touch no index.
  ready_at timestamptz generated always as (case when status in ('queued', 'running') then created_at end) stored,
  primary key (tenant_id, run_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, conversation_id) references steward.conversation,
  foreign key (tenant_id, person_id) references steward.person,
  check ((status = 'ended') = (outcome is not null))
) with (fillfactor = 70);
comment on table steward.run is 'One governed run: who, what, its lease, and sums over its journal; the journal is the truth.';
call steward.protect('run', true, 'select, insert, update', 'select, update');
create index run_recent on steward.run (tenant_id, created_at desc);
create index run_open on steward.run (ready_at) where ready_at is not null;
create index run_of_conversation on steward.run (tenant_id, conversation_id);

create table steward.run_event (
  tenant_id uuid not null,
  run_id uuid not null,
  seq integer not null check (seq > 0),
  workspace_id uuid not null,
  at timestamptz not null,
  body text not null,
  -- No foreign key: an event is written only in the transaction that makes its run or moves it on (`write_step`), and runs are never
  -- removed. What the key would cost with a plan made for a filled table has still to be measured (decision 0009).
  primary key (tenant_id, run_id, seq)
);
comment on table steward.run_event is 'The journal: one event a row as JSON text, numbered without gaps, never changed.';
call steward.protect('run_event', true, 'select, insert', 'select, insert');
call steward.insert_only('run_event');

create table steward.decision (
  tenant_id uuid not null,
  decision_id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  call_id text not null,
  person_id uuid not null,
  agent text not null,
  tool text not null,
  effect text,
  verdict text not null check (verdict in ('allow', 'hold', 'block')),
  class text,
  rules text[] not null,
  reason text not null,
  envelope_id bytea check (length(envelope_id) = 32),
  policy_digest bytea not null check (length(policy_digest) = 32),
  arguments text not null,
  provenance text not null,
  record text not null,
  decided_at timestamptz not null,
  primary key (tenant_id, decision_id) -- No foreign key, as with run_event.
);
comment on table steward.decision is 'Every verdict of the gate with all it saw, written before anything happens; the blocked-action log is the rows with verdict block.';
call steward.protect('decision', true, 'select', 'select, insert');
call steward.insert_only('decision');
create index decision_recent on steward.decision (tenant_id, decided_at desc, decision_id desc);
create index decision_of_run on steward.decision (tenant_id, run_id);

create table steward.hold (
  tenant_id uuid not null,
  hold_id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  call_id text not null,
  person_id uuid not null,
  agent text not null,
  tool text not null,
  effect text not null,
  envelope_id bytea not null check (length(envelope_id) = 32),
  envelope text not null,
  needs text not null,
  reason text not null,
  rules text[] not null,
  state text not null check (state in ('held', 'approved', 'rejected', 'expired', 'cancelled', 'claimed', 'done', 'failed', 'unknown')),
  held_at timestamptz not null,
  expires_at timestamptz not null,
  decided_at timestamptz,
  claimed_at timestamptz,
  closed_at timestamptz,
  primary key (tenant_id, hold_id),
  unique (tenant_id, run_id, call_id),
  foreign key (tenant_id, run_id) references steward.run,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.hold is 'An action that waits for people: held, then approved, rejected or expired, then claimed once and done, failed or unknown.';
call steward.protect('hold', true, 'select, insert, update', 'select, insert, update');
create index hold_open on steward.hold (tenant_id, held_at) where state = 'held';
create index hold_expiry on steward.hold (expires_at) where state = 'held';

-- The legal edges of a hold, whoever writes the row; its content never changes.
create function steward.hold_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.envelope_id, old.envelope, old.needs, old.run_id, old.call_id, old.tool, old.person_id, old.expires_at)
     is distinct from (new.envelope_id, new.envelope, new.needs, new.run_id, new.call_id, new.tool, new.person_id, new.expires_at) then
    raise exception 'the content of a held action cannot change' using errcode = 'STW03';
  end if;
  if old.state <> new.state and not (old.state, new.state) in (
    ('held', 'approved'), ('held', 'rejected'), ('held', 'expired'), ('held', 'cancelled'),
    ('approved', 'claimed'), ('approved', 'expired'), ('approved', 'cancelled'), ('approved', 'failed'),
    ('claimed', 'done'), ('claimed', 'failed'), ('claimed', 'unknown'), ('unknown', 'done'), ('unknown', 'failed')
  ) then
    raise exception 'a held action cannot go from % to %', old.state, new.state using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger hold_moves before update on steward.hold for each row execute function steward.hold_moves();

create table steward.hold_approval (
  tenant_id uuid not null,
  hold_id uuid not null,
  person_id uuid not null,
  workspace_id uuid not null,
  approves boolean not null,
  roles text[] not null,
  envelope_id bytea not null check (length(envelope_id) = 32),
  session_id uuid,
  method text not null check (method in ('link', 'password', 'terminal')),
  reason text,
  at timestamptz not null,
  primary key (tenant_id, hold_id, person_id),
  foreign key (tenant_id, hold_id) references steward.hold,
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.hold_approval is 'What one person said of one held action, for exactly one envelope; once a person, never changed.';
call steward.protect('hold_approval', true, 'select, insert', 'select');
call steward.insert_only('hold_approval');

create table steward.host_effect (
  tenant_id uuid not null,
  run_id uuid not null,
  key text not null,
  ordinal integer not null,
  workspace_id uuid not null,
  request_digest bytea not null check (length(request_digest) = 32),
  answer text not null,
  at timestamptz not null,
  primary key (tenant_id, run_id, key, ordinal),
  foreign key (tenant_id, run_id) references steward.run,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.host_effect is 'What a plugin asked the host to change, written in the transaction of the change: a repeated call finds the answer and changes nothing.';
call steward.protect('host_effect', true, 'select, insert', 'select, insert');
call steward.insert_only('host_effect');

-- Audit ------------------------------------------------------------------------------------------------------------

create table steward.audit_event (
  tenant_id uuid not null,
  audit_id uuid not null,
  writer_id uuid not null,
  writer_seq bigint not null check (writer_seq > 0),
  at timestamptz not null,
  actor_kind text not null,
  person_id uuid,
  action text not null,
  object text not null,
  outcome text not null,
  request_id text,
  canon bytea not null check (length(canon) <= 65536),
  leaf bytea not null check (length(leaf) = 32),
  primary key (tenant_id, audit_id),
  unique (tenant_id, writer_id, writer_seq)
);
comment on table steward.audit_event is 'The audit log: canonical bytes, their leaf hash, and a gapless counter per writer; insert-only.';
call steward.protect('audit_event', false, 'select, insert', 'select, insert');
call steward.insert_only('audit_event');
create index audit_event_time on steward.audit_event (tenant_id, at, audit_id);

-- Budgets ----------------------------------------------------------------------------------------------------------

create table steward.budget (
  tenant_id uuid not null references steward.tenant,
  budget_id uuid not null,
  scope text not null check (scope in ('organisation', 'workspace', 'person', 'agent')),
  scope_id text not null,
  period text not null check (period in ('day', 'month', 'total')),
  cap_micros bigint not null check (cap_micros >= 0),
  window_start timestamptz not null,
  spent_micros bigint not null default 0 check (spent_micros >= 0),
  reserved_micros bigint not null default 0 check (reserved_micros >= 0),
  created_at timestamptz not null,
  primary key (tenant_id, budget_id),
  unique (tenant_id, scope, scope_id, period)
) with (fillfactor = 50);
comment on table steward.budget is 'A limit on model cost for an organisation, workspace, person or agent, with what is spent and set aside in the current window.';
call steward.protect('budget', false, 'select, insert, update, delete', 'select, update');

create table steward.reservation (
  tenant_id uuid not null,
  reservation_id uuid not null,
  run_id uuid not null,
  amount_micros bigint not null check (amount_micros >= 0),
  spent_micros bigint not null default 0 check (spent_micros >= 0),
  state text not null check (state in ('open', 'settled', 'expired')),
  budgets uuid[] not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, reservation_id),
  foreign key (tenant_id, run_id) references steward.run
);
comment on table steward.reservation is 'An amount set aside in every budget it falls under before a model is asked; settled once, or expired with its dead worker.';
call steward.protect('reservation', false, 'select, insert, update', 'select, insert, update');
create index reservation_open on steward.reservation (expires_at) where state = 'open';
create index reservation_of_run on steward.reservation (tenant_id, run_id);

-- The way of one step -----------------------------------------------------------------------------------------------
-- Called by itself, each of these is one transaction in one round trip. They run with the caller's rights: row security
-- sees the settings they make first, exactly as in a transaction that was begun for an actor. Every statement looks rows up by id, so one
-- plan serves all; left to itself the planner makes a new one each time, which takes longer than carrying it out.

-- Settles all that a run has set aside: what it cost so far and was not charged yet is spent, the rest is free again.
-- Safe to call at any time and again: it charges the difference to what was charged before.
create function steward.settle_run(the_run uuid, cost_so_far bigint, to_state text) returns void language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare mine uuid := steward.tenant(); due bigint; one record; charged boolean := false;
begin
  select greatest(cost_so_far - coalesce(sum(spent_micros) filter (where state <> 'open'), 0), 0) into due
    from steward.reservation where tenant_id = mine and run_id = the_run;
  for one in
    select reservation_id, amount_micros, budgets from steward.reservation
     where tenant_id = mine and run_id = the_run and state = 'open' order by reservation_id for update
  loop
    -- The first one is charged with all that is due; a budget that came later was not there when it was set aside.
    update steward.budget
       set reserved_micros = greatest(reserved_micros - one.amount_micros, 0), spent_micros = spent_micros + case when charged then 0 else due end
     where tenant_id = mine and budget_id = any (one.budgets);
    update steward.reservation set state = to_state, spent_micros = case when charged then 0 else due end
     where tenant_id = mine and reservation_id = one.reservation_id;
    charged := true;
  end loop;
end $$;

-- Sets an amount aside in every budget that applies; false, and nothing done, when one of them has no room.
-- A window that is over starts anew in the same statement. Rows are locked in a fixed order, so two runs never wait on each other in a ring.
create function steward.reserve(
  as_tenant uuid, as_workspaces text, the_reservation uuid, the_run uuid, scopes text[], scope_ids text[], amount bigint, now_at timestamptz, until timestamptz
) returns boolean language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare applying bigint; taking bigint; taken uuid[];
begin
  perform set_config('app.tenant', as_tenant::text, true), set_config('app.workspaces', as_workspaces, true);
  with applicable as (
    select budget.budget_id,
           case period when 'day' then date_trunc('day', now_at at time zone 'UTC') at time zone 'UTC'
                       when 'month' then date_trunc('month', now_at at time zone 'UTC') at time zone 'UTC'
                       else window_start end as current_start
      from steward.budget join unnest(scopes, scope_ids) as wanted (scope, scope_id) using (scope, scope_id)
     where budget.tenant_id = as_tenant
     order by budget.budget_id for update of budget),
  moved as (
    update steward.budget set
       spent_micros = case when budget.window_start < applicable.current_start then 0 else budget.spent_micros end,
       window_start = greatest(budget.window_start, applicable.current_start),
       reserved_micros = budget.reserved_micros + amount
      from applicable
     where budget.tenant_id = as_tenant and budget.budget_id = applicable.budget_id
       and (case when budget.window_start < applicable.current_start then 0 else budget.spent_micros end) + budget.reserved_micros + amount <= budget.cap_micros
    returning budget.budget_id)
  select (select count(*) from applicable), (select count(*) from moved), (select coalesce(array_agg(budget_id), '{}') from moved)
    into applying, taking, taken;
  if applying <> taking then
    -- What was taken from the budgets that have room goes back with this block.
    raise exception 'a budget has no room' using errcode = 'STW06';
  end if;
  insert into steward.reservation (tenant_id, reservation_id, run_id, amount_micros, state, budgets, created_at, expires_at)
  values (as_tenant, the_reservation, the_run, amount, 'open', taken, now_at, until);
  return true;
exception when sqlstate 'STW06' then
  return false;
end $$;

-- A leased run with all that driving it needs: where it works, whom it acts for, and its journal.
create function steward.take_up(as_tenant uuid, the_run uuid)
  returns table (workspace_id uuid, agent text, cancelled boolean, active boolean, roles text[], places uuid[], event_at timestamptz[], event_body text[])
  language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
begin
  perform set_config('app.tenant', as_tenant::text, true), set_config('app.workspaces', '*', true);
  return query
  select run.workspace_id, run.agent, run.cancel_at is not null,
         exists (select from steward.person where person.tenant_id = as_tenant and person.person_id = run.person_id and disabled_at is null),
         held.roles, held.places, journal.at, journal.body
    from steward.run
    cross join lateral (
      select coalesce(array_agg(membership.role order by membership_id), '{}') as roles, coalesce(array_agg(membership.workspace_id order by membership_id), '{}') as places
        from steward.membership where membership.tenant_id = as_tenant and membership.person_id = run.person_id) as held
    cross join lateral (
      select coalesce(array_agg(run_event.at order by seq), '{}') as at, coalesce(array_agg(run_event.body order by seq), '{}') as body
        from steward.run_event where run_event.tenant_id = as_tenant and run_event.run_id = the_run) as journal
   where run.tenant_id = as_tenant and run.run_id = the_run;
end $$;

-- One commit of a run: its events and all that belongs to them, or nothing. Refused with STW05 when the lease was lost, when another
-- event came in between, or when a held action to be claimed is no longer free. Tells whether somebody asked the run to stop.
create function steward.write_step(
  as_tenant uuid, as_workspaces text, the_run uuid, the_fence bigint, from_seq integer, to_status text, to_outcome text,
  now_steps integer, now_tokens bigint, now_cost bigint, now_at timestamptz, lease_to timestamptz,
  event_at timestamptz[], event_body text[], decisions text, holds text, moves text, reply text,
  audit_writer uuid, audit_kind text, audit_person uuid, audit_ids uuid[], audit_seqs bigint[], audit_actions text[], audit_objects text[],
  audit_outcomes text[], audit_canons bytea[], audit_leaves bytea[], settle boolean
) returns boolean language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare mine steward.run; move record;
begin
  perform set_config('app.tenant', as_tenant::text, true), set_config('app.workspaces', as_workspaces, true);
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

  if decisions is not null then
    insert into steward.decision (tenant_id, decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, class, rules, reason,
                                  envelope_id, policy_digest, arguments, provenance, record, decided_at)
    select as_tenant, new.decision_id, mine.workspace_id, the_run, new.call_id, mine.person_id, mine.agent, new.tool, new.effect, new.verdict, new.class,
           new.rules, new.reason, decode(new.envelope_id, 'hex'), decode(new.policy_digest, 'hex'), new.arguments, new.provenance, new.record, now_at
      from json_to_recordset(decisions::json) as new (decision_id uuid, call_id text, tool text, effect text, verdict text, class text, rules text[], reason text,
                                                envelope_id text, policy_digest text, arguments text, provenance text, record text);
  end if;
  if holds is not null then
    insert into steward.hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason,
                              rules, state, held_at, expires_at)
    select as_tenant, new.hold_id, mine.workspace_id, the_run, new.call_id, mine.person_id, mine.agent, new.tool, new.effect, decode(new.envelope_id, 'hex'),
           new.envelope, new.needs, new.reason, new.rules, 'held', now_at, new.expires_at
      from json_to_recordset(holds::json) as new (hold_id uuid, call_id text, tool text, effect text, envelope_id text, envelope text, needs text, reason text,
                                            rules text[], expires_at timestamptz);
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
    insert into steward.message (tenant_id, message_id, workspace_id, conversation_id, run_id, by_agent, text, integrity, created_at)
    values (as_tenant, (reply::json ->> 'message_id')::uuid, mine.workspace_id, mine.conversation_id, the_run, true, reply::json ->> 'text', (reply::json ->> 'integrity')::smallint, now_at);
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

do $$
declare one regprocedure;
begin
  for one in select oid from pg_proc where pronamespace = 'steward'::regnamespace and proname in ('settle_run', 'reserve', 'take_up', 'write_step') loop
    execute format('revoke all on function %s from public', one);
    execute format('grant execute on function %s to steward_worker', one);
  end loop;
end $$;

-- Contacts ---------------------------------------------------------------------------------------------------------

create table steward.company (
  tenant_id uuid not null,
  company_id uuid not null,
  workspace_id uuid not null,
  name text not null check (length(name) between 1 and 300),
  name_key text not null,
  website text,
  integrity smallint not null default 1 check (integrity between 0 and 4),
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, company_id),
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.company is 'A company; name_key is the folded name that duplicates are found by.';
call steward.protect('company', true, 'select, insert, update', 'select, insert, update');
create index company_name on steward.company (tenant_id, workspace_id, name_key);

create table steward.contact_import (
  tenant_id uuid not null,
  import_id uuid not null,
  workspace_id uuid not null,
  person_id uuid not null,
  file_name text not null,
  file_digest bytea not null check (length(file_digest) = 32),
  format text not null check (format in ('google_csv', 'outlook_csv', 'vcard', 'csv')),
  encoding text not null,
  rows integer not null,
  created integer not null,
  merged integer not null,
  unchanged integer not null,
  refused integer not null,
  report text not null,
  at timestamptz not null,
  primary key (tenant_id, import_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.contact_import is 'One imported file and its report: what was taken, merged, refused and why.';
call steward.protect('contact_import', true, 'select, insert', 'select');
call steward.insert_only('contact_import');

create table steward.contact (
  tenant_id uuid not null,
  contact_id uuid not null,
  workspace_id uuid not null,
  display_name text not null check (length(display_name) between 1 and 300),
  given_name text,
  family_name text,
  company_id uuid,
  job_title text,
  tags text[] not null default '{}',
  birthday text,
  search text not null,
  import_id uuid,
  external_uid text,
  integrity smallint not null default 1 check (integrity between 0 and 4),
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, contact_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, company_id) references steward.company,
  foreign key (tenant_id, import_id) references steward.contact_import
);
comment on table steward.contact is 'A person or address known to the organisation; search is the folded text that look-ups match.';
call steward.protect('contact', true, 'select, insert, update', 'select, insert, update');
create index contact_name on steward.contact (tenant_id, workspace_id, display_name, contact_id);
create index contact_company on steward.contact (tenant_id, company_id) where company_id is not null;

create table steward.contact_point (
  tenant_id uuid not null,
  contact_id uuid not null,
  position smallint not null,
  workspace_id uuid not null,
  kind text not null check (kind in ('email', 'phone', 'url', 'address')),
  value text not null check (length(value) between 1 and 2000),
  value_key text not null,
  label text,
  primary key (tenant_id, contact_id, position),
  foreign key (tenant_id, contact_id) references steward.contact,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.contact_point is 'An e-mail address, phone number, URL or postal address of a contact; value_key is its canonical form.';
call steward.protect('contact_point', true, 'select, insert, update, delete', 'select, insert, update, delete');
create index contact_point_key on steward.contact_point (tenant_id, workspace_id, kind, value_key);

create table steward.deal (
  tenant_id uuid not null,
  deal_id uuid not null,
  workspace_id uuid not null,
  title text not null check (length(title) between 1 and 300),
  stage text not null check (length(stage) between 1 and 60),
  company_id uuid,
  contact_id uuid,
  amount_minor bigint,
  currency text check (currency ~ '^[A-Z]{3}$'),
  integrity smallint not null default 1 check (integrity between 0 and 4),
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, deal_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, company_id) references steward.company,
  foreign key (tenant_id, contact_id) references steward.contact,
  check ((amount_minor is null) = (currency is null))
);
comment on table steward.deal is 'A deal in a pipeline, with its stage and amount in minor units.';
call steward.protect('deal', true, 'select, insert, update', 'select, insert, update');
create index deal_stage on steward.deal (tenant_id, workspace_id, stage);

create table steward.note (
  tenant_id uuid not null,
  note_id uuid not null,
  workspace_id uuid not null,
  contact_id uuid,
  company_id uuid,
  deal_id uuid,
  text text not null check (length(text) between 1 and 20000),
  person_id uuid,
  agent text,
  integrity smallint not null default 0 check (integrity between 0 and 4),
  created_at timestamptz not null,
  primary key (tenant_id, note_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, contact_id) references steward.contact,
  foreign key (tenant_id, company_id) references steward.company,
  foreign key (tenant_id, deal_id) references steward.deal,
  check (num_nonnulls(contact_id, company_id, deal_id) = 1)
);
comment on table steward.note is 'A note on a contact, company or deal, with the integrity of the text it was written from.';
call steward.protect('note', true, 'select, insert', 'select, insert');
create index note_of_contact on steward.note (tenant_id, contact_id, note_id) where contact_id is not null;

-- Functions that look across organisations: each is small, pinned, and named in the catalogue test. -------------------

grant select (tenant_id, email, disabled_at) on steward.person to steward_definer;
grant select, update on steward.run to steward_definer;
grant select (tenant_id, hold_id, state, expires_at) on steward.hold to steward_definer;
grant select (tenant_id, reservation_id, state, expires_at) on steward.reservation to steward_definer;
grant select on steward.tenant to steward_definer;

-- Which organisations know this address. Sign-in starts here.
create function steward.tenants_of_email(wanted text) returns setof uuid
  language sql stable security definer set search_path = '' as
  $$ select tenant_id from steward.person where email = lower(wanted) and disabled_at is null $$;

-- The oldest run that nobody works on, leased to `worker`. Runs of a dead worker come up again when their lease has run out; a lease that
-- ends later than any lease can is one from before the clock was put back.
create function steward.lease_run(worker text, now_at timestamptz, lease_ms bigint)
  returns table (tenant_id uuid, run_id uuid, person_id uuid, fence bigint)
  language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  return query
  update steward.run as run
     set status = 'running', fence = run.fence + 1, lease_owner = worker, lease_until = now_at + lease_ms * interval '1 millisecond'
   where (run.tenant_id, run.run_id) = (
     select waiting.tenant_id, waiting.run_id from steward.run as waiting
      where waiting.ready_at is not null and (waiting.status = 'queued' or waiting.lease_until < now_at
             or waiting.lease_until > now_at + 2 * lease_ms * interval '1 millisecond')
      order by waiting.ready_at
      for update skip locked
      limit 1)
  returning run.tenant_id, run.run_id, run.person_id, run.fence;
end $$;

-- Held actions whose time is over, for the expiry job.
create function steward.expired_holds(now_at timestamptz, most integer) returns table (tenant_id uuid, hold_id uuid)
  language sql stable security definer set search_path = '' as
  $$ select tenant_id, hold_id from steward.hold where state = 'held' and expires_at <= now_at order by expires_at limit most $$;

-- Reservations whose worker died, for the expiry job.
create function steward.expired_reservations(now_at timestamptz, most integer) returns table (tenant_id uuid, reservation_id uuid)
  language sql stable security definer set search_path = '' as
  $$ select tenant_id, reservation_id from steward.reservation where state = 'open' and expires_at <= now_at order by expires_at limit most $$;

-- All organisations, for the terminal and for jobs.
create function steward.all_tenants() returns table (tenant_id uuid, name text, created_at timestamptz)
  language sql stable security definer set search_path = '' as
  $$ select tenant_id, name, created_at from steward.tenant order by created_at $$;

grant create on schema steward to steward_definer; -- Needed only to receive the functions.
do $$
declare one text;
begin
  foreach one in array array['tenants_of_email(text)', 'lease_run(text, timestamptz, bigint)', 'expired_holds(timestamptz, integer)',
                             'expired_reservations(timestamptz, integer)', 'all_tenants()'] loop
    execute format('alter function steward.%s owner to steward_definer', one);
    execute format('revoke all on function steward.%s from public', one);
  end loop;
end $$;
revoke create on schema steward from steward_definer;
grant execute on function steward.tenants_of_email(text) to steward_app;
grant execute on function steward.all_tenants() to steward_app, steward_worker;
grant execute on function steward.lease_run(text, timestamptz, bigint), steward.expired_holds(timestamptz, integer),
                          steward.expired_reservations(timestamptz, integer) to steward_worker;
