-- Somebody may sign in where they are known elsewhere. Whom that is here is kept by issuer and subject, never by an address alone.

alter table steward.session drop constraint session_method_check;
alter table steward.session add constraint session_method_check check (method in ('link', 'password', 'passkey', 'oidc'));
alter table steward.hold_approval drop constraint hold_approval_method_check;
alter table steward.hold_approval add constraint hold_approval_method_check check (method in ('link', 'password', 'passkey', 'oidc', 'terminal'));

create table steward.identity (
  tenant_id uuid not null,
  issuer text not null check (length(issuer) between 1 and 2000),
  subject text not null check (length(subject) between 1 and 255),
  person_id uuid not null,
  bound_at timestamptz not null,
  primary key (tenant_id, issuer, subject),
  unique (tenant_id, person_id, issuer),
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.identity is 'Who somebody is at an OpenID provider: bound at their first sign-in there, by an address that the provider has verified; insert-only.';
call steward.protect('identity', false, 'select, insert', 'select');
call steward.insert_only('identity');
create index identity_subject on steward.identity (issuer, subject);

-- Which organisations know this identity. A sign-in from there starts here.
grant select (tenant_id, issuer, subject) on steward.identity to steward_definer;
create function steward.tenants_of_identity(of_issuer text, of_subject text) returns setof uuid
  language sql stable security definer set search_path = '' as
  $$ select tenant_id from steward.identity where issuer = of_issuer and subject = of_subject $$;
grant create on schema steward to steward_definer; -- Needed only to receive the function.
alter function steward.tenants_of_identity(text, text) owner to steward_definer;
revoke create on schema steward from steward_definer;
revoke all on function steward.tenants_of_identity(text, text) from public;
grant execute on function steward.tenants_of_identity(text, text) to steward_app;
