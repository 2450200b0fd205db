//! Workspaces.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod rename;

use serde::{Deserialize, Serialize};
use steward_core::WorkspaceId;
use steward_store::workspace::Workspace;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A workspace's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceName {
    /// Unique in the organisation.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceView {
    #[schema(value_type = String, example = "ws_01k4…")]
    workspace_id: WorkspaceId,
    name: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

impl From<Workspace> for WorkspaceView {
    fn from(row: Workspace) -> Self {
        Self { workspace_id: row.workspace_id, name: row.name, created_at: row.created_at }
    }
}
