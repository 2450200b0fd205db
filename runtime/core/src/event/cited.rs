//! What a plugin was handed and what a reply was made of, down to pieces of documents.

use crate::call::CallId;
use crate::id::DocumentId;
use crate::label::Readers;
use serde::{Deserialize, Serialize};

/// Where a text of the reply was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The call whose result it is.
    pub call_id: CallId,
    /// What to call it.
    pub title: String,
    /// The piece of a document that is meant; none where the whole result is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<ChunkRef>,
}

/// A piece of a document, and where in its text it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// The document.
    pub document_id: DocumentId,
    /// Which piece, from 1.
    pub number: u32,
    /// The document's name when it was read.
    pub name: String,
    /// Its first character in the document's text, from 0.
    pub start: u32,
    /// One past its last character.
    pub end: u32,
}

impl ChunkRef {
    /// How an answer names it: `doc_…#3`.
    pub fn mark(&self) -> String {
        format!("{}#{}", self.document_id, self.number)
    }
}

/// What the office handed to a plugin in one call, as the host noted it; the plugin says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Handed {
    /// Who may read all of it, where those are fewer than the tool's manifest says.
    #[serde(default, skip_serializing_if = "Readers::is_public")]
    pub readers: Readers,
    /// Pieces of documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<ChunkRef>,
}

impl Handed {
    /// Whether there is nothing to note.
    pub fn is_nothing(&self) -> bool {
        self.readers.is_public() && self.chunks.is_empty()
    }
}
