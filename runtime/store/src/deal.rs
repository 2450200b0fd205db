//! Deals: found, listed, written, moved between stages.

use crate::contact::{read_integrity, write_integrity};
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{CompanyId, ContactId, DealId, Integrity, Money, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A deal as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealRow {
    /// Its id.
    pub deal: DealId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// What it is about.
    pub title: String,
    /// Where it stands in the pipeline.
    pub stage: String,
    /// With which company.
    pub company: Option<CompanyId>,
    /// With whom.
    pub contact: Option<ContactId>,
    /// What it is worth.
    pub amount: Option<Money>,
    /// Integrity of the text it was written from.
    pub integrity: Integrity,
    /// Grows with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub changed_at: OffsetDateTime,
}

/// What a list of deals is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct DealFilter {
    /// Only this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only this stage.
    pub stage: Option<String>,
    /// Only this company.
    pub company: Option<CompanyId>,
    /// Only this contact.
    pub contact: Option<ContactId>,
}

/// A stage of the pipeline, with what stands at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRow {
    /// What it is called.
    pub stage: String,
    /// How many deals.
    pub count: i64,
    /// What they are worth together, for each currency by itself.
    pub amounts: Vec<Money>,
}

struct Raw {
    deal_id: Uuid,
    workspace_id: Uuid,
    title: String,
    stage: String,
    company_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    amount_minor: Option<i64>,
    currency: Option<String>,
    integrity: i16,
    version: i32,
    created_at: OffsetDateTime,
    changed_at: OffsetDateTime,
}

impl TryFrom<Raw> for DealRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let amount = match (raw.amount_minor, raw.currency) {
            (Some(minor), Some(currency)) => Some(Money { minor, currency: currency.parse().map_err(|_| StoreError::Corrupt { what: "deal.currency" })? }),
            // The least of nothing and the most there can be is the most there can be.
            (_, None) => None,
            (None, Some(_)) => return Err(StoreError::Corrupt { what: "deal.amount_minor" }),
        };
        Ok(Self {
            deal: DealId::from_uuid(raw.deal_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            title: raw.title,
            stage: raw.stage,
            company: raw.company_id.map(CompanyId::from_uuid),
            contact: raw.contact_id.map(ContactId::from_uuid),
            amount,
            integrity: read_integrity(raw.integrity)?,
            version: raw.version,
            created_at: raw.created_at,
            changed_at: raw.changed_at,
        })
    }
}

/// The deal, if it is there and may be seen.
pub async fn find(tx: &mut Tx, deal: DealId) -> Result<Option<DealRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select deal_id, workspace_id, title, stage, company_id, contact_id, amount_minor, currency, integrity, version, created_at, changed_at
           from deal where deal_id = $1",
        deal.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    raw.map(DealRow::try_from).transpose()
}

/// The deal, or [`StoreError::Missing`].
pub async fn get(tx: &mut Tx, deal: DealId) -> Result<DealRow, StoreError> {
    find(tx, deal).await?.ok_or(StoreError::Missing)
}

/// Deals that match, oldest first.
pub async fn list(tx: &mut Tx, filter: &DealFilter, page: &Page) -> Result<Vec<DealRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select deal_id, workspace_id, title, stage, company_id, contact_id, amount_minor, currency, integrity, version, created_at, changed_at
           from deal
          where ($1::uuid is null or workspace_id = $1) and ($2::text is null or stage = $2)
            and ($3::uuid is null or company_id = $3) and ($4::uuid is null or contact_id = $4)
            and ($5::uuid is null or deal_id > $5)
          order by deal_id limit $6",
        filter.workspace.map(WorkspaceId::uuid),
        filter.stage,
        filter.company.map(CompanyId::uuid),
        filter.contact.map(ContactId::uuid),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(DealRow::try_from).collect()
}

/// Deals that match, newest first; the page after one holds what is older.
pub async fn list_newest(tx: &mut Tx, filter: &DealFilter, page: &Page) -> Result<Vec<DealRow>, StoreError> {
    let raw = sqlx::query_as!(
        Raw,
        "select deal_id, workspace_id, title, stage, company_id, contact_id, amount_minor, currency, integrity, version, created_at, changed_at
           from deal
          where ($1::uuid is null or workspace_id = $1) and ($2::text is null or stage = $2)
            and ($3::uuid is null or company_id = $3) and ($4::uuid is null or contact_id = $4)
            and ($5::uuid is null or deal_id < $5)
          order by deal_id desc limit $6",
        filter.workspace.map(WorkspaceId::uuid),
        filter.stage,
        filter.company.map(CompanyId::uuid),
        filter.contact.map(ContactId::uuid),
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    raw.into_iter().map(DealRow::try_from).collect()
}

/// Stages that deals stand at, in the order of their names: the `most` of them with the most deals.
pub async fn list_stages(tx: &mut Tx, workspace: Option<WorkspaceId>, most: i64) -> Result<Vec<StageRow>, StoreError> {
    // Together they may be worth more than fits: then it is as much as fits.
    let rows = sqlx::query!(
        r#"select stage as "stage!", currency, count(*) as "count!", least(sum(amount_minor), 9223372036854775807)::bigint as minor
             from deal
            where ($1::uuid is null or workspace_id = $1)
              and stage in (select stage from deal where ($1::uuid is null or workspace_id = $1) group by stage order by count(*) desc, stage limit $2)
            group by stage, currency order by stage, currency"#,
        workspace.map(WorkspaceId::uuid),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut stages: Vec<StageRow> = Vec::new();
    for row in rows {
        let amount = match (row.minor, row.currency) {
            (Some(minor), Some(currency)) => Some(Money { minor, currency: currency.parse().map_err(|_| StoreError::Corrupt { what: "deal.currency" })? }),
            // The least of nothing and the most there can be is the most there can be.
            (_, None) => None,
            (None, Some(_)) => return Err(StoreError::Corrupt { what: "deal.amount_minor" }),
        };
        match stages.last_mut() {
            Some(last) if last.stage == row.stage => {
                last.count += row.count;
                last.amounts.extend(amount);
            }
            Some(_) | None => stages.push(StageRow { stage: row.stage, count: row.count, amounts: amount.into_iter().collect() }),
        }
    }
    Ok(stages)
}

/// Writes a new deal. `version` and the times of the row are not read from it.
pub async fn insert(tx: &mut Tx, row: &DealRow, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into deal (tenant_id, deal_id, workspace_id, title, stage, company_id, contact_id, amount_minor, currency, integrity, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        tenant,
        row.deal.uuid(),
        row.workspace.uuid(),
        row.title,
        row.stage,
        row.company.map(CompanyId::uuid),
        row.contact.map(ContactId::uuid),
        row.amount.map(|amount| amount.minor),
        row.amount.map(|amount| amount.currency.to_string()),
        write_integrity(row.integrity),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces the fields of a deal that still has the version given, and counts the version up. The integrity only ever falls.
pub async fn update(tx: &mut Tx, row: &DealRow, at: OffsetDateTime) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "update deal set title = $1, stage = $2, company_id = $3, contact_id = $4, amount_minor = $5, currency = $6, integrity = least(integrity, $7),
                version = version + 1, changed_at = $8
          where deal_id = $9 and version = $10",
        row.title,
        row.stage,
        row.company.map(CompanyId::uuid),
        row.contact.map(ContactId::uuid),
        row.amount.map(|amount| amount.minor),
        row.amount.map(|amount| amount.currency.to_string()),
        write_integrity(row.integrity),
        at,
        row.deal.uuid(),
        row.version,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
