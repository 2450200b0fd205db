//! Why an exam could not be held. What an exam found is never an error.

use std::path::PathBuf;
use steward_core::{HasKind, Kind};

/// Why an exam could not be held.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file cannot be read.
    #[error("`{path}` cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is of another form.
    #[error("`{path}` is not of the format `{format}`: {reason}")]
    Format {
        /// Which.
        path: PathBuf,
        /// What it should be.
        format: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to replay.
    #[error("`{0}` holds no suite: there must be an `annotations.json` and, for a suite it names, a file `<suite>.json`")]
    Nothing(PathBuf),
    /// A corpus has no tool set.
    #[error("a corpus needs a `desk.toml` with its tools, places and goals")]
    NoDesk,
    /// The stage cannot be set.
    #[error("the replay cannot be prepared: {0}")]
    Stage(String),
    /// A run did not come to its end.
    #[error("the run of `{task}` did not come to its end: {reason}")]
    Run {
        /// Which.
        task: String,
        /// Why.
        reason: String,
    },
}

impl HasKind for EvalError {
    fn kind(&self) -> Kind {
        match self {
            Self::File { .. } => Kind::Away,
            Self::Format { .. } | Self::Nothing(_) | Self::NoDesk => Kind::Invalid,
            Self::Stage(_) | Self::Run { .. } => Kind::Bug,
        }
    }
}
