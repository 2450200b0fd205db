//! API tokens: a program's key for a person's account; only the hash of the secret is stored.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use std::collections::BTreeSet;
use steward_core::{ApiTokenId, Digest, PersonId, Scope, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub api_token_id: ApiTokenId,
    /// Whose.
    pub person_id: PersonId,
    /// What its owner calls it, or the client that was given it calls itself.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// When it ends, if ever.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub used_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// The client that it was given to on a page of this house; none for one that a person made.
    pub client: Option<TokenClient>,
}

/// To whom a token was given, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClient {
    /// The client: the address of its document.
    pub client_id: String,
    /// Whose tools it uses.
    pub agent: String,
    /// The only workspace it sees, if the person chose one.
    pub only_workspace: Option<WorkspaceId>,
    /// The one address that takes it.
    pub resource: String,
    /// Until when it can be renewed, unless it is before that.
    pub renewed_until: OffsetDateTime,
}

struct Row {
    api_token_id: Uuid,
    person_id: Uuid,
    name: String,
    scopes: Vec<String>,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    used_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
    client_id: Option<String>,
    agent: Option<String>,
    only_workspace: Option<Uuid>,
    resource: Option<String>,
    renewed_until: Option<OffsetDateTime>,
}

impl TryFrom<Row> for ApiToken {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let client = match (row.client_id, row.agent, row.resource, row.renewed_until) {
            (Some(client_id), Some(agent), Some(resource), Some(renewed_until)) => {
                Some(TokenClient { client_id, agent, only_workspace: row.only_workspace.map(WorkspaceId::from_uuid), resource, renewed_until })
            }
            (None, None, None, None) => None,
            _ => return Err(StoreError::Corrupt { what: "api_token.client_id" }),
        };
        Ok(Self {
            api_token_id: ApiTokenId::from_uuid(row.api_token_id),
            person_id: PersonId::from_uuid(row.person_id),
            name: row.name,
            scopes: scopes_of(&row.scopes)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
            client,
        })
    }
}

/// Scopes as they are stored.
pub(crate) fn scopes_of(names: &[String]) -> Result<BTreeSet<Scope>, StoreError> {
    names.iter().map(|name| name.parse().map_err(|_| StoreError::Corrupt { what: "api_token.scopes" })).collect()
}

/// Makes a token whose secret has this hash.
pub async fn insert(tx: &mut Tx, token: &ApiToken, token_hash: &Digest) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let scopes: Vec<String> = token.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let client = token.client.as_ref();
    sqlx::query!(
        "insert into api_token (tenant_id, api_token_id, person_id, name, token_hash, scopes, created_at, expires_at, client_id, agent, only_workspace, resource,
                                renewed_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        token.api_token_id.uuid(),
        token.person_id.uuid(),
        token.name,
        token_hash.bytes().as_slice(),
        &scopes,
        token.created_at,
        token.expires_at,
        client.map(|client| client.client_id.as_str()),
        client.map(|client| client.agent.as_str()),
        client.and_then(|client| client.only_workspace).map(|workspace| workspace.uuid()),
        client.map(|client| client.resource.as_str()),
        client.map(|client| client.renewed_until),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A token that is not revoked, of a person who is not disabled, with its hash. Its expiry is the caller's to judge.
pub async fn find_usable(tx: &mut Tx, id: ApiTokenId) -> Result<Option<(ApiToken, Digest)>, StoreError> {
    let row = sqlx::query!(
        "select api_token.person_id, api_token.name, api_token.token_hash, api_token.scopes, api_token.created_at, api_token.expires_at, api_token.used_at,
                api_token.client_id, api_token.agent, api_token.only_workspace, api_token.resource, api_token.renewed_until
           from api_token join person using (tenant_id, person_id)
          where api_token.api_token_id = $1 and api_token.revoked_at is null and person.disabled_at is null",
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        let hash = row.token_hash.try_into().map_err(|_| StoreError::Corrupt { what: "api_token.token_hash" })?;
        let token = Row {
            api_token_id: id.uuid(),
            person_id: row.person_id,
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: None,
            client_id: row.client_id,
            agent: row.agent,
            only_workspace: row.only_workspace,
            resource: row.resource,
            renewed_until: row.renewed_until,
        };
        Ok((token.try_into()?, Digest::from_bytes(hash)))
    })
    .transpose()
}

/// Notes that a token was used.
pub async fn touch(tx: &mut Tx, id: ApiTokenId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update api_token set used_at = $2 where api_token_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}

/// Gives a client's token another secret, until then. Missing when it was revoked.
pub async fn renew(tx: &mut Tx, id: ApiTokenId, token_hash: &Digest, expires_at: OffsetDateTime, renewed_until: OffsetDateTime) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "update api_token set token_hash = $2, expires_at = $3, renewed_until = $4 where api_token_id = $1 and client_id is not null and revoked_at is null",
        id.uuid(),
        token_hash.bytes().as_slice(),
        expires_at,
        renewed_until,
    );
    if done.execute(tx.conn()).await?.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// A person's tokens, revoked ones included, oldest first.
pub async fn list_of(tx: &mut Tx, person: PersonId, page: &Page) -> Result<Vec<ApiToken>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select api_token_id, person_id, name, scopes, created_at, expires_at, used_at, revoked_at, client_id, agent, only_workspace, resource, renewed_until
           from api_token where person_id = $1 and ($2::uuid is null or api_token_id > $2) order by api_token_id limit $3",
        person.uuid(),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(ApiToken::try_from).collect()
}

/// Revokes one of a person's tokens.
pub async fn revoke(tx: &mut Tx, person: PersonId, id: ApiTokenId, at: OffsetDateTime) -> Result<(), StoreError> {
    let done =
        sqlx::query!("update api_token set revoked_at = $3 where api_token_id = $1 and person_id = $2 and revoked_at is null", id.uuid(), person.uuid(), at)
            .execute(tx.conn())
            .await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Revokes all of a person's tokens. Returns how many there were.
pub async fn revoke_all(tx: &mut Tx, person: PersonId, at: OffsetDateTime) -> Result<u64, StoreError> {
    let done = sqlx::query!("update api_token set revoked_at = $2 where person_id = $1 and revoked_at is null", person.uuid(), at).execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
