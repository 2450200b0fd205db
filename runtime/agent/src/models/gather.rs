//! An answer as it comes together: text, calls and usage from whole answers or from pieces, within bounds.
//!
//! Endpoints leave fields out, repeat them, or send them in another order. What can be understood is; what cannot becomes a
//! broken call that the model is told of, never half a call that runs.

use super::error::Fault;
use super::names::ToolNames;
use super::request::ProposedCall;
use super::tokens::Encoding;
use serde_json::Value;
use steward_core::event::AskFailure;
use steward_core::is_deeper;
use steward_core::limits::{ARGUMENT_BYTES_MAX, ARGUMENT_DEPTH_MAX};
use tokio::sync::mpsc::UnboundedSender;

/// The most calls one answer may have. The driver takes far fewer; this only bounds the work of taking an answer apart.
const CALLS_MAX: usize = 4_096;
/// The longest tool name or id that is kept, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Tokens beyond the asked-for bound that are let pass, because providers count in other vocabularies: a quarter and some.
const TOKENS_SPARE: u64 = 64;
/// How much new text there is before its tokens are counted, in bytes.
const COUNT_BYTES: usize = 4 * 1024;

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// It was done.
    Done,
    /// It reached the bound on tokens.
    Length,
    /// The provider's filter stopped it.
    Filtered,
}

/// Tokens as the provider reports them; each may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) input: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) output: Option<u64>,
}

impl Reported {
    /// Reads `usage` of either API. Zero read or written tokens mean that the provider did not count.
    pub(super) fn read(usage: &Value) -> Self {
        let number = |pointers: &[&str]| pointers.iter().find_map(|pointer| usage.pointer(pointer).and_then(Value::as_u64));
        Self {
            input: number(&["/prompt_tokens", "/input_tokens"]).filter(|tokens| *tokens > 0),
            cached: number(&["/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"]),
            output: number(&["/completion_tokens", "/output_tokens"]).filter(|tokens| *tokens > 0),
        }
    }
}

/// One call as it comes together.
#[derive(Debug, Default)]
struct Slot {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

/// A piece of a call.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct CallPiece<'a> {
    /// Its place, as far as the provider says one.
    pub(super) index: Option<u64>,
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
    /// Whether `arguments` is all of them, in place of what came before.
    pub(super) whole: bool,
}

/// An answer as it comes together.
pub(super) struct Gather<'a> {
    text: String,
    slots: Vec<Slot>,
    pub(super) reported: Reported,
    pub(super) finish: Option<Finish>,
    /// Whether only the end of a stream ends the answer, since any piece of it may say that the model is done.
    pub(super) ends_with_stream: bool,
    deltas: Option<&'a UnboundedSender<String>>,
    encoding: Encoding,
    tokens_max: u64,
    /// Bytes of text and arguments so far.
    bytes: usize,
    /// Tokens counted so far; none are before the answer has more bytes than it may have tokens.
    counted: Option<u64>,
    /// What came since the last count.
    uncounted: String,
}

impl<'a> Gather<'a> {
    pub(super) fn new(encoding: Encoding, output_tokens_max: u32, deltas: Option<&'a UnboundedSender<String>>) -> Self {
        let asked = u64::from(output_tokens_max);
        Self {
            text: String::new(),
            slots: Vec::new(),
            reported: Reported::default(),
            finish: None,
            ends_with_stream: false,
            deltas,
            encoding,
            tokens_max: asked + asked / 4 + TOKENS_SPARE,
            bytes: 0,
            counted: None,
            uncounted: String::new(),
        }
    }

    /// Whether there is anything yet.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.slots.is_empty()
    }

    /// Whether there is nothing to answer with: spaces are no answer.
    pub(super) fn is_blank(&self) -> bool {
        self.slots.is_empty() && self.text.trim().is_empty()
    }

    /// More text.
    pub(super) fn text(&mut self, piece: &str) -> Result<(), Fault> {
        if piece.is_empty() {
            return Ok(());
        }
        self.text.push_str(piece);
        if let Some(deltas) = self.deltas {
            // Nobody listening is no reason to stop: the answer counts, the stream is for the eye.
            let _ = deltas.send(piece.to_owned());
        }
        self.grown(piece)
    }

    /// More of a call, or a whole one.
    pub(super) fn call(&mut self, piece: CallPiece<'_>) -> Result<(), Fault> {
        let place = self.place(&piece);
        if place.is_none() && self.slots.len() >= CALLS_MAX {
            return Err(Fault::new(AskFailure::TooLong, format!("proposes more than {CALLS_MAX} calls; it was stopped")));
        }
        let slot = match place.and_then(|at| self.slots.get_mut(at)) {
            Some(slot) => slot,
            None => self.slots.push_mut(Slot { index: piece.index, ..Slot::default() }),
        };
        if slot.id.is_empty() {
            slot.id.push_str(up_to(piece.id, NAME_BYTES_MAX));
        }
        // A name that comes a second time is the same name, unless the arguments have not begun and it goes on.
        if slot.name.is_empty() || (slot.arguments.is_empty() && !piece.name.is_empty() && slot.name != piece.name && !piece.whole) {
            let room = NAME_BYTES_MAX.saturating_sub(slot.name.len());
            slot.name.push_str(up_to(piece.name, room));
        }
        if piece.whole && !piece.arguments.is_empty() {
            slot.arguments.clear();
        }
        slot.arguments.push_str(piece.arguments);
        self.grown(piece.arguments)
    }

    /// Which call a piece belongs to: by its place, unless the id says that it is another one; else by its id; else the last.
    fn place(&self, piece: &CallPiece<'_>) -> Option<usize> {
        let same_id = |slot: &Slot| piece.id.is_empty() || slot.id.is_empty() || slot.id == piece.id;
        if piece.index.is_some() {
            return self.slots.iter().rposition(|slot| slot.index == piece.index).filter(|at| self.slots.get(*at).is_some_and(same_id));
        }
        if !piece.id.is_empty() {
            return self.slots.iter().rposition(|slot| slot.id == piece.id);
        }
        // Neither place nor id: a name after arguments begins another call, anything else goes on with the last.
        let begins = !piece.name.is_empty() && self.slots.last().is_some_and(|slot| !slot.arguments.is_empty());
        if begins { None } else { self.slots.len().checked_sub(1) }
    }

    /// Stops an answer that outgrows its bound. A token has at least one byte, so that short answers are never counted here.
    fn grown(&mut self, piece: &str) -> Result<(), Fault> {
        self.bytes += piece.len();
        if (self.bytes as u64) <= self.tokens_max {
            return Ok(());
        }
        let counted = match self.counted {
            None => self.output_tokens(),
            Some(counted) => {
                self.uncounted.push_str(piece);
                if self.uncounted.len() < COUNT_BYTES {
                    return Ok(());
                }
                let more = self.encoding.count(&self.uncounted);
                self.uncounted.clear();
                counted + more
            }
        };
        self.counted = Some(counted);
        if counted <= self.tokens_max {
            return Ok(());
        }
        Err(Fault::new(AskFailure::TooLong, format!("answers with more than {} tokens; it was stopped", self.tokens_max)))
    }

    /// Tokens of what came so far, counted.
    pub(super) fn output_tokens(&self) -> u64 {
        let calls: u64 = self.slots.iter().map(|slot| self.encoding.count(&slot.arguments) + self.encoding.count(&slot.name) + super::tokens::PER_CALL).sum();
        self.encoding.count(&self.text) + calls
    }

    /// The text and calls, with our names; `turn` makes ids that the provider left out unique in the conversation.
    pub(super) fn finish(self, names: &ToolNames, turn: usize) -> (String, Vec<ProposedCall>) {
        let mut taken = std::collections::HashSet::new();
        let calls = self.slots.into_iter().enumerate().map(|(index, slot)| {
            let mut provider_id = slot.id;
            if provider_id.is_empty() || !taken.insert(provider_id.clone()) {
                provider_id = made_up(turn, index);
                taken.insert(provider_id.clone());
            }
            let (arguments, broken) = match read_arguments(&slot.arguments) {
                _ if slot.name.is_empty() => (Value::Null, Some("the call names no tool".to_owned())),
                Ok(arguments) => (arguments, None),
                Err(reason) => (Value::Null, Some(reason)),
            };
            ProposedCall { provider_id, tool: names.tool(&slot.name), arguments, broken }
        });
        (self.text, calls.collect())
    }
}

/// The id of a call that came without one.
fn made_up(turn: usize, index: usize) -> String {
    format!("call_{turn}_{index}")
}

/// Whether an id is one that was made up here: the provider does not know it.
pub(super) fn is_made_up(id: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix("call_").and_then(|rest| rest.split_once('_')).is_some_and(|(turn, index)| is_number(turn) && is_number(index))
}

/// No arguments at all are an empty object: that is how a tool without any is called.
fn read_arguments(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    if text.len() > ARGUMENT_BYTES_MAX {
        return Err(format!("the arguments have {} bytes; at most {ARGUMENT_BYTES_MAX} are taken", text.len()));
    }
    let arguments = serde_json::from_str(text).map_err(|error| format!("the arguments are no JSON: {error}"))?;
    // They go into the journal before any schema sees them, and a journal that cannot be read back ends its run for good.
    if is_deeper(&arguments, ARGUMENT_DEPTH_MAX) {
        return Err(format!("the arguments are nested deeper than {ARGUMENT_DEPTH_MAX} levels"));
    }
    Ok(arguments)
}

fn up_to(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}
