-- Programs that nobody hands a token: a person lets them in on a page of this house (OAuth), to use `/mcp` and nothing else.

-- What they are given is an API token of an hour that says to whom, and renews itself in its own row.
alter table steward.api_token
  add column client_id text check (length(client_id) between 1 and 2000),
  add column agent text check (length(agent) between 1 and 200),
  add column only_workspace uuid,
  add column resource text check (length(resource) between 1 and 2000),
  add column renewed_until timestamptz,
  add constraint api_token_of_client check (
    num_nulls(client_id, agent, resource, renewed_until) in (0, 4)
    and (client_id is not null or only_workspace is null)
    and (client_id is null or (expires_at is not null and expires_at <= renewed_until))
  ),
  add foreign key (tenant_id, only_workspace) references steward.workspace;

create table steward.oauth_code (
  tenant_id uuid not null,
  code_hash bytea not null check (length(code_hash) = 32),
  person_id uuid not null,
  client_id text not null check (length(client_id) between 1 and 2000),
  client_name text not null check (length(client_name) between 1 and 100),
  redirect_uri text not null check (length(redirect_uri) between 1 and 2000),
  challenge bytea not null check (length(challenge) = 32),
  resource text not null check (length(resource) between 1 and 2000),
  scopes text[] not null check (scopes <@ array['converse', 'read', 'write'] and cardinality(scopes) > 0),
  agent text not null check (length(agent) between 1 and 200),
  only_workspace uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at <= created_at + interval '60 seconds'),
  spent_at timestamptz,
  api_token_id uuid check (api_token_id is null or spent_at is not null),
  primary key (tenant_id, code_hash),
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, only_workspace) references steward.workspace,
  foreign key (tenant_id, api_token_id) references steward.api_token
);
comment on table steward.oauth_code is 'A person''s word that a client may have a token, for a minute and once; only the hash of its code is kept.';
call steward.protect('oauth_code', false, 'select, insert, update', 'select, delete');
create index oauth_code_over on steward.oauth_code (tenant_id, expires_at);

create table steward.oauth_renewal (
  tenant_id uuid not null,
  secret_hash bytea not null check (length(secret_hash) = 32),
  api_token_id uuid not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  spent_at timestamptz,
  primary key (tenant_id, secret_hash),
  foreign key (tenant_id, api_token_id) references steward.api_token
);
comment on table steward.oauth_renewal is 'A secret that renews a client''s token once; those that are spent are kept until they end, so that a second use is known.';
call steward.protect('oauth_renewal', false, 'select, insert, update', 'select, delete');
create index oauth_renewal_over on steward.oauth_renewal (tenant_id, expires_at);
