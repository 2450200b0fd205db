//! An answer in the form of Google's `generateContent`.

use super::reply::{Said, SaidCall};
use super::wire::{as_json, pieces};
use bytes::Bytes;
use serde_json::{Value, json};
use steward_core::Usage;

fn finish_reason(said: &Said) -> Option<&str> {
    said.finish.as_deref().map(|finish| match finish {
        "stop" | "tool_calls" => "STOP",
        "length" => "MAX_TOKENS",
        "content_filter" => "SAFETY",
        other => other,
    })
}

fn usage(used: Usage) -> Value {
    json!({
        "promptTokenCount": used.input, "cachedContentTokenCount": used.cached, "candidatesTokenCount": used.output,
        "totalTokenCount": used.total(),
    })
}

fn text_part(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// Arguments go as they are, so that the reader meets what no parser here would have let pass.
fn call_part(call: &SaidCall) -> String {
    let id = if call.id.is_empty() { String::new() } else { format!(r#""id":{},"#, json!(call.id)) };
    format!(r#"{{"functionCall":{{{id}"name":{},"args":{}}}}}"#, json!(call.tool), as_json(&call.arguments))
}

/// An answer with these parts; the last one says how it ended and what it used.
fn answer(parts: &[String], ends: Option<&Said>, model: &str) -> String {
    let finish = ends.and_then(finish_reason).map(|finish| format!(r#","finishReason":{}"#, json!(finish))).unwrap_or_default();
    let used = ends.and_then(|said| said.usage).map(|used| format!(r#","usageMetadata":{}"#, usage(used))).unwrap_or_default();
    let content = format!(r#"{{"role":"model","parts":[{}]}}"#, parts.join(","));
    format!(r#"{{"candidates":[{{"content":{content},"index":0{finish}}}]{used},"modelVersion":{}}}"#, json!(model))
}

/// The whole answer.
pub(super) fn whole(said: &Said, model: &str) -> Bytes {
    let text = (!said.text.is_empty()).then(|| text_part(&said.text));
    let parts: Vec<String> = text.into_iter().chain(said.calls.iter().map(call_part)).collect();
    answer(&parts, Some(said), model).into()
}

/// The answer in pieces: texts as they come, calls each as a whole.
pub(super) fn stream(said: &Said, model: &str) -> Vec<Bytes> {
    let mut answers: Vec<String> = pieces(&said.text, said.piece).map(|piece| answer(&[text_part(&piece)], None, model)).collect();
    if !said.calls.is_empty() {
        let parts: Vec<String> = said.calls.iter().map(call_part).collect();
        answers.push(answer(&parts, None, model));
    }
    if said.finish.is_some() {
        answers.push(answer(&[text_part("")], Some(said), model));
    }
    answers.into_iter().map(|answer| format!("data: {answer}\n\n").into()).collect()
}
