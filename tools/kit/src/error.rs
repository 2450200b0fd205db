//! Why the kit could not do what it was asked.

use std::io;
use std::path::PathBuf;
use steward_core::{HasKind, Kind};
use steward_host::{HostError, PluginError};

/// Why the kit could not do what it was asked. Every message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// In the kit's own words.
    #[error("{0}")]
    Said(String),
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The plugin is not one that can be run.
    #[error("the plugin in `{dir}` cannot be used")]
    Plugin {
        /// Its folder.
        dir: PathBuf,
        /// Why.
        #[source]
        source: PluginError,
    },
    /// What lies built says other than the manifest: perhaps both say the same by now, and it was not built since.
    #[error("the plugin in `{dir}` cannot be used as it is built (if its source says what tool.toml says, build it: `steward plugin build {dir}`)")]
    Stale {
        /// Its folder.
        dir: PathBuf,
        /// What differs.
        #[source]
        source: PluginError,
    },
    /// The same of a plugin that may be anybody's: to build it would run its author's programs.
    #[error("the plugin in `{dir}` cannot be used as it is built (if it is your own, build it again)")]
    Differs {
        /// Its folder.
        dir: PathBuf,
        /// What differs.
        #[source]
        source: PluginError,
    },
    /// The sandbox does not start.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl KitError {
    pub(crate) fn said(message: impl Into<String>) -> Self {
        Self::Said(message.into())
    }

    /// Why a project cannot be used that was not built just now. Whoever asks has it in their hands to build.
    pub(crate) fn as_built(dir: impl Into<PathBuf>, source: PluginError) -> Self {
        let dir = dir.into();
        if matches!(source, PluginError::Disagrees { .. }) { Self::Stale { dir, source } } else { Self::Plugin { dir, source } }
    }

    /// Why a plugin cannot be used that lies in some folder.
    pub fn as_found(dir: impl Into<PathBuf>, source: PluginError) -> Self {
        let dir = dir.into();
        if matches!(source, PluginError::Disagrees { .. }) { Self::Differs { dir, source } } else { Self::Plugin { dir, source } }
    }

    pub(crate) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { path, source }
    }
}

impl HasKind for KitError {
    fn kind(&self) -> Kind {
        match self {
            Self::Said(_) => Kind::Invalid,
            Self::Read { .. } | Self::Write { .. } => Kind::Away,
            Self::Plugin { source, .. } | Self::Stale { source, .. } | Self::Differs { source, .. } => source.kind(),
            Self::Host(err) => err.kind(),
        }
    }
}
