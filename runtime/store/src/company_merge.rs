//! Companies that look like the same one, and one entry merged into another.
//!
//! An entry that was merged away is never changed again: a trigger holds it. Its notes stay on it and are listed with those of the
//! company that stands for it.

use crate::contact::write_integrity;
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{CompanyId, ContactId, DealId, Integrity, WorkspaceId};
use time::OffsetDateTime;

/// What two companies have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlikeCompany {
    /// The name, but for its legal form.
    Name,
    /// The host of their web addresses.
    Website,
}

impl AlikeCompany {
    /// The word used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Website => "website",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Name, Self::Website].into_iter().find(|one| one.name() == text).ok_or(StoreError::Corrupt { what: "company.alike" })
    }
}

/// A company that looks like an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlikeCompanyRow {
    /// The oldest of those that are alike.
    pub first: CompanyId,
    /// Another of them.
    pub company: CompanyId,
    /// What the two have in common.
    pub why: Vec<AlikeCompany>,
}

/// Companies named beside one that is older, at most. A thousand shops at one marketplace's address are no thousand duplicates to look at.
const OTHERS_MAX: i32 = 20;

/// Legal forms at the end of a folded name, as people leave them out.
const LEGAL_FORMS: &str = r"(\s+(&|and|und|co|corp|corporation|company|inc|incorporated|ltd|limited|llc|llp|lp|plc|pty|pvt|gmbh|mbh|ag|kg|kgaa|ohg|ug|ev|se|sa|sas|sarl|sl|slu|srl|spa|bv|nv|ab|as|oy|aps|kft|sro|zrt|doo|ooo))+$";

/// Companies that have the host of their web address, or the name but for its legal form, in common with an older one of their workspace,
/// by that one. A page holds whole groups: `page` counts the oldest of each.
pub async fn list_alike(tx: &mut Tx, workspace: Option<WorkspaceId>, page: &Page) -> Result<Vec<AlikeCompanyRow>, StoreError> {
    let rows = sqlx::query!(
        r#"with live as materialized (
             select company_id, workspace_id, substring(lower(website) from '^[a-z]+://(?:www\.)?([^/:?#]+)') as host, regexp_replace(name_key, $5, '') as name
               from company where merged_into is null and ($1::uuid is null or workspace_id = $1)),
           grouped as (
             select company_id, first_value(company_id) over one as first, row_number() over one as place, 'website' as why
               from live where host is not null window one as (partition by workspace_id, host order by company_id)
             union all
             select company_id, first_value(company_id) over one, row_number() over one, 'name'
               from live window one as (partition by workspace_id, name order by company_id)),
           alike as materialized (
             select first, company_id, array_agg(distinct why order by why) as why from grouped
              where place between 2 and $4 + 1 and ($2::uuid is null or first > $2) group by first, company_id)
           select first as "first!", company_id as "company_id!", why as "why!" from alike
            where first in (select distinct first from alike order by first limit $3)
            order by first, company_id"#,
        workspace.map(WorkspaceId::uuid),
        page.after_uuid(),
        page.fetch(),
        OTHERS_MAX,
        LEGAL_FORMS,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let why = row.why.iter().map(|word| AlikeCompany::read(word)).collect::<Result<_, _>>()?;
            Ok(AlikeCompanyRow { first: CompanyId::from_uuid(row.first), company: CompanyId::from_uuid(row.company_id), why })
        })
        .collect()
}

/// Says of a company that is still at `version` that another stands for it, also for what was merged into it before.
/// Fails with [`StoreError::Stale`] when it was changed or merged meanwhile.
pub async fn merge_into(tx: &mut Tx, away: CompanyId, version: i32, kept: CompanyId, at: OffsetDateTime) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "update company set merged_into = $1, version = version + 1, changed_at = $2 where company_id = $3 and version = $4 and merged_into is null",
        kept.uuid(),
        at,
        away.uuid(),
        version
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Err(StoreError::Stale);
    }
    sqlx::query!("update company set merged_into = $1 where merged_into = $2", kept.uuid(), away.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// People of one company become people of another. Their integrity only ever falls; what was merged away stays as it was.
pub async fn move_contacts(tx: &mut Tx, from: CompanyId, to: CompanyId, integrity: Integrity, at: OffsetDateTime) -> Result<Vec<ContactId>, StoreError> {
    let moved = sqlx::query_scalar!(
        "update contact set company_id = $1, integrity = least(integrity, $2), version = version + 1, changed_at = $3
          where company_id = $4 and merged_into is null returning contact_id",
        to.uuid(),
        write_integrity(integrity),
        at,
        from.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(moved.into_iter().map(ContactId::from_uuid).collect())
}

/// Deals with one company become deals with another. Their integrity only ever falls.
pub async fn move_deals(tx: &mut Tx, from: CompanyId, to: CompanyId, integrity: Integrity, at: OffsetDateTime) -> Result<Vec<DealId>, StoreError> {
    let moved = sqlx::query_scalar!(
        "update deal set company_id = $1, integrity = least(integrity, $2), version = version + 1, changed_at = $3 where company_id = $4 returning deal_id",
        to.uuid(),
        write_integrity(integrity),
        at,
        from.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(moved.into_iter().map(DealId::from_uuid).collect())
}

/// An entry that was merged away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedCompanyRow {
    /// Its id.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// When.
    pub merged_at: OffsetDateTime,
}

/// What was merged into this company, oldest first, with when.
pub async fn list_merged(tx: &mut Tx, into: CompanyId) -> Result<Vec<MergedCompanyRow>, StoreError> {
    let rows = sqlx::query!(
        "select company_id, name, changed_at from company where merged_into = $1 order by company_id limit $2",
        into.uuid(),
        i64::from(steward_core::limits::PAGE_MAX)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| MergedCompanyRow { company: CompanyId::from_uuid(row.company_id), name: row.name, merged_at: row.changed_at }).collect())
}
