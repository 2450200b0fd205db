//! The audit key signs checkpoints: whoever rewrites the database cannot sign what they made.

use super::secret::{Secret, SecretError};
use crate::config::Config;
use steward_core::{Clock, HasKind, Kind};
use steward_office::audit::note::{NoteError, Signer};
use steward_office::audit::sequence::Sequencer;

const KEY: Secret = Secret { name: "audit key", file: "keys/audit.key", variable: "STEWARD_AUDIT_KEY", otherwise: "with another key the log begins anew" };

/// Why there is no audit key.
#[derive(Debug, thiserror::Error)]
pub enum AuditKeyError {
    /// It cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The bytes are no key.
    #[error(transparent)]
    Key(#[from] NoteError),
}

impl HasKind for AuditKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Secret(err) => err.kind(),
            Self::Key(_) => Kind::Invalid,
        }
    }
}

/// The key of the environment, else of the file. Never makes one.
pub fn find(config: &Config) -> Result<Signer, AuditKeyError> {
    Ok(Signer::from_secret(&KEY.find(config)?)?)
}

/// The key, made now if there is none. The caller holds the data directory's lock.
pub fn find_or_make(config: &Config) -> Result<Signer, AuditKeyError> {
    Ok(Signer::from_secret(&KEY.find_or_make(config)?)?)
}

/// What signs here: with the key that there is, into the data directory, and what is signed also to where copies are kept.
pub fn sequencer(config: &Config) -> Result<Sequencer, AuditKeyError> {
    Ok(Sequencer::new(find(config)?, config.data_dir.join("audit"), Clock::System).with_copies(config.audit_copies_dir.clone()))
}
