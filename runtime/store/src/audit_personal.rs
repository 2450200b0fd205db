//! Sealed personal details of audit entries and the keys they are sealed with. Nothing here seals or opens.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::AuditId;
use time::OffsetDateTime;

/// A subject's key as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The wrapped key; none once it was erased.
    pub wrapped: Option<Vec<u8>>,
    /// When it was erased.
    pub erased_at: Option<OffsetDateTime>,
}

/// Sealed details with the key they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Whose entry.
    pub audit_id: AuditId,
    /// Whom they are about.
    pub subject: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// The key.
    pub key: KeyRow,
}

/// The key of a subject, if it ever had one.
pub async fn find_key(tx: &mut Tx, subject: &str) -> Result<Option<KeyRow>, StoreError> {
    Ok(sqlx::query_as!(KeyRow, "select wrapped, erased_at from personal_key where subject = $1", subject).fetch_optional(tx.conn()).await?)
}

/// Keeps a key for a subject that has none, wrapped with the data key of this name. Somebody else's stays.
pub async fn insert_key(tx: &mut Tx, subject: &str, wrapped: &[u8], data_key: &str, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into personal_key (tenant_id, subject, wrapped, data_key, made_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
        tenant,
        subject,
        wrapped,
        data_key,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Erases a subject's key. False when it has none any more.
pub async fn erase_key(tx: &mut Tx, subject: &str, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!("update personal_key set wrapped = null, erased_at = $2 where subject = $1 and wrapped is not null", subject, at)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the sealed details of an entry written in this transaction.
pub async fn insert(tx: &mut Tx, audit_id: AuditId, subject: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!("insert into audit_personal (tenant_id, audit_id, subject, sealed) values ($1, $2, $3, $4)", tenant, audit_id.uuid(), subject, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The sealed details of these entries, in no order; most entries have none.
pub async fn of_entries(tx: &mut Tx, entries: &[AuditId]) -> Result<Vec<SealedRow>, StoreError> {
    let entries: Vec<uuid::Uuid> = entries.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "select audit_id, subject, sealed, wrapped, erased_at from audit_personal join personal_key using (tenant_id, subject) where audit_id = any ($1)",
        &entries
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SealedRow {
            audit_id: AuditId::from_uuid(row.audit_id),
            subject: row.subject,
            sealed: row.sealed,
            key: KeyRow { wrapped: row.wrapped, erased_at: row.erased_at },
        })
        .collect())
}
