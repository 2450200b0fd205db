//! The lock file: every accepted definition, whole. Written by `accept` only, replaced in one step.

use super::definition::Definition;
use super::error::McpError;
use crate::list_file::{self, ListError, ListFile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use steward_core::Digest;

/// Definitions by the server's own name for the tool.
pub(crate) type Definitions = BTreeMap<String, Definition>;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    servers: BTreeMap<String, BTreeMap<String, Entry>>,
    /// The approved change that a server's tools came with last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    versions: BTreeMap<String, i32>,
}

/// The digest stands beside the definition, so that a person can pin it and a slip of an editor is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    digest: Digest,
    definition: Definition,
}

impl ListFile for Lock {
    fn check(&self) -> Result<(), String> {
        for (server, tools) in &self.servers {
            for (name, entry) in tools {
                if entry.definition.name != *name || entry.definition.digest() != entry.digest {
                    return Err(format!("tool `{name}` of server `{server}` is not what was accepted"));
                }
            }
        }
        Ok(())
    }
}

impl Lock {
    /// Reads it; a file that is not there accepts nothing.
    pub(crate) fn read(path: &Path) -> Result<Self, McpError> {
        list_file::read(path).map_err(|err| failed(path, err))
    }

    /// Changes it, where `change` says so.
    pub(crate) fn change(path: &Path, change: impl FnOnce(&mut Self) -> bool) -> Result<bool, McpError> {
        list_file::change(path, change).map_err(|err| failed(path, err))
    }

    /// What was accepted of one server.
    pub(crate) fn of(&self, server: &str) -> Definitions {
        let tools = self.servers.get(server).into_iter().flatten();
        tools.map(|(name, entry)| (name.clone(), entry.definition.clone())).collect()
    }

    /// The same as digests.
    pub(crate) fn digests(&self, server: &str) -> BTreeMap<String, Digest> {
        let tools = self.servers.get(server).into_iter().flatten();
        tools.map(|(name, entry)| (name.clone(), entry.digest)).collect()
    }

    /// The approved change that they came with; 0 where there was none.
    pub(crate) fn version(&self, server: &str) -> i32 {
        self.versions.get(server).copied().unwrap_or(0)
    }

    pub(crate) fn put(&mut self, server: &str, accepted: Definitions, version: i32) {
        let entries = accepted.into_iter().map(|(name, definition)| (name, Entry { digest: definition.digest(), definition }));
        self.servers.insert(server.to_owned(), entries.collect());
        if version > 0 {
            self.versions.insert(server.to_owned(), version);
        }
    }
}

fn failed(path: &Path, err: ListError) -> McpError {
    match err {
        ListError::Io(source) => McpError::Lock { path: path.to_owned(), source },
        ListError::Broken(reason) => McpError::LockBroken { path: path.to_owned(), reason },
    }
}

/// How one tool that is offered differs from what was accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Difference {
    /// It was not there.
    New {
        /// The server's name for it.
        tool: String,
        /// Its digest.
        digest: Digest,
    },
    /// It is not what it was.
    Changed {
        /// The server's name for it.
        tool: String,
        /// Its digest now.
        digest: Digest,
        /// Which parts changed.
        parts: Vec<&'static str>,
    },
    /// It is gone.
    Gone {
        /// The server's name for it.
        tool: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New { tool, digest } => write!(f, "new: {tool} ({digest})"),
            Self::Changed { tool, digest, parts } => write!(f, "changed: {tool}: {} ({digest})", parts.join(", ")),
            Self::Gone { tool } => write!(f, "gone: {tool}"),
        }
    }
}

/// All differences, by tool.
pub(crate) fn differences(accepted: &Definitions, offered: &[Definition]) -> Vec<Difference> {
    let mut found = Vec::new();
    for definition in offered {
        let (tool, digest) = (definition.name.clone(), definition.digest());
        match accepted.get(&definition.name) {
            None => found.push(Difference::New { tool, digest }),
            Some(before) if before.digest() != digest => found.push(Difference::Changed { tool, digest, parts: before.changed_parts(definition) }),
            Some(_) => {}
        }
    }
    let gone = accepted.keys().filter(|name| !offered.iter().any(|definition| definition.name == **name));
    found.extend(gone.map(|tool| Difference::Gone { tool: tool.clone() }));
    found
}
