-- What plugins keep between calls: each its own, in one workspace, counted under one lock, gone with the workspace.

create table steward.plugin_state (
  tenant_id uuid not null,
  workspace_id uuid not null,
  plugin text collate "C" not null check (length(plugin) between 1 and 64),
  bytes bigint not null default 0 check (bytes >= 0),
  entries integer not null default 0 check (entries >= 0),
  version bigint not null default 0 check (version >= 0),
  primary key (tenant_id, workspace_id, plugin),
  foreign key (tenant_id, workspace_id) references steward.workspace on delete cascade
);
comment on table steward.plugin_state is 'How much a plugin keeps in a workspace, and the last version it gave; a change of any entry holds this row.';
call steward.protect('plugin_state', true, 'select', 'select, insert, update');

create table steward.plugin_entry (
  tenant_id uuid not null,
  workspace_id uuid not null,
  plugin text collate "C" not null,
  key text collate "C" not null check (octet_length(key) between 1 and 256),
  value bytea not null check (octet_length(value) <= 65536),
  version bigint not null check (version > 0),
  integrity smallint not null check (integrity between 0 and 4),
  private boolean not null,
  changed_at timestamptz not null,
  primary key (tenant_id, workspace_id, plugin, key),
  foreign key (tenant_id, workspace_id, plugin) references steward.plugin_state on delete cascade
);
comment on table steward.plugin_entry is 'What a plugin keeps between calls, with the lowest integrity of what it was written from and whether that was for everybody.';
call steward.protect('plugin_entry', true, 'select', 'select, insert, update, delete');
