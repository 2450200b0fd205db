//! Lists and searches companies.

use super::CompanyView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::crm::{self, CompanyQuery};
use utoipa::IntoParams;

/// Which companies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Words that must all appear in the name.
    q: Option<String>,
    /// Only this workspace.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List and search companies").query::<Wanted>().answers_page::<CompanyView>("Companies.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let query = CompanyQuery { text: wanted.q.unwrap_or_default(), workspace: wanted.workspace_id };
    let found = crm::find_companies(&mut tx, &query, &page).await?;
    json(StatusCode::OK, &PageOf::new(found.items, found.next, CompanyView::from))
}
