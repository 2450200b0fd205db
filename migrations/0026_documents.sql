-- Documents: files that people put in, kept as text in pieces, each with its label; and which of them came with which message.

-- Whether the person of the current transaction is among these readers. None named: whoever sees the workspace is.
create function steward.reads(readers uuid[]) returns boolean language sql stable parallel safe
  return readers is null or nullif(current_setting('app.person', true), '')::uuid = any (readers);

create table steward.document (
  tenant_id uuid not null,
  document_id uuid not null,
  workspace_id uuid not null,
  conversation_id uuid,
  person_id uuid not null,
  name text not null check (length(name) between 1 and 120),
  media_type text not null check (length(media_type) between 1 and 100),
  bytes bigint not null check (bytes > 0),
  sha256 bytea not null check (length(sha256) = 32),
  characters integer not null check (characters > 0),
  chunks integer not null check (chunks > 0),
  integrity smallint not null check (integrity between 0 and 4),
  readers uuid[] check (cardinality(readers) between 1 and 100),
  created_at timestamptz not null,
  primary key (tenant_id, document_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, conversation_id) references steward.conversation,
  foreign key (tenant_id, person_id) references steward.person
);
comment on table steward.document is 'A file somebody put in, whose text stands in its pieces; readers are people, none named is whoever sees the workspace.';
call steward.protect('document', true, 'select, insert, delete', 'select');
create policy readers on steward.document as restrictive using (steward.reads(readers)) with check (steward.reads(readers));
create index document_newest on steward.document (tenant_id, document_id desc);
create index document_of on steward.document (tenant_id, conversation_id, document_id) where conversation_id is not null;

create table steward.document_chunk (
  tenant_id uuid not null,
  document_id uuid not null,
  number integer not null check (number > 0),
  workspace_id uuid not null,
  text text not null check (length(text) between 1 and 4000),
  start_at integer not null check (start_at >= 0),
  end_at integer not null check (end_at > start_at),
  heading text check (length(heading) between 1 and 200),
  integrity smallint not null check (integrity between 0 and 4),
  readers uuid[] check (cardinality(readers) between 1 and 100),
  words tsvector not null,
  primary key (tenant_id, document_id, number),
  foreign key (tenant_id, document_id) references steward.document on delete cascade,
  foreign key (tenant_id, workspace_id) references steward.workspace
);
comment on table steward.document_chunk is 'A piece of a document: its text, where that stands in the whole, counted in characters, and its label; words are those of its folded text.';
call steward.protect('document_chunk', true, 'select, insert', 'select');
create policy readers on steward.document_chunk as restrictive using (steward.reads(readers)) with check (steward.reads(readers));
create index document_chunk_of on steward.document_chunk (tenant_id, workspace_id, document_id, number);

create table steward.message_document (
  tenant_id uuid not null,
  message_id uuid not null,
  position smallint not null check (position >= 0),
  workspace_id uuid not null,
  document_id uuid,
  primary key (tenant_id, message_id, position),
  foreign key (tenant_id, message_id) references steward.message,
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, document_id) references steward.document on delete set null (document_id)
);
comment on table steward.message_document is 'A document that came with a message; without one once it was taken away.';
call steward.protect('message_document', true, 'select, insert', 'select');
create index message_document_of on steward.message_document (tenant_id, document_id) where document_id is not null;
