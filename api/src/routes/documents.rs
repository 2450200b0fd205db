//! Documents: files whose text agents may look into, and people are shown where an answer cites them.

pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod remove;
pub(crate) mod search;
pub(crate) mod show;

use serde::Serialize;
use steward_core::{ConversationId, Digest, DocumentId, PersonId, WorkspaceId};
use steward_store::document::{ChunkRow, DocumentRow};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A document without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentView {
    #[schema(value_type = String, example = "doc_01k4…")]
    document_id: DocumentId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// The conversation it was given into.
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    /// Who put it in.
    #[schema(value_type = String)]
    person_id: PersonId,
    name: String,
    #[schema(example = "text/markdown")]
    media_type: String,
    /// Of the file.
    bytes: i64,
    /// SHA-256 of the file, in hexadecimal.
    #[schema(value_type = String)]
    sha256: Digest,
    /// Of its text.
    characters: i32,
    /// How many pieces its text has.
    chunks: i32,
    /// me: whoever put it in; workspace: whoever sees the workspace.
    #[serde(rename = "for")]
    readers: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

impl From<DocumentRow> for DocumentView {
    fn from(row: DocumentRow) -> Self {
        Self {
            document_id: row.document_id,
            workspace_id: row.workspace,
            conversation_id: row.conversation,
            person_id: row.person,
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            sha256: row.sha256,
            characters: row.characters,
            chunks: row.chunks,
            readers: if row.readers.is_some() { "me" } else { "workspace" },
            created_at: row.created_at,
        }
    }
}

/// A piece of a document. One behind the other they are its whole text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChunkView {
    /// Which, from 1.
    number: i32,
    /// The heading it stands under; of a table, its first line.
    heading: Option<String>,
    text: String,
    /// Its first character in the whole text, from 0.
    start: i32,
    /// One past its last character.
    end: i32,
}

impl From<ChunkRow> for ChunkView {
    fn from(row: ChunkRow) -> Self {
        Self { number: row.number, heading: row.heading, text: row.text, start: row.start_at, end: row.end_at }
    }
}
