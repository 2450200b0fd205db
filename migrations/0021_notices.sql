-- People are told that something waits for them: what they were told of, what is on its way to whom, and where each wants to be told.

create table steward.announcement (
  tenant_id uuid not null references steward.tenant,
  matter text not null check (matter in ('hold', 'budget_hold', 'change')),
  matter_id uuid not null,
  step integer not null check (step >= 0),
  people integer not null check (people >= 0),
  notices integer not null check (notices >= 0),
  at timestamptz not null,
  primary key (tenant_id, matter, matter_id, step)
);
comment on table steward.announcement is 'What waits for people and was told of, once for each step of its route, with how many may decide and how many notices were made; insert-only.';
call steward.protect('announcement', false, 'select', 'select, insert');
call steward.insert_only('announcement');

create table steward.push_subscription (
  tenant_id uuid not null,
  push_subscription_id uuid not null,
  person_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  endpoint text not null check (endpoint like 'https://%' and octet_length(endpoint) <= 2000),
  p256dh bytea not null check (length(p256dh) = 65),
  auth bytea not null check (length(auth) = 16),
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, push_subscription_id),
  -- A browser has one at a time: whoever signs in there last has it.
  unique (tenant_id, endpoint),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.push_subscription is 'A browser in which a person wants to be told: where its maker takes messages for it, and the public key they are sealed for.';
call steward.protect('push_subscription', false, 'select, insert, delete', 'select, update (used_at), delete');
create index push_subscription_of on steward.push_subscription (tenant_id, person_id, push_subscription_id);

create table steward.notice_wish (
  tenant_id uuid not null,
  person_id uuid not null,
  mail boolean not null,
  language text check (language in ('en', 'es', 'ar', 'ne')),
  changed_at timestamptz not null,
  primary key (tenant_id, person_id),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.notice_wish is 'Whether a person wants to be told by mail, and in which language; by mail and in the language of the house where they never said.';
call steward.protect('notice_wish', false, 'select, insert, update', 'select');

create table steward.notice (
  tenant_id uuid not null,
  notice_id uuid not null,
  person_id uuid not null,
  channel text not null check (channel in ('mail', 'push')),
  -- Where it goes: the person, for mail, or one of their browsers.
  target_id uuid not null,
  matter text not null check (matter in ('hold', 'budget_hold', 'change', 'test')),
  matter_id uuid not null,
  tool text check (length(tool) between 1 and 200),
  expires_at timestamptz not null,
  state text not null check (state in ('waiting', 'sent', 'moot', 'dead')),
  tries smallint not null default 0 check (tries >= 0),
  next_at timestamptz,
  why text check (length(why) between 1 and 300),
  made_at timestamptz not null,
  done_at timestamptz,
  primary key (tenant_id, notice_id),
  -- Nobody is told twice of the same in the same place.
  unique (tenant_id, matter, matter_id, target_id),
  foreign key (tenant_id, person_id) references steward.person,
  check ((state = 'waiting') = (next_at is not null) and (state = 'waiting') = (done_at is null)),
  check (state <> 'dead' or why is not null),
  check (channel <> 'mail' or target_id = person_id)
);
comment on table steward.notice is 'The outbox: one message to one person in one place, that something waits for them; sent, given up or no longer needed, and never sent again after that.';
call steward.protect('notice', false, 'select, insert', 'select, insert, update (state, tries, next_at, why, done_at), delete');
create index notice_due on steward.notice (tenant_id, next_at) where state = 'waiting';
create index notice_dead on steward.notice (tenant_id, done_at desc) where state = 'dead';
create index notice_of on steward.notice (tenant_id, person_id, notice_id desc);
create index notice_done on steward.notice (tenant_id, done_at) where state <> 'waiting';

-- A notice is done once, whoever writes.
create function steward.notice_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.state <> 'waiting' then
    raise exception 'this notice is already %', old.state using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger notice_moves before update on steward.notice for each row execute function steward.notice_moves();

-- Changes that wait, of which there are few among many that were decided.
create index governance_change_open on steward.governance_change (tenant_id, governance_change_id) where state = 'proposed';
