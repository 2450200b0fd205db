//! One's own conversations with agents, and what is said in them.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod messages;
pub(crate) mod post;
pub(crate) mod show;

use serde::Serialize;
use steward_core::{ConversationId, MessageId, RunId, WorkspaceId};
use steward_store::conversation::{Conversation, Message};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationView {
    #[schema(value_type = String, example = "conv_01k4…")]
    conversation_id: ConversationId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// With which agent.
    agent: String,
    title: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    /// When something was last said.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    changed_at: OffsetDateTime,
}

impl From<Conversation> for ConversationView {
    fn from(row: Conversation) -> Self {
        Self {
            conversation_id: row.conversation_id,
            workspace_id: row.workspace,
            agent: row.agent,
            title: row.title,
            created_at: row.created_at,
            changed_at: row.changed_at,
        }
    }
}

/// Something said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    #[schema(value_type = String, example = "msg_01k4…")]
    message_id: MessageId,
    /// The run it started, or that ended with it.
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
    /// By the agent, else by oneself.
    by_agent: bool,
    text: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

impl From<Message> for MessageView {
    fn from(row: Message) -> Self {
        Self { message_id: row.message_id, run_id: row.run, by_agent: row.by_agent, text: row.text, created_at: row.created_at }
    }
}
