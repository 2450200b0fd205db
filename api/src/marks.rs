//! Citations for readers who cannot open them in place: `[[doc_…#3]]` becomes `[1]`, also while the text is still being written.
//!
//! Only marks that the run stands behind get a number; every other is left out, as it is in the reply.

use steward_agent::citations::{settle, settled_bytes};
use steward_agent::run::Run;
use steward_core::event::ChunkRef;

/// The pieces that were named so far: the place of each is its number, from 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers(Vec<ChunkRef>);

impl Numbers {
    /// The pieces, with their numbers.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (usize, &ChunkRef)> {
        (1..).zip(&self.0)
    }

    /// A text with numbers for marks.
    pub(crate) fn number(&mut self, run: &Run, text: &str) -> String {
        let (settled, citations) = settle(run, text);
        for chunk in citations.into_iter().filter_map(|citation| citation.chunk) {
            if !self.0.iter().any(|known| known.mark() == chunk.mark()) {
                self.0.push(chunk);
            }
        }
        self.sources().fold(settled, |text, (number, chunk)| text.replace(&format!("[[{}]]", chunk.mark()), &format!("[{number}]")))
    }
}

/// An answer while it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writing {
    /// All of it, as the model writes it.
    text: String,
    /// Bytes of it that were told, with numbers for marks.
    told_bytes: usize,
}

impl Writing {
    /// Whether something came of it.
    pub(crate) fn has_begun(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether something of it was told.
    pub(crate) fn is_told(&self) -> bool {
        self.told_bytes > 0
    }

    /// What it says so far, as the model wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Another piece. Returns what can be told now: not what may be the beginning of a mark.
    pub(crate) fn more(&mut self, piece: &str, run: &Run, numbers: &mut Numbers) -> String {
        self.text.push_str(piece);
        let sure = self.text.get(..settled_bytes(&self.text)).unwrap_or_default();
        let told = numbers.number(run, sure);
        self.tell(&told)
    }

    /// The whole text, which begins with what came of it. Returns what is missing of it.
    pub(crate) fn rest(&mut self, whole: &str, run: &Run, numbers: &mut Numbers) -> String {
        let told = numbers.number(run, whole);
        self.tell(&told)
    }

    fn tell(&mut self, all: &str) -> String {
        let new = all.get(self.told_bytes..).unwrap_or_default().to_owned();
        self.told_bytes = self.told_bytes.max(all.len());
        new
    }
}
