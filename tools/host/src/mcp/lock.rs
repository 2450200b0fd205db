//! The lock file: every accepted definition, whole. Written by `accept` only, replaced in one step.

use super::definition::Definition;
use super::error::McpError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs, io};
use steward_core::Digest;

/// The largest lock file read, in bytes.
const LOCK_BYTES_MAX: u64 = 64 << 20;

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

impl Lock {
    /// Reads it; a file that is not there accepts nothing.
    pub(crate) fn read(path: &Path) -> Result<Self, McpError> {
        let failed = |source| McpError::Lock { path: path.to_owned(), source };
        let broken = |reason: String| McpError::LockBroken { path: path.to_owned(), reason };
        match fs::metadata(path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(err) => return Err(failed(err)),
            Ok(found) if found.len() > LOCK_BYTES_MAX => return Err(broken("it is too large".to_owned())),
            Ok(_) => {}
        }
        let lock: Self = serde_json::from_slice(&fs::read(path).map_err(failed)?).map_err(|err| broken(err.to_string()))?;
        for (server, tools) in &lock.servers {
            for (name, entry) in tools {
                if entry.definition.name != *name || entry.definition.digest() != entry.digest {
                    return Err(broken(format!("tool `{name}` of server `{server}` is not what was accepted")));
                }
            }
        }
        Ok(lock)
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

    /// Writes it beside and moves it into place.
    pub(crate) fn write(&self, path: &Path) -> Result<(), McpError> {
        let failed = |source| McpError::Lock { path: path.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|err| failed(err.into()))?;
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(failed)?;
        }
        let beside = path.with_extension("new");
        fs::write(&beside, text).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    }
}

/// How one tool that is offered differs from what was accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
