//! Takes away all that a plugin keeps in one workspace.

use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::openapi::Doc;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use http::StatusCode;
use serde::Serialize;
use steward_core::WorkspaceId;
use utoipa::ToSchema;

/// What was taken away.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForgottenView {
    /// How many entries; 0 where the plugin kept nothing there.
    entries: u64,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Take away all that a plugin keeps in a workspace")
        .about("Nothing brings the entries back. What a plugin that is no longer loaded keeps goes too.")
        .answers::<ForgottenView>("200", "The entries are gone.")
}

pub(crate) async fn handle(caller: Caller, path: Result<Path<(String, String)>, PathRejection>) -> Answer {
    // Whatever names no workspace and no plugin is missing, however it is spelt.
    let Ok(Path((workspace, plugin))) = path else { return Err(ApiError::missing()) };
    let workspace: WorkspaceId = workspace.parse().map_err(|_| ApiError::missing())?;
    if plugin.chars().any(char::is_control) {
        return Err(ApiError::missing());
    }
    let entries = caller.state().keeper.forget(caller.actor(), caller.office(), workspace, &plugin).await?;
    json(StatusCode::OK, &ForgottenView { entries })
}
