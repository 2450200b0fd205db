//! Changes a company.

use super::CompanyView;
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::records::integrity_of;
use http::StatusCode;
use serde::Deserialize;
use steward_core::CompanyId;
use steward_office::crm;
use utoipa::ToSchema;

/// A change of a company: what is absent stays, an empty text clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanyChange {
    /// The version the change is made for.
    version: i32,
    name: Option<String>,
    website: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Change a company")
        .body::<CompanyChange>()
        .answers::<CompanyView>("200", "The company.")
        .refuses("409", "Somebody changed it since that version, or another company has this name.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<CompanyId>, Json(change): Json<CompanyChange>) -> Answer {
    let mut tx = caller.begin().await?;
    let patch = crm::CompanyPatch { name: change.name, website: change.website };
    let changed = crm::update_company(&mut tx, caller.office(), id, change.version, &patch, integrity_of(&caller)).await?;
    caller.commit(tx, StatusCode::OK, &CompanyView::from(changed)).await
}
