//! Makes a workspace.

use super::{WorkspaceName, WorkspaceView};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Make a workspace").body::<WorkspaceName>().answers::<WorkspaceView>("201", "The workspace.").refuses("409", "Another workspace has this name.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<WorkspaceName>) -> Answer {
    let mut tx = caller.begin().await?;
    let made = people::create_workspace(&mut tx, caller.office(), &new.name).await?;
    caller.commit(tx, StatusCode::CREATED, &WorkspaceView::from(made)).await
}
