//! Prompts from the data directory, and agents pinned to versions of them.

use super::seed::read_below;
use crate::config::AgentConfig;
use std::path::{Path, PathBuf};
use steward_agent::agents::{Agent, Agents};
use steward_core::{HasKind, Kind};
use steward_prompts::{PromptError, Reference, Registry, Selector};

/// Why there are no agents.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// The prompts cannot be read.
    #[error("the prompts in `{dir}` cannot be read")]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A prompt is wrong.
    #[error("a prompt in `{dir}` is wrong")]
    Prompts {
        /// The directory.
        dir: PathBuf,
        /// What is wrong.
        #[source]
        source: PromptError,
    },
    /// An agent names a prompt that is not there.
    #[error("`agents.{agent}.prompt` cannot be used")]
    Prompt {
        /// The agent.
        agent: String,
        /// Why.
        #[source]
        source: PromptError,
    },
}

impl HasKind for AgentsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable { .. } => Kind::Away,
            Self::Prompts { .. } | Self::Prompt { .. } => Kind::Invalid,
        }
    }
}

/// Reads every prompt of a directory.
pub fn load_prompts(dir: &Path) -> Result<Registry, AgentsError> {
    let files = read_below(dir, &["md", "toml"]).map_err(|source| AgentsError::Unreadable { dir: dir.to_owned(), source })?;
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    Registry::load(files).map_err(|source| AgentsError::Prompts { dir: dir.to_owned(), source })
}

/// The label in a reference such as `assistant@production`; none where it names a version.
fn label_of(reference: &str) -> Option<String> {
    match reference.parse::<Reference>().ok()?.selector {
        Selector::Label(label) => Some(label),
        Selector::Version(_) => None,
    }
}

/// Pins each configured agent to a version of its prompt.
pub fn resolve(agents: &[AgentConfig], prompts: &Registry) -> Result<Agents, AgentsError> {
    let one = |agent: &AgentConfig| {
        let prompt = prompts.resolve(&agent.prompt).map_err(|source| AgentsError::Prompt { agent: agent.name.clone(), source })?;
        let resolved = Agent {
            name: agent.name.clone(),
            prompt: format!("{}@{}", prompt.name, prompt.version),
            prompt_digest: prompt.digest,
            prompt_label: label_of(&agent.prompt),
            model: agent.model.clone(),
            tools: agent.tools.clone(),
            mode: agent.mode,
            limits: agent.limits,
            within: Vec::new(),
        };
        Ok((agent.name.clone(), resolved))
    };
    agents.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::RunLimits;

    #[test]
    fn an_agent_with_an_unknown_prompt_is_refused() {
        let agent = |prompt: &str| AgentConfig {
            name: "a".to_owned(),
            prompt: prompt.to_owned(),
            model: "strong".to_owned(),
            tools: Vec::new(),
            mode: steward_core::Mode::default(),
            limits: RunLimits::default(),
        };
        let prompts = steward_prompts::shipped().expect("shipped prompts");
        let check = |prompt: &str| resolve(&[agent(prompt)], &prompts).map_err(|err| crate::cli::chain(&err));
        let err = check("assistant@99").expect_err("no such version");
        assert!(err.starts_with("`agents.a.prompt` cannot be used: "), "{err}");
        check("nobody@production").expect_err("no such prompt");
        let agents = check("assistant@production").expect("resolved");
        assert!(agents.get("a").is_some_and(|agent| agent.prompt.starts_with("assistant@") && !agent.prompt.ends_with("production")));
    }
}
