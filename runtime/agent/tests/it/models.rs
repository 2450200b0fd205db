//! Models over real HTTP: the scripted server for every fault, a third party's mock for what is not ours.

mod answers;
mod bounds;
mod configuration;
mod faults;
mod loose;
mod own;
pub(crate) mod peers;
mod quiet;

use serde_json::json;
use steward_agent::models::{Answer, AskError, AskRequest, Candidate, ModelConfig, ModelMessage, ModelTool, Models, ModelsConfig, Provider};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::Clock;
use time::macros::datetime;
use tokio::sync::mpsc;

/// The key of every model here; no message and no line of log may have it.
const KEY: &str = "sk-canary-4f1b";

/// A protocol and a way of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mode {
    provider: Provider,
    streamed: bool,
}

const CHAT: Mode = Mode { provider: Provider::OpenAi, streamed: false };
const CHAT_STREAM: Mode = Mode { provider: Provider::OpenAi, streamed: true };
const RESPONSES: Mode = Mode { provider: Provider::OpenAiResponses, streamed: false };
const RESPONSES_STREAM: Mode = Mode { provider: Provider::OpenAiResponses, streamed: true };
const ANTHROPIC: Mode = Mode { provider: Provider::Anthropic, streamed: false };
const ANTHROPIC_STREAM: Mode = Mode { provider: Provider::Anthropic, streamed: true };
const GEMINI: Mode = Mode { provider: Provider::Gemini, streamed: false };
const GEMINI_STREAM: Mode = Mode { provider: Provider::Gemini, streamed: true };
const MODES: [Mode; 8] = [CHAT, CHAT_STREAM, RESPONSES, RESPONSES_STREAM, ANTHROPIC, ANTHROPIC_STREAM, GEMINI, GEMINI_STREAM];
const STREAMS: [Mode; 4] = [CHAT_STREAM, RESPONSES_STREAM, ANTHROPIC_STREAM, GEMINI_STREAM];

/// A server's address by the version that a protocol has there.
pub(crate) fn at(base_url: &str, provider: Provider) -> String {
    match provider {
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Anthropic => base_url.to_owned(),
        Provider::Gemini => base_url.replace("/v1", "/v1beta"),
    }
}

/// A configured model with the bounds of a test.
fn model(base_url: &str, mode: Mode) -> ModelConfig {
    ModelConfig {
        provider: mode.provider,
        base_url: at(base_url, mode.provider),
        api_key: Some(KEY.into()),
        timeout_ms: 20_000,
        silence_ms: 10_000,
        ..ModelConfig::new("gpt-4o-mini")
    }
}

fn models(config: ModelConfig) -> Models {
    let config = ModelsConfig { models: [("strong".to_owned(), config)].into(), ..ModelsConfig::default() };
    Models::new(config, Clock::manual(datetime!(2026-03-01 09:00:00 UTC))).expect("models")
}

fn strong(models: &Models) -> &Candidate {
    models.candidates("strong").and_then(|order| order.first()).expect("strong")
}

fn tool(name: &str) -> ModelTool {
    ModelTool {
        name: name.to_owned(),
        description: "Finds contacts by name.".to_owned(),
        parameters: json!({ "type": "object", "properties": { "query": { "type": "string" } } }),
    }
}

fn request() -> AskRequest {
    AskRequest {
        system: "You are an assistant.".into(),
        messages: vec![ModelMessage::Person { text: "Find Ada.".to_owned() }],
        tools: [tool("crm.find_contacts"), tool("mail.send")].into(),
        output_tokens_max: Some(1_000),
        timeout_ms: None,
    }
}

/// Asks once, and returns the text of the stream with the outcome.
async fn ask(models: &Models, mode: Mode, request: &AskRequest) -> (Result<Answer, AskError>, String) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let outcome = models.ask(strong(models), request, mode.streamed.then_some(&sender)).await;
    drop(sender);
    let mut streamed = String::new();
    while let Some(piece) = receiver.recv().await {
        streamed.push_str(&piece);
    }
    (outcome, streamed)
}

/// Asks a server that says this one thing.
async fn told(reply: Reply, mode: Mode) -> Result<Answer, AskError> {
    let server = ScriptedModel::start(vec![reply]).await;
    ask(&models(model(&server.base_url(), mode)), mode, &request()).await.0
}
