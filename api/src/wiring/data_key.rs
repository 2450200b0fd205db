//! The data key seals the keys of personal details: a copy of the database alone shows none of them.

use super::secret::{Secret, SecretError};
use crate::config::Config;
use std::path::PathBuf;
use steward_core::{HasKind, Kind};
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::{DataKey, SealError};

const KEY: Secret = Secret {
    name: "data key",
    file: "keys/data.key",
    variable: "STEWARD_DATA_KEY",
    otherwise: "with another key no personal detail in the audit log can be read any more",
};

/// Those before it, the newest first: what they sealed still opens, and nothing is sealed with them.
const FORMER: Secret = Secret {
    name: "former data key",
    file: "keys/data.former.key",
    variable: "STEWARD_DATA_KEY_FORMER",
    otherwise: "with another key nothing opens that was sealed before the data key was replaced",
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

/// What seals here, with the key that there is; what former ones sealed opens too, where those are there.
pub fn find(config: &Config) -> Result<Personal, DataKeyError> {
    let key = DataKey::from_secret(&KEY.find(config)?)?;
    let key = match FORMER.find_all(config) {
        Ok(formers) => key.after_all(&formers)?,
        Err(SecretError::Missing { .. }) => key,
        Err(err) => return Err(err.into()),
    };
    Ok(Personal::new(key, lists_of(config)))
}

/// Makes the key if there is none. The caller holds the data directory's lock.
pub fn find_or_make(config: &Config) -> Result<(), DataKeyError> {
    KEY.find_or_make(config)?;
    Ok(())
}

/// The same for one command: what needs no key works without it, what does is refused and says why.
pub fn find_or_say(config: &Config) -> Personal {
    find(config).unwrap_or_else(|err| Personal::without_key(crate::cli::chain(&err), lists_of(config)))
}

/// Where it is kept who was erased.
fn lists_of(config: &Config) -> PathBuf {
    config.data_dir.join("audit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Overrides};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_former_data_key_that_is_none_is_refused_in_one_line_and_a_missing_one_is_not() {
        let dir = std::env::temp_dir().join(format!("stw-former-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("data")).expect("scratch directory");
        let config = |variables: &[(&str, &str)]| Config::load(&Environment::of(variables.iter().copied(), &dir), &Overrides::default()).expect("config");
        let good = "0f".repeat(32);
        let refused = find(&config(&[("STEWARD_DATA_KEY", &good), ("STEWARD_DATA_KEY_FORMER", "abc")])).expect_err("no key").to_string();
        assert!(refused.contains("`STEWARD_DATA_KEY_FORMER` must be 64 hexadecimal digits") && refused.lines().count() == 1, "{refused}");
        assert!(find(&config(&[("STEWARD_DATA_KEY", &good)])).is_ok());
        let two = format!("{},{}", "f0".repeat(32), "f1".repeat(32));
        for formers in [&"f0".repeat(32), &two] {
            assert!(find(&config(&[("STEWARD_DATA_KEY", &good), ("STEWARD_DATA_KEY_FORMER", formers)])).is_ok(), "{formers}");
        }
        assert!(find(&config(&[("STEWARD_DATA_KEY", &good), ("STEWARD_DATA_KEY_FORMER", &format!("{two},"))])).is_err());
        // In a file, one after the other.
        let file = dir.join("data/keys/data.former.key");
        std::fs::create_dir_all(dir.join("data/keys")).expect("keys");
        for (bytes, is_sound) in [(32, true), (96, true), (0, false), (33, false), (63, false)] {
            std::fs::write(&file, vec![7; bytes]).expect("written");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("mode");
            assert_eq!(find(&config(&[("STEWARD_DATA_KEY", &good)])).is_ok(), is_sound, "{bytes} bytes");
        }
        std::fs::remove_dir_all(&dir).expect("clean up");
    }
}
