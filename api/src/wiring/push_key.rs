//! The push key signs messages to browsers. Made once: a browser takes messages from who held it when its person said yes.

use super::keys::put;
use crate::config::Config;
use crate::notices::{PushKey, PushKeyError as KeyError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use steward_core::{HasKind, Kind};

/// The variable that holds the key where there is no file, as base64url.
pub const VARIABLE: &str = "STEWARD_PUSH_KEY";
const FILE: &str = "keys/push.key";

/// Why there is no push key.
#[derive(Debug, thiserror::Error)]
pub enum PushKeyError {
    /// The variable does not hold one.
    #[error("`{VARIABLE}` must be a push key as `base64 -w0 push.key | tr '+/' '-_' | tr -d =` writes it, and is not")]
    Variable,
    /// The file does not hold one.
    #[error("`{path}` is no push key; restore it from a backup: with another key people have to turn messages on anew in every browser")]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
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
    #[error("there is no push key in `{path}`; `steward up` makes one, and processes that share a database share it: copy the file, or set `{VARIABLE}`")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("the push key `{path}` cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// None can be made.
    #[error(transparent)]
    Make(KeyError),
}

impl HasKind for PushKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Variable | Self::Form { .. } | Self::Open { .. } | Self::Missing { .. } => Kind::Invalid,
            Self::File { .. } | Self::Make(_) => Kind::Away,
        }
    }
}

/// The key of the environment, else of the file. Never makes one.
pub fn find(config: &Config) -> Result<PushKey, PushKeyError> {
    if let Some(text) = config.environment.text(VARIABLE) {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| PushKeyError::Variable)?;
        return PushKey::read(&bytes).map_err(|_| PushKeyError::Variable);
    }
    let path = config.data_dir.join(FILE);
    let failed = |source| PushKeyError::File { path: path.clone(), source };
    let meta = match fs::metadata(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Err(PushKeyError::Missing { path }),
        other => other.map_err(failed)?,
    };
    if meta.mode() & 0o077 != 0 {
        return Err(PushKeyError::Open { mode: meta.mode() & 0o777, path });
    }
    let bytes = fs::read(&path).map_err(failed)?;
    PushKey::read(&bytes).map_err(|source| PushKeyError::Form { path, source })
}

/// The key, made now if there is none. The caller holds the data directory's lock.
pub fn find_or_make(config: &Config) -> Result<PushKey, PushKeyError> {
    match find(config) {
        Err(PushKeyError::Missing { path }) => {
            let fresh = PushKey::make().map_err(PushKeyError::Make)?;
            put(&path, &fresh).map_err(|source| PushKeyError::File { path, source })?;
            find(config)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Overrides};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    fn config(dir: &Path, variables: &[(&str, &str)]) -> Config {
        fs::create_dir_all(dir.join("data")).expect("scratch directory");
        Config::load(&Environment::of(variables.iter().copied(), dir), &Overrides::default()).expect("config")
    }

    #[test]
    fn a_push_key_is_made_once_for_its_owner_alone_and_never_replaced() {
        let dir = std::env::temp_dir().join(format!("stw-push-{}", std::process::id()));
        let refused = |config: &Config, expect: &str| {
            let err = find(config).expect_err(expect).to_string();
            assert!(err.contains(expect) && err.lines().count() == 1, "{err}");
        };
        refused(&config(&dir, &[(VARIABLE, "abc")]), "must be a push key");
        let plain = config(&dir, &[]);
        refused(&plain, "there is no push key in");
        let made = find_or_make(&plain).expect("made");
        let file = plain.data_dir.join(FILE);
        assert_eq!(fs::metadata(&file).expect("file").mode() & 0o777, 0o600);
        assert_eq!(find_or_make(&plain).expect("kept").public(), made.public());
        let text = URL_SAFE_NO_PAD.encode(fs::read(&file).expect("bytes"));
        assert_eq!(find(&config(&dir, &[(VARIABLE, &text)])).expect("variable").public(), made.public());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("mode");
        refused(&plain, "can be read by others (mode 644)");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
        fs::write(&file, b"short").expect("write");
        refused(&plain, "is no push key; restore it");
        assert!(find_or_make(&plain).is_err());
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
