//! Workspaces made, listed and renamed.

use super::error::PeopleError;
use super::invitation::check_name;
use crate::{Office, audit};
use serde_json::json;
use steward_core::WorkspaceId;
use steward_store::workspace::{self, Workspace};
use steward_store::{Cursor, Page, StoreError, Tx};

fn taken(err: StoreError) -> PeopleError {
    match err {
        StoreError::Conflict { .. } => PeopleError::WorkspaceTaken,
        StoreError::Missing => PeopleError::Missing("workspace"),
        other => PeopleError::Store(other),
    }
}

/// Makes a workspace.
pub async fn create_workspace(tx: &mut Tx, office: &Office, name: &str) -> Result<Workspace, PeopleError> {
    let made = Workspace { workspace_id: office.ids.make(), name: check_name("/name", name)?, created_at: office.clock.now() };
    workspace::insert(tx, &made).await.map_err(taken)?;
    audit::record(
        tx,
        office,
        audit::Entry { action: "workspace.create", object: made.workspace_id.to_string(), outcome: "done", detail: json!({}), request_id: None },
    )
    .await?;
    Ok(made)
}

/// Workspaces the actor sees, oldest first.
pub async fn list_workspaces(tx: &mut Tx, page: &Page) -> Result<(Vec<Workspace>, Option<Cursor>), PeopleError> {
    Ok(page.cut(workspace::list(tx, page).await?, |workspace| workspace.workspace_id.uuid()))
}

/// Gives a workspace another name.
pub async fn rename_workspace(tx: &mut Tx, office: &Office, id: WorkspaceId, name: &str) -> Result<Workspace, PeopleError> {
    let name = check_name("/name", name)?;
    workspace::rename(tx, id, &name).await.map_err(taken)?;
    audit::record(tx, office, audit::Entry { action: "workspace.rename", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None })
        .await?;
    workspace::get(tx, id).await.map_err(PeopleError::missing("workspace"))
}
