//! The audit key: 32 secret bytes that sign checkpoints. They lie in a file or the environment and never in the database,
//! so that whoever rewrites the database cannot sign what they made.

use super::keys::{from_hex, make};
use crate::config::Config;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use steward_core::{Clock, HasKind, Kind};
use steward_office::audit::note::{NoteError, Signer};
use steward_office::audit::sequence::Sequencer;

/// The variable that holds the key where there is no file.
pub const AUDIT_KEY_VARIABLE: &str = "STEWARD_AUDIT_KEY";

/// Why there is no audit key.
#[derive(Debug, thiserror::Error)]
pub enum AuditKeyError {
    /// The variable does not hold a key.
    #[error("`{AUDIT_KEY_VARIABLE}` must be 64 hexadecimal digits, and is not; make a key with `openssl rand -hex 32`")]
    Variable,
    /// The file has another length.
    #[error("`{path}` has {bytes} bytes and must have 32; restore it from a backup: with another key the log begins anew")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// Others can read it.
    #[error("`{path}` can be read by others (mode {mode:o}); run `chmod 600 {path}`, and make a new key if somebody may have read it")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There is none.
    #[error(
        "there is no audit key in `{path}`; `steward up` makes one, and processes that share a database share it: copy the file, or set `{AUDIT_KEY_VARIABLE}`"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("the audit key `{path}` cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The bytes are no key.
    #[error(transparent)]
    Secret(#[from] NoteError),
}

impl HasKind for AuditKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Variable | Self::Length { .. } | Self::Open { .. } | Self::Missing { .. } | Self::Secret(_) => Kind::Invalid,
            Self::File { .. } => Kind::Away,
        }
    }
}

/// The key of the environment, else of the file. Never makes one.
pub fn find(config: &Config) -> Result<Signer, AuditKeyError> {
    if let Some(hex) = config.environment.text(AUDIT_KEY_VARIABLE) {
        return Ok(Signer::from_secret(&from_hex(hex).ok_or(AuditKeyError::Variable)?)?);
    }
    let path = config.data_dir.join("keys/audit.key");
    let failed = |source| AuditKeyError::File { path: path.clone(), source };
    let meta = match fs::metadata(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Err(AuditKeyError::Missing { path }),
        other => other.map_err(failed)?,
    };
    if meta.mode() & 0o077 != 0 {
        return Err(AuditKeyError::Open { mode: meta.mode() & 0o777, path });
    }
    let bytes = fs::read(&path).map_err(failed)?;
    let length = bytes.len();
    let secret: [u8; 32] = bytes.try_into().map_err(|_| AuditKeyError::Length { path, bytes: length })?;
    Ok(Signer::from_secret(&secret)?)
}

/// The key, made now if there is none. The caller holds the data directory's lock.
pub fn find_or_make(config: &Config) -> Result<Signer, AuditKeyError> {
    match find(config) {
        Err(AuditKeyError::Missing { path }) => make(&path).map_err(|source| AuditKeyError::File { path, source }).and_then(|()| find(config)),
        other => other,
    }
}

/// What signs here: with the key that there is, into the data directory.
pub fn sequencer(config: &Config) -> Result<Sequencer, AuditKeyError> {
    Ok(Sequencer::new(find(config)?, config.data_dir.join("audit"), Clock::System))
}
