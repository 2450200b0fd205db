//! Answers to POST requests that carried a key. Claim, effect and answer share one transaction, so a key stands for one effect or none.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Digest, PersonId};
use time::OffsetDateTime;

/// A remembered answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The digest of the request it answered.
    pub request_digest: Digest,
    /// The HTTP status; none while the answer is being made.
    pub status: Option<i16>,
    /// The JSON text.
    pub body: Option<String>,
}

/// Takes a key for this transaction. False when it is taken already.
///
/// A second request with the same key waits here until the first one's transaction ends.
pub async fn claim(tx: &mut Tx, person: PersonId, key: &str, request_digest: &Digest, at: OffsetDateTime) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let done = sqlx::query!(
        "insert into idempotency (tenant_id, person_id, key, request_digest, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
        tenant,
        person.uuid(),
        key,
        request_digest.bytes().as_slice(),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers the answer under a key claimed in this transaction.
pub async fn finish(tx: &mut Tx, person: PersonId, key: &str, status: i16, body: &str) -> Result<(), StoreError> {
    sqlx::query!("update idempotency set status = $3, body = $4 where person_id = $1 and key = $2", person.uuid(), key, status, body)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a key of this person stands for.
pub async fn find(tx: &mut Tx, person: PersonId, key: &str) -> Result<Option<Remembered>, StoreError> {
    let row = sqlx::query!("select request_digest, status, body from idempotency where person_id = $1 and key = $2", person.uuid(), key)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| {
        let digest = row.request_digest.try_into().map_err(|_| StoreError::Corrupt { what: "idempotency.request_digest" })?;
        Ok(Remembered { request_digest: Digest::from_bytes(digest), status: row.status, body: row.body })
    })
    .transpose()
}

/// Removes answers nobody will ask for again. Returns how many.
pub async fn purge(tx: &mut Tx, before: OffsetDateTime) -> Result<u64, StoreError> {
    Ok(sqlx::query!("delete from idempotency where created_at < $1", before).execute(tx.conn()).await?.rows_affected())
}
