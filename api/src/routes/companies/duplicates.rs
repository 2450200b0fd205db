//! Lists companies that look like the same one.

use super::CompanyView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use crate::routes::contacts::duplicates::WantedDuplicates;
use http::StatusCode;
use serde::Serialize;
use steward_office::crm::{self, AlikeCompany, CompanyAlikeTo, CompanyGroup};
use utoipa::ToSchema;

/// What two companies have in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlikeCompanyView {
    /// The name, but for its legal form.
    Name,
    /// The host of their web addresses.
    Website,
}

/// A company that looks like an older one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyAlikeToView {
    company: CompanyView,
    /// What the two have in common.
    why: Vec<AlikeCompanyView>,
}

/// Entries that look like one company.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyDuplicatesView {
    /// The oldest of them.
    company: CompanyView,
    /// The others, oldest first, 20 at most.
    others: Vec<CompanyAlikeToView>,
}

impl From<CompanyAlikeTo> for CompanyAlikeToView {
    fn from(other: CompanyAlikeTo) -> Self {
        let why = other.why.into_iter().map(|why| match why {
            AlikeCompany::Name => AlikeCompanyView::Name,
            AlikeCompany::Website => AlikeCompanyView::Website,
        });
        Self { company: other.company.into(), why: why.collect() }
    }
}

impl From<CompanyGroup> for CompanyDuplicatesView {
    fn from(group: CompanyGroup) -> Self {
        Self { company: group.company.into(), others: group.others.into_iter().map(CompanyAlikeToView::from).collect() }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List companies that look like the same one").query::<WantedDuplicates>().answers_page::<CompanyDuplicatesView>(
        "Groups of companies of one workspace that have the host of their web address, or the name but for its legal form, in common, by the oldest of each.",
    )
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<WantedDuplicates>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let found = crm::find_alike_companies(&mut tx, wanted.workspace_id, &page).await?;
    json(StatusCode::OK, &PageOf::new(found.items, found.next, CompanyDuplicatesView::from))
}
