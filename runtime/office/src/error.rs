//! What can stand against a business function, told apart by what the caller can do.

use steward_core::{HasKind, Kind};
use steward_store::StoreError;

/// A refusal or failure of a business function.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The request is wrong as it stands.
    #[error("{0}")]
    Invalid(String),
    /// The caller may not do this.
    #[error("{0}")]
    Denied(String),
    /// There is no such thing, or the caller may not know of it.
    #[error("no such {0}")]
    Missing(&'static str),
    /// It was already done, or has changed meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl HasKind for OfficeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::Denied(_) => Kind::Denied,
            Self::Missing(_) => Kind::Missing,
            Self::Conflict(_) => Kind::Conflict,
            Self::Store(err) => err.kind(),
        }
    }
}
