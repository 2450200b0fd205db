//! Chat completions: how a question is written and an answer read, whole or in pieces.

use super::error::Fault;
use super::gather::{CallPiece, Finish, Gather, Reported};
use super::loose::Loose;
use super::request::{AskRequest, ModelMessage};
use super::tools::ReadyTools;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The body of a question.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    /// What OpenAI's newer models insist on.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    /// What everybody else understands.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: Cow<'a, str>,
    arguments: String,
}

impl<'a> Body<'a> {
    pub(super) fn new(model: &'a str, request: &'a AskRequest, tools: &'a ReadyTools, output_tokens_max: u32, at_openai: bool, stream: bool) -> Self {
        let said = |role, content: &'a str| Message { role, content: Some(content), tool_calls: Vec::new(), tool_call_id: None };
        let mut messages = Vec::with_capacity(request.messages.len() + 1);
        if !request.system.is_empty() {
            messages.push(said("system", &request.system));
        }
        messages.extend(request.messages.iter().map(|message| {
            match message {
                ModelMessage::Person { text } => said("user", text),
                ModelMessage::ToolResult { provider_id, text, .. } => Message { tool_call_id: Some(provider_id), ..said("tool", text) },
                ModelMessage::Agent { text, calls } => Message {
                    role: "assistant",
                    // Some endpoints refuse an empty text beside calls, others a missing one without.
                    content: (!text.is_empty() || calls.is_empty()).then_some(text),
                    tool_calls: calls
                        .iter()
                        .map(|call| Call {
                            id: &call.provider_id,
                            r#type: "function",
                            function: Function { name: tools.names.wire(&call.tool), arguments: arguments_text(&call.arguments) },
                        })
                        .collect(),
                    tool_call_id: None,
                },
            }
        }));
        Self {
            model,
            messages,
            tools: tools.chat(),
            max_completion_tokens: at_openai.then_some(output_tokens_max),
            max_tokens: (!at_openai).then_some(output_tokens_max),
            stream,
            stream_options: stream.then_some(StreamOptions { include_usage: true }),
        }
    }
}

/// What could not be read goes back as an empty object: providers refuse a history whose arguments are no JSON object.
pub(super) fn arguments_text(arguments: &Value) -> String {
    match arguments {
        Value::Object(_) => arguments.to_string(),
        _ => "{}".to_owned(),
    }
}

/// A whole answer or one piece of it; every field may be missing.
#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    delta: Option<Said>,
    #[serde(default)]
    message: Option<Said>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Loose,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallSaid>>,
}

#[derive(Deserialize)]
struct CallSaid {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<FunctionSaid>,
}

#[derive(Deserialize)]
struct FunctionSaid {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Loose,
}

/// Reads an answer, whole or piece by piece.
#[derive(Default)]
pub(super) struct Reader {
    last: String,
}

impl Reader {
    /// Reads a whole answer or the next piece of it.
    ///
    /// OpenAI pads each piece with a random `obfuscation`, so that the same bytes again are the same piece again. Where there is
    /// no such mark a piece that comes twice cannot be told from a word said twice.
    pub(super) fn read(&mut self, json: &str, gather: &mut Gather<'_>) -> Result<(), Fault> {
        if json.contains("\"obfuscation\"") {
            if self.last == json {
                return Ok(());
            }
            json.clone_into(&mut self.last);
        }
        read(json, gather)
    }
}

fn read(json: &str, gather: &mut Gather<'_>) -> Result<(), Fault> {
    let piece: Piece = serde_json::from_str(json).map_err(|_| super::ask::not_of_form())?;
    // Of several choices we asked for one; a second is somebody else's.
    for choice in piece.choices.into_iter().flatten().filter(|choice| choice.index.unwrap_or(0) == 0) {
        for (said, whole) in [(choice.delta, false), (choice.message, true)] {
            let Some(said) = said else { continue };
            gather.text(said.content.as_str())?;
            gather.text(said.refusal.as_deref().unwrap_or_default())?;
            for (place, call) in said.tool_calls.into_iter().flatten().enumerate() {
                let (name, arguments) = call.function.map(|function| (function.name, function.arguments)).unwrap_or_default();
                gather.call(CallPiece {
                    index: if whole { Some(place as u64) } else { call.index },
                    id: call.id.as_deref().unwrap_or_default(),
                    name: name.as_deref().unwrap_or_default(),
                    arguments: arguments.as_str(),
                    whole,
                })?;
            }
            if whole && choice.finish_reason.is_none() {
                gather.finish = Some(Finish::Done);
            }
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("length" | "max_tokens") => gather.finish = Some(Finish::Length),
            Some("content_filter") => gather.finish = Some(Finish::Filtered),
            Some(_) => gather.finish = Some(Finish::Done),
        }
    }
    if let Some(usage) = piece.usage.filter(|usage| !usage.is_null()) {
        gather.reported = Reported::read(&usage);
    }
    Ok(())
}
