//! Responses: asks an agent and answers in the form of the responses API, whole or event by event.

use super::Body;
use super::begin::{Begun, Head, answer, begin, is_keyed};
use super::question::{Messages, OWN_TOOLS, Question, refuse_choice, refuse_format, refuse_given, workspace_of};
use super::refused;
use super::stream::{self, Piece};
use super::transcript::{Finished, Steward};
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::openapi::Doc;
use futures_util::StreamExt as _;
use futures_util::stream::iter;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use steward_core::Usage;
use utoipa::ToSchema;

/// A question. Fields that only tune a model (`temperature`, `max_output_tokens`, `reasoning` and the like) are taken and have no effect.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResponseRequest {
    /// The agent's name.
    #[schema(example = "assistant")]
    model: String,
    /// A text, or a list of messages that ends with the user's.
    #[schema(value_type = String)]
    input: Value,
    /// Counts as the user's words, before all others.
    instructions: Option<String>,
    /// Whether to answer event by event.
    stream: Option<bool>,
    /// `workspace_id` says where the conversation belongs, for whoever sees several workspaces.
    metadata: Option<BTreeMap<String, String>>,
    #[schema(ignore)]
    tools: Option<Value>,
    #[schema(ignore)]
    tool_choice: Option<Value>,
    #[schema(ignore)]
    text: Option<TextOptions>,
    #[schema(ignore)]
    previous_response_id: Option<Value>,
    #[schema(ignore)]
    conversation: Option<Value>,
    #[schema(ignore)]
    background: Option<Value>,
    #[schema(ignore)]
    prompt: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct TextOptions {
    format: Option<Value>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResponseView {
    id: String,
    /// Always `response`.
    object: &'static str,
    /// Unix seconds.
    created_at: i64,
    /// `completed`; `steward.outcome` says more.
    status: &'static str,
    /// The agent's name.
    model: String,
    /// One message with one text.
    #[schema(value_type = Vec<Object>)]
    output: Vec<Value>,
    usage: Option<ResponseUsage>,
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
    #[schema(value_type = Option<Object>)]
    incomplete_details: Option<Value>,
    instructions: Option<String>,
    metadata: BTreeMap<String, String>,
    parallel_tool_calls: bool,
    temperature: Option<u32>,
    top_p: Option<u32>,
    tool_choice: &'static str,
    #[schema(value_type = Vec<Object>)]
    tools: Vec<Value>,
    steward: Steward,
}

/// The sum over the run and those below it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResponseUsage {
    input_tokens: u64,
    input_tokens_details: InputTokens,
    output_tokens: u64,
    output_tokens_details: OutputTokens,
    total_tokens: u64,
}

/// Of the tokens read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InputTokens {
    cached_tokens: u64,
    /// Not known here: 0.
    cache_write_tokens: u64,
}

/// Of the tokens written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutputTokens {
    /// Not told apart here: 0.
    reasoning_tokens: u64,
}

impl From<Usage> for ResponseUsage {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            input_tokens_details: InputTokens { cached_tokens: usage.cached, cache_write_tokens: 0 },
            output_tokens: usage.output,
            output_tokens_details: OutputTokens { reasoning_tokens: 0 },
            total_tokens: usage.total(),
        }
    }
}

const NO_STATE: &str = "every request stands alone here: give the earlier messages in `input`";

impl ResponseRequest {
    fn question(self) -> Result<Question, ApiError> {
        refuse_given(&[
            ("tools", &self.tools, OWN_TOOLS),
            ("previous_response_id", &self.previous_response_id, NO_STATE),
            ("conversation", &self.conversation, NO_STATE),
            ("background", &self.background, "not taken: a run goes on by itself when the connection is closed"),
            ("prompt", &self.prompt, "an agent's prompt is Steward's: leave this out"),
        ])?;
        refuse_choice("tool_choice", self.tool_choice.as_ref())?;
        refuse_format("text.format", self.text.as_ref().and_then(|text| text.format.as_ref()))?;
        let mut messages = Messages::default();
        if let Some(instructions) = self.instructions {
            messages.add("instructions", "developer", &Value::String(instructions))?;
        }
        let mut last_role = Some("user");
        match &self.input {
            Value::String(_) => messages.add("input", "user", &self.input)?,
            Value::Array(items) => {
                last_role = items.last().and_then(role_of);
                for (index, item) in items.iter().enumerate() {
                    let at = format!("input[{index}]");
                    let role = role_of(item).ok_or_else(|| refused(at.as_str(), "only messages are taken: their `role` and `content`"))?;
                    messages.add(&at, role, item.get("content").unwrap_or(&Value::Null))?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Err(refused("input", "give a text, or a list of messages")),
        }
        let workspace = workspace_of(self.metadata.as_ref())?;
        let (text, history) = messages.split("input", last_role)?;
        Ok(Question { agent: self.model, text, history, workspace })
    }
}

/// The role of an item that is a message.
fn role_of(item: &Value) -> Option<&str> {
    let is_message = item.get("type").is_none_or(|kind| kind == "message");
    item.get("role").and_then(Value::as_str).filter(|_| is_message)
}

pub(crate) fn doc() -> Doc {
    Doc::new("Ask an agent, as a response")
        .about(
            "The same as a chat completion, in the form of the responses API. `instructions` count as the person's words, never as the agent's prompt. \
             Nothing is kept to go on from: `previous_response_id` and `conversation` are refused. Errors have OpenAI's form.",
        )
        .body::<ResponseRequest>()
        .answers::<ResponseView>("200", "What the agent said.")
        .answers_as("200", "text/event-stream", "The same as events.")
        .refuses("404", "`model_not_found`: there is no such agent.")
}

pub(crate) async fn handle(caller: Caller, headers: HeaderMap, Body(request): Body<ResponseRequest>) -> Answer {
    let is_streamed = request.stream == Some(true);
    let is_keyed = is_keyed(&headers, is_streamed)?;
    let begun = begin(&caller, request.question()?, response).await?;
    if is_streamed {
        return Ok(stream_events(begun));
    }
    let head = begun.head.clone();
    let finished = stream::whole(begun).await?;
    answer(&caller, is_keyed, &response(&head, &finished)).await
}

fn response(head: &Head, finished: &Finished) -> ResponseView {
    let message = message(head, "completed", vec![text_part(&finished.text)]);
    ResponseView { status: "completed", output: vec![message], usage: Some(finished.usage.into()), ..started(head, &finished.steward) }
}

/// The answer before anything was said.
fn started(head: &Head, steward: &Steward) -> ResponseView {
    ResponseView {
        id: format!("resp_{}", head.run),
        object: "response",
        created_at: head.created,
        status: "in_progress",
        model: head.agent.clone(),
        output: Vec::new(),
        usage: None,
        error: None,
        incomplete_details: None,
        instructions: None,
        metadata: BTreeMap::new(),
        parallel_tool_calls: true,
        temperature: None,
        top_p: None,
        tool_choice: "auto",
        tools: Vec::new(),
        steward: steward.clone(),
    }
}

fn message_id(head: &Head) -> String {
    format!("msg_{}", head.run)
}

fn message(head: &Head, status: &str, content: Vec<Value>) -> Value {
    json!({ "type": "message", "id": message_id(head), "role": "assistant", "status": status, "content": content })
}

fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

fn stream_events(begun: Begun) -> axum::response::Response {
    let head = begun.head.clone();
    let place = move |head: &Head| json!({ "item_id": message_id(head), "output_index": 0, "content_index": 0 });
    let steward = begun.transcript.finished().steward;
    let first = vec![
        json!({ "type": "response.created", "response": started(&head, &steward) }),
        json!({ "type": "response.in_progress", "response": started(&head, &steward) }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": message(&head, "in_progress", Vec::new()) }),
        with(place(&head), json!({ "type": "response.content_part.added", "part": text_part("") })),
    ];
    let rest = stream::pieces(begun).flat_map(move |piece| {
        iter(match piece {
            Piece::Text(text) => vec![with(place(&head), json!({ "type": "response.output_text.delta", "delta": text, "logprobs": [] }))],
            Piece::End(finished) => vec![
                with(place(&head), json!({ "type": "response.output_text.done", "text": finished.text, "logprobs": [] })),
                with(place(&head), json!({ "type": "response.content_part.done", "part": text_part(&finished.text) })),
                json!({ "type": "response.output_item.done", "output_index": 0, "item": message(&head, "completed", vec![text_part(&finished.text)]) }),
                json!({ "type": "response.completed", "response": response(&head, &finished) }),
            ],
            Piece::Lost(err) => vec![with(stream::lost(&err), json!({ "type": "error" }))],
        })
    });
    stream::respond(iter(first).chain(rest).enumerate().map(|(number, event)| {
        let event = with(event, json!({ "sequence_number": number }));
        let name = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        stream::data(&event).event(name)
    }))
}

/// An object with the fields of another.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}
