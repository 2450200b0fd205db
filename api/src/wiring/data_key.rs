//! The data key seals the keys of personal details: a copy of the database alone shows none of them.

use super::secret::{Secret, SecretError};
use crate::config::Config;
use steward_core::{HasKind, Kind};
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::{DataKey, SealError};

const KEY: Secret = Secret {
    name: "data key",
    file: "keys/data.key",
    variable: "STEWARD_DATA_KEY",
    otherwise: "with another key no personal detail in the audit log can be read any more",
};

/// Why there is no data key.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    /// It cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The bytes are no key.
    #[error("the data key cannot be used")]
    Key(#[from] SealError),
}

impl HasKind for DataKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Secret(err) => err.kind(),
            Self::Key(_) => Kind::Invalid,
        }
    }
}

/// What seals here, with the key that there is.
pub fn find(config: &Config) -> Result<Personal, DataKeyError> {
    Ok(Personal::new(DataKey::from_secret(&KEY.find(config)?)?, config.data_dir.join("audit")))
}

/// Makes the key if there is none. The caller holds the data directory's lock.
pub fn find_or_make(config: &Config) -> Result<(), DataKeyError> {
    KEY.find_or_make(config)?;
    Ok(())
}

/// The same for one command: what needs no key works without it, what does is refused and says why.
pub fn find_or_say(config: &Config) -> Personal {
    find(config).unwrap_or_else(|err| Personal::without_key(crate::cli::chain(&err)))
}
