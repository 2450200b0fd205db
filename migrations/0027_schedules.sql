-- Texts that are said to an agent at times to come. Whose words they are is written down when they are written, and stays.

create table steward.schedule (
  tenant_id uuid not null,
  schedule_id uuid not null,
  workspace_id uuid not null,
  person_id uuid not null,
  agent text not null check (length(agent) between 1 and 100),
  conversation_id uuid,
  text text not null check (octet_length(text) between 1 and 262144),
  cron text check (length(cron) between 9 and 200),
  time_zone text not null check (length(time_zone) between 1 and 64),
  once_at timestamptz,
  next_at timestamptz,
  paused_at timestamptz,
  paused_why text check (length(paused_why) between 1 and 500),
  made_run uuid,
  made_call text,
  own_words boolean not null,
  integrity smallint not null check (integrity between 0 and 4),
  readers text check (length(readers) <= 65536),
  sources text not null check (length(sources) <= 65536),
  created_at timestamptz not null,
  removed_at timestamptz,
  primary key (tenant_id, schedule_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, conversation_id) references steward.conversation,
  foreign key (tenant_id, made_run) references steward.run,
  unique (tenant_id, made_run, made_call),
  constraint schedule_has_one_time check (num_nonnulls(cron, once_at) = 1),
  constraint schedule_made_whole check (num_nonnulls(made_run, made_call) in (0, 2)),
  constraint schedule_pause_whole check (paused_at is not null or paused_why is null),
  -- What a run wrote is its person's own words only where it equals them; anything else never counts for more than a fact.
  constraint schedule_counts_for check (case when own_words then integrity = 4 and readers is null else integrity <= 1 and made_run is not null end)
);
comment on table steward.schedule is 'A text that is said to an agent at times to come, for one person, with the label it had when it was written.';
call steward.protect('schedule', true, 'select, insert, update', 'select, insert, update');
create index schedule_of_person on steward.schedule (tenant_id, person_id, schedule_id desc) where removed_at is null;
create index schedule_due on steward.schedule (tenant_id, next_at) where next_at is not null and paused_at is null and removed_at is null;

-- Only when it is said changes, and whether. What is said, for whom, and for how much it counts was settled when it was written.
create function steward.schedule_stays() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.tenant_id, old.schedule_id, old.workspace_id, old.person_id, old.agent, old.conversation_id, old.text, old.cron, old.time_zone, old.once_at,
      old.made_run, old.made_call, old.own_words, old.integrity, old.readers, old.sources, old.created_at)
     is distinct from
     (new.tenant_id, new.schedule_id, new.workspace_id, new.person_id, new.agent, new.conversation_id, new.text, new.cron, new.time_zone, new.once_at,
      new.made_run, new.made_call, new.own_words, new.integrity, new.readers, new.sources, new.created_at)
     or (old.removed_at is not null and new.removed_at is distinct from old.removed_at) then
    raise exception 'what a schedule says, and for whom, does not change' using errcode = 'STW19';
  end if;
  return new;
end $$;
create trigger schedule_stays before update on steward.schedule for each row execute function steward.schedule_stays();
create trigger never_remove before delete on steward.schedule for each row execute function steward.never();
create trigger never_truncate before truncate on steward.schedule for each statement execute function steward.never();

create table steward.schedule_run (
  tenant_id uuid not null,
  schedule_id uuid not null,
  due_at timestamptz not null,
  workspace_id uuid not null,
  run_id uuid,
  why text check (length(why) between 1 and 500),
  at timestamptz not null,
  primary key (tenant_id, schedule_id, due_at),
  foreign key (tenant_id, schedule_id) references steward.schedule,
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, run_id) references steward.run,
  constraint schedule_run_whole check (num_nonnulls(run_id, why) = 1)
);
comment on table steward.schedule_run is 'A moment at which a schedule was due: the one run it became, or why there was none.';
call steward.protect('schedule_run', true, 'select', 'select, insert');
call steward.insert_only('schedule_run');

-- The worker says what is due, for whom it is said.
grant insert on steward.conversation, steward.run to steward_worker;
