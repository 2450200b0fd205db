//! What is wrong with the configuration: each problem in one line that says where it is and what to do.

use std::path::PathBuf;
use steward_core::{HasKind, Kind};

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file is not there.
    #[error("there is no configuration file `{path}`, which {by} names; create it, or leave the name out to use the defaults")]
    NoFile {
        /// The file.
        path: PathBuf,
        /// Who names it.
        by: &'static str,
    },
    /// The file cannot be read.
    #[error("the configuration file `{path}` cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("`{path}` is not valid TOML in line {line}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The parser's words, in one line.
        message: String,
    },
    /// Keys or values are wrong. Never empty.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
}

impl HasKind for ConfigError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoFile { .. } | Self::Syntax { .. } | Self::Wrong(_) => Kind::Invalid,
            Self::Unreadable { .. } => Kind::Away,
        }
    }
}
