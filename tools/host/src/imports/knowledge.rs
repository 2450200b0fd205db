//! Looking into documents. What was handed over is noted piece by piece: its label, its readers, and where it stands.

use crate::bindings::steward::plugin::knowledge as wit;
use crate::office;
use crate::sandbox::CallState;
use std::sync::Arc;
use wasmtime::Result;

/// Pieces at most that are handed over at once.
const CHUNKS_MAX: u32 = 20;

type Answer<T> = Result<std::result::Result<T, wit::OfficeError>>;

impl From<office::Document> for wit::Document {
    fn from(document: office::Document) -> Self {
        let office::Document { id, name, media_type, characters, chunks, created_at_ms, integrity: _, readers: _ } = document;
        Self { id, name, media_type, characters, chunks, created_at_ms }
    }
}

impl From<office::Chunk> for wit::Chunk {
    fn from(chunk: office::Chunk) -> Self {
        let office::Chunk { cite, number, heading, text, integrity: _, place: _ } = chunk;
        Self { cite, number, heading, text }
    }
}

impl wit::Host for CallState {
    async fn search(&mut self, query: String, document: Option<String>, limit: u32) -> Answer<Vec<wit::Found>> {
        self.look()?;
        let found = Arc::clone(&self.office).search_documents(&query, document.as_deref(), limit.clamp(1, CHUNKS_MAX)).await;
        self.told(&found);
        Ok(found.map_err(Into::into).map(|found| {
            let each = found.into_iter().map(|office::Documents { document, chunks }| {
                self.hand_over(&document, &chunks);
                wit::Found { document: document.into(), chunks: chunks.into_iter().map(Into::into).collect() }
            });
            each.collect()
        }))
    }

    async fn read(&mut self, document: String, from: u32, limit: u32) -> Answer<wit::Pieces> {
        self.look()?;
        let found = Arc::clone(&self.office).read_document(&document, from, limit.clamp(1, CHUNKS_MAX)).await;
        self.told(&found);
        Ok(found.map_err(Into::into).map(|office::Pieces { document, chunks, next }| {
            self.hand_over(&document, &chunks);
            wit::Pieces { document: document.into(), chunks: chunks.into_iter().map(Into::into).collect(), next }
        }))
    }
}

impl CallState {
    pub(crate) fn hand_over(&mut self, document: &office::Document, chunks: &[office::Chunk]) {
        self.saw_document = true;
        self.saw(&document.id, document.integrity);
        self.handed.readers = self.handed.readers.join(&document.readers);
        for chunk in chunks {
            self.saw(&chunk.cite, chunk.integrity);
            if let Some(place) = chunk.place.as_ref().filter(|place| !self.handed.chunks.contains(place)) {
                self.handed.chunks.push(place.clone());
            }
        }
    }
}
