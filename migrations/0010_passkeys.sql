-- Passkeys: keys that devices keep for people (WebAuthn), and the challenges that were answered.

alter table steward.session drop constraint session_method_check;
alter table steward.session add constraint session_method_check check (method in ('link', 'password', 'passkey'));

alter table steward.hold_approval drop constraint hold_approval_method_check;
alter table steward.hold_approval add constraint hold_approval_method_check check (method in ('link', 'password', 'passkey', 'terminal'));

create table steward.passkey (
  tenant_id uuid not null,
  passkey_id uuid not null,
  person_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  credential_id bytea not null check (length(credential_id) between 1 and 1023),
  algorithm integer not null check (algorithm in (-7, -8, -257)),
  public_key bytea not null check (length(public_key) between 32 and 2048),
  counter bigint not null check (counter between 0 and 4294967295),
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, passkey_id),
  unique (tenant_id, credential_id),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.passkey is 'A key that a device keeps for a person: its public half, and how often it says that it was used.';
call steward.protect('passkey', false, 'select, insert, update (counter, used_at), delete', 'select');
create index passkey_of on steward.passkey (tenant_id, person_id, passkey_id);

-- A counter that does not grow is a copy's; passkeys that count nothing say zero.
create function steward.passkey_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if (to_jsonb(old) - 'counter' - 'used_at') is distinct from (to_jsonb(new) - 'counter' - 'used_at') then
    raise exception 'a passkey cannot change; register another' using errcode = 'STW03';
  end if;
  if new.counter < old.counter or (new.counter = old.counter and new.counter <> 0) then
    raise exception 'the counter of a passkey only grows' using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger passkey_moves before update on steward.passkey for each row execute function steward.passkey_moves();

create table steward.spent_challenge (
  tenant_id uuid not null references steward.tenant,
  challenge_hash bytea not null check (length(challenge_hash) = 32),
  expires_at timestamptz not null,
  primary key (tenant_id, challenge_hash)
);
comment on table steward.spent_challenge is 'A challenge that a passkey answered, kept until it would be too old anyway, so that no answer counts twice.';
call steward.protect('spent_challenge', false, 'select, insert', 'select, delete');

create or replace function steward.has_second_factor(of_tenant uuid, of_person uuid) returns boolean language sql stable set search_path = '' as
  $$ select exists (select from steward.totp where tenant_id = of_tenant and person_id = of_person and confirmed_at is not null)
         or exists (select from steward.passkey where tenant_id = of_tenant and person_id = of_person) $$;
