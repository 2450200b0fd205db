-- Personal details of audit entries, sealed under a key for each person or contact they are about. Erasing the key erases the details;
-- the log commits to the sealed bytes and stays as it was signed.

create table steward.personal_key (
  tenant_id uuid not null references steward.tenant,
  subject text not null check (subject ~ '^(person|contact)_[0-9a-z]{26}$'),
  wrapped bytea check (length(wrapped) = 61),
  made_at timestamptz not null,
  erased_at timestamptz,
  primary key (tenant_id, subject),
  check ((wrapped is null) = (erased_at is not null))
);
comment on table steward.personal_key is 'The key of one person''s or contact''s sealed details, wrapped with the installation''s data key; erased, it never comes back.';
call steward.protect('personal_key', false, 'select, insert, update (wrapped, erased_at)', 'select, insert, update (wrapped, erased_at)');

-- A key is only ever erased.
create function steward.personal_key_is_only_erased() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.erased_at is not null or new.erased_at is null
     or (old.tenant_id, old.subject, old.made_at) is distinct from (new.tenant_id, new.subject, new.made_at) then
    raise exception 'a key is only ever erased' using errcode = 'STW01';
  end if;
  return new;
end $$;
create trigger only_erased before update on steward.personal_key for each row execute function steward.personal_key_is_only_erased();
create trigger never_remove before delete on steward.personal_key for each row execute function steward.never();
create trigger never_truncate before truncate on steward.personal_key for each statement execute function steward.never();

create table steward.audit_personal (
  tenant_id uuid not null,
  audit_id uuid not null,
  subject text not null,
  sealed bytea not null check (length(sealed) <= 65536),
  primary key (tenant_id, audit_id),
  foreign key (tenant_id, audit_id) references steward.audit_event,
  foreign key (tenant_id, subject) references steward.personal_key
);
comment on table steward.audit_personal is 'Personal details of an audit entry, readable only with the key of whom they are about; the entry names their SHA-256; insert-only.';
call steward.protect('audit_personal', false, 'select, insert', 'select, insert');
call steward.insert_only('audit_personal');
