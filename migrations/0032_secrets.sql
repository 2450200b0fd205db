-- Secrets of an organisation for its plugins. Each is sealed with the organisation's own key, which is wrapped with the installation's data
-- key; neither that key nor any value is in the database in clear.

create table steward.secret_key (
  tenant_id uuid not null references steward.tenant,
  wrapped bytea not null check (length(wrapped) = 61),
  -- Which data key it is wrapped with: a name made of that key, which says nothing of it.
  data_key text not null check (data_key ~ '^[0-9a-f]{16}$'),
  -- And with which it was before: what was wrapped anew in the place of a key is not wrapped with that one again.
  data_key_before text check (data_key_before ~ '^[0-9a-f]{16}$'),
  made_at timestamptz not null,
  primary key (tenant_id)
);
comment on table steward.secret_key is 'The key that an organisation''s secrets are sealed with, wrapped with the installation''s data key.';
call steward.protect('secret_key', false, 'select, insert, update (wrapped, data_key, data_key_before)', 'select, update (wrapped, data_key, data_key_before)');

-- A key stays what it is; only what it is wrapped with changes, when the data key does.
create function steward.secret_key_is_only_rewrapped() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.tenant_id, old.made_at) is distinct from (new.tenant_id, new.made_at) or old.data_key = new.data_key then
    raise exception 'a key of secrets is only ever wrapped anew' using errcode = 'STW22';
  end if;
  return new;
end $$;
create trigger only_rewrapped before update on steward.secret_key for each row execute function steward.secret_key_is_only_rewrapped();
create trigger never_remove before delete on steward.secret_key for each row execute function steward.never();
create trigger never_truncate before truncate on steward.secret_key for each statement execute function steward.never();

create table steward.secret (
  tenant_id uuid not null,
  plugin text not null check (plugin ~ '^[a-z][a-z0-9_]{0,63}$'),
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,63}$'),
  -- Counts every change, removals too: what is sealed is sealed for its version and opens as no other.
  version integer not null check (version >= 1),
  -- None once it was removed. Filled up to a few lengths, so that it does not tell how long the value is.
  sealed bytea check (length(sealed) between 256 and 2048),
  -- Where it went by the plugin's manifest when it was set: scheme, host, port and header. It goes nowhere else; sealed along with the value.
  origins text[] not null default '{}' check (cardinality(origins) <= 64),
  set_by uuid not null,
  set_at timestamptz not null,
  primary key (tenant_id, plugin, name),
  foreign key (tenant_id) references steward.secret_key,
  foreign key (tenant_id, set_by) references steward.person
);
comment on table steward.secret is 'The value that an organisation gave to a secret of a plugin''s manifest, sealed with the organisation''s key for its plugin, name, version and where it went then; nothing of an earlier version is kept.';
call steward.protect('secret', false, 'select, insert, update (version, sealed, origins, set_by, set_at)', 'select');

-- Every change is the next version, so that nothing earlier comes back in its place.
create function steward.secret_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.tenant_id, old.plugin, old.name) is distinct from (new.tenant_id, new.plugin, new.name) or new.version is distinct from old.version + 1 then
    raise exception 'a secret is only ever replaced or removed, as its next version' using errcode = 'STW22';
  end if;
  return new;
end $$;
create trigger secret_moves before update on steward.secret for each row execute function steward.secret_moves();
create trigger never_remove before delete on steward.secret for each row execute function steward.never();
create trigger never_truncate before truncate on steward.secret for each statement execute function steward.never();
