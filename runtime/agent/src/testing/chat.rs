//! An answer in the form of chat completions.

#![expect(clippy::indexing_slicing, reason = "JSON made a line above, or a field that may be missing, which reads as null")]

use super::reply::{Said, SaidCall};
use super::wire::{event, pieces};
use bytes::Bytes;
use serde_json::{Value, json};
use steward_core::Usage;

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input, "completion_tokens": usage.output, "total_tokens": usage.total(),
        "prompt_tokens_details": { "cached_tokens": usage.cached },
    })
}

/// The whole answer.
pub(super) fn whole(said: &Said, model: &str) -> Bytes {
    let mut message = json!({ "role": "assistant", "content": (!said.text.is_empty()).then_some(&said.text), "refusal": null });
    if !said.calls.is_empty() {
        let call = |call: &SaidCall| json!({ "id": call.id, "type": "function", "function": { "name": call.tool, "arguments": call.arguments } });
        message["tool_calls"] = said.calls.iter().map(call).collect();
    }
    let mut answer = json!({
        "id": "chatcmpl-scripted", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": said.finish }],
    });
    if let Some(used) = said.usage {
        answer["usage"] = usage(used);
    }
    answer.to_string().into()
}

/// The answer in pieces.
pub(super) fn stream(said: &Said, model: &str, include_usage: bool) -> Vec<Bytes> {
    let chunk = |choices: Value, used: Value| {
        let mut chunk = json!({ "id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices });
        if !used.is_null() {
            chunk["usage"] = used;
        }
        event(None, &chunk)
    };
    let delta = |delta: Value| chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]), Value::Null);
    let mut frames = vec![delta(json!({ "role": "assistant", "content": "" }))];
    frames.extend(pieces(&said.text, said.piece).map(|piece| delta(json!({ "content": piece }))));
    for (index, call) in said.calls.iter().enumerate() {
        let head = json!({ "index": index, "id": call.id, "type": "function", "function": { "name": call.tool, "arguments": "" } });
        frames.push(delta(json!({ "tool_calls": [head] })));
        frames
            .extend(pieces(&call.arguments, said.piece).map(|piece| delta(json!({ "tool_calls": [{ "index": index, "function": { "arguments": piece } }] }))));
    }
    if let Some(finish) = &said.finish {
        frames.push(chunk(json!([{ "index": 0, "delta": {}, "finish_reason": finish }]), Value::Null));
    }
    if let Some(used) = said.usage.filter(|_| include_usage) {
        frames.push(chunk(json!([]), usage(used)));
    }
    if said.done {
        frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    }
    frames
}
