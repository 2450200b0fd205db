//! The agents of this installation.

pub(crate) mod list;

use serde::Serialize;
use steward_agent::agents::Agent;
use steward_core::{Digest, Mode, PluginWork, RunLimits};
use steward_office::conversations::AgentPins;
use utoipa::ToSchema;

/// The bounds of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LimitsView {
    /// Model answers.
    steps: u32,
    /// Working time; waiting for people does not count.
    seconds: u32,
    /// Model tokens.
    tokens: u64,
    /// Model cost, in millionths of a US dollar.
    cost_micros: i64,
    /// What its plugins may take, all calls together.
    plugins: PluginWorkView,
}

/// What the plugins of a run took, or may take, all their calls together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginWorkView {
    /// Requests to others, redirects counted.
    #[schema(example = 100)]
    requests: u32,
    /// Questions to the office and to others.
    #[schema(example = 5_000)]
    questions: u32,
    /// Bytes that were sent to others and that came back: addresses, headers and bodies.
    egress_bytes: u64,
    /// What was computed: about one for each instruction.
    fuel: u64,
}

impl From<PluginWork> for PluginWorkView {
    fn from(work: PluginWork) -> Self {
        let PluginWork { requests, questions, egress_bytes, fuel } = work;
        Self { requests, questions, egress_bytes, fuel }
    }
}

impl From<RunLimits> for LimitsView {
    fn from(limits: RunLimits) -> Self {
        Self { steps: limits.steps, seconds: limits.seconds, tokens: limits.tokens, cost_micros: limits.cost.0, plugins: limits.plugins.into() }
    }
}

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentView {
    #[schema(example = "assistant")]
    name: String,
    /// `name@version` of its prompt.
    prompt: String,
    #[schema(value_type = String)]
    prompt_digest: Digest,
    /// The named model of the configuration.
    model: String,
    /// Tools it may use: names, or prefixes ending in `*`. The rules still decide on each call.
    tools: Vec<String>,
    /// How closely its calls are watched: open, traced, sealed.
    #[schema(value_type = String, example = "traced")]
    mode: Mode,
    limits: LimitsView,
}

impl AgentView {
    /// Shows an agent, and what a run of it that begins now is pinned to.
    pub(crate) fn of(agent: &Agent, pins: AgentPins) -> Self {
        Self {
            name: agent.name.clone(),
            prompt: pins.prompt,
            prompt_digest: pins.prompt_digest,
            model: agent.model.clone(),
            tools: agent.tools.clone(),
            mode: agent.mode,
            limits: agent.limits.into(),
        }
    }
}
