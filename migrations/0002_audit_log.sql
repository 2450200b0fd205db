-- The audit log as a Merkle tree for each organisation: which entry stands where, and what was signed about it.

-- Which transaction wrote an entry. Entries become visible in another order than they are written in; whatever is not older than the oldest
-- transaction that was under way at the last look may be new, and nothing else can be.
alter table steward.audit_event add column written_xid bigint not null default (pg_current_xact_id()::text::bigint);
create index audit_event_written on steward.audit_event (tenant_id, written_xid);

create table steward.audit_index (
  tenant_id uuid not null,
  tree_index bigint not null check (tree_index >= 0),
  audit_id uuid not null,
  leaf bytea not null check (length(leaf) = 32),
  primary key (tenant_id, tree_index),
  unique (tenant_id, audit_id)
);
comment on table steward.audit_index is 'The place of each audit entry in its organisation''s tree, given after its transaction committed; insert-only.';
call steward.protect('audit_index', false, 'select', 'select, insert');
call steward.insert_only('audit_index');

create table steward.audit_checkpoint (
  tenant_id uuid not null,
  tree_size bigint not null check (tree_size > 0),
  root bytea not null check (length(root) = 32),
  note text not null,
  horizon bigint not null,
  signed_at timestamptz not null,
  primary key (tenant_id, tree_size)
);
comment on table steward.audit_checkpoint is 'A signed statement of size and root of an organisation''s tree, one for each size; copies lie outside the database.';
call steward.protect('audit_checkpoint', false, 'select', 'select, insert');
call steward.insert_only('audit_checkpoint');

create table steward.audit_object (
  tenant_id uuid not null,
  digest bytea not null check (length(digest) = 32),
  body bytea not null,
  primary key (tenant_id, digest)
);
comment on table steward.audit_object is 'Details too long for an audit entry, by the SHA-256 that the entry names; insert-only.';
call steward.protect('audit_object', false, 'select, insert', 'select, insert');
call steward.insert_only('audit_object');
