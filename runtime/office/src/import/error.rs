//! Why a whole file was not taken.

use steward_core::limits::{IMPORT_BYTES_MAX, IMPORT_ROWS_MAX};
use steward_core::{HasKind, Kind, WorkspaceId};
use steward_store::StoreError;

/// A failure of an import as a whole; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No bytes, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// Too many bytes.
    #[error("the file has {bytes} bytes; {IMPORT_BYTES_MAX} is the most, split it")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// Too many rows.
    #[error("the file has more than {IMPORT_ROWS_MAX} rows; split it")]
    TooManyRows,
    /// A known format that is not one of ours.
    #[error("the file is {what}; export the list as CSV instead, or contacts as vCard")]
    Foreign {
        /// What it is.
        what: &'static str,
    },
    /// Not text in any encoding we know.
    #[error("the file is not text: export the list as CSV instead, or contacts as vCard")]
    Binary,
    /// The first line names no column we know.
    #[error("the first line `{line}` names no column with a name, e-mail address, phone number or company; add a header such as `name,email,phone,company`")]
    NoHeader {
        /// The first line, cut.
        line: String,
    },
    /// The first line names no column with the names of companies.
    #[error("the first line `{line}` names no column with the company's name; add a header such as `name,website`")]
    NoNameColumn {
        /// The first line, cut.
        line: String,
    },
    /// Cards are of contacts, not of companies.
    #[error("the file holds cards of contacts: import it as contacts, or export companies as CSV")]
    Cards,
    /// Nothing after the header.
    #[error("the file has a header and no rows")]
    NoRows,
    /// A quoted field never ends, so that nobody can tell where the rows are.
    #[error("line {line}: a quoted field begins and never ends; add the missing `\"`")]
    OpenQuote {
        /// The line of the opening quote.
        line: usize,
    },
    /// There is no such workspace here.
    #[error("there is no workspace `{0}` here")]
    NoWorkspace(WorkspaceId),
    /// Background work has no person to import for.
    #[error("only a person, or a program with a person's token, can import")]
    Nobody,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HasKind for ImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Empty
            | Self::Foreign { .. }
            | Self::Binary
            | Self::NoHeader { .. }
            | Self::NoNameColumn { .. }
            | Self::Cards
            | Self::NoRows
            | Self::OpenQuote { .. } => Kind::Invalid,
            Self::TooLarge { .. } | Self::TooManyRows => Kind::Limit,
            Self::NoWorkspace(_) => Kind::Missing,
            Self::Nobody => Kind::Denied,
            Self::Store(err) => err.kind(),
        }
    }
}
