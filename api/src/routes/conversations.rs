//! One's own conversations with agents, and what is said in them.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod messages;
pub(crate) mod post;
pub(crate) mod show;

use crate::run_events::CitationView;
use serde::Serialize;
use steward_core::event::Citation;
use steward_core::{ConversationId, DocumentId, Integrity, MessageId, RunId, ScheduleId, WorkspaceId};
use steward_office::conversations::Behind;
use steward_store::conversation::{Conversation, Message};
use steward_store::document::DocumentRow;
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
    /// By the agent, else by oneself or in one's name.
    by_agent: bool,
    /// The schedule that said it, in one's name, where nobody said it then.
    #[schema(value_type = Option<String>, example = "sched_01k4…")]
    schedule_id: Option<ScheduleId>,
    /// What it counts for, which is what the least of what it was written from does: outside, fact, anchored, directory, owner (one's own words).
    #[schema(value_type = String)]
    integrity: Integrity,
    text: String,
    /// Documents that came along.
    attachments: Vec<AttachmentView>,
    /// Of an answer, where its text was found: each piece of a document that the text names, and of an agent in mode `sealed` each call whose result
    /// stands in the text.
    #[schema(value_type = Vec<CitationView>)]
    citations: Vec<Citation>,
    /// Of an answer, what its run cost, in millionths of a US dollar.
    cost_micros: Option<i64>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// A document that came along with a message. All of it is null once it was taken away.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentView {
    #[schema(value_type = Option<String>, example = "doc_01k4…")]
    document_id: Option<DocumentId>,
    name: Option<String>,
    media_type: Option<String>,
    /// Of the file.
    bytes: Option<i64>,
}

impl From<Option<DocumentRow>> for AttachmentView {
    fn from(row: Option<DocumentRow>) -> Self {
        match row {
            Some(row) => Self { document_id: Some(row.document_id), name: Some(row.name), media_type: Some(row.media_type), bytes: Some(row.bytes) },
            None => Self { document_id: None, name: None, media_type: None, bytes: None },
        }
    }
}

impl MessageView {
    fn of(row: Message, schedule_id: Option<ScheduleId>, attachments: Vec<AttachmentView>, behind: Option<Behind>) -> Self {
        let cost_micros = behind.as_ref().map(|behind| behind.cost_micros);
        let citations = behind.map(|behind| behind.citations).unwrap_or_default();
        let Message { message_id, run: run_id, by_agent, text, integrity, readers: _, created_at } = row;
        Self { message_id, run_id, by_agent, schedule_id, integrity, text, attachments, citations, cost_micros, created_at }
    }
}
