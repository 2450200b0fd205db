//! Contacts that look like the same person, and one record merged into another.
//!
//! A record that was merged away is never changed again: a trigger holds it. Its notes stay on it and are listed with those of the
//! record that stands for it.

use crate::contact::PointKind;
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{ContactId, DealId, Integrity, RunId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// What two contacts have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alike {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// Name and company, or the name where neither has a company.
    Name,
}

impl Alike {
    /// The word used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Email, Self::Phone, Self::Name].into_iter().find(|one| one.name() == text).ok_or(StoreError::Corrupt { what: "contact_point.kind" })
    }
}

/// A contact that looks like an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlikeRow {
    /// The oldest of those that are alike.
    pub first: ContactId,
    /// Another of them.
    pub contact: ContactId,
    /// What the two have in common.
    pub why: Vec<Alike>,
}

/// Contacts named beside one that is older, at most. Who answers the phone for a thousand people is no thousand duplicates to look at.
const OTHERS_MAX: i32 = 20;

/// Contacts that have an address, a number, or name and company in common with an older one of their workspace, by that one.
/// A page holds whole groups: `page` counts the oldest of each.
pub async fn list_alike(tx: &mut Tx, workspace: Option<WorkspaceId>, page: &Page) -> Result<Vec<AlikeRow>, StoreError> {
    let rows = sqlx::query!(
        r#"with live as materialized (
             select contact_id, workspace_id, company_id, split_part(search, E'\n', 1) as name from contact
              where merged_into is null and ($1::uuid is null or workspace_id = $1)),
           grouped as (
             select contact_id, first_value(contact_id) over one as first, row_number() over one as place, kind as why
               from (select distinct p.workspace_id, p.kind, p.value_key, p.contact_id
                       from contact_point p join live on live.contact_id = p.contact_id where p.kind in ('email', 'phone')) as point
             window one as (partition by workspace_id, kind, value_key order by contact_id)
             union all
             select contact_id, first_value(contact_id) over one, row_number() over one, 'name'
               from live window one as (partition by workspace_id, name, company_id order by contact_id)),
           alike as materialized (
             select first, contact_id, array_agg(distinct why order by why) as why from grouped
              where place between 2 and $4 + 1 and ($2::uuid is null or first > $2) group by first, contact_id)
           select first as "first!", contact_id as "contact_id!", why as "why!" from alike
            where first in (select distinct first from alike order by first limit $3)
            order by first, contact_id"#,
        workspace.map(WorkspaceId::uuid),
        page.after_uuid(),
        page.fetch(),
        OTHERS_MAX,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let why = row.why.iter().map(|word| Alike::read(word)).collect::<Result<_, _>>()?;
            Ok(AlikeRow { first: ContactId::from_uuid(row.first), contact: ContactId::from_uuid(row.contact_id), why })
        })
        .collect()
}

/// Says of a contact that is still at `version` that another stands for it, also for what was merged into it before.
/// Fails with [`StoreError::Stale`] when it was changed or merged meanwhile.
pub async fn merge_into(tx: &mut Tx, away: ContactId, version: i32, kept: ContactId, at: OffsetDateTime) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "update contact set merged_into = $1, version = version + 1, changed_at = $2 where contact_id = $3 and version = $4 and merged_into is null",
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
    sqlx::query!("update contact set merged_into = $1 where merged_into = $2", kept.uuid(), away.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// Deals with one contact become deals with another. Their integrity only ever falls.
pub async fn move_deals(tx: &mut Tx, from: ContactId, to: ContactId, integrity: Integrity, at: OffsetDateTime) -> Result<Vec<DealId>, StoreError> {
    let moved = sqlx::query_scalar!(
        "update deal set contact_id = $1, integrity = least(integrity, $2), version = version + 1, changed_at = $3 where contact_id = $4 returning deal_id",
        to.uuid(),
        crate::contact::write_integrity(integrity),
        at,
        from.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(moved.into_iter().map(DealId::from_uuid).collect())
}

/// All records of the person that a contact is of: the one that stands for them, and all that were merged into it.
pub async fn one_person(tx: &mut Tx, contact: ContactId) -> Result<Vec<ContactId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select c.contact_id from contact c
           join (select coalesce(merged_into, contact_id) as id from contact where contact_id = $1) kept
             on c.contact_id = kept.id or c.merged_into = kept.id
          order by c.contact_id",
        contact.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(ContactId::from_uuid).collect())
}

/// Addresses and numbers of what was merged into this contact after a run began and that still stand in it. A run that goes on from
/// another one has read what that one read: it began with the first of its line.
pub async fn points_merged_since(tx: &mut Tx, into: ContactId, run: RunId) -> Result<Vec<MergedPoint>, StoreError> {
    let rows = sqlx::query!(
        "with recursive line as (
             select run_id, forked_from, parent_run_id, created_at from run where run_id = $2
             union select r.run_id, r.forked_from, r.parent_run_id, r.created_at from run r join line on r.run_id in (line.forked_from, line.parent_run_id))
         select distinct p.kind, p.value, p.value_key from contact_point p
           join contact away on away.contact_id = p.contact_id
          where away.merged_into = $1 and away.changed_at >= (select min(created_at) from line)
            and exists (select from contact_point kept where kept.contact_id = $1 and kept.kind = p.kind and kept.value_key = p.value_key)
          order by p.kind, p.value_key limit $3",
        into.uuid(),
        run.uuid(),
        i64::from(steward_core::limits::PAGE_MAX)
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok(MergedPoint { kind: PointKind::read(&row.kind)?, value: row.value, key: row.value_key })).collect()
}

/// An address or number that came with a record that was merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedPoint {
    /// Which of them.
    pub kind: PointKind,
    /// As written.
    pub value: String,
    /// Its canonical form.
    pub key: String,
}

/// Tags of what was merged into this contact after a run, or the first of its line, began.
pub async fn tags_merged_since(tx: &mut Tx, into: ContactId, run: RunId) -> Result<Vec<String>, StoreError> {
    let tags = sqlx::query_scalar!(
        r#"with recursive line as (
             select run_id, forked_from, parent_run_id, created_at from run where run_id = $2
             union select r.run_id, r.forked_from, r.parent_run_id, r.created_at from run r join line on r.run_id in (line.forked_from, line.parent_run_id))
         select distinct tag as "tag!" from contact away cross join unnest(away.tags) as tag
          where away.merged_into = $1 and away.changed_at >= (select min(created_at) from line)
          order by 1 limit $3"#,
        into.uuid(),
        run.uuid(),
        i64::from(steward_core::limits::PAGE_MAX)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(tags)
}

/// What was merged into this contact, oldest first, with when.
pub async fn list_merged(tx: &mut Tx, into: ContactId) -> Result<Vec<MergedRow>, StoreError> {
    let rows = sqlx::query!(
        "select contact_id, display_name, changed_at from contact where merged_into = $1 order by contact_id limit $2",
        into.uuid(),
        i64::from(steward_core::limits::PAGE_MAX)
    )
    .fetch_all(tx.conn())
    .await?;
    let merged = |row_id: Uuid, display_name, merged_at| MergedRow { contact: ContactId::from_uuid(row_id), display_name, merged_at };
    Ok(rows.into_iter().map(|row| merged(row.contact_id, row.display_name, row.changed_at)).collect())
}

/// A record that was merged away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedRow {
    /// Its id.
    pub contact: ContactId,
    /// Its name.
    pub display_name: String,
    /// When.
    pub merged_at: OffsetDateTime,
}
