//! Why a file does not become a document.

use super::kind::ENDINGS;
use steward_core::limits::DOCUMENT_BYTES_MAX;
use steward_core::{HasKind, Kind};

/// A refusal of a file; nothing was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No bytes, or nothing that can be read.
    #[error("the file has no text; send one that has")]
    Empty,
    /// Too many bytes.
    #[error("the file has {bytes} bytes; {DOCUMENT_BYTES_MAX} is the most, split it")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// A known format that is not one of ours.
    #[error("the file is {what}, which is not read here yet: {instead}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to send in its place.
        instead: &'static str,
    },
    /// Its name ends in something that says nothing here.
    #[error("`.{ending}` is no kind of file that is read here; those are {}. If it is text, give it the ending `.txt`", ENDINGS.join(", "))]
    UnknownKind {
        /// What its name ends in, cut.
        ending: String,
    },
    /// Not text in any encoding we know.
    #[error("the file is not text; save it as plain text, Markdown, CSV, JSON or HTML")]
    Binary,
    /// A NUL character in the text.
    #[error("the file holds a NUL character, which no text does; save it as plain text anew")]
    Nul,
    /// JSON that is none.
    #[error("the file ends in `.json` and is no JSON ({0}); mend it, or give it the ending `.txt`")]
    Json(String),
    /// A page with a tag of thousands of parts.
    #[error("the page has a tag with too many parts to be read; save it as plain text")]
    Html,
}

impl HasKind for DocumentError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooLarge { .. } => Kind::Limit,
            Self::Empty | Self::Foreign { .. } | Self::UnknownKind { .. } | Self::Binary | Self::Nul | Self::Json(_) | Self::Html => Kind::Invalid,
        }
    }
}
