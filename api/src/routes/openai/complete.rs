//! Chat completions: asks an agent and answers in their form, whole or in chunks.

use super::begin::{Begun, Head, answer, begin, is_keyed};
use super::question::{Messages, OWN_TOOLS, Question, refuse_choice, refuse_format, refuse_given, workspace_of};
use super::stream::{self, Piece};
use super::transcript::{Finished, Steward};
use super::{Body, refused};
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::openapi::Doc;
use axum::response::sse::Event;
use futures_util::StreamExt as _;
use futures_util::stream::{iter, once};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use steward_core::Usage;
use utoipa::ToSchema;

/// A question. Fields that only tune a model (`temperature`, `max_tokens`, `seed` and the like) are taken and have no effect.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CompletionRequest {
    /// The agent's name.
    #[schema(example = "assistant")]
    model: String,
    /// The last one, the user's, is what the run is about; those before are its history, the last 40 of them and 64 KiB.
    #[schema(min_items = 1)]
    messages: Vec<ChatMessage>,
    /// Whether to answer in chunks.
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    /// `workspace_id` says where the conversation belongs, for whoever sees several workspaces.
    metadata: Option<BTreeMap<String, String>>,
    /// Only 1.
    n: Option<u64>,
    #[schema(ignore)]
    tools: Option<Value>,
    #[schema(ignore)]
    tool_choice: Option<Value>,
    #[schema(ignore)]
    functions: Option<Value>,
    #[schema(ignore)]
    function_call: Option<Value>,
    #[schema(ignore)]
    response_format: Option<Value>,
    #[schema(ignore)]
    stop: Option<Value>,
    #[schema(ignore)]
    logprobs: Option<Value>,
    #[schema(ignore)]
    audio: Option<Value>,
    #[schema(ignore)]
    web_search_options: Option<Value>,
}

/// One message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatMessage {
    /// `user` or `assistant`; `system` and `developer` count as the user's words.
    role: String,
    /// A text, or a list of parts `{"type": "text", "text": …}`.
    #[serde(default)]
    #[schema(value_type = String)]
    content: Value,
    #[schema(ignore)]
    tool_calls: Option<Value>,
    #[schema(ignore)]
    function_call: Option<Value>,
}

/// How to stream.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StreamOptions {
    /// Whether one more chunk at the end says what was used.
    include_usage: Option<bool>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Completion {
    id: String,
    /// Always `chat.completion`.
    object: &'static str,
    /// Unix seconds.
    created: i64,
    /// The agent's name.
    model: String,
    /// One.
    choices: Vec<Choice>,
    usage: CompletionUsage,
    steward: Steward,
}

/// The one choice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Choice {
    index: u32,
    message: Reply,
    /// Always `stop`; `steward.outcome` says more.
    finish_reason: &'static str,
}

/// What the agent said, and what waits or why it stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reply {
    role: &'static str,
    content: String,
}

/// The sum over the run and those below it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletionUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptTokens,
}

/// Of the prompt's tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromptTokens {
    cached_tokens: u64,
}

impl From<Usage> for CompletionUsage {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.total(),
            prompt_tokens_details: PromptTokens { cached_tokens: usage.cached },
        }
    }
}

impl CompletionRequest {
    fn question(self) -> Result<Question, ApiError> {
        refuse_given(&[
            ("tools", &self.tools, OWN_TOOLS),
            ("functions", &self.functions, OWN_TOOLS),
            ("web_search_options", &self.web_search_options, OWN_TOOLS),
            ("stop", &self.stop, "agents end their answers themselves: leave this out"),
            ("logprobs", &self.logprobs, "not known of an agent: leave this out"),
            ("audio", &self.audio, "agents answer in plain text: leave this out"),
        ])?;
        refuse_choice("tool_choice", self.tool_choice.as_ref())?;
        refuse_choice("function_call", self.function_call.as_ref())?;
        refuse_format("response_format", self.response_format.as_ref())?;
        if self.n.is_some_and(|n| n != 1) {
            return Err(refused("n", "a run has one answer: leave this out"));
        }
        let mut messages = Messages::default();
        let last_role = self.messages.last().map(|message| message.role.clone());
        for (index, message) in self.messages.iter().enumerate() {
            let at = format!("messages[{index}]");
            refuse_given(&[("tool_calls", &message.tool_calls, OWN_TOOLS), ("function_call", &message.function_call, OWN_TOOLS)])?;
            messages.add(&at, &message.role, &message.content)?;
        }
        let workspace = workspace_of(self.metadata.as_ref())?;
        let (text, history) = messages.split("messages", last_role.as_deref())?;
        Ok(Question { agent: self.model, text, history, workspace })
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("Ask an agent, as a chat completion")
        .about(
            "Begins a conversation and a run. With `stream`, the agent's words come as `chat.completion.chunk` while they are written; the first and the last chunk carry `steward`. \
             An action that needs people ends the answer with a link to where they decide; the run goes on by itself once they have. \
             A blocked action is the agent's to explain; a limit that is reached, and a model that fails, are said in the text and in `steward.outcome`. \
             Closing the connection stops nothing: the run is found under its id, and can be cancelled there. \
             A client's system and developer messages count as the person's words, never as the agent's prompt; earlier messages are shown to the model and kept with the run, not as messages of the conversation. \
             Tools of a client, other forms than text, `stop`, `logprobs` and more than one choice are refused. Errors have OpenAI's form.",
        )
        .body::<CompletionRequest>()
        .answers::<Completion>("200", "What the agent said.")
        .answers_as("200", "text/event-stream", "The same in chunks.")
        .refuses("404", "`model_not_found`: there is no such agent.")
}

pub(crate) async fn handle(caller: Caller, headers: HeaderMap, Body(request): Body<CompletionRequest>) -> Answer {
    let is_streamed = request.stream == Some(true);
    let includes_usage = request.stream_options.as_ref().and_then(|options| options.include_usage) == Some(true);
    let is_keyed = is_keyed(&headers, is_streamed)?;
    let begun = begin(&caller, request.question()?, completion).await?;
    if is_streamed {
        return Ok(stream_chunks(begun, includes_usage));
    }
    let head = begun.head.clone();
    let finished = stream::whole(begun).await?;
    answer(&caller, is_keyed, &completion(&head, &finished)).await
}

fn completion(head: &Head, finished: &Finished) -> Completion {
    Completion {
        id: id(head),
        object: "chat.completion",
        created: head.created,
        model: head.agent.clone(),
        choices: vec![Choice { index: 0, message: Reply { role: "assistant", content: finished.text.clone() }, finish_reason: "stop" }],
        usage: finished.usage.into(),
        steward: finished.steward.clone(),
    }
}

fn id(head: &Head) -> String {
    format!("chatcmpl-{}", head.run)
}

fn stream_chunks(begun: Begun, includes_usage: bool) -> axum::response::Response {
    let head = begun.head.clone();
    let delta = |delta: Value, finish: Option<&str>| json!([{ "index": 0, "delta": delta, "finish_reason": finish, "logprobs": null }]);
    let first = chunk(&head, &delta(json!({ "role": "assistant", "content": "" }), None), Some(&begun.transcript.finished().steward), None);
    let rest = stream::pieces(begun).flat_map(move |piece| {
        iter(match piece {
            Piece::Text(text) => vec![chunk(&head, &delta(json!({ "content": text }), None), None, None)],
            Piece::End(finished) => {
                let mut last = vec![chunk(&head, &delta(json!({}), Some("stop")), Some(&finished.steward), None)];
                if includes_usage {
                    last.push(chunk(&head, &json!([]), Some(&finished.steward), Some(finished.usage.into())));
                }
                last.push(Event::default().data("[DONE]"));
                last
            }
            Piece::Lost(err) => vec![stream::data(&json!({ "error": stream::lost(&err) }))],
        })
    });
    stream::respond(once(async { first }).chain(rest))
}

fn chunk(head: &Head, choices: &Value, steward: Option<&Steward>, usage: Option<CompletionUsage>) -> Event {
    let mut chunk = json!({ "id": id(head), "object": "chat.completion.chunk", "created": head.created, "model": head.agent, "choices": choices });
    if let (Some(steward), Some(fields)) = (steward, chunk.as_object_mut()) {
        fields.insert("steward".to_owned(), json!(steward));
    }
    if let (Some(usage), Some(fields)) = (usage, chunk.as_object_mut()) {
        fields.insert("usage".to_owned(), json!(usage));
    }
    stream::data(&chunk)
}
