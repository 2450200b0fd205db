//! An answer in the form of the responses API.

#![expect(clippy::indexing_slicing, reason = "JSON made a line above, or a field that may be missing, which reads as null")]

use super::reply::{Said, SaidCall};
use super::wire::{event, pieces};
use bytes::Bytes;
use serde_json::{Value, json};

fn call_item(index: usize, call: &SaidCall, arguments: &str) -> Value {
    json!({ "type": "function_call", "id": format!("fc_{index}"), "call_id": call.id, "name": call.tool, "arguments": arguments, "status": "completed" })
}

fn message_item(text: &str) -> Value {
    json!({ "type": "message", "id": "msg_0", "role": "assistant", "status": "completed", "content": [{ "type": "output_text", "text": text, "annotations": [] }] })
}

fn response(said: &Said, model: &str) -> Value {
    let mut output = Vec::new();
    if !said.text.is_empty() {
        output.push(message_item(&said.text));
    }
    output.extend(said.calls.iter().enumerate().map(|(index, call)| call_item(index, call, &call.arguments)));
    let reason = match said.finish.as_deref() {
        Some("length") => Some("max_output_tokens"),
        Some("content_filter") => Some("content_filter"),
        _ => None,
    };
    let mut response = json!({
        "id": "resp_scripted", "object": "response", "created_at": 1, "model": model, "error": null, "output": output,
        "status": if reason.is_some() { "incomplete" } else { "completed" },
        "incomplete_details": reason.map(|reason| json!({ "reason": reason })),
    });
    if let Some(used) = said.usage {
        response["usage"] = json!({
            "input_tokens": used.input, "output_tokens": used.output, "total_tokens": used.total(),
            "input_tokens_details": { "cached_tokens": used.cached },
        });
    }
    response
}

/// The whole answer.
pub(super) fn whole(said: &Said, model: &str) -> Bytes {
    response(said, model).to_string().into()
}

/// The answer event by event.
pub(super) fn stream(said: &Said, model: &str) -> Vec<Bytes> {
    let mut events = vec![json!({ "type": "response.created", "response": { "id": "resp_scripted", "status": "in_progress", "output": [] } })];
    let mut place = 0;
    if !said.text.is_empty() {
        events.push(json!({ "type": "response.output_item.added", "output_index": place, "item": message_item("") }));
        events.extend(
            pieces(&said.text, said.piece)
                .map(|piece| json!({ "type": "response.output_text.delta", "item_id": "msg_0", "output_index": place, "content_index": 0, "delta": piece })),
        );
        events.push(json!({ "type": "response.output_text.done", "output_index": place, "text": said.text }));
        events.push(json!({ "type": "response.output_item.done", "output_index": place, "item": message_item(&said.text) }));
        place += 1;
    }
    for (index, call) in said.calls.iter().enumerate() {
        let item_id = format!("fc_{index}");
        events.push(json!({ "type": "response.output_item.added", "output_index": place, "item": call_item(index, call, "") }));
        events.extend(
            pieces(&call.arguments, said.piece)
                .map(|piece| json!({ "type": "response.function_call_arguments.delta", "item_id": item_id, "output_index": place, "delta": piece })),
        );
        events.push(json!({ "type": "response.function_call_arguments.done", "item_id": item_id, "output_index": place, "arguments": call.arguments }));
        events.push(json!({ "type": "response.output_item.done", "output_index": place, "item": call_item(index, call, &call.arguments) }));
        place += 1;
    }
    if said.finish.is_some() {
        let whole = response(said, model);
        let kind = if whole["status"] == "completed" { "response.completed" } else { "response.incomplete" };
        events.push(json!({ "type": kind, "response": whole }));
    }
    let numbered = |(number, mut one): (usize, Value)| {
        one["sequence_number"] = json!(number);
        let kind = one["type"].as_str().map(str::to_owned);
        event(kind.as_deref(), &one)
    };
    events.into_iter().enumerate().map(numbered).collect()
}
