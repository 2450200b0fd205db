//! What is asked of a model and what comes back, in our words and no provider's.

use serde_json::Value;
use steward_core::{Micros, Usage};

/// One question to a model.
#[derive(Debug, Clone, Default)]
pub struct AskRequest {
    /// The instructions.
    pub system: std::sync::Arc<str>,
    /// The conversation so far, oldest first.
    pub messages: Vec<ModelMessage>,
    /// What it may call.
    pub tools: std::sync::Arc<[ModelTool]>,
    /// The most tokens the answer may have, where that is less than the model's own bound.
    pub output_tokens_max: Option<u32>,
    /// How long the whole answer may take, in milliseconds, where that is less than the model's own bound.
    pub timeout_ms: Option<u64>,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelMessage {
    /// A person's words.
    Person {
        /// The text.
        text: String,
    },
    /// The agent's words and calls.
    Agent {
        /// The text, maybe empty.
        text: String,
        /// The calls, maybe none.
        calls: Vec<ProposedCall>,
    },
    /// What became of a call.
    ToolResult {
        /// The id the provider gave the call.
        provider_id: String,
        /// The tool.
        tool: String,
        /// The result, as the model shall read it.
        text: String,
    },
}

/// A tool as the model is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelTool {
    /// Our name, for example `crm.find_contacts`.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of the arguments.
    pub parameters: Value,
}

/// A call the model proposes. Nothing about it is trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedCall {
    /// The provider's id; never empty, and unique within the answer.
    pub provider_id: String,
    /// Our name of the tool, or the name the model made up.
    pub tool: String,
    /// The arguments, or null when they could not be read.
    pub arguments: Value,
    /// Why they could not be read.
    pub broken: Option<String>,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text, maybe empty.
    pub text: String,
    /// The calls, in the model's order, maybe none.
    pub calls: Vec<ProposedCall>,
    /// What was used: as the provider says, or counted where it says nothing.
    pub usage: Usage,
    /// What that costs.
    pub cost: Micros,
    /// `name/model` that answered.
    pub model: String,
}
