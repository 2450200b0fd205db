//! Google's `generateContent`: how a question is written and an answer read, whole or in pieces.
//!
//! What a model thinks on the way is neither kept nor sent back; where Gemini insists on the signature of it, the word stands that Google gives for
//! calls without one (`docs/decisions/0070-anthropic-and-gemini-in-their-own-protocols.md`).

use super::error::Fault;
use super::gather::{CallPiece, Finish, Gather, is_made_up};
use super::names::WIRE_NAME_MAX;
use super::request::AskRequest;
use super::tools::ReadyTools;
use super::turns::{Arguments, Turn, arguments_said, turns};
use super::words::bounded;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write;
use steward_core::event::AskFailure;

/// What stands where the signature of a thought would. Without any, models from Gemini 3 on refuse the calls of the turn under way.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Where a model is asked, behind the address.
pub(super) fn path(model: &str, streamed: bool) -> String {
    // Tuned models, and those of a gateway, may have a folder of their own.
    let mut path = String::from(if model.contains('/') { "/" } else { "/models/" });
    for byte in model.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b'@' => path.push(char::from(byte)),
            _ => {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path.push_str(if streamed { ":streamGenerateContent" } else { ":generateContent" });
    path
}

/// The body of a question.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    generation_config: GenerationConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    max_output_tokens: u32,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    #[serde(rename_all = "camelCase")]
    Result {
        function_response: FunctionResponse<'a>,
    },
    Text {
        text: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Call {
        function_call: FunctionCall<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'static str>,
    },
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: Cow<'a, str>,
    args: Arguments<'a>,
}

#[derive(Serialize)]
struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: Cow<'a, str>,
    response: Output<'a>,
}

/// Results are objects here, whatever they are.
#[derive(Serialize)]
struct Output<'a> {
    output: &'a str,
}

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a AskRequest, tools: &'a ReadyTools, output_tokens_max: u32) -> Self {
        let system = (!request.system.is_empty()).then(|| Content { role: None, parts: vec![Part::Text { text: &request.system }] });
        Self {
            system_instruction: system,
            contents: turns(&request.messages).into_iter().map(|turn| content(turn, tools)).collect(),
            tools: tools.gemini(),
            generation_config: GenerationConfig { max_output_tokens: output_tokens_max },
        }
    }
}

fn content<'a>(turn: Turn<'a>, tools: &'a ReadyTools) -> Content<'a> {
    let results = turn.results.into_iter().map(|result| Part::Result {
        function_response: FunctionResponse { id: id(result.id), name: name(tools, result.tool), response: Output { output: result.text } },
    });
    let texts = turn.texts.into_iter().map(|text| Part::Text { text });
    let calls = turn.calls.into_iter().enumerate().map(|(place, call)| Part::Call {
        function_call: FunctionCall { id: id(&call.provider_id), name: name(tools, &call.tool), args: Arguments(&call.arguments) },
        // Of calls side by side the first has it.
        thought_signature: (place == 0).then_some(NO_SIGNATURE),
    });
    Content { role: Some(if turn.is_models { "model" } else { "user" }), parts: results.chain(texts).chain(calls).collect() }
}

/// The id that Gemini gave a call; older models give none, and then calls and results belong together by their order.
fn id(id: &str) -> Option<&str> {
    (!is_made_up(id)).then_some(id)
}

/// A name as Gemini takes it: ours begin with a letter, and a name that a model made up may not.
fn name<'a>(tools: &'a ReadyTools, tool: &'a str) -> Cow<'a, str> {
    let wire = tools.names.wire(tool);
    if wire.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return wire;
    }
    std::iter::once('_').chain(wire.chars()).take(WIRE_NAME_MAX).collect::<String>().into()
}

/// A whole answer or one piece of it; every field may be missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    #[serde(default)]
    candidates: Option<Vec<Candidate>>,
    #[serde(default)]
    prompt_feedback: Option<Feedback>,
    #[serde(default)]
    usage_metadata: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    #[serde(default)]
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    content: Option<Said>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    parts: Option<Vec<PartSaid>>,
}

/// One part of an answer: a text or a call; other kinds say nothing to us.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartSaid {
    #[serde(default)]
    text: Option<String>,
    /// Whether the text is what the model thinks, and no part of its answer.
    #[serde(default)]
    thought: Option<bool>,
    #[serde(default)]
    function_call: Option<CallSaid>,
}

#[derive(Deserialize)]
struct CallSaid {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    args: Option<Box<RawValue>>,
}

/// Reads an answer, whole or piece by piece.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// How many calls there were: each comes whole, and is another one.
    calls: u64,
}

impl Reader {
    /// Reads a whole answer or the next piece of it.
    pub(super) fn read(&mut self, json: &str, gather: &mut Gather<'_>) -> Result<(), Fault> {
        let piece: Piece = serde_json::from_str(json).map_err(|_| super::ask::not_of_form())?;
        // Older endpoints say `STOP` with each piece, and no mark stands at the end of a stream.
        gather.ends_with_stream = true;
        if let Some(usage) = &piece.usage_metadata {
            used(usage, gather);
        }
        if piece.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            gather.finish = Some(Finish::Filtered);
        }
        // One was asked for; a second is somebody else's.
        for candidate in piece.candidates.into_iter().flatten().filter(|candidate| candidate.index.unwrap_or(0) == 0) {
            for part in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
                if part.thought != Some(true) {
                    gather.text(part.text.as_deref().unwrap_or_default())?;
                }
                if let Some(call) = part.function_call {
                    self.call(&call, gather)?;
                }
            }
            stopped(candidate.finish_reason.as_deref(), gather)?;
        }
        Ok(())
    }

    fn call(&mut self, call: &CallSaid, gather: &mut Gather<'_>) -> Result<(), Fault> {
        let index = Some(self.calls);
        self.calls = self.calls.saturating_add(1);
        let arguments = arguments_said(call.args.as_deref());
        let (id, name) = (call.id.as_deref().unwrap_or_default(), call.name.as_deref().unwrap_or_default());
        gather.call(CallPiece { index, id, name, arguments: &arguments, whole: true })
    }
}

/// What was used so far: each piece says it of all up to it, and not every piece says everything. Thoughts are written tokens.
fn used(usage: &Value, gather: &mut Gather<'_>) {
    let number = |field: &str| usage.get(field).and_then(Value::as_u64).unwrap_or(0);
    let input = number("promptTokenCount").saturating_add(number("toolUsePromptTokenCount"));
    let output = number("candidatesTokenCount").saturating_add(number("thoughtsTokenCount"));
    if input > 0 {
        gather.reported.input = Some(input);
        gather.reported.cached = Some(number("cachedContentTokenCount"));
    }
    if output > 0 {
        gather.reported.output = Some(output);
    }
}

/// Why the model stopped. What came before a call that could not be read is no answer, and neither is what broke off for a reason nobody gives.
fn stopped(reason: Option<&str>, gather: &mut Gather<'_>) -> Result<(), Fault> {
    match reason {
        None | Some("" | "FINISH_REASON_UNSPECIFIED") => {}
        Some("MAX_TOKENS") => gather.finish = Some(Finish::Length),
        Some("SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "MODEL_ARMOR") => gather.finish = Some(Finish::Filtered),
        Some(reason @ ("MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS" | "MALFORMED_RESPONSE")) => {
            return Err(Fault::new(AskFailure::Malformed, format!("answered with a call that its provider cannot read: `{}`", bounded(reason, None))));
        }
        Some(reason @ ("OTHER" | "MISSING_THOUGHT_SIGNATURE")) => {
            return Err(Fault::new(AskFailure::Server, format!("stopped its answer: `{}`", bounded(reason, None))));
        }
        Some(_) => gather.finish = Some(Finish::Done),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
