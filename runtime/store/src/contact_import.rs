//! Imported files and their reports: written once, listed, never changed.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{Digest, ImportId, PersonId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// One imported file as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its id.
    pub import: ImportId,
    /// The workspace it went into.
    pub workspace: WorkspaceId,
    /// Who imported it.
    pub person: PersonId,
    /// The file's name as given.
    pub file_name: String,
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// google_csv, outlook_csv, vcard or csv.
    pub format: String,
    /// The encoding it was read with.
    pub encoding: String,
    /// Rows or cards in the file.
    pub rows: i32,
    /// Contacts made.
    pub created: i32,
    /// Rows that added something to a contact.
    pub merged: i32,
    /// Rows that added nothing.
    pub unchanged: i32,
    /// Rows not taken.
    pub refused: i32,
    /// The whole report as JSON.
    pub report: String,
    /// When.
    pub at: OffsetDateTime,
}

/// Has what is looked up from here on planned for what the tables hold by then, until [`plan_as_usual`] or the transaction's end.
///
/// A connection keeps the plans of statements it often ran. One made while the tables were small reads them from end to end for each of fifty
/// thousand rows, which takes minutes, until PostgreSQL looks at the tables by itself. Planning takes microseconds.
pub async fn plan_anew(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query!("set local plan_cache_mode = force_custom_plan").execute(tx.conn()).await?;
    Ok(())
}

/// Has plans kept again: rows are written by it, since PostgreSQL checks each reference of each row by a statement of its own, which would be
/// planned anew for every row.
pub async fn plan_as_usual(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query!("set local plan_cache_mode = auto").execute(tx.conn()).await?;
    Ok(())
}

/// Waits until nobody else adds addresses to this workspace's contacts, and keeps it so until the transaction ends.
/// Returns whether there is such a workspace for this actor.
pub async fn lock_workspace(tx: &mut Tx, workspace: WorkspaceId) -> Result<bool, StoreError> {
    // What the other one wrote is seen by the statements after this one: each takes its snapshot anew.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('contacts ' || workspace_id::text, 0)) from workspace where workspace_id = $1",
        workspace.uuid()
    )
    .fetch_optional(tx.conn())
    .await
    .map(|row| row.is_some())
    .map_err(StoreError::from)
}

struct Raw {
    import_id: Uuid,
    workspace_id: Uuid,
    person_id: Uuid,
    file_name: String,
    file_digest: Vec<u8>,
    format: String,
    encoding: String,
    rows: i32,
    created: i32,
    merged: i32,
    unchanged: i32,
    refused: i32,
    report: String,
    at: OffsetDateTime,
}

impl TryFrom<Raw> for ImportRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            import: ImportId::from_uuid(raw.import_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            person: PersonId::from_uuid(raw.person_id),
            file_name: raw.file_name,
            file_digest: Digest::from_bytes(raw.file_digest.try_into().map_err(|_| StoreError::Corrupt { what: "contact_import.file_digest" })?),
            format: raw.format,
            encoding: raw.encoding,
            rows: raw.rows,
            created: raw.created,
            merged: raw.merged,
            unchanged: raw.unchanged,
            refused: raw.refused,
            report: raw.report,
            at: raw.at,
        })
    }
}

/// Writes an import's record.
pub async fn insert(tx: &mut Tx, row: &ImportRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into contact_import (tenant_id, import_id, workspace_id, person_id, file_name, file_digest, format, encoding, rows, created, merged, unchanged,
                                     refused, report, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        tenant,
        row.import.uuid(),
        row.workspace.uuid(),
        row.person.uuid(),
        row.file_name,
        row.file_digest.bytes().as_slice(),
        row.format,
        row.encoding,
        row.rows,
        row.created,
        row.merged,
        row.unchanged,
        row.refused,
        row.report,
        row.at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The import, if it is there and may be seen.
pub async fn find(tx: &mut Tx, import: ImportId) -> Result<Option<ImportRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select import_id, workspace_id, person_id, file_name, file_digest, format, encoding, rows, created, merged, unchanged, refused, report, at
           from contact_import where import_id = $1",
        import.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    raw.map(ImportRow::try_from).transpose()
}

/// Imports, oldest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<ImportRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select import_id, workspace_id, person_id, file_name, file_digest, format, encoding, rows, created, merged, unchanged, refused, report, at
           from contact_import where ($1::uuid is null or import_id > $1) order by import_id limit $2",
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(ImportRow::try_from).collect()
}
