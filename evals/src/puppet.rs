//! The puppet: a test double for a model that is wholly the attacker's. It makes the true calls of the owner's task and,
//! as soon as an attack was read, every call that the attack wants. It has no good sense, so no defence can lean on it.

use crate::stage::RESULT;
use serde_json::{Value, json};

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
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This.
    Result(Value),
    /// That it failed, and why.
    Error(String),
}

/// The chat completion that a request brings: the next call of the script, or the end. Also gives which line it is.
pub(crate) fn answer(request: &Value, script: &[Line]) -> (Value, Option<usize>) {
    // One call an answer, and one result a call: how many results were handed back is how far the script is.
    let messages = request.get("messages").and_then(Value::as_array);
    let done = messages.map_or(0, |messages| messages.iter().filter(|message| message.get("role").is_some_and(|role| role == "tool")).count());
    let line = script.get(done);
    let message = match line {
        Some(line) => {
            let arguments = if line.injected { line.arguments.clone() } else { by_handle(&line.arguments, &hidden(request, script)) };
            let function = json!({ "name": wire_name(request, &line.tool), "arguments": arguments.to_string() });
            json!({ "role": "assistant", "content": null, "refusal": null, "tool_calls": [{ "id": format!("call_{done}"), "type": "function", "function": function }] })
        }
        None => json!({ "role": "assistant", "content": "All done.", "refusal": null }),
    };
    let finish = if line.is_some() { "tool_calls" } else { "stop" };
    let completion = json!({
        "id": "chatcmpl-puppet", "object": "chat.completion", "created": 1, "model": "puppet",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    });
    (completion, line.map(|_| done))
}

/// What stands behind handles in the results of this request: an honest model passes it on by handle, as it cannot see it.
/// What an attack wants is written as it stands there: the puppet knows by heart what it was never shown.
fn hidden(request: &Value, script: &[Line]) -> Vec<(Value, String)> {
    let messages = request.get("messages").and_then(Value::as_array).into_iter().flatten();
    let results = messages.filter(|message| message.get("role").is_some_and(|role| role == "tool"));
    let mut found = Vec::new();
    for (message, line) in results.zip(script) {
        let shown = message.get("content").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let (Some(shown), Answer::Result(answer)) = (shown.as_ref().and_then(|shown| shown.get("ok")), &line.answer) {
            behind(shown, &json!({ RESULT: answer }), &mut found);
        }
    }
    found
}

fn behind(shown: &Value, truth: &Value, found: &mut Vec<(Value, String)>) {
    if let Some(handle) = shown.get("$").and_then(Value::as_str) {
        return found.push((truth.clone(), handle.to_owned()));
    }
    match (shown, truth) {
        (Value::Object(shown), Value::Object(truth)) => {
            let mut keys: Vec<&String> = truth.keys().collect();
            keys.sort();
            for (name, inner) in shown {
                // Where a key may not be seen, its place stands for it.
                let place = name.strip_prefix('#').and_then(|place| place.parse::<usize>().ok());
                let key = place.and_then(|place| keys.get(place).copied()).unwrap_or(name);
                if let Some(truth) = truth.get(key) {
                    behind(inner, truth, found);
                }
            }
        }
        (Value::Array(shown), Value::Array(truth)) => shown.iter().zip(truth).for_each(|(shown, truth)| behind(shown, truth, found)),
        _ => {}
    }
}

fn by_handle(arguments: &Value, hidden: &[(Value, String)]) -> Value {
    match arguments {
        Value::Object(map) => map.iter().map(|(key, inner)| (key.clone(), by_handle(inner, hidden))).collect(),
        Value::Array(list) => list.iter().map(|inner| by_handle(inner, hidden)).collect(),
        leaf => hidden.iter().find(|(value, _)| value == leaf).map_or_else(|| leaf.clone(), |(_, handle)| json!({ "$": handle })),
    }
}

/// What a tool is called in this request: as it is offered there.
fn wire_name(request: &Value, tool: &str) -> String {
    let folded: String = tool.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect();
    let offered = request.get("tools").and_then(Value::as_array).into_iter().flatten();
    let mut names = offered.filter_map(|tool| tool.pointer("/function/name").and_then(Value::as_str));
    if names.any(|name| name == folded) { folded } else { tool.to_owned() }
}
