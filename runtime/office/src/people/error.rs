//! What can go wrong with people and their secrets.

use steward_core::{HasKind, Kind};
use steward_store::StoreError;

/// A refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// No session, token or person stands behind the secret. Says nothing of why.
    #[error("not signed in, or no longer: sign in again")]
    NotSignedIn,
    /// Wrong name, wrong password, used link: all the same to the caller.
    #[error("the link or the name and password are not valid: check them, or ask an owner for a new link")]
    SignInRefused,
    /// An OpenID provider says who it is, and nobody here is known by that.
    #[error("nobody here is known by this sign-in: ask an owner for an invitation to the address you have there")]
    IdentityUnknown,
    /// The password was not given in this session within the last hours.
    #[error("this needs your password again: give it at `POST /api/v1/session/prove`, then send the same once more")]
    NotProven,
    /// There is neither a password nor a second factor, and whoever is there signed in too long ago.
    #[error("you signed in more than ten minutes ago: {way}")]
    NotFresh {
        /// What to do about it.
        way: &'static str,
    },
    /// Name and password, or the link, are right; the second factor is still to be given.
    #[error("your second factor is needed too: send the same once more with `code`")]
    SecondFactorRequired {
        /// What can be given: `totp`, `recovery`, `passkey`.
        factors: Vec<&'static str>,
    },
    /// There is a second factor of this kind already.
    #[error("you have this second factor already: remove it first")]
    FactorTaken,
    /// The person's second factor has to be given for exactly this.
    #[error("this needs your second factor anew: give it for `{bound}` at `POST /api/v1/session/step-up`, then send the same once more")]
    StepUp {
        /// What it is to be given for.
        bound: String,
        /// By what it can be given.
        factors: Vec<&'static str>,
    },
    /// What a passkey said was not taken.
    #[error("this passkey was not taken: {0}; try again")]
    PasskeyRefused(super::webauthn::Refused),
    /// Too many wrong tries.
    #[error("too many failed sign-ins: try again in {retry_after_s} seconds")]
    TooManyFailures {
        /// When the oldest counted failure lapses.
        retry_after_s: u64,
    },
    /// A field of the request cannot be taken.
    #[error("`{path}`: {message}")]
    Field {
        /// A JSON pointer to it.
        path: String,
        /// What to give instead.
        message: String,
    },
    /// Somebody has this address already.
    #[error("somebody with this e-mail address is here already: change their roles instead")]
    EmailTaken,
    /// Another workspace has this name.
    #[error("a workspace with this name is here already: choose another name")]
    WorkspaceTaken,
    /// The organisation would have no owner left.
    #[error("the last owner stays: make somebody else an owner first")]
    LastOwner,
    /// There is no such person, session, token or workspace for this actor.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// The machine gives no random bytes, or the hash cannot be computed.
    #[error("secrets cannot be made on this machine: {0}")]
    Secret(String),
    /// The store failed.
    #[error("people could not be read or written")]
    Store(#[from] StoreError),
}

impl PeopleError {
    pub(super) fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { path: path.into(), message: message.into() }
    }

    /// A missing row is a missing `noun`; anything else stays what it is.
    pub(super) fn missing(noun: &'static str) -> impl FnOnce(StoreError) -> Self {
        move |err| match err {
            StoreError::Missing => Self::Missing(noun),
            other => Self::Store(other),
        }
    }
}

impl HasKind for PeopleError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotSignedIn
            | Self::SignInRefused
            | Self::IdentityUnknown
            | Self::NotProven
            | Self::NotFresh { .. }
            | Self::SecondFactorRequired { .. }
            | Self::StepUp { .. } => Kind::Denied,
            Self::TooManyFailures { .. } => Kind::Limit,
            Self::Field { .. } | Self::PasskeyRefused(_) => Kind::Invalid,
            Self::EmailTaken | Self::WorkspaceTaken | Self::LastOwner | Self::FactorTaken => Kind::Conflict,
            Self::Missing(_) => Kind::Missing,
            Self::Secret(_) => Kind::Bug,
            Self::Store(err) => err.kind(),
        }
    }
}
