-- What servers ask people in the middle of calls. The journal of the run says what was asked and told; these rows carry a question to its
-- person and the answer back to whoever drives the run, which may be another process.

create table steward.question (
  tenant_id uuid not null,
  question_id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  -- The lease under which it was asked: once the run has another, whoever waited for the answer is gone.
  fence bigint not null,
  call_id text not null check (length(call_id) between 1 and 40),
  person_id uuid not null,
  tool text not null check (length(tool) between 1 and 200),
  server text not null check (length(server) between 1 and 64),
  question text not null check (octet_length(question) between 2 and 262144),
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  outcome text check (outcome in ('answered', 'declined', 'cancelled', 'expired', 'withdrawn')),
  answer text check (octet_length(answer) <= 65536),
  closed_at timestamptz,
  primary key (tenant_id, question_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, run_id) references steward.run,
  foreign key (tenant_id, person_id) references steward.person,
  constraint question_closed_whole check (num_nonnulls(outcome, closed_at) in (0, 2)),
  constraint question_answer_is_given check ((answer is not null) = (outcome is not null and outcome = 'answered'))
);
comment on table steward.question is 'What the server of a call under way asks the person of its run, and what became of that.';
call steward.protect('question', true, 'select, update', 'select, insert, update');
create index question_open on steward.question (tenant_id, person_id, asked_at) where outcome is null;
create index question_of_run on steward.question (tenant_id, run_id);

-- A question is put to the person of a run that somebody drives, and closed once: by that person, or by
-- whoever drives the run when nobody answered.
create function steward.question_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    if new.outcome is not null or not exists (
      select from steward.run
       where tenant_id = new.tenant_id and run_id = new.run_id and person_id = new.person_id and workspace_id = new.workspace_id
         and fence = new.fence and status = 'running'
    ) then
      raise exception 'a question is put to the person of a run under way' using errcode = 'STW21';
    end if;
    return new;
  end if;
  if (old.tenant_id, old.question_id, old.workspace_id, old.run_id, old.fence, old.call_id, old.person_id, old.tool, old.server, old.question,
      old.asked_at, old.expires_at)
     is distinct from
     (new.tenant_id, new.question_id, new.workspace_id, new.run_id, new.fence, new.call_id, new.person_id, new.tool, new.server, new.question,
      new.asked_at, new.expires_at)
     or old.outcome is not null or new.outcome is null then
    raise exception 'a question is asked as it is, and closed once' using errcode = 'STW21';
  end if;
  if (current_user = 'steward_worker') <> (new.outcome in ('expired', 'withdrawn'))
     or new.person_id is distinct from nullif(current_setting('app.person', true), '')::uuid then
    raise exception 'a person answers, and nobody in their place' using errcode = 'STW21';
  end if;
  return new;
end $$;
create trigger question_moves before insert or update on steward.question for each row execute function steward.question_moves();
create trigger never_remove before delete on steward.question for each row execute function steward.never();
create trigger never_truncate before truncate on steward.question for each statement execute function steward.never();
