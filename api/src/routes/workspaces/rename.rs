//! Gives a workspace another name.

use super::{WorkspaceName, WorkspaceView};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::WorkspaceId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Rename a workspace").body::<WorkspaceName>().answers::<WorkspaceView>("200", "The workspace.").refuses("409", "Another workspace has this name.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<WorkspaceId>, Json(new): Json<WorkspaceName>) -> Answer {
    let mut tx = caller.begin().await?;
    let renamed = people::rename_workspace(&mut tx, caller.office(), id, &new.name).await?;
    caller.commit(tx, StatusCode::OK, &WorkspaceView::from(renamed)).await
}
