//! Makes a contact.

use super::{ContactView, PointView, points};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::records::{integrity_of, named_in_body, workspace_for};
use http::StatusCode;
use serde::Deserialize;
use steward_core::{CompanyId, WorkspaceId};
use steward_office::crm;
use utoipa::ToSchema;

/// What a new contact is made of. Without a display name it is made of the names, or else the first address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContact {
    /// Where; the only workspace one sees without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    display_name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    /// A company of the same workspace.
    #[schema(value_type = Option<String>)]
    company_id: Option<CompanyId>,
    job_title: Option<String>,
    #[serde(default)]
    emails: Vec<PointView>,
    #[serde(default)]
    phones: Vec<PointView>,
    #[serde(default)]
    urls: Vec<PointView>,
    #[serde(default)]
    addresses: Vec<PointView>,
    #[serde(default)]
    tags: Vec<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    birthday: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Make a contact")
        .about("What a person writes is part of the curated directory; what a token writes has the integrity `fact`.")
        .body::<NewContact>()
        .answers::<ContactView>("201", "The contact.")
        .refuses("409", "Another contact of the workspace has one of the addresses.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewContact>) -> Answer {
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "/workspace_id", new.workspace_id).await?;
    let new = crm::NewContact {
        display_name: new.display_name,
        given_name: new.given_name,
        family_name: new.family_name,
        company_id: new.company_id,
        job_title: new.job_title,
        emails: points(new.emails),
        phones: points(new.phones),
        urls: points(new.urls),
        addresses: points(new.addresses),
        tags: new.tags,
        birthday: new.birthday,
    };
    let made = crm::create_contact(&mut tx, caller.office(), workspace, &new, integrity_of(&caller)).await.map_err(named_in_body)?;
    caller.commit(tx, StatusCode::CREATED, &ContactView::from(made)).await
}
