//! Secrets of 32 bytes that lie in a file or the environment and never in the database.

use super::keys::{from_hex, make};
use crate::config::Config;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use steward_core::{HasKind, Kind};

/// One of these secrets.
#[derive(Debug, Clone, Copy)]
pub struct Secret {
    /// What it is called.
    pub name: &'static str,
    /// Its file in the data directory.
    pub file: &'static str,
    /// The variable that holds it where there is no file.
    pub variable: &'static str,
    /// What happens with another in its place.
    pub otherwise: &'static str,
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable does not hold one.
    #[error("`{0}` must be 64 hexadecimal digits, and is not; make a key with `openssl rand -hex 32`")]
    Variable(&'static str),
    /// The file has another length.
    #[error("`{path}` has {bytes} bytes and must have 32; restore it from a backup: {otherwise}")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// What happens with another in its place.
        otherwise: &'static str,
    },
    /// The file is not one key after the other.
    #[error("`{path}` has {bytes} bytes and must have 32 for each key in it; restore it from a backup: {otherwise}")]
    Lengths {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// What happens with another in its place.
        otherwise: &'static str,
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
    #[error("there is no {name} in `{path}`; `steward up` makes one, and processes that share a database share it: copy the file, or set `{variable}`")]
    Missing {
        /// What is missing.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: &'static str,
    },
    /// The file cannot be read or made.
    #[error("the {name} `{path}` cannot be used")]
    File {
        /// What it is.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl HasKind for SecretError {
    fn kind(&self) -> Kind {
        match self {
            Self::Variable(_) | Self::Length { .. } | Self::Lengths { .. } | Self::Open { .. } | Self::Missing { .. } => Kind::Invalid,
            Self::File { .. } => Kind::Away,
        }
    }
}

impl Secret {
    /// The bytes of the environment, else of the file. Never makes any.
    pub fn find(&self, config: &Config) -> Result<[u8; 32], SecretError> {
        if let Some(hex) = config.environment.text(self.variable) {
            return from_hex(hex).ok_or(SecretError::Variable(self.variable));
        }
        let (path, bytes) = self.read(config)?;
        let length = bytes.len();
        bytes.try_into().map_err(|_| SecretError::Length { path, bytes: length, otherwise: self.otherwise })
    }

    /// Several of them: of the environment with commas between them, else of the file one after the other. Never none.
    pub fn find_all(&self, config: &Config) -> Result<Vec<[u8; 32]>, SecretError> {
        if let Some(text) = config.environment.text(self.variable) {
            return text.split(',').map(|hex| from_hex(hex).ok_or(SecretError::Variable(self.variable))).collect();
        }
        let (path, bytes) = self.read(config)?;
        let (keys, rest) = bytes.as_chunks::<32>();
        if keys.is_empty() || !rest.is_empty() {
            return Err(SecretError::Lengths { path, bytes: bytes.len(), otherwise: self.otherwise });
        }
        Ok(keys.to_vec())
    }

    /// What is in the file, which nobody else can read.
    fn read(&self, config: &Config) -> Result<(PathBuf, Vec<u8>), SecretError> {
        let path = config.data_dir.join(self.file);
        let failed = |source| SecretError::File { name: self.name, path: path.clone(), source };
        let meta = match fs::metadata(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                return Err(SecretError::Missing { name: self.name, path, variable: self.variable });
            }
            other => other.map_err(failed)?,
        };
        if meta.mode() & 0o077 != 0 {
            return Err(SecretError::Open { mode: meta.mode() & 0o777, path });
        }
        let bytes = fs::read(&path).map_err(failed)?;
        Ok((path, bytes))
    }

    /// The bytes, made now if there are none. The caller holds the data directory's lock.
    pub fn find_or_make(&self, config: &Config) -> Result<[u8; 32], SecretError> {
        match self.find(config) {
            Err(SecretError::Missing { path, .. }) => {
                make(&path).map_err(|source| SecretError::File { name: self.name, path, source }).and_then(|()| self.find(config))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Overrides};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    const SECRET: Secret = Secret { name: "test key", file: "keys/test.key", variable: "STEWARD_DATA_KEY", otherwise: "nothing opens any more" };

    fn config(dir: &Path, variables: &[(&str, &str)]) -> Config {
        fs::create_dir_all(dir.join("data")).expect("scratch directory");
        Config::load(&Environment::of(variables.iter().copied(), dir), &Overrides::default()).expect("config")
    }

    #[test]
    fn wrong_secrets_are_refused_in_one_line_and_never_replaced() {
        let dir = std::env::temp_dir().join(format!("stw-secret-{}", std::process::id()));
        let refused = |config: &Config, expect: &str| {
            let err = SECRET.find(config).expect_err(expect).to_string();
            assert!(err.contains(expect) && err.lines().count() == 1, "{err}");
        };
        for wrong in ["abc", &"0".repeat(63), &"g".repeat(64)] {
            refused(&config(&dir, &[("STEWARD_DATA_KEY", wrong)]), "must be 64 hexadecimal digits");
        }
        let plain = config(&dir, &[]);
        refused(&plain, "there is no test key in");
        let made = SECRET.find_or_make(&plain).expect("made");
        assert_ne!(made, [0; 32]);
        assert_eq!(SECRET.find_or_make(&plain).expect("kept"), made);
        let file = plain.data_dir.join(SECRET.file);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("mode");
        refused(&plain, "can be read by others (mode 640)");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
        fs::write(&file, b"short").expect("write");
        refused(&plain, "has 5 bytes and must have 32; restore it from a backup: nothing opens any more");
        assert!(SECRET.find_or_make(&plain).is_err());
        assert_eq!(SECRET.find(&config(&dir, &[("STEWARD_DATA_KEY", &"0f".repeat(32))])).expect("variable"), [0x0f; 32]);
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
