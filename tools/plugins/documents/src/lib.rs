//! Documents as tools: looking for words in them, and reading one from piece to piece.
//!
//! The plugin only translates. Which documents there are for whom is row security's word, and what a piece counts for is the host's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steward_plugin_sdk::{Answer, Answered, Line, Request, knowledge};

steward_plugin_sdk::plugin!("documents" {
    Read "documents.search" => search,
    Read "documents.read" => read,
});

/// Pieces when the model names no limit.
const LIMIT_DEFAULT: u32 = 8;
/// Pieces at most; the schema says the same.
const LIMIT_MAX: u32 = 20;
/// Pieces that are read at once.
const READ_AT_ONCE: u32 = 8;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Words that would stand in the text.
    #[schemars(length(min = 1, max = 500))]
    query: String,
    /// Id of the only document to look into.
    document: Option<Line>,
    /// How many pieces at most.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Id of the document.
    document: Line,
    /// The piece to begin with, from 1: the `next` of the reading before.
    #[schemars(range(min = 1, max = 1_000_000))]
    from: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub struct Chunk {
    /// What to cite it by.
    cite: String,
    /// The heading it stands under.
    heading: Option<String>,
    text: String,
}

#[derive(Serialize, JsonSchema)]
pub struct Found {
    id: String,
    name: String,
    /// The best first.
    chunks: Vec<Chunk>,
}

#[derive(Serialize, JsonSchema)]
pub struct Searched {
    documents: Vec<Found>,
}

#[derive(Serialize, JsonSchema)]
pub struct Pieces {
    id: String,
    name: String,
    #[serde(rename = "type")]
    media_type: String,
    /// Of the whole text.
    characters: u32,
    /// How many pieces there are in all.
    pieces: u32,
    chunks: Vec<Chunk>,
    /// Give it as `from` to read on; null when this is the end.
    next: Option<u32>,
}

impl From<knowledge::Chunk> for Chunk {
    fn from(chunk: knowledge::Chunk) -> Self {
        Self { cite: chunk.cite, heading: chunk.heading, text: chunk.text }
    }
}

fn search(wanted: Search, _: &Request) -> Answered<Searched> {
    let document = wanted.document.as_ref().map(Line::as_str);
    let limit = wanted.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let found = knowledge::search(&wanted.query, document, limit)?;
    let documents: Vec<Found> = found
        .into_iter()
        .map(|found| Found { id: found.document.id, name: found.document.name, chunks: found.chunks.into_iter().map(Chunk::from).collect() })
        .collect();
    let pieces: usize = documents.iter().map(|document| document.chunks.len()).sum();
    let summary = format!("{} in {}", counted(pieces, "piece", "pieces"), counted(documents.len(), "document", "documents"));
    Ok(Answer::new(Searched { documents }, summary))
}

fn read(wanted: Read, _: &Request) -> Answered<Pieces> {
    let knowledge::Pieces { document, chunks, next } = knowledge::read(wanted.document.as_str(), wanted.from.unwrap_or(1), READ_AT_ONCE)?;
    let summary = format!("{} of {}", counted(chunks.len(), "piece", "pieces"), document.chunks);
    let knowledge::Document { id, name, media_type, characters, chunks: pieces, .. } = document;
    let chunks = chunks.into_iter().map(Chunk::from).collect();
    Ok(Answer::new(Pieces { id, name, media_type, characters, pieces, chunks, next }, summary))
}

/// `1 piece`, `3 pieces`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
