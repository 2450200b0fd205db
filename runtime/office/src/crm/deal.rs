//! Deals: made, listed, moved between stages.

use super::Slice;
use super::contact::check_company;
use super::error::CrmError;
use super::fields::{self, NAME_CHARS_MAX};
use crate::{Office, audit};
use serde::{Deserialize, Serialize};
use steward_core::{CompanyId, ContactId, DealId, Integrity, Money, WorkspaceId};
use steward_store::deal::{self as store, DealFilter, DealRow, StageRow};
use steward_store::{Page, Tx};
use time::OffsetDateTime;

/// A deal, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deal {
    /// Its id.
    pub deal_id: DealId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// What it is about.
    pub title: String,
    /// Where it stands in the pipeline.
    pub stage: String,
    /// With which company.
    pub company_id: Option<CompanyId>,
    /// With whom.
    pub contact_id: Option<ContactId>,
    /// What it is worth.
    pub amount: Option<Money>,
    /// Lowest integrity of the texts it was written from.
    pub integrity: Integrity,
    /// Grows with every change; a change names the version it was made for.
    pub version: i32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
}

/// What a new deal is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewDeal {
    /// What it is about.
    pub title: String,
    /// Where it stands in the pipeline.
    pub stage: String,
    /// With which company, of the same workspace.
    pub company_id: Option<CompanyId>,
    /// With whom, of the same workspace.
    pub contact_id: Option<ContactId>,
    /// What it is worth; not negative.
    pub amount: Option<Money>,
}

/// A change of a deal: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DealPatch {
    /// What it is about.
    pub title: Option<String>,
    /// Where it stands in the pipeline.
    pub stage: Option<String>,
    /// With which company, of the same workspace.
    pub company_id: Option<CompanyId>,
    /// With whom, of the same workspace.
    pub contact_id: Option<ContactId>,
    /// What it is worth; not negative; cannot be cleared by this field, see `no_amount`.
    pub amount: Option<Money>,
    /// Takes the amount away.
    pub no_amount: bool,
}

/// The most stages that are told of at once.
pub const STAGES_MAX: usize = 100;

/// Stages that deals stand at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stages {
    /// Each with what stands at it.
    pub items: Vec<StageRow>,
    /// Whether there are more stages than these.
    pub is_cut: bool,
}

/// Deals that match, oldest first.
pub async fn list_deals(tx: &mut Tx, filter: &DealFilter, page: &Page) -> Result<Slice<Deal>, CrmError> {
    let (rows, next) = page.cut(store::list(tx, filter, page).await?, |row| row.deal.uuid());
    Ok(Slice { items: rows.into_iter().map(deal_of).collect(), next })
}

/// Deals that match, newest first.
pub async fn list_deals_newest(tx: &mut Tx, filter: &DealFilter, page: &Page) -> Result<Slice<Deal>, CrmError> {
    let (rows, next) = page.cut(store::list_newest(tx, filter, page).await?, |row| row.deal.uuid());
    Ok(Slice { items: rows.into_iter().map(deal_of).collect(), next })
}

/// Stages that deals stand at, in the order of their names, with what stands at each; of more than [`STAGES_MAX`] those with the most deals.
pub async fn list_stages(tx: &mut Tx, workspace: Option<WorkspaceId>) -> Result<Stages, CrmError> {
    let most = i64::try_from(STAGES_MAX).unwrap_or(i64::MAX);
    let items = store::list_stages(tx, workspace, most).await?;
    // Only who has as many as fit may have more.
    let is_cut = items.len() == STAGES_MAX && store::list_stages(tx, workspace, most.saturating_add(1)).await?.len() > STAGES_MAX;
    Ok(Stages { items, is_cut })
}

/// One deal.
pub async fn get_deal(tx: &mut Tx, deal: DealId) -> Result<Deal, CrmError> {
    store::find(tx, deal).await?.map(deal_of).ok_or(CrmError::NoDeal(deal))
}

/// Makes a deal.
pub async fn create_deal(tx: &mut Tx, office: &Office, workspace: WorkspaceId, new: &NewDeal, integrity: Integrity) -> Result<Deal, CrmError> {
    let at = office.clock.now();
    let row = DealRow {
        deal: office.ids.make(),
        workspace,
        title: fields::needed("title", &new.title, NAME_CHARS_MAX)?,
        stage: fields::stage(&new.stage)?,
        company: new.company_id,
        contact: new.contact_id,
        amount: new.amount,
        integrity,
        version: 1,
        created_at: at,
        changed_at: at,
    };
    super::contact::lock(tx, workspace).await?;
    check(tx, &row).await?;
    store::insert(tx, &row, at).await?;
    let optional = [("company_id", row.company.is_some()), ("contact_id", row.contact.is_some()), ("amount", row.amount.is_some())];
    let fields = ["title", "stage"].into_iter().chain(optional.into_iter().filter(|(_, there)| *there).map(|(name, _)| name)).collect();
    written(tx, office, "deal.create", &row, fields, integrity).await?;
    get_deal(tx, row.deal).await
}

/// Changes a deal that is still at `version`. A change that changes nothing writes nothing.
pub async fn update_deal(tx: &mut Tx, office: &Office, deal: DealId, version: i32, patch: &DealPatch, integrity: Integrity) -> Result<Deal, CrmError> {
    let before = store::find(tx, deal).await?.ok_or(CrmError::NoDeal(deal))?;
    // As a merge does: the contact that a deal is moved to is not merged away meanwhile.
    super::contact::lock(tx, before.workspace).await?;
    let before = store::find(tx, deal).await?.ok_or(CrmError::NoDeal(deal))?;
    if before.version != version {
        return Err(CrmError::Stale { object: deal.to_string(), given: version, now: before.version });
    }
    let mut row = before.clone();
    if let Some(text) = &patch.title {
        row.title = fields::needed("title", text, NAME_CHARS_MAX)?;
    }
    if let Some(text) = &patch.stage {
        row.stage = fields::stage(text)?;
    }
    row.company = patch.company_id.or(row.company);
    row.contact = patch.contact_id.or(row.contact);
    match (patch.amount, patch.no_amount) {
        (Some(_), true) => return Err(CrmError::field("no_amount", "contradicts `amount`; give one of them")),
        (Some(amount), false) => row.amount = Some(amount),
        (None, true) => row.amount = None,
        (None, false) => {}
    }
    let changed: Vec<&str> = [
        ("title", row.title != before.title),
        ("stage", row.stage != before.stage),
        ("company_id", row.company != before.company),
        ("contact_id", row.contact != before.contact),
        ("amount", row.amount != before.amount),
    ]
    .into_iter()
    .filter(|(_, changed)| *changed)
    .map(|(name, _)| name)
    .collect();
    if changed.is_empty() {
        return Ok(deal_of(before));
    }
    check(tx, &row).await?;
    row.integrity = row.integrity.min(integrity);
    store::update(tx, &row, office.clock.now()).await?;
    written(tx, office, "deal.update", &row, changed, integrity).await?;
    get_deal(tx, deal).await
}

async fn check(tx: &mut Tx, row: &DealRow) -> Result<(), CrmError> {
    if row.amount.is_some_and(|amount| amount.minor < 0) {
        return Err(CrmError::field("amount", "is negative; a deal is worth nothing or more"));
    }
    check_company(tx, row.workspace, row.company).await?;
    let Some(contact) = row.contact else { return Ok(()) };
    match steward_store::contact::find(tx, contact).await? {
        Some(found) if found.workspace == row.workspace => super::contact::not_merged(&found),
        Some(_) | None => Err(CrmError::NoContact(contact)),
    }
}

async fn written(tx: &mut Tx, office: &Office, action: &str, row: &DealRow, fields: Vec<&str>, integrity: Integrity) -> Result<(), CrmError> {
    let detail = serde_json::json!({ "workspace": row.workspace, "fields": fields, "integrity": integrity, "version": row.version });
    let entry = audit::Entry { action, object: row.deal.to_string(), outcome: "done", detail, request_id: None };
    Ok(audit::record(tx, office, entry).await?)
}

fn deal_of(row: DealRow) -> Deal {
    Deal {
        deal_id: row.deal,
        workspace_id: row.workspace,
        title: row.title,
        stage: row.stage,
        company_id: row.company,
        contact_id: row.contact,
        amount: row.amount,
        integrity: row.integrity,
        version: row.version,
        created_at: row.created_at,
        changed_at: row.changed_at,
    }
}
