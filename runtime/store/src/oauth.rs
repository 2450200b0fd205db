//! What clients are let in with: codes and renewal secrets, each good once; only their hashes are stored.

use crate::api_token::scopes_of;
use crate::error::StoreError;
use crate::tx::Tx;
use std::collections::BTreeSet;
use steward_core::{ApiTokenId, Digest, PersonId, Scope, WorkspaceId};
use time::OffsetDateTime;

/// A code as stored: a person's word that a client may have a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthCode {
    /// Whose word.
    pub person_id: PersonId,
    /// The client: the address of its document.
    pub client_id: String,
    /// What it calls itself.
    pub client_name: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// SHA-256 of the verifier that has to come with it.
    pub challenge: Digest,
    /// For which address.
    pub resource: String,
    /// What the token may be used for.
    pub scopes: BTreeSet<Scope>,
    /// Whose tools.
    pub agent: String,
    /// The only workspace, if the person chose one.
    pub only_workspace: Option<WorkspaceId>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was used, rightly or wrongly.
    pub spent_at: Option<OffsetDateTime>,
    /// What was given for it.
    pub api_token_id: Option<ApiTokenId>,
}

/// A renewal secret as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthRenewal {
    /// The token that it renews.
    pub api_token_id: ApiTokenId,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub spent_at: Option<OffsetDateTime>,
}

/// Makes a code with this hash.
pub async fn insert_code(tx: &mut Tx, code: &OauthCode, code_hash: &Digest) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let scopes: Vec<String> = code.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    sqlx::query!(
        "insert into oauth_code (tenant_id, code_hash, person_id, client_id, client_name, redirect_uri, challenge, resource, scopes, agent, only_workspace,
                                 created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        code_hash.bytes().as_slice(),
        code.person_id.uuid(),
        code.client_id,
        code.client_name,
        code.redirect_uri,
        code.challenge.bytes().as_slice(),
        code.resource,
        &scopes,
        code.agent,
        code.only_workspace.map(|workspace| workspace.uuid()),
        code.created_at,
        code.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The code with this hash, used or not. Its times are the caller's to judge.
pub async fn find_code(tx: &mut Tx, code_hash: &Digest) -> Result<Option<OauthCode>, StoreError> {
    let row = sqlx::query!(
        "select person_id, client_id, client_name, redirect_uri, challenge, resource, scopes, agent, only_workspace, created_at, expires_at, spent_at, api_token_id
           from oauth_code where code_hash = $1",
        code_hash.bytes().as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        let challenge = row.challenge.try_into().map_err(|_| StoreError::Corrupt { what: "oauth_code.challenge" })?;
        Ok(OauthCode {
            person_id: PersonId::from_uuid(row.person_id),
            client_id: row.client_id,
            client_name: row.client_name,
            redirect_uri: row.redirect_uri,
            challenge: Digest::from_bytes(challenge),
            resource: row.resource,
            scopes: scopes_of(&row.scopes)?,
            agent: row.agent,
            only_workspace: row.only_workspace.map(WorkspaceId::from_uuid),
            created_at: row.created_at,
            expires_at: row.expires_at,
            spent_at: row.spent_at,
            api_token_id: row.api_token_id.map(ApiTokenId::from_uuid),
        })
    })
    .transpose()
}

/// Uses a code up. False when it was used before: of two at once, one wins.
pub async fn spend_code(tx: &mut Tx, code_hash: &Digest, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!("update oauth_code set spent_at = $2 where code_hash = $1 and spent_at is null", code_hash.bytes().as_slice(), at);
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes what was given for a code.
pub async fn note_token(tx: &mut Tx, code_hash: &Digest, token: ApiTokenId) -> Result<(), StoreError> {
    sqlx::query!("update oauth_code set api_token_id = $2 where code_hash = $1", code_hash.bytes().as_slice(), token.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// Makes a renewal secret with this hash.
pub async fn insert_renewal(tx: &mut Tx, renewal: &OauthRenewal, secret_hash: &Digest, made_at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into oauth_renewal (tenant_id, secret_hash, api_token_id, made_at, expires_at) values ($1, $2, $3, $4, $5)",
        tenant,
        secret_hash.bytes().as_slice(),
        renewal.api_token_id.uuid(),
        made_at,
        renewal.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The renewal secret with this hash, used or not. Its times are the caller's to judge.
pub async fn find_renewal(tx: &mut Tx, secret_hash: &Digest) -> Result<Option<OauthRenewal>, StoreError> {
    let row = sqlx::query!("select api_token_id, expires_at, spent_at from oauth_renewal where secret_hash = $1", secret_hash.bytes().as_slice())
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|row| OauthRenewal { api_token_id: ApiTokenId::from_uuid(row.api_token_id), expires_at: row.expires_at, spent_at: row.spent_at }))
}

/// Uses a renewal secret up. False when it was used before: of two at once, one wins.
pub async fn spend_renewal(tx: &mut Tx, secret_hash: &Digest, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!("update oauth_renewal set spent_at = $2 where secret_hash = $1 and spent_at is null", secret_hash.bytes().as_slice(), at);
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Removes codes and renewal secrets that ended before this. Returns how many there were.
pub async fn purge(tx: &mut Tx, before: OffsetDateTime) -> Result<u64, StoreError> {
    let codes = sqlx::query!("delete from oauth_code where expires_at < $1", before).execute(tx.conn()).await?.rows_affected();
    let renewals = sqlx::query!("delete from oauth_renewal where expires_at < $1", before).execute(tx.conn()).await?.rows_affected();
    Ok(codes + renewals)
}
