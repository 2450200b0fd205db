//! Documents as plugins see them, with what the host notes of them beside: labels, readers, and where a piece stands.

use super::unknown;
use serde::{Deserialize, Serialize};
use steward_core::event::ChunkRef;
use steward_core::{Integrity, Readers};

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// `doc_…`.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is, for example `text/markdown`.
    pub media_type: String,
    /// How long its text is, in characters.
    pub characters: u32,
    /// How many pieces it has.
    pub chunks: u32,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// How far its name is to be trusted.
    #[serde(skip, default = "unknown")]
    pub integrity: Integrity,
    /// Who may read it, where those are fewer than the tool's manifest says.
    #[serde(skip)]
    pub readers: Readers,
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// `doc_…#3`.
    pub cite: String,
    /// From 1.
    pub number: u32,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// What it says.
    pub text: String,
    /// How far it is to be trusted.
    #[serde(skip, default = "unknown")]
    pub integrity: Integrity,
    /// Where it stands, for a citation; none where there is nothing to cite.
    #[serde(skip)]
    pub place: Option<ChunkRef>,
}

/// Pieces of one document that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// The document.
    pub document: Document,
    /// The pieces, the best first.
    pub chunks: Vec<Chunk>,
}

/// Pieces of one document, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// The document.
    pub document: Document,
    /// The pieces.
    pub chunks: Vec<Chunk>,
    /// The number of the piece that follows; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}
