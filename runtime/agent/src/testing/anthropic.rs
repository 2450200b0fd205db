//! An answer in the form of Anthropic's Messages.

#![expect(clippy::indexing_slicing, reason = "JSON made a line above")]

use super::reply::{Said, SaidCall};
use super::wire::{as_json, event, pieces};
use bytes::Bytes;
use serde_json::{Value, json};
use steward_core::Usage;

fn stop_reason(said: &Said) -> Option<&str> {
    said.finish.as_deref().map(|finish| match finish {
        "stop" => "end_turn",
        "tool_calls" => "tool_use",
        "length" => "max_tokens",
        "content_filter" => "refusal",
        other => other,
    })
}

/// What was read from the cache is no part of what was read besides.
fn usage(used: Usage, output: u64) -> Value {
    json!({
        "input_tokens": used.input.saturating_sub(used.cached), "cache_creation_input_tokens": 0, "cache_read_input_tokens": used.cached,
        "output_tokens": output,
    })
}

fn message(model: &str) -> Value {
    json!({ "id": "msg_scripted", "type": "message", "role": "assistant", "model": model, "stop_reason": null, "stop_sequence": null })
}

/// The whole answer. Arguments go as they are, so that the reader meets what no parser here would have let pass.
pub(super) fn whole(said: &Said, model: &str) -> Bytes {
    let mut answer = message(model);
    answer["stop_reason"] = json!(stop_reason(said));
    if let Some(used) = said.usage {
        answer["usage"] = usage(used, used.output);
    }
    let call = |call: &SaidCall| format!(r#"{{"type":"tool_use","id":{},"name":{},"input":{}}}"#, json!(call.id), json!(call.tool), as_json(&call.arguments));
    let text = (!said.text.is_empty()).then(|| json!({ "type": "text", "text": said.text }).to_string());
    let blocks: Vec<String> = text.into_iter().chain(said.calls.iter().map(call)).collect();
    let answer = answer.to_string();
    let head = answer.strip_suffix('}').unwrap_or(&answer);
    format!("{head},\"content\":[{}]}}", blocks.join(",")).into()
}

/// The answer event by event.
pub(super) fn stream(said: &Said, model: &str) -> Vec<Bytes> {
    let mut begun = message(model);
    begun["content"] = json!([]);
    if let Some(used) = said.usage {
        begun["usage"] = usage(used, 1);
    }
    let mut events = vec![json!({ "type": "message_start", "message": begun }), json!({ "type": "ping" })];
    let mut place = 0;
    let start = |place: u64, block: Value| json!({ "type": "content_block_start", "index": place, "content_block": block });
    let delta = |place: u64, delta: Value| json!({ "type": "content_block_delta", "index": place, "delta": delta });
    let stop = |place: u64| json!({ "type": "content_block_stop", "index": place });
    if !said.text.is_empty() {
        events.push(start(place, json!({ "type": "text", "text": "" })));
        events.extend(pieces(&said.text, said.piece).map(|piece| delta(place, json!({ "type": "text_delta", "text": piece }))));
        events.push(stop(place));
        place += 1;
    }
    for call in &said.calls {
        events.push(start(place, json!({ "type": "tool_use", "id": call.id, "name": call.tool, "input": {} })));
        events.extend(pieces(&call.arguments, said.piece).map(|piece| delta(place, json!({ "type": "input_json_delta", "partial_json": piece }))));
        events.push(stop(place));
        place += 1;
    }
    if let Some(reason) = stop_reason(said) {
        let mut end = json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null } });
        if let Some(used) = said.usage {
            end["usage"] = json!({ "output_tokens": used.output });
        }
        events.push(end);
        if said.done {
            events.push(json!({ "type": "message_stop" }));
        }
    }
    events.iter().map(|one| event(one["type"].as_str(), one)).collect()
}
