//! The agents of this installation: which prompt, model, tools and bounds each has.

use std::collections::BTreeMap;
use steward_core::{Digest, Mode, RunLimits};
use steward_host::EXTRACT;

/// One agent, resolved: its prompt pinned to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// `name@version` of its prompt.
    pub prompt: String,
    /// Digest of the prompt's text.
    pub prompt_digest: Digest,
    /// The label by which the configuration names the prompt: an organisation may approve another version for it.
    pub prompt_label: Option<String>,
    /// The named model.
    pub model: String,
    /// Tools it may use: names, or prefixes ending in `*`.
    pub tools: Vec<String>,
    /// How closely its calls are watched.
    pub mode: Mode,
    /// Bounds of its runs.
    pub limits: RunLimits,
}

impl Agent {
    /// Whether the agent may use a tool at all. The gate still decides on each call.
    pub fn may_use(&self, tool: &str) -> bool {
        // Handles are there in mode `sealed` only.
        if tool == EXTRACT {
            return self.mode == Mode::Sealed;
        }
        self.tools.iter().any(|pattern| pattern.strip_suffix('*').map_or_else(|| pattern == tool, |prefix| tool.starts_with(prefix)))
    }
}

/// All agents by name.
pub type Agents = BTreeMap<String, Agent>;
