//! Makes a company.

use super::CompanyView;
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::records::{integrity_of, workspace_for};
use http::StatusCode;
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::crm;
use utoipa::ToSchema;

/// What a new company is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCompany {
    /// Where; the only workspace one sees without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    #[schema(min_length = 1, max_length = 300)]
    name: String,
    website: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Make a company")
        .body::<NewCompany>()
        .answers::<CompanyView>("201", "The company.")
        .refuses("409", "Another company of the workspace has this name.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewCompany>) -> Answer {
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "/workspace_id", new.workspace_id).await?;
    let new = crm::NewCompany { name: new.name, website: new.website };
    let made = crm::create_company(&mut tx, caller.office(), workspace, &new, integrity_of(&caller)).await?;
    caller.commit(tx, StatusCode::CREATED, &CompanyView::from(made)).await
}
