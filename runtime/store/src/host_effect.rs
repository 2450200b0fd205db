//! What a plugin asked the host to change, with the answer, written in the transaction of the change.
//! A repeated call finds the answer here and changes nothing.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Digest, RunId, WorkspaceId};
use time::OffsetDateTime;

/// An answered effect as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectRow {
    /// The run.
    pub run: RunId,
    /// The call's idempotency key.
    pub key: String,
    /// Which of the call's effects, from 0.
    pub ordinal: i32,
    /// The workspace it happened in.
    pub workspace: WorkspaceId,
    /// Digest of what was asked.
    pub request_digest: Digest,
    /// What was answered, as JSON.
    pub answer: String,
    /// When.
    pub at: OffsetDateTime,
}

/// The answer given before, if this effect was asked for before.
pub async fn find(tx: &mut Tx, run: RunId, key: &str, ordinal: i32) -> Result<Option<EffectRow>, StoreError> {
    let row = sqlx::query!(
        "select workspace_id, request_digest, answer, at from host_effect where run_id = $1 and key = $2 and ordinal = $3",
        run.uuid(),
        key,
        ordinal
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(EffectRow {
            run,
            key: key.to_owned(),
            ordinal,
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            request_digest: Digest::from_bytes(row.request_digest.try_into().map_err(|_| StoreError::Corrupt { what: "host_effect.request_digest" })?),
            answer: row.answer,
            at: row.at,
        })
    })
    .transpose()
}

/// Writes an effect's answer. [`StoreError::Conflict`] when another transaction wrote it first.
pub async fn insert(tx: &mut Tx, row: &EffectRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into host_effect (tenant_id, run_id, key, ordinal, workspace_id, request_digest, answer, at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        row.run.uuid(),
        row.key,
        row.ordinal,
        row.workspace.uuid(),
        row.request_digest.bytes().as_slice(),
        row.answer,
        row.at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
