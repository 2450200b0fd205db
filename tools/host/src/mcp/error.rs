//! What goes wrong with MCP servers before a tool can be called.

use std::{io, path::PathBuf};
use steward_core::{Digest, HasKind, Kind};

/// Why a server or its tools cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum McpError {
    /// A server's name is no name.
    #[error("`{0}` is no name for an MCP server; write lower-case letters, digits and `_`, a letter first")]
    Name(String),
    /// The name is taken.
    #[error("the MCP server `{0}` has the name of another server or plugin; give it another name")]
    Duplicate(String),
    /// The lock file cannot be read or written.
    #[error("cannot use `{path}`, which holds the accepted tools of MCP servers")]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The lock file is broken.
    #[error("`{path}` is broken: {reason}; restore it, or delete it and accept the tools again")]
    LockBroken {
        /// The file.
        path: PathBuf,
        /// How.
        reason: String,
    },
    /// The server does not start or does not answer.
    #[error("the MCP server `{server}` does not answer: {reason}")]
    Away {
        /// The server.
        server: String,
        /// Why, in bounded words.
        reason: String,
    },
    /// The server offers more than is taken.
    #[error("the MCP server `{server}` offers too much: {reason}")]
    TooMuch {
        /// The server.
        server: String,
        /// What.
        reason: String,
    },
    /// The offered definition is not the pinned one.
    #[error("the MCP server `{server}` offers `{tool}` with the digest {digest}, which is not the pinned one; review it and change `pinned`")]
    Pinned {
        /// The server.
        server: String,
        /// The tool.
        tool: String,
        /// What is offered.
        digest: Digest,
    },
    /// The server does not offer it.
    #[error("the MCP server `{server}` offers no tool `{tool}`")]
    NoSuchTool {
        /// The server.
        server: String,
        /// The tool.
        tool: String,
    },
}

impl HasKind for McpError {
    fn kind(&self) -> Kind {
        match self {
            Self::Name(_) | Self::LockBroken { .. } => Kind::Invalid,
            Self::Duplicate(_) | Self::Pinned { .. } => Kind::Conflict,
            Self::Lock { .. } | Self::Away { .. } => Kind::Away,
            Self::TooMuch { .. } => Kind::Limit,
            Self::NoSuchTool { .. } => Kind::Missing,
        }
    }
}
