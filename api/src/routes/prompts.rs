//! Prompts: what agents are told, in versions that never change.

pub(crate) mod list;
pub(crate) mod propose;
pub(crate) mod show;

use serde::Serialize;
use std::collections::BTreeMap;
use steward_core::Digest;
use steward_prompts::Prompt;
use utoipa::ToSchema;

/// A version of a prompt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromptView {
    #[schema(example = "assistant")]
    name: String,
    version: u32,
    description: String,
    /// Labels that point to this version now, for example `production`.
    labels: Vec<String>,
    /// SHA-256 of the whole file.
    #[schema(value_type = String)]
    digest: Digest,
}

impl PromptView {
    /// Shows a version, with where the prompt's labels point.
    pub(crate) fn of(prompt: &Prompt, labels: &BTreeMap<String, u32>) -> Self {
        let labels = labels.iter().filter(|(_, version)| **version == prompt.version);
        Self {
            name: prompt.name.clone(),
            version: prompt.version,
            description: prompt.description.clone(),
            labels: labels.map(|(label, _)| label.clone()).collect(),
            digest: prompt.digest,
        }
    }
}
