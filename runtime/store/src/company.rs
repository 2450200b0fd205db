//! Companies: found, listed, written one by one or in bulk.

use crate::contact::{read_integrity, write_integrity};
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{CompanyId, Integrity, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A company as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyRow {
    /// Its id.
    pub company: CompanyId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// As written.
    pub name: String,
    /// Folded, as duplicates are found by.
    pub name_key: String,
    /// Its web address.
    pub website: Option<String>,
    /// The company that stands for this one since they were merged.
    pub merged_into: Option<CompanyId>,
    /// Integrity of the text it was written from.
    pub integrity: Integrity,
    /// Grows with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub changed_at: OffsetDateTime,
}

struct Raw {
    company_id: Uuid,
    workspace_id: Uuid,
    name: String,
    name_key: String,
    website: Option<String>,
    merged_into: Option<Uuid>,
    integrity: i16,
    version: i32,
    created_at: OffsetDateTime,
    changed_at: OffsetDateTime,
}

impl TryFrom<Raw> for CompanyRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            company: CompanyId::from_uuid(raw.company_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            name: raw.name,
            name_key: raw.name_key,
            website: raw.website,
            merged_into: raw.merged_into.map(CompanyId::from_uuid),
            integrity: read_integrity(raw.integrity)?,
            version: raw.version,
            created_at: raw.created_at,
            changed_at: raw.changed_at,
        })
    }
}

/// The company, if it is there and may be seen.
pub async fn find(tx: &mut Tx, company: CompanyId) -> Result<Option<CompanyRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select company_id, workspace_id, name, name_key, website, merged_into, integrity, version, created_at, changed_at from company where company_id = $1",
        company.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    raw.map(CompanyRow::try_from).transpose()
}

/// These companies, as far as they are there and may be seen.
pub async fn find_many(tx: &mut Tx, companies: &[CompanyId]) -> Result<Vec<CompanyRow>, StoreError> {
    let ids: Vec<Uuid> = companies.iter().map(|id| id.uuid()).collect();
    let raw = sqlx::query_as!(
        Raw,
        "select company_id, workspace_id, name, name_key, website, merged_into, integrity, version, created_at, changed_at
           from company where company_id = any ($1) order by company_id",
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(CompanyRow::try_from).collect()
}

/// The company, or [`StoreError::Missing`].
pub async fn get(tx: &mut Tx, company: CompanyId) -> Result<CompanyRow, StoreError> {
    find(tx, company).await?.ok_or(StoreError::Missing)
}

/// Companies whose folded name matches every `like` pattern, by folded name. What was merged away is in no list.
pub async fn list(tx: &mut Tx, patterns: &[String], workspace: Option<WorkspaceId>, page: &Page) -> Result<Vec<CompanyRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select company_id, workspace_id, name, name_key, website, merged_into, integrity, version, created_at, changed_at
           from company
          where merged_into is null and ($1::uuid is null or workspace_id = $1)
            and (cardinality($2::text[]) = 0 or name_key like all ($2))
            and ($3::uuid is null or (name_key, company_id) > (select seen.name_key, seen.company_id from company seen where seen.company_id = $3))
          order by name_key, company_id
          limit $4",
        workspace.map(WorkspaceId::uuid),
        patterns,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(CompanyRow::try_from).collect()
}

/// The oldest company of the workspace for each of these folded names; for one that was merged away the one that stands for it.
pub async fn find_by_keys(tx: &mut Tx, workspace: WorkspaceId, keys: &[String]) -> Result<Vec<(String, CompanyId)>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct on (name_key) name_key, coalesce(merged_into, company_id) as "company_id!" from company
            where workspace_id = $1 and name_key = any ($2) order by name_key, (merged_into is not null), company_id"#,
        workspace.uuid(),
        keys
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.name_key, CompanyId::from_uuid(row.company_id))).collect())
}

/// Web addresses of the workspace's companies at one of these hosts, each with its company; with one that was merged away the one that stands for
/// it. Those of companies that stand for themselves come first, then the oldest.
///
/// All hosts are asked for at once: each call reads the whole workspace.
pub async fn find_by_hosts(tx: &mut Tx, workspace: WorkspaceId, hosts: &[String]) -> Result<Vec<(String, CompanyId)>, StoreError> {
    let rows = sqlx::query!(
        r#"select website as "website!", coalesce(merged_into, company_id) as "company_id!" from company
            where workspace_id = $1 and substring(lower(website) from '^[a-z]+://(?:www\.)?([^/:?#]+)') = any ($2)
            order by (merged_into is not null), company_id"#,
        workspace.uuid(),
        hosts
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.website, CompanyId::from_uuid(row.company_id))).collect())
}

/// Writes new companies of one workspace, each standing for itself. `version` and the times of a row are not read from it.
pub async fn insert_many(tx: &mut Tx, workspace: WorkspaceId, rows: &[CompanyRow], at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let company: Vec<Uuid> = rows.iter().map(|row| row.company.uuid()).collect();
    let name: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let name_key: Vec<&str> = rows.iter().map(|row| row.name_key.as_str()).collect();
    let website: Vec<Option<&str>> = rows.iter().map(|row| row.website.as_deref()).collect();
    let integrity: Vec<i16> = rows.iter().map(|row| write_integrity(row.integrity)).collect();
    sqlx::query!(
        "insert into company (tenant_id, company_id, workspace_id, name, name_key, website, integrity, created_at, changed_at)
         select $1, n.company_id, $2, n.name, n.name_key, n.website, n.integrity, $3, $3
           from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::smallint[]) as n (company_id, name, name_key, website, integrity)",
        tenant,
        workspace.uuid(),
        at,
        &company,
        &name as _,
        &name_key as _,
        &website as _,
        &integrity,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces the fields of companies that still have the version given, and counts the version up. The integrity only ever falls.
/// Fails as a whole with [`StoreError::Stale`] when one was changed meanwhile.
pub async fn update_many(tx: &mut Tx, rows: &[CompanyRow], at: OffsetDateTime) -> Result<(), StoreError> {
    let company: Vec<Uuid> = rows.iter().map(|row| row.company.uuid()).collect();
    let name: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let name_key: Vec<&str> = rows.iter().map(|row| row.name_key.as_str()).collect();
    let website: Vec<Option<&str>> = rows.iter().map(|row| row.website.as_deref()).collect();
    let integrity: Vec<i16> = rows.iter().map(|row| write_integrity(row.integrity)).collect();
    let version: Vec<i32> = rows.iter().map(|row| row.version).collect();
    let done = sqlx::query!(
        "update company as c
            set name = n.name, name_key = n.name_key, website = n.website, integrity = least(c.integrity, n.integrity), version = c.version + 1, changed_at = $1
           from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::integer[])
             as n (company_id, name, name_key, website, integrity, version)
          where c.company_id = n.company_id and c.version = n.version",
        at,
        &company,
        &name as _,
        &name_key as _,
        &website as _,
        &integrity,
        &version,
    )
    .execute(tx.conn())
    .await?;
    if usize::try_from(done.rows_affected()) == Ok(rows.len()) { Ok(()) } else { Err(StoreError::Stale) }
}
