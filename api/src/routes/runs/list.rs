//! Lists runs.

use super::RunView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_office::runs;
use steward_store::run::RunStatus;
use utoipa::IntoParams;

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only these: queued, running, waiting, ended.
    status: Option<String>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List runs")
        .about("With `runs:read` everybody's in the workspaces one sees, else with `conversations:use` one's own.")
        .query::<Wanted>()
        .answers_page::<RunView>("Runs, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let status = |text: String| RunStatus::parse(&text).ok_or_else(|| ApiError::field("status", "give queued, running, waiting or ended"));
    let status = wanted.status.map(status).transpose()?;
    let mut tx = caller.begin().await?;
    let now = caller.office().clock.now();
    let rows = runs::list(&mut tx, caller.office(), status, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.run_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, |row| RunView::at(now, row)))
}
