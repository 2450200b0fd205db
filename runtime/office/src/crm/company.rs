//! Companies: made, found, changed, and two entries of one merged.

mod merge;

pub use merge::{CompanyAlikeTo, CompanyChoice, CompanyGroup, CompanyMerge, find_alike_companies, merge_companies, merged_companies};

use super::Slice;
use super::contact::lock;
use super::error::CrmError;
use super::fields::{self, NAME_CHARS_MAX};
use super::text::{company_key, fold, search_patterns};
use crate::{Office, audit};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use steward_core::{CompanyId, Integrity, WorkspaceId};
use steward_store::company::{self as store, CompanyRow};
use steward_store::{Page, Tx};
use time::OffsetDateTime;

/// A company, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its id.
    pub company_id: CompanyId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its web address.
    pub website: Option<String>,
    /// The company that stands for this one since they were merged; this one stays as it was.
    #[serde(default)]
    pub merged_into: Option<CompanyId>,
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

/// What a new company is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewCompany {
    /// Its name.
    pub name: String,
    /// Its web address.
    pub website: Option<String>,
}

/// A change of a company: what is absent stays, an empty text clears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompanyPatch {
    /// Its name; cannot be cleared.
    pub name: Option<String>,
    /// Its web address.
    pub website: Option<String>,
}

/// What to look for: words that must appear in the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyQuery {
    /// Words to look for; empty finds all.
    pub text: String,
    /// Only this workspace; none looks through all that the actor sees.
    pub workspace: Option<WorkspaceId>,
}

/// Companies that match, by name.
pub async fn find_companies(tx: &mut Tx, query: &CompanyQuery, page: &Page) -> Result<Slice<Company>, CrmError> {
    // The stored key has no points and commas, so the words looked for have none either.
    let words = search_patterns(&company_key(&query.text));
    let (rows, next) = page.cut(store::list(tx, &words, query.workspace, page).await?, |row| row.company.uuid());
    Ok(Slice { items: rows.into_iter().map(company_of).collect(), next })
}

/// One company.
pub async fn get_company(tx: &mut Tx, company: CompanyId) -> Result<Company, CrmError> {
    store::find(tx, company).await?.map(company_of).ok_or(CrmError::NoCompany(company))
}

/// What these companies are called, as far as they are there and may be seen.
pub async fn company_names(tx: &mut Tx, companies: &[CompanyId]) -> Result<HashMap<CompanyId, String>, CrmError> {
    if companies.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::find_many(tx, companies).await?.into_iter().map(|row| (row.company, row.name)).collect())
}

/// Makes a company. A name that another company of the workspace has is refused with that company's id.
pub async fn create_company(tx: &mut Tx, office: &Office, workspace: WorkspaceId, new: &NewCompany, integrity: Integrity) -> Result<Company, CrmError> {
    let name = fields::needed("name", &new.name, NAME_CHARS_MAX)?;
    let website = fields::website("website", new.website.as_deref().unwrap_or_default())?;
    let at = office.clock.now();
    let name_key = company_key(&name);
    let row =
        CompanyRow { company: office.ids.make(), workspace, name, name_key, website, merged_into: None, integrity, version: 1, created_at: at, changed_at: at };
    lock(tx, workspace).await?;
    check_name(tx, &row).await?;
    store::insert_many(tx, workspace, std::slice::from_ref(&row), at).await?;
    let fields = if row.website.is_some() { vec!["name", "website"] } else { vec!["name"] };
    written(tx, office, "company.create", &row, fields, integrity).await?;
    get_company(tx, row.company).await
}

/// Changes a company that is still at `version`. A change that changes nothing writes nothing.
pub async fn update_company(
    tx: &mut Tx,
    office: &Office,
    company: CompanyId,
    version: i32,
    patch: &CompanyPatch,
    integrity: Integrity,
) -> Result<Company, CrmError> {
    let seen = store::find(tx, company).await?.ok_or(CrmError::NoCompany(company))?;
    lock(tx, seen.workspace).await?;
    // Read again under the lock: the wait may have been for somebody who changed it.
    let before = current(tx, company, version).await?;
    let mut row = before.clone();
    if let Some(text) = &patch.name {
        row.name = fields::needed("name", text, NAME_CHARS_MAX)?;
        row.name_key = company_key(&row.name);
    }
    if let Some(text) = &patch.website {
        row.website = fields::website("website", text)?;
    }
    let changed: Vec<&str> = [("name", row.name != before.name), ("website", row.website != before.website)]
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(name, _)| name)
        .collect();
    if changed.is_empty() {
        return Ok(company_of(before));
    }
    if row.name_key != before.name_key {
        check_name(tx, &row).await?;
    }
    row.integrity = row.integrity.min(integrity);
    store::update_many(tx, std::slice::from_ref(&row), office.clock.now()).await?;
    written(tx, office, "company.update", &row, changed, integrity).await?;
    get_company(tx, company).await
}

/// A company that stands for itself and is still at `version`.
async fn current(tx: &mut Tx, company: CompanyId, version: i32) -> Result<CompanyRow, CrmError> {
    let row = store::find(tx, company).await?.ok_or(CrmError::NoCompany(company))?;
    not_merged(&row)?;
    if row.version == version { Ok(row) } else { Err(CrmError::Stale { object: company.to_string(), given: version, now: row.version }) }
}

/// Refuses what was merged into another company, and names that one.
pub(super) fn not_merged(row: &CompanyRow) -> Result<(), CrmError> {
    row.merged_into.map_or(Ok(()), |into| Err(CrmError::CompanyMerged { company: row.company, into }))
}

async fn check_name(tx: &mut Tx, row: &CompanyRow) -> Result<(), CrmError> {
    if fold(&row.name).is_empty() {
        return Err(CrmError::field("name", "holds no letter that shows; give it a text"));
    }
    let found = store::find_by_keys(tx, row.workspace, std::slice::from_ref(&row.name_key)).await?;
    let Some((_, company)) = found.into_iter().next().filter(|(_, company)| *company != row.company) else { return Ok(()) };
    // One that only stands for an entry of this name has another name itself: a name that was merged away can be a company again, as a merge
    // cannot be taken back.
    let has_name = store::find(tx, company).await?.is_some_and(|standing| standing.name_key == row.name_key);
    if has_name { Err(CrmError::NameTaken { name: row.name.clone(), company }) } else { Ok(()) }
}

async fn written(tx: &mut Tx, office: &Office, action: &str, row: &CompanyRow, fields: Vec<&str>, integrity: Integrity) -> Result<(), CrmError> {
    let detail = serde_json::json!({ "workspace": row.workspace, "fields": fields, "integrity": integrity, "version": row.version });
    let entry = audit::Entry { action, object: row.company.to_string(), outcome: "done", detail, request_id: None };
    Ok(audit::record(tx, office, entry).await?)
}

fn company_of(row: CompanyRow) -> Company {
    Company {
        company_id: row.company,
        workspace_id: row.workspace,
        name: row.name,
        website: row.website,
        merged_into: row.merged_into,
        integrity: row.integrity,
        version: row.version,
        created_at: row.created_at,
        changed_at: row.changed_at,
    }
}
