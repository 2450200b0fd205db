//! Two entries of one company: found, and made one.
//!
//! Nothing is lost: people, deals and notes go along, and the other entry stays as it was and says which one stands for it. Text from
//! outside stays text from outside: the integrity of what is kept is the lowest of both.

use super::{Company, CompanyRow, company_of, current, lock};
use crate::audit::seal::Subject;
use crate::crm::contact::value_of;
use crate::crm::{CrmError, Side, Slice, get_company};
use crate::{Office, audit};
use std::collections::{BTreeSet, HashMap};
use steward_core::{CompanyId, Integrity, WorkspaceId};
use steward_store::company as store;
use steward_store::company_merge::{self, AlikeCompany, AlikeCompanyRow, MergedCompanyRow};
use steward_store::{Page, Tx};

/// A company that looks like an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyAlikeTo {
    /// It.
    pub company: Company,
    /// What the two have in common.
    pub why: Vec<AlikeCompany>,
}

/// Entries that look like one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyGroup {
    /// The oldest of them.
    pub company: Company,
    /// The others, oldest first.
    pub others: Vec<CompanyAlikeTo>,
}

/// Whose value each field has afterwards. Where nothing is said it is the one of the company that stays, or where that has none, the other's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompanyChoice {
    /// The name.
    pub name: Option<Side>,
    /// The web address.
    pub website: Option<Side>,
}

/// What is merged, as it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompanyMerge {
    /// The version of the company that stays.
    pub version: i32,
    /// The company that is merged away, of the same workspace.
    pub other: CompanyId,
    /// Its version.
    pub other_version: i32,
    /// Whose values are kept.
    pub choice: CompanyChoice,
}

/// Companies that have the host of their web address, or the name but for its legal form, in common with an older one of their workspace.
/// That two are alike is a reason to look, never a reason to merge.
pub async fn find_alike_companies(tx: &mut Tx, workspace: Option<WorkspaceId>, page: &Page) -> Result<Slice<CompanyGroup>, CrmError> {
    let rows = company_merge::list_alike(tx, workspace, page).await?;
    let firsts: BTreeSet<CompanyId> = rows.iter().map(|row| row.first).collect();
    let (firsts, next) = page.cut(firsts.into_iter().collect(), |first| first.uuid());
    let rows: Vec<AlikeCompanyRow> = rows.into_iter().filter(|row| firsts.contains(&row.first)).collect();
    let wanted: BTreeSet<CompanyId> = rows.iter().flat_map(|row| [row.first, row.company]).collect();
    let found = store::find_many(tx, &wanted.into_iter().collect::<Vec<_>>()).await?;
    let known: HashMap<CompanyId, Company> = found.into_iter().map(|row| (row.company, company_of(row))).collect();
    let mut items: Vec<CompanyGroup> = Vec::new();
    for row in rows {
        let (Some(first), Some(company)) = (known.get(&row.first), known.get(&row.company)) else { continue };
        let other = CompanyAlikeTo { company: company.clone(), why: row.why };
        match items.last_mut() {
            Some(group) if group.company.company_id == row.first => group.others.push(other),
            _ => items.push(CompanyGroup { company: first.clone(), others: vec![other] }),
        }
    }
    Ok(Slice { items, next })
}

/// Merges another company into one that stays. Both must still be as they were looked at.
pub async fn merge_companies(tx: &mut Tx, office: &Office, company: CompanyId, merge: &CompanyMerge, author: Integrity) -> Result<Company, CrmError> {
    if company == merge.other {
        return Err(CrmError::field("other_id", "is this company itself; name the other one"));
    }
    let workspace = store::find(tx, company).await?.ok_or(CrmError::NoCompany(company))?.workspace;
    lock(tx, workspace).await?;
    let kept = current(tx, company, merge.version).await?;
    let other = current(tx, merge.other, merge.other_version).await?;
    if other.workspace != kept.workspace {
        return Err(CrmError::field("other_id", "belongs to another workspace; companies are merged within one"));
    }
    let row = joined(&kept, &other, merge.choice, author);
    let now = office.clock.now();
    company_merge::merge_into(tx, merge.other, merge.other_version, company, now).await?;
    store::update_many(tx, std::slice::from_ref(&row), now).await?;
    // A person or deal says nothing that stands in their company: they are as much worth as who changed them.
    let contacts = company_merge::move_contacts(tx, merge.other, company, author, now).await?;
    let deals = company_merge::move_deals(tx, merge.other, company, author, now).await?;
    // The other's values stay in the entry that is merged away; what they took the place of stands nowhere else.
    let mut replaced = serde_json::Map::new();
    if row.name != kept.name {
        replaced.insert("name".to_owned(), kept.name.clone().into());
    }
    if let Some(website) = kept.website.as_ref().filter(|website| row.website.as_ref() != Some(*website)) {
        replaced.insert("website".to_owned(), website.clone().into());
    }
    let detail = serde_json::json!({ "workspace": workspace, "other": merge.other, "integrity": row.integrity, "version": kept.version });
    let entry = audit::Entry { action: "company.merge", object: company.to_string(), outcome: "done", detail, request_id: None };
    // Many a company is called like its owner. It has no key of its own, so what it lost is sealed with that of who merged it.
    match tx.actor().person {
        Some(person) => drop(audit::record_about(tx, office, entry, Subject::Person(person), &serde_json::json!({ "replaced": replaced })).await?),
        None => audit::record(tx, office, entry).await?,
    }
    // The log of the entry that is merged away ends with where it went, and what went with it.
    let detail = serde_json::json!({ "workspace": workspace, "into": company, "contacts": contacts.len(), "deals": deals, "version": merge.other_version });
    let entry = audit::Entry { action: "company.merge_away", object: merge.other.to_string(), outcome: "done", detail, request_id: None };
    audit::record(tx, office, entry).await?;
    get_company(tx, company).await
}

/// The fields afterwards.
fn joined(kept: &CompanyRow, other: &CompanyRow, choice: CompanyChoice, author: Integrity) -> CompanyRow {
    let named = if choice.name == Some(Side::Other) { other } else { kept };
    CompanyRow {
        name: named.name.clone(),
        name_key: named.name_key.clone(),
        website: value_of(choice.website, &kept.website, &other.website),
        integrity: kept.integrity.min(other.integrity).min(author),
        ..kept.clone()
    }
}

/// The entries that were merged into a company.
pub async fn merged_companies(tx: &mut Tx, company: CompanyId) -> Result<Vec<MergedCompanyRow>, CrmError> {
    store::find(tx, company).await?.ok_or(CrmError::NoCompany(company))?;
    Ok(company_merge::list_merged(tx, company).await?)
}
