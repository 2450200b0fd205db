//! Lists the workspaces one sees.

use super::WorkspaceView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("List the workspaces one sees").query::<PageQuery>().answers_page::<WorkspaceView>("Workspaces, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<PageQuery>) -> Answer {
    let mut tx = caller.begin().await?;
    let (rows, next) = people::list_workspaces(&mut tx, &query.page()?).await?;
    json(StatusCode::OK, &PageOf::new(rows, next, WorkspaceView::from))
}
