//! Begins a conversation.

use super::ConversationView;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::records::workspace_for;
use http::StatusCode;
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::conversations;
use utoipa::ToSchema;

/// A conversation to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConversation {
    /// The agent's name.
    #[schema(example = "assistant")]
    agent: String,
    /// Where it belongs; the only workspace one sees without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// What to call it. The first line counts, cut to 80 letters.
    #[serde(default)]
    title: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Begin a conversation").body::<NewConversation>().answers::<ConversationView>("201", "The conversation.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewConversation>) -> Answer {
    if !caller.state().agents.contains_key(&new.agent) {
        return Err(ApiError::field("/agent", "there is no such agent; `GET /api/v1/agents` lists them"));
    }
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "/workspace_id", new.workspace_id).await?;
    let made = conversations::create(&mut tx, caller.office(), &new.agent, workspace, &new.title).await?;
    caller.commit(tx, StatusCode::CREATED, &ConversationView::from(made)).await
}
