//! The responses API: how a question is written and an answer read, whole or event by event.

use super::chat::arguments_text;
use super::error::Fault;
use super::gather::{CallPiece, Finish, Gather, Reported};
use super::loose::Loose;
use super::request::{AskRequest, ModelMessage};
use super::tools::ReadyTools;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use steward_core::event::AskFailure;

/// The body of a question.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    instructions: &'a str,
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    max_output_tokens: u32,
    stream: bool,
    /// The conversation is ours to keep, not the provider's.
    store: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Said { role: &'static str, content: &'a str },
    Call { r#type: &'static str, call_id: &'a str, name: Cow<'a, str>, arguments: String },
    Result { r#type: &'static str, call_id: &'a str, output: &'a str },
}

impl<'a> Body<'a> {
    pub(super) fn new(model: &'a str, request: &'a AskRequest, tools: &'a ReadyTools, output_tokens_max: u32, stream: bool) -> Self {
        let mut input = Vec::with_capacity(request.messages.len());
        for message in &request.messages {
            match message {
                ModelMessage::Person { text } => input.push(Item::Said { role: "user", content: text }),
                ModelMessage::ToolResult { provider_id, text, .. } => {
                    input.push(Item::Result { r#type: "function_call_output", call_id: provider_id, output: text })
                }
                ModelMessage::Agent { text, calls } => {
                    if !text.is_empty() || calls.is_empty() {
                        input.push(Item::Said { role: "assistant", content: text });
                    }
                    input.extend(calls.iter().map(|call| Item::Call {
                        r#type: "function_call",
                        call_id: &call.provider_id,
                        name: tools.names.wire(&call.tool),
                        arguments: arguments_text(&call.arguments),
                    }));
                }
            }
        }
        Self { model, instructions: &request.system, input, tools: tools.responses(), max_output_tokens: output_tokens_max, stream, store: false }
    }
}

/// A whole response; every field may be missing.
#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    output: Option<Vec<Output>>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    incomplete_details: Option<Incomplete>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Incomplete {
    #[serde(default)]
    reason: Option<String>,
}

/// One item of a response: a message or a call; other kinds say nothing to us.
#[derive(Deserialize, Default)]
struct Output {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    content: Loose,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    call_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Loose,
}

/// One event of a stream.
#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    sequence_number: Option<u64>,
    #[serde(default)]
    output_index: Option<u64>,
    #[serde(default)]
    delta: Loose,
    #[serde(default)]
    arguments: Loose,
    #[serde(default)]
    item: Option<Output>,
    #[serde(default)]
    response: Option<Response>,
}

/// Reads a stream's events; it skips those that come a second time.
#[derive(Default)]
pub(super) struct Reader {
    last: Option<u64>,
}

impl Reader {
    /// Reads a whole response or one event of a stream.
    pub(super) fn read(&mut self, json: &str, gather: &mut Gather<'_>) -> Result<(), Fault> {
        let event: Event = serde_json::from_str(json).map_err(|_| super::ask::not_of_form())?;
        let Some(kind) = event.r#type.as_deref() else {
            // No event: an endpoint that does not stream answers whole.
            let response: Response = serde_json::from_str(json).map_err(|_| super::ask::not_of_form())?;
            return if response.output.is_some() { whole(response, gather) } else { Ok(()) };
        };
        if let Some(number) = event.sequence_number {
            if self.last.is_some_and(|last| number <= last) {
                return Ok(());
            }
            self.last = Some(number);
        }
        match kind {
            "response.output_text.delta" | "response.refusal.delta" => gather.text(event.delta.as_str()),
            "response.function_call_arguments.delta" => {
                gather.call(CallPiece { index: event.output_index, arguments: event.delta.as_str(), ..CallPiece::default() })
            }
            "response.function_call_arguments.done" => {
                gather.call(CallPiece { index: event.output_index, arguments: event.arguments.as_str(), whole: true, ..CallPiece::default() })
            }
            "response.output_item.added" | "response.output_item.done" => match event.item {
                // A message's text came in deltas; a call's item has its name, its id and, when done, all its arguments.
                Some(item) if item.is_call() => gather.call(item.piece(event.output_index)),
                _ => Ok(()),
            },
            "response.completed" | "response.incomplete" | "response.failed" => match event.response {
                Some(response) => whole(response, gather),
                None => {
                    gather.finish = Some(Finish::Done);
                    Ok(())
                }
            },
            _ => Ok(()),
        }
    }
}

impl Output {
    fn is_call(&self) -> bool {
        self.r#type.as_deref() == Some("function_call")
    }

    fn piece(&self, index: Option<u64>) -> CallPiece<'_> {
        let id = self.call_id.as_deref().or(self.id.as_deref()).unwrap_or_default();
        CallPiece { index, id, name: self.name.as_deref().unwrap_or_default(), arguments: self.arguments.as_str(), whole: true }
    }
}

/// Reads a whole response; after a stream it only says how it ended and what it used.
fn whole(response: Response, gather: &mut Gather<'_>) -> Result<(), Fault> {
    if let Some(usage) = response.usage.filter(|usage| !usage.is_null()) {
        gather.reported = Reported::read(&usage);
    }
    if response.status.as_deref() == Some("failed") {
        let said = response.error.as_ref().and_then(|error| error.get("message")).and_then(Value::as_str).unwrap_or("no reason given");
        return Err(Fault::new(AskFailure::Server, format!("failed: `{}`", super::words::bounded(said, None))));
    }
    if gather.is_empty() {
        for (index, item) in response.output.into_iter().flatten().enumerate() {
            match item.r#type.as_deref() {
                Some("function_call") => gather.call(item.piece(Some(index as u64)))?,
                Some("message") | None => gather.text(item.content.as_str())?,
                Some(_) => {}
            }
        }
    }
    let reason = response.incomplete_details.and_then(|details| details.reason);
    gather.finish = Some(match (response.status.as_deref(), reason.as_deref()) {
        (_, Some("content_filter")) => Finish::Filtered,
        (Some("incomplete"), _) | (_, Some("max_output_tokens")) => Finish::Length,
        _ => Finish::Done,
    });
    Ok(())
}
