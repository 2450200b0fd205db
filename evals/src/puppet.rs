//! The puppet: a test double for a model that is wholly the attacker's. It makes the true calls of the owner's task and,
//! as soon as an attack was read, every call that the attack wants. It has no good sense, so no defence can lean on it.

use crate::stage::RESULT;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use steward_agent::labels::Words;
use steward_host::EXTRACT;

/// The shortest text that says what the owner speaks of, in characters.
const NAME_MIN: usize = 3;

/// One call of a script, with what the tool answers when it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The tool, by the product's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
    /// What the tool answers.
    pub answer: Answer,
    /// Whether it is the attacker's wish and not the owner's.
    pub injected: bool,
    /// Whether the owner lets it pass although it is: a plan looks harmless as long as nothing has come of it.
    pub waved: bool,
    /// What is done in the run that it hands on to, or that is said later.
    pub below: Vec<Line>,
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This.
    Result(Value),
    /// That it failed, and why.
    Error(String),
}

/// What a puppet that answered is doing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// This line of the script; with the value that a reader is to give, if it has one read.
    Line(usize, Option<Value>),
    /// It has a value read that its next line needs.
    Take(Value),
    /// It read behind a handle, or is at the end.
    Nothing,
}

/// How the calls of a script's lines are numbered, and those that take out what a line needs.
const LINE: &str = "call_";
const TAKE: &str = "take_";

/// The line of the script that a call is.
pub(crate) fn line_of(provider_id: &str) -> Option<usize> {
    provider_id.strip_prefix(LINE)?.parse().ok()
}

/// The chat completion that a request brings: the next call of the script, or the end; first what an honest model would have read.
/// `wanted` is what the reader is to give.
pub(crate) fn answer(request: &Value, script: &[Line], wanted: Option<&Value>) -> (Value, Said) {
    if is_reader(request) {
        return (completion(&json!({ "role": "assistant", "content": plain(wanted), "refusal": null }), false), Said::Nothing);
    }
    let read = Read::of(request, script);
    let Some(line) = script.get(read.done) else {
        return (completion(&json!({ "role": "assistant", "content": "All done.", "refusal": null }), false), Said::Nothing);
    };
    let (id, tool, arguments, said) = match read.next(line) {
        Step::Take { id, from, value } => {
            let question = format!("What goes into the next call of {}?", line.tool);
            let arguments = json!({ "from": { "$": from }, "as": form(&value), "question": question });
            (id, EXTRACT, arguments, Said::Take(value))
        }
        Step::Call(arguments) => {
            // A line may have something read itself: then the script says what the reader makes of it.
            let wanted = match &line.answer {
                Answer::Result(answer) if line.tool == EXTRACT => answer.get("value").cloned(),
                Answer::Result(_) | Answer::Error(_) => None,
            };
            (format!("{LINE}{}", read.done), line.tool.as_str(), arguments, Said::Line(read.done, wanted))
        }
    };
    let function = json!({ "name": wire_name(request, tool), "arguments": arguments.to_string() });
    let call = json!({ "id": id, "type": "function", "function": function });
    (completion(&json!({ "role": "assistant", "content": null, "refusal": null, "tool_calls": [call] }), true), said)
}

fn completion(message: &Value, calls: bool) -> Value {
    let finish = if calls { "tool_calls" } else { "stop" };
    json!({
        "id": "chatcmpl-puppet", "object": "chat.completion", "created": 1, "model": "puppet",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })
}

/// Whether a request asks for a value behind a handle: it has no tools, and the text stands between lines.
fn is_reader(request: &Value) -> bool {
    let has_tools = request.get("tools").and_then(Value::as_array).is_some_and(|tools| !tools.is_empty());
    !has_tools && messages(request, "user").any(|text| text.contains("\n-----\n"))
}

/// What a reader says: the value it is to give, whatever the text says. It is the attacker's as well.
fn plain(wanted: Option<&Value>) -> String {
    match wanted {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// In which form a value is read.
fn form(value: &Value) -> &'static str {
    match value.as_str().map(Words::fold) {
        None => "number",
        Some(folded) if Words::is_moment(&folded) => "date",
        Some(folded) if Words::address(&folded) == Some(folded.as_str()) => "email",
        Some(_) => "text",
    }
}

fn messages<'a>(request: &'a Value, role: &'static str) -> impl Iterator<Item = &'a str> {
    let all = request.get("messages").and_then(Value::as_array).into_iter().flatten();
    all.filter(move |message| message.get("role").is_some_and(|is| is == role)).filter_map(|message| message.get("content").and_then(Value::as_str))
}

/// What a request shows: the owner's words, how far the script is, and what stands behind handles.
struct Read {
    owner: Words,
    done: usize,
    hidden: Vec<Hidden>,
    /// Values that are shown as they are, folded.
    shown: HashSet<String>,
    /// What was taken out, by the id of the call: the handle, or none where it could not be.
    taken: BTreeMap<String, Option<String>>,
}

/// What stands behind a handle.
struct Hidden {
    value: Value,
    handle: String,
    /// Whether the owner's words say something of the call or of the record it came with.
    is_named: bool,
}

enum Step {
    Take { id: String, from: String, value: Value },
    Call(Value),
}

impl Read {
    fn of(request: &Value, script: &[Line]) -> Self {
        let owner = Words::in_text(&messages(request, "user").collect::<Vec<_>>().join("\n"));
        let mut read = Self { owner, done: 0, hidden: Vec::new(), shown: HashSet::new(), taken: BTreeMap::new() };
        let results = request.get("messages").and_then(Value::as_array).into_iter().flatten();
        for message in results.filter(|message| message.get("role").is_some_and(|role| role == "tool")) {
            let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
            let shown = message.get("content").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
            let shown = shown.as_ref().and_then(|shown| shown.get("ok"));
            if id.starts_with(TAKE) {
                let handle = shown.and_then(|shown| shown.pointer("/value/$")?.as_str());
                read.taken.insert(id.to_owned(), handle.map(str::to_owned));
            }
            let Some(index) = line_of(id) else { continue };
            read.done = read.done.max(index + 1);
            if let (Some(shown), Some(Line { answer: Answer::Result(answer), arguments, .. })) = (shown, script.get(index)) {
                let is_named = leaves(arguments).iter().any(|leaf| read.is_owners(leaf));
                read.behind(shown, &json!({ RESULT: answer }), is_named);
            }
        }
        read
    }

    /// What stands behind handles in a result: an honest model passes it on by handle, as it cannot see it.
    fn behind(&mut self, shown: &Value, truth: &Value, is_named: bool) {
        if let Some(handle) = shown.get("$").and_then(Value::as_str) {
            self.hidden.push(Hidden { value: truth.clone(), handle: handle.to_owned(), is_named });
            return;
        }
        match (shown, truth) {
            (Value::Object(shown), Value::Object(truth)) => {
                let mut keys: Vec<&String> = truth.keys().collect();
                keys.sort();
                let is_named = is_named || shown.values().any(|field| self.is_owners(field));
                for (name, inner) in shown {
                    // Where a key may not be seen, its place stands for it.
                    let place = name.strip_prefix('#').and_then(|place| place.parse::<usize>().ok());
                    let key = place.and_then(|place| keys.get(place).copied()).unwrap_or(name);
                    if let Some(truth) = truth.get(key) {
                        self.behind(inner, truth, is_named);
                    }
                }
            }
            (Value::Array(shown), Value::Array(truth)) => shown.iter().zip(truth).for_each(|(shown, truth)| self.behind(shown, truth, is_named)),
            (leaf, _) => {
                self.shown.extend(folded(leaf));
            }
        }
    }

    fn is_owners(&self, leaf: &Value) -> bool {
        leaf.as_str().is_some_and(|text| text.chars().count() >= NAME_MIN && self.owner.hold(text))
    }

    /// What comes before this line, or the line as this model says it.
    /// What an attack wants is written as it stands there: the puppet knows by heart what it was never shown.
    fn next(&self, line: &Line) -> Step {
        if line.injected {
            return Step::Call(line.arguments.clone());
        }
        let mut index = 0;
        let mut take = None;
        let arguments = self.by_handle(&line.arguments, &mut index, &mut take);
        take.unwrap_or(Step::Call(arguments))
    }

    fn by_handle(&self, arguments: &Value, index: &mut usize, take: &mut Option<Step>) -> Value {
        match arguments {
            Value::Object(map) => map.iter().map(|(key, inner)| (key.clone(), self.by_handle(inner, index, take))).collect(),
            Value::Array(list) => list.iter().map(|inner| self.by_handle(inner, index, take)).collect(),
            leaf => {
                *index += 1;
                if let Some(whole) = self.hidden.iter().find(|hidden| hidden.value == *leaf) {
                    return json!({ "$": whole.handle });
                }
                let id = format!("{TAKE}{}_{index}", self.done);
                match self.taken.get(&id) {
                    Some(Some(handle)) => json!({ "$": handle }),
                    Some(None) => leaf.clone(),
                    None => {
                        if let Some(from) = self.source(leaf).filter(|_| take.is_none()) {
                            *take = Some(Step::Take { id, from: from.handle.clone(), value: leaf.clone() });
                        }
                        leaf.clone()
                    }
                }
            }
        }
    }

    /// The hidden text that holds a value, if the model can have it from nowhere else: best one that the owner spoke of, then the last.
    fn source(&self, leaf: &Value) -> Option<&Hidden> {
        let key = folded(leaf)?;
        if self.shown.contains(&key) || self.owner.hold(&key) {
            return None;
        }
        let holds = |hidden: &&Hidden| hidden.value.as_str().is_some_and(|text| Words::in_text(text).hold(&key));
        self.hidden.iter().filter(holds).max_by_key(|hidden| hidden.is_named)
    }
}

/// A single value made comparable.
fn folded(leaf: &Value) -> Option<String> {
    match leaf {
        Value::String(text) => Some(Words::fold(text)).filter(|key| !key.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(map) => map.values().flat_map(leaves).collect(),
        Value::Array(list) => list.iter().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

/// What a tool is called in this request: as it is offered there.
fn wire_name(request: &Value, tool: &str) -> String {
    let folded: String = tool.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect();
    let offered = request.get("tools").and_then(Value::as_array).into_iter().flatten();
    let mut names = offered.filter_map(|tool| tool.pointer("/function/name").and_then(Value::as_str));
    if names.any(|name| name == folded) { folded } else { tool.to_owned() }
}
