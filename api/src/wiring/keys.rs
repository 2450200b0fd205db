//! The envelope key: 32 secret bytes that live in a file or the environment and never in the database.

use crate::config::{Config, ENVELOPE_KEY_VARIABLE};
use rand::TryRngCore;
use secrecy::ExposeSecret;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use steward_core::{EnvelopeKey, HasKind, Kind};

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// Why there is no envelope key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable does not hold a key.
    #[error("`{ENVELOPE_KEY_VARIABLE}` must be 64 hexadecimal digits, and is not; make a key with `openssl rand -hex 32`")]
    Variable,
    /// The file has another length.
    #[error("`{path}` has {bytes} bytes and must have {KEY_BYTES}; restore it from a backup: with another key no waiting approval counts any more")]
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
    /// There is none, and this process must not make one.
    #[error(
        "there is no envelope key in `{path}`; processes that share a database share the key: set `{ENVELOPE_KEY_VARIABLE}`, or copy the file that `steward up` made"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("the envelope key `{path}` cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl HasKind for KeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Variable | Self::Length { .. } | Self::Open { .. } | Self::Missing { .. } => Kind::Invalid,
            Self::File { .. } => Kind::Away,
        }
    }
}

/// Where the key lies.
pub fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("keys/envelope.key")
}

/// The key of the environment, else of the file. Never makes one.
pub fn find_key(config: &Config) -> Result<EnvelopeKey, KeyError> {
    if let Some(hex) = &config.envelope_key {
        return from_hex(hex.expose_secret()).map(EnvelopeKey::from_bytes).ok_or(KeyError::Variable);
    }
    let path = key_file(&config.data_dir);
    let failed = |source| KeyError::File { path: path.clone(), source };
    let meta = match fs::metadata(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Err(KeyError::Missing { path }),
        other => other.map_err(failed)?,
    };
    if meta.mode() & 0o077 != 0 {
        return Err(KeyError::Open { mode: meta.mode() & 0o777, path });
    }
    let bytes = fs::read(&path).map_err(failed)?;
    let length = bytes.len();
    bytes.try_into().map(EnvelopeKey::from_bytes).map_err(|_| KeyError::Length { path, bytes: length })
}

/// The key, made now if there is none. The caller holds the data directory's lock.
pub fn find_or_make_key(config: &Config) -> Result<EnvelopeKey, KeyError> {
    match find_key(config) {
        Err(KeyError::Missing { path }) => make(&path).map_err(|source| KeyError::File { path, source }).and_then(|()| find_key(config)),
        other => other,
    }
}

/// Makes a key by chance.
pub(super) fn make(path: &Path) -> std::io::Result<()> {
    let mut key = [0u8; KEY_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut key).map_err(std::io::Error::other)?;
    put(path, &key)
}

/// Written beside its place and renamed into it, so that there is a whole key or none.
pub(super) fn put(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(path);
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(err) if err.kind() != std::io::ErrorKind::AlreadyExists => return Err(err),
        Ok(()) | Err(_) => {}
    }
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    fs::File::open(dir)?.sync_all()
}

pub(crate) fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let text = text.trim().as_bytes();
    if text.len() != KEY_BYTES * 2 {
        return None;
    }
    let mut key = [0u8; KEY_BYTES];
    for (byte, pair) in key.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Overrides};
    use std::os::unix::fs::PermissionsExt;

    fn config(dir: &Path, variables: &[(&str, &str)]) -> Config {
        fs::create_dir_all(dir.join("data")).expect("scratch directory");
        Config::load(&Environment::of(variables.iter().copied(), dir), &Overrides::default()).expect("config")
    }

    fn refused(config: &Config, expect: &str) {
        let err = find_key(config).expect_err(expect).to_string();
        assert!(err.contains(expect), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }

    #[test]
    fn wrong_keys_are_refused_in_one_line() {
        let dir = std::env::temp_dir().join(format!("stw-keys-{}", std::process::id()));
        for wrong in ["abc", &"0".repeat(63), &"g".repeat(64)] {
            refused(&config(&dir, &[(ENVELOPE_KEY_VARIABLE, wrong)]), "must be 64 hexadecimal digits");
        }
        let plain = config(&dir, &[]);
        refused(&plain, "there is no envelope key in");
        find_or_make_key(&plain).expect("made");
        let file = key_file(&plain.data_dir);
        assert_eq!(fs::metadata(&file).expect("file").mode() & 0o777, 0o600);
        let first = fs::read(&file).expect("key");
        find_or_make_key(&plain).expect("kept");
        assert_eq!(fs::read(&file).expect("key"), first, "a second start keeps the key");
        assert_ne!(first, [0u8; KEY_BYTES]);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("mode");
        refused(&plain, "can be read by others (mode 640)");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
        fs::write(&file, b"short").expect("write");
        refused(&plain, "has 5 bytes and must have 32");
        assert!(find_or_make_key(&plain).is_err(), "a wrong key is never replaced");
        fs::remove_dir_all(&dir).expect("clean up");
    }

    #[test]
    fn hexadecimal_keys_are_read() {
        assert_eq!(from_hex(&"0f".repeat(32)), Some([0x0f; 32]));
        assert_eq!(from_hex(&format!(" {}\n", "Ff".repeat(32))), Some([0xff; 32]));
        assert_eq!(from_hex(&"+f".repeat(32)), None);
    }
}
