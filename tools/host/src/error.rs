//! Why a host cannot be made, and why a plugin is not loaded.

use std::{io, path::PathBuf};
use steward_core::{Digest, HasKind, Kind};

/// Why a host cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine refuses its configuration.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
    /// The folder for compiled plugins cannot be used.
    #[error(
        "cannot use `{path}` for compiled plugins; it must be this account's own, no link and writable by nobody else; remove it, a new one is made, and a server without it compiles at each start"
    )]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The key of the compiled plugins is not 32 bytes long.
    #[error("`{path}` is not a key of 32 bytes; delete it, a new one is made and plugins are compiled again")]
    CacheKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The thread that turns the epoch does not start.
    #[error("cannot start the thread that stops endless plugins")]
    Ticker(#[source] io::Error),
}

impl HasKind for HostError {
    fn kind(&self) -> Kind {
        match self {
            Self::Engine(_) => Kind::Bug,
            Self::Cache { .. } | Self::CacheKey { .. } | Self::Ticker(_) => Kind::Away,
        }
    }
}

/// Why a plugin is not loaded. Every message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// A file of the plugin cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file of the plugin cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Nobody whose word counts stands for it.
    #[error("plugin `{plugin}`: {reason}")]
    Signature {
        /// The plugin.
        plugin: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Nobody accepted it yet.
    #[error("plugin `{plugin}` was not accepted yet; see what it may do and accept it with `steward plugin accept {plugin}`")]
    NotAccepted {
        /// The plugin.
        plugin: String,
    },
    /// It is not what was accepted.
    #[error(
        "plugin `{plugin}` is another than was accepted ({digest}); see what differs and accept it with `steward plugin accept {plugin}`, or put back the files of before"
    )]
    OtherThanAccepted {
        /// The plugin.
        plugin: String,
        /// What it is now.
        digest: Digest,
    },
    /// The list of accepted plugins cannot be read or written.
    #[error("the list of accepted plugins `{path}` cannot be read or written")]
    List {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The list of accepted plugins is not what was written.
    #[error("`{path}` is not the list of accepted plugins: {reason}; restore it from a backup, or delete it and accept them anew")]
    Accepted {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// `tool.toml` is not valid.
    #[error("tool.toml: {0}")]
    Manifest(String),
    /// A schema file is not one, or does not fit the manifest.
    #[error("tool `{tool}`: {problem}")]
    Schema {
        /// The tool.
        tool: String,
        /// What is wrong and what to change.
        problem: String,
    },
    /// The bytes are no component that this host can run.
    #[error("plugin `{plugin}`: not a component this host can run, truncated or built for another host or by a newer toolchain: {reason}")]
    Component {
        /// The plugin.
        plugin: String,
        /// The engine's words.
        reason: String,
    },
    /// The component is larger than the host takes.
    #[error("plugin `{plugin}`: the component has {bytes} bytes, at most {most} are taken")]
    TooLarge {
        /// The plugin.
        plugin: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The component imports what the host does not offer, or offers in another version.
    #[error("plugin `{plugin}` imports `{import}`, which this host does not offer; it offers {offered}")]
    UnknownImport {
        /// The plugin.
        plugin: String,
        /// The import.
        import: String,
        /// What there is.
        offered: String,
    },
    /// The component imports what its manifest does not ask for.
    #[error("plugin `{plugin}` imports `{import}` without a grant; add `{import} = true` under [imports] or build it without")]
    Undeclared {
        /// The plugin.
        plugin: String,
        /// The import.
        import: String,
    },
    /// The manifest asks for what the component does not import.
    #[error("plugin `{plugin}` is granted `{import}` but does not import it; remove it from [imports]")]
    Unused {
        /// The plugin.
        plugin: String,
        /// The import.
        import: String,
    },
    /// The component does not export what the contract asks for.
    #[error("plugin `{plugin}` does not export `describe` and `call` of steward:plugin@{version}: {reason}")]
    Exports {
        /// The plugin.
        plugin: String,
        /// The version this host speaks.
        version: &'static str,
        /// The engine's words.
        reason: String,
    },
    /// `describe` crashed, ran too long or called an import.
    #[error("plugin `{plugin}`: describe() failed: {reason}")]
    Describe {
        /// The plugin.
        plugin: String,
        /// The engine's words.
        reason: String,
    },
    /// `describe` does not say what the manifest says.
    #[error("plugin `{plugin}`: the code does not agree with tool.toml: {difference}")]
    Disagrees {
        /// The plugin.
        plugin: String,
        /// The first difference.
        difference: String,
    },
    /// A plugin of this name is loaded already.
    #[error("plugin `{0}` is loaded already")]
    Duplicate(String),
    /// An MCP server of the configuration has its name.
    #[error("plugin `{0}` has the name of an MCP server of the configuration; rename the server, or the plugin")]
    NameOfServer(String),
}

impl HasKind for PluginError {
    fn kind(&self) -> Kind {
        match self {
            Self::Read { .. } | Self::Write { .. } | Self::List { .. } => Kind::Away,
            Self::Duplicate(_) | Self::NameOfServer(_) => Kind::Conflict,
            Self::TooLarge { .. } => Kind::Limit,
            Self::Undeclared { .. } | Self::Signature { .. } | Self::NotAccepted { .. } | Self::OtherThanAccepted { .. } => Kind::Denied,
            Self::Manifest(_)
            | Self::Accepted { .. }
            | Self::Schema { .. }
            | Self::Component { .. }
            | Self::UnknownImport { .. }
            | Self::Unused { .. }
            | Self::Exports { .. }
            | Self::Describe { .. }
            | Self::Disagrees { .. } => Kind::Invalid,
        }
    }
}

/// Cuts foreign text to something that can stand in an error, a log line or a model's context: one line, no control
/// characters, at most `most` characters.
pub(crate) fn tidy(text: &str, most: usize) -> String {
    let clean = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut short: String = clean.take(most).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}
