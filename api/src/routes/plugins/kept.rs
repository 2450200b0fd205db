//! Lists how much plugins keep between calls, and never what that is.

use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_core::WorkspaceId;
use steward_office::kept::{self, Kept};
use steward_store::plugin_state::KeptRow;
use utoipa::ToSchema;

/// How much a plugin keeps in one workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptView {
    /// The plugin's name; it may be out of its folder by now.
    #[schema(example = "weather")]
    plugin: String,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// What the workspace is called.
    #[schema(example = "Sales")]
    workspace: String,
    /// How many entries, at least one.
    entries: i32,
    /// Bytes of all keys and values.
    bytes: i64,
}

/// How much plugins keep.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptsView {
    /// By plugin and then by workspace, 1,000 at most; of those that keep nothing, nothing.
    items: Vec<KeptView>,
    /// Whether there are more than these.
    is_cut: bool,
}

impl From<KeptRow> for KeptView {
    fn from(row: KeptRow) -> Self {
        let KeptRow { plugin, workspace, workspace_name, entries, bytes } = row;
        Self { plugin, workspace_id: workspace, workspace: workspace_name, entries, bytes }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("List how much plugins keep")
        .about("In the workspaces that the caller sees, also of plugins that are no longer loaded. What an entry holds is in no answer.")
        .answers::<KeptsView>("200", "How much is kept, by plugin and workspace.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let Kept { items, is_cut } = kept::sums(&mut tx).await?;
    json(StatusCode::OK, &KeptsView { items: items.into_iter().map(KeptView::from).collect(), is_cut })
}
