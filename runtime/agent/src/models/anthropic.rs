//! Anthropic's Messages: how a question is written and an answer read, whole or event by event.
//!
//! What a model thinks on the way is neither kept nor sent back, and no cache is asked for
//! (`docs/decisions/0070-anthropic-and-gemini-in-their-own-protocols.md`).

use super::error::Fault;
use super::gather::{CallPiece, Finish, Gather, Reported};
use super::names::hex;
use super::request::AskRequest;
use super::tools::ReadyTools;
use super::turns::{Arguments, arguments_said, turns};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use steward_core::event::AskFailure;

/// Where questions go, behind the address.
pub(super) const PATH: &str = "/messages";
/// The version of the protocol, for its header `anthropic-version`.
pub(super) const VERSION: &str = "2023-06-01";
/// The longest id of a call that goes out as it is, in characters.
const ID_MAX: usize = 64;
/// How many characters of hash stand in an id's place.
const MARK: usize = 24;

/// The body of a question.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    stream: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "str::is_empty")]
        content: &'a str,
    },
    Text {
        text: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Arguments<'a>,
    },
}

impl<'a> Body<'a> {
    pub(super) fn new(model: &'a str, request: &'a AskRequest, tools: &'a ReadyTools, output_tokens_max: u32, stream: bool) -> Self {
        let mut messages = Vec::with_capacity(request.messages.len() + 1);
        let mut ids = Ids::default();
        for turn in turns(&request.messages) {
            // Results stand before words: the other way round is refused.
            let results = turn.results.into_iter().map(|result| Block::ToolResult { tool_use_id: ids.of_result(result.id), content: result.text });
            let mut content: Vec<Block<'a>> = results.collect();
            content.extend(turn.texts.into_iter().map(|text| Block::Text { text }));
            content.extend(turn.calls.into_iter().map(|call| Block::ToolUse {
                id: ids.of_call(&call.provider_id),
                name: tools.names.wire(&call.tool),
                input: Arguments(&call.arguments),
            }));
            let role = if turn.is_models { "assistant" } else { "user" };
            messages.push(Message { role, content });
        }
        Self { model, max_tokens: output_tokens_max, system: &request.system, messages, tools: tools.anthropic(), stream }
    }
}

/// The id of a call as Anthropic takes it, `^[a-zA-Z0-9_-]+$`. Other providers' ids, which a run may have from a model that stood in, can have
/// other letters; call and result get the same in their place.
fn id(id: &str) -> Cow<'_, str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.len() <= ID_MAX && id.bytes().all(fits) {
        return id.into();
    }
    marked(id).into()
}

/// What stands in the place of an id.
fn marked(id: &str) -> String {
    let mark: String = hex(&Sha256::digest(id.as_bytes())).chars().take(MARK).collect();
    format!("toolu_{mark}")
}

/// The ids of a conversation's calls, each as it goes out: Anthropic takes none twice in a question, and others count theirs anew in each answer.
#[derive(Default)]
struct Ids<'a> {
    /// How often each came, and how it went out the last time: what became of a call stands right behind its turn.
    came: HashMap<&'a str, (usize, Cow<'a, str>)>,
}

impl<'a> Ids<'a> {
    /// That of the next call. One that came before goes out with a mark by how often it did, which is the same at every step of a run.
    fn of_call(&mut self, said: &'a str) -> Cow<'a, str> {
        let times = self.came.get(said).map_or(0, |(times, _)| *times);
        let out = if times == 0 { id(said) } else { marked(&format!("{said}\n{times}")).into() };
        self.came.insert(said, (times + 1, out.clone()));
        out
    }

    /// That of the call which this became of.
    fn of_result(&self, said: &'a str) -> Cow<'a, str> {
        self.came.get(said).map_or_else(|| id(said), |(_, out)| out.clone())
    }
}

/// A whole message, or one event of a stream; every field may be missing.
#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    message: Option<Started>,
    #[serde(default)]
    content_block: Option<Part>,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    content: Option<Vec<Part>>,
    #[serde(default)]
    stop_reason: Option<String>,
}

/// The message with which a stream begins: still empty, but what was read is counted.
#[derive(Deserialize)]
struct Started {
    #[serde(default)]
    usage: Option<Value>,
}

/// One block of an answer: a text or a call; other kinds say nothing to us.
#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    input: Option<Box<RawValue>>,
}

/// More of a block, or the end of the message.
#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    partial_json: Option<String>,
    #[serde(default)]
    stop_reason: Option<String>,
}

/// Reads a message, whole or event by event.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Places of the blocks that are calls: tools of the provider's own have arguments that come in the same way.
    calls: BTreeSet<Option<u64>>,
    /// Tokens read anew, written to the provider's cache and read from it: three counts without each other.
    read: [u64; 3],
}

impl Reader {
    /// Reads a whole message or one event of a stream.
    pub(super) fn read(&mut self, json: &str, gather: &mut Gather<'_>) -> Result<(), Fault> {
        let event: Event = serde_json::from_str(json).map_err(|_| super::ask::not_of_form())?;
        match event.r#type.as_deref() {
            Some("message") => self.whole(event, gather),
            Some("message_start") => {
                // How much was written is counted at the end; here it is a beginning.
                self.used(event.message.and_then(|message| message.usage).as_ref(), false, gather);
                Ok(())
            }
            Some("content_block_start") => event.content_block.map_or(Ok(()), |part| self.begin(event.index, &part, gather)),
            Some("content_block_delta") => event.delta.map_or(Ok(()), |delta| self.more(event.index, &delta, gather)),
            Some("message_delta") => {
                self.used(event.usage.as_ref(), true, gather);
                stopped(event.delta.and_then(|delta| delta.stop_reason).as_deref(), gather)
            }
            Some("message_stop") => {
                gather.finish.get_or_insert(Finish::Done);
                Ok(())
            }
            // Pings, ends of blocks, and what else there will be.
            _ => Ok(()),
        }
    }

    fn whole(&mut self, message: Event, gather: &mut Gather<'_>) -> Result<(), Fault> {
        self.used(message.usage.as_ref(), true, gather);
        for (index, part) in message.content.into_iter().flatten().enumerate() {
            match part.r#type.as_deref() {
                Some("text") => gather.text(part.text.as_deref().unwrap_or_default())?,
                Some("tool_use") => gather.call(part.call(Some(index as u64), &arguments_said(part.input.as_deref())))?,
                // Thoughts, and tools of the provider's own.
                _ => {}
            }
        }
        stopped(message.stop_reason.as_deref().or(Some("end_turn")), gather)
    }

    fn begin(&mut self, index: Option<u64>, part: &Part, gather: &mut Gather<'_>) -> Result<(), Fault> {
        match part.r#type.as_deref() {
            Some("text") => gather.text(part.text.as_deref().unwrap_or_default()),
            Some("tool_use") => {
                self.calls.insert(index);
                // An empty object stands for arguments that are still to come.
                let arguments = arguments_said(part.input.as_deref());
                gather.call(part.call(index, if arguments == "{}" { "" } else { &arguments }))
            }
            _ => Ok(()),
        }
    }

    fn more(&self, index: Option<u64>, delta: &Delta, gather: &mut Gather<'_>) -> Result<(), Fault> {
        match delta.r#type.as_deref() {
            Some("text_delta") => gather.text(delta.text.as_deref().unwrap_or_default()),
            Some("input_json_delta") if self.calls.contains(&index) => {
                gather.call(CallPiece { index, arguments: delta.partial_json.as_deref().unwrap_or_default(), ..CallPiece::default() })
            }
            _ => Ok(()),
        }
    }

    /// What was used so far. Counts go up in the course of an answer, and a later report may leave out what an earlier one had.
    fn used(&mut self, usage: Option<&Value>, is_last: bool, gather: &mut Gather<'_>) {
        let Some(usage) = usage else { return };
        let number = |field: &str| usage.get(field).and_then(Value::as_u64).unwrap_or(0);
        let [fresh, written, cached] = self.read;
        let (fresh, written) = (fresh.max(number("input_tokens")), written.max(number("cache_creation_input_tokens")));
        let cached = cached.max(number("cache_read_input_tokens"));
        self.read = [fresh, written, cached];
        let input = fresh.saturating_add(written).saturating_add(cached);
        let output = if is_last { Some(number("output_tokens")).filter(|tokens| *tokens > 0) } else { gather.reported.output };
        gather.reported = Reported { input: Some(input).filter(|tokens| *tokens > 0), cached: Some(cached), output };
    }
}

impl Part {
    fn call<'p>(&'p self, index: Option<u64>, arguments: &'p str) -> CallPiece<'p> {
        let (id, name) = (self.id.as_deref().unwrap_or_default(), self.name.as_deref().unwrap_or_default());
        CallPiece { index, id, name, arguments, whole: false }
    }
}

/// Why the model stopped. `pause_turn` is for tools of the provider's own, which nobody asks for here: what there is then is half an answer.
fn stopped(reason: Option<&str>, gather: &mut Gather<'_>) -> Result<(), Fault> {
    match reason {
        None => {}
        Some("max_tokens") => gather.finish = Some(Finish::Length),
        Some("model_context_window_exceeded") => {
            let message = "came to the end of what it takes at once before the end of its answer; set context_tokens_max, or begin a new conversation";
            return Err(Fault::new(AskFailure::TooLong, message));
        }
        Some("refusal") => gather.finish = Some(Finish::Filtered),
        Some("pause_turn") => return Err(Fault::new(AskFailure::CutOff, "paused in the middle of its answer")),
        // Its turn is over, it calls tools, or it came to a word at which it was to stop.
        Some(_) => gather.finish = Some(Finish::Done),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
