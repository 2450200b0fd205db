//! Merges another company into one that stays.

use super::CompanyView;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::contacts::merge::SideView;
use crate::routes::records::integrity_of;
use http::StatusCode;
use serde::Deserialize;
use steward_core::CompanyId;
use steward_office::crm::{self, CompanyChoice, CompanyMerge, CrmError, Side};
use utoipa::ToSchema;

/// Whose value each field has afterwards. Where nothing is said it is the one of the company that stays, or where that has none, the other's.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanyChoiceOf {
    name: Option<SideView>,
    website: Option<SideView>,
}

/// What is merged, as it was looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanyMergeOf {
    /// The version of the company that stays.
    version: i32,
    /// The company that is merged away, of the same workspace.
    #[schema(value_type = String)]
    other_id: CompanyId,
    /// Its version.
    other_version: i32,
    #[serde(default)]
    choose: CompanyChoiceOf,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Merge another company into this one")
        .body::<CompanyMergeOf>()
        .answers::<CompanyView>("200", "The company that stays. People, deals and notes went along.")
        .refuses("409", "One of the two was changed or merged meanwhile.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<CompanyId>, Json(wanted): Json<CompanyMergeOf>) -> Answer {
    let mut tx = caller.begin().await?;
    let CompanyChoiceOf { name, website } = wanted.choose;
    let choice = CompanyChoice { name: name.map(Side::from), website: website.map(Side::from) };
    let merge = CompanyMerge { version: wanted.version, other: wanted.other_id, other_version: wanted.other_version, choice };
    let merged = crm::merge_companies(&mut tx, caller.office(), id, &merge, integrity_of(&caller)).await;
    let merged = merged.map_err(|err| match err {
        CrmError::NoCompany(company) if company == wanted.other_id => ApiError::field("/other_id", "there is no such company in this workspace"),
        other => other.into(),
    })?;
    caller.commit(tx, StatusCode::OK, &CompanyView::from(merged)).await
}
