-- Second factors: one-time codes from an app, codes for when the phone is gone, and what a person said anew just before a grave decision.

create table steward.totp (
  tenant_id uuid not null,
  person_id uuid not null,
  sealed bytea not null check (length(sealed) = 49),
  made_at timestamptz not null,
  confirmed_at timestamptz,
  last_step bigint,
  primary key (tenant_id, person_id),
  foreign key (tenant_id, person_id) references steward.person,
  check ((confirmed_at is null) = (last_step is null))
);
comment on table steward.totp is 'A person''s secret for one-time codes (RFC 6238), sealed with the installation''s data key; it counts once a code of it was given, and each step of time counts once.';
call steward.protect('totp', false, 'select, insert, update, delete', 'select');

-- A secret that counts stays as it is until it is removed, and no step of time comes again, whoever writes.
create function steward.totp_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.confirmed_at is not null then
    if (old.tenant_id, old.person_id, old.sealed, old.made_at, old.confirmed_at) is distinct from
       (new.tenant_id, new.person_id, new.sealed, new.made_at, new.confirmed_at) then
      raise exception 'a second factor that counts cannot change; remove it first' using errcode = 'STW03';
    end if;
    if new.last_step <= old.last_step then
      raise exception 'this code was used' using errcode = 'STW04';
    end if;
  end if;
  return new;
end $$;
create trigger totp_moves before update on steward.totp for each row execute function steward.totp_moves();

create table steward.recovery_code (
  tenant_id uuid not null,
  person_id uuid not null,
  code_hash bytea not null check (length(code_hash) = 32),
  made_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, person_id, code_hash),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.recovery_code is 'A code that stands in for a lost second factor, once; only its hash is kept.';
call steward.protect('recovery_code', false, 'select, insert, update (used_at), delete', 'select');

create function steward.recovery_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.used_at is not null or (to_jsonb(old) - 'used_at') is distinct from (to_jsonb(new) - 'used_at') then
    raise exception 'a recovery code is used once' using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger recovery_moves before update on steward.recovery_code for each row execute function steward.recovery_moves();

alter table steward.session add column stepped_up_at timestamptz;

create table steward.step_up (
  tenant_id uuid not null,
  step_up_id uuid not null,
  person_id uuid not null,
  session_id uuid,
  bound text not null check (length(bound) between 1 and 100),
  method text not null check (method in ('totp', 'passkey')),
  at timestamptz not null,
  expires_at timestamptz not null check (expires_at > at and expires_at <= at + interval '5 minutes'),
  used_at timestamptz,
  primary key (tenant_id, step_up_id),
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, session_id) references steward.session,
  check (used_at is null or used_at between at and expires_at)
);
comment on table steward.step_up is 'A second factor given anew for one thing, an envelope for example; good for five minutes and one use.';
call steward.protect('step_up', false, 'select, insert, update (used_at)', 'select');
create index step_up_open on steward.step_up (tenant_id, person_id, bound) where used_at is null;
create trigger never_remove before delete on steward.step_up for each row execute function steward.never();
create trigger never_truncate before truncate on steward.step_up for each statement execute function steward.never();

create function steward.step_up_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.used_at is not null or (to_jsonb(old) - 'used_at') is distinct from (to_jsonb(new) - 'used_at') then
    raise exception 'a second factor given anew is used once, for what it was given for' using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger step_up_moves before update on steward.step_up for each row execute function steward.step_up_moves();

-- Whether a person has a second factor that counts.
create function steward.has_second_factor(of_tenant uuid, of_person uuid) returns boolean language sql stable set search_path = '' as
  $$ select exists (select from steward.totp where tenant_id = of_tenant and person_id = of_person and confirmed_at is not null) $$;

-- Who has a second factor approves what moves money, touches keys, lets people in or changes Steward only with it, given for this envelope
-- and used for it.
create function steward.word_is_stepped_up() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.approves
     and exists (select from steward.hold as held where held.tenant_id = new.tenant_id and held.hold_id = new.hold_id
                    and held.effect in ('money', 'credential', 'member', 'admin'))
     and steward.has_second_factor(new.tenant_id, new.person_id)
     and not exists (select from steward.step_up as given where given.tenant_id = new.tenant_id and given.person_id = new.person_id
                        and given.bound = 'env_' || encode(new.envelope_id, 'hex') and given.used_at <= new.at and given.expires_at >= new.at) then
    raise exception 'this approval needs a second factor given for this envelope' using errcode = 'STW10';
  end if;
  return new;
end $$;
create trigger word_is_stepped_up before insert on steward.hold_approval for each row execute function steward.word_is_stepped_up();
