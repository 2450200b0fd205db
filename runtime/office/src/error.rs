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
    /// The person's second factor has to be given for exactly this.
    #[error("this needs your second factor anew: give it for `{bound}` at `POST /api/v1/session/step-up`, then send the same once more")]
    StepUp {
        /// What it is to be given for.
        bound: String,
        /// By what it can be given: `totp`, `passkey`.
        factors: Vec<&'static str>,
    },
    /// The password was not given in this session within the last hours.
    #[error("this needs your password again: give it at `POST /api/v1/session/prove`, then send the same once more")]
    NotProven,
    /// There is neither a password nor a second factor, and whoever is there signed in too long ago.
    #[error("you signed in more than ten minutes ago: {way}")]
    NotFresh {
        /// What to do about it.
        way: &'static str,
    },
    /// Everybody here needs a second factor, and this person has none.
    #[error("this needs a second factor, and you have none yet: set one up in the settings, or at `POST /api/v1/me/totp`")]
    NoSecondFactor,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl HasKind for OfficeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::Denied(_) | Self::StepUp { .. } | Self::NotProven | Self::NotFresh { .. } | Self::NoSecondFactor => Kind::Denied,
            Self::Missing(_) => Kind::Missing,
            Self::Conflict(_) => Kind::Conflict,
            Self::Store(err) => err.kind(),
        }
    }
}
