//! Endpoints that leave fields out, repeat them or put them elsewhere are understood all the same.

use super::{CHAT, CHAT_STREAM, RESPONSES, RESPONSES_STREAM, ask, model, models, request, told};
use serde_json::{Value, json};
use steward_agent::testing::{Raw, Reply, ScriptedModel};
use steward_core::Usage;

async fn whole(text: &str) -> steward_agent::models::Answer {
    told(Raw::body("application/json", text), CHAT).await.expect(text)
}

async fn streamed(lines: &[&str]) -> steward_agent::models::Answer {
    told(Raw::data(lines), CHAT_STREAM).await.expect("an answer")
}

#[tokio::test]
async fn a_whole_answer_with_the_least_in_it_is_read() {
    let text = async |json: &str| whole(json).await.text;
    assert_eq!(text(r#"{"choices":[{"message":{"content":"hi"}}]}"#).await, "hi");
    assert_eq!(
        text(r#"{"choices":[{"message":{"role":"assistant","content":[{"type":"text","text":"h"},{"type":"text","text":"i"}]},"finish_reason":"stop"}]}"#)
            .await,
        "hi"
    );
    assert_eq!(text(r#"{"choices":[{"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}]}"#).await, "I will not.");
    // Only the first choice was asked for.
    assert_eq!(text(r#"{"choices":[{"index":1,"message":{"content":"b"}},{"index":0,"message":{"content":"a"}}]}"#).await, "a");
    let call =
        whole(r#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"mail_send","arguments":{"to":"a"}}},{"function":{"name":"mail_send"}}]}}]}"#).await;
    assert_eq!(call.calls.iter().map(|call| call.arguments.clone()).collect::<Vec<_>>(), [json!({ "to": "a" }), json!({})]);
    assert_eq!(call.calls[0].provider_id, "call_1_0", "an id of our own where there is none");
    let twice = whole(
        r#"{"choices":[{"message":{"tool_calls":[{"id":"x","function":{"name":"a","arguments":"{}"}},{"id":"x","function":{"name":"b","arguments":"{}"}}]}}]}"#,
    )
    .await;
    assert_eq!(twice.calls.iter().map(|call| (call.tool.as_str(), call.provider_id.as_str())).collect::<Vec<_>>(), [("a", "x"), ("b", "call_1_1")]);
    let usage =
        whole(r#"{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_cache_hit_tokens":3}}"#).await.usage;
    assert_eq!(usage, Usage { input: 7, cached: 3, output: 2 });
    let odd = whole(r#"{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":"many","completion_tokens":-2}}"#).await.usage;
    assert!(odd.input > 10 && odd.output == 1, "what is no number is counted: {odd:?}");
}

#[tokio::test]
async fn pieces_of_calls_find_their_call() {
    let calls = async |lines: &[&str]| -> Vec<(String, Value)> { streamed(lines).await.calls.into_iter().map(|call| (call.tool, call.arguments)).collect() };
    let end = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let piece = |call: Value| json!({ "choices": [{ "delta": { "tool_calls": [call] } }] }).to_string();
    let ab = [("a".to_owned(), json!({ "x": 1 })), ("b".to_owned(), json!({ "y": 2 }))];
    // Interleaved, by place.
    let lines = [
        piece(json!({ "index": 0, "id": "1", "function": { "name": "a", "arguments": "{\"x\"" } })),
        piece(json!({ "index": 1, "id": "2", "function": { "name": "b", "arguments": "{\"y\"" } })),
        piece(json!({ "index": 0, "function": { "arguments": ":1}" } })),
        piece(json!({ "index": 1, "function": { "arguments": ":2}" } })),
    ];
    assert_eq!(calls(&[&lines[0], &lines[1], &lines[2], &lines[3], end]).await, ab);
    // The beginning comes twice; it is one call all the same.
    let lines = [
        piece(json!({ "index": 0, "id": "1", "function": { "name": "a", "arguments": "" } })),
        piece(json!({ "index": 0, "id": "1", "function": { "name": "a", "arguments": "" } })),
        piece(json!({ "index": 0, "function": { "arguments": "{\"x\":1}" } })),
        piece(json!({ "index": 1, "id": "2", "function": { "name": "b", "arguments": "{\"y\":2}" } })),
    ];
    assert_eq!(calls(&[&lines[0], &lines[1], &lines[2], &lines[3], end, end]).await, ab);
    // Every call at the same place, told apart by id.
    let lines = [
        piece(json!({ "index": 0, "id": "1", "function": { "name": "a", "arguments": "{\"x\":1}" } })),
        piece(json!({ "index": 0, "id": "2", "function": { "name": "b", "arguments": "{\"y\":2}" } })),
    ];
    assert_eq!(calls(&[&lines[0], &lines[1], end]).await, ab);
    // Neither place nor id.
    let lines = [
        piece(json!({ "function": { "name": "a", "arguments": { "x": 1 } } })),
        piece(json!({ "function": { "name": "b", "arguments": "{\"y\"" } })),
        piece(json!({ "function": { "arguments": ":2}" } })),
    ];
    assert_eq!(calls(&[&lines[0], &lines[1], &lines[2], end]).await, ab);
    // A name in two pieces.
    let lines = [
        piece(json!({ "index": 0, "id": "1", "function": { "name": "mail_" } })),
        piece(json!({ "index": 0, "function": { "name": "send" } })),
        piece(json!({ "index": 0, "function": { "arguments": "{}" } })),
    ];
    assert_eq!(calls(&[&lines[0], &lines[1], &lines[2], end]).await, [("mail.send".to_owned(), json!({}))]);
}

#[tokio::test]
async fn a_repeated_piece_of_arguments_makes_a_broken_call_and_no_other() {
    let piece = |arguments: &str| {
        json!({ "choices": [{ "delta": { "tool_calls": [{ "index": 0, "id": "1", "function": { "name": "mail_send", "arguments": arguments } }] } }] })
            .to_string()
    };
    let lines = [piece("{\"to\":"), piece("{\"to\":"), piece("\"a\"}"), r#"{"choices":[{"finish_reason":"tool_calls"}]}"#.to_owned()];
    let answer = streamed(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!((answer.calls.len(), answer.calls[0].tool.as_str(), answer.calls[0].broken.is_some()), (1, "mail.send", true));
}

#[tokio::test]
async fn a_piece_that_is_marked_and_comes_twice_counts_once() {
    let chunk = |text: &str, mark: &str| json!({ "choices": [{ "delta": { "content": text } }], "obfuscation": mark }).to_string();
    let end = r#"{"choices":[{"finish_reason":"stop"}]}"#.to_owned();
    let lines = [chunk("ha", "q1"), chunk("ha", "q2"), chunk("ha", "q2"), end];
    assert_eq!(streamed(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await.text, "haha");
    // Without a mark, the same twice may well be meant.
    let plain = r#"{"choices":[{"delta":{"content":"ha"}}]}"#;
    assert_eq!(streamed(&[plain, plain, r#"{"choices":[{"finish_reason":"stop"}]}"#]).await.text, "haha");
    let delta = r#"{"type":"response.output_text.delta","delta":"ha","sequence_number":4}"#;
    let other = r#"{"type":"response.output_text.delta","delta":"ha","sequence_number":5}"#;
    let done = r#"{"type":"response.completed","sequence_number":6,"response":{"status":"completed"}}"#;
    assert_eq!(told(Raw::data([delta, delta, other, other, done]), RESPONSES_STREAM).await.expect("an answer").text, "haha");
}

#[tokio::test]
async fn a_stream_may_lack_its_end_its_usage_and_its_manners() {
    let delta = r#"{"choices":[{"delta":{"content":"hi"}}]}"#;
    let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
    assert_eq!(streamed(&[delta, end]).await.text, "hi", "no [DONE]");
    assert_eq!(streamed(&[delta, end, usage, usage, "[DONE]"]).await.usage, Usage { input: 5, cached: 0, output: 1 }, "usage twice");
    assert_eq!(streamed(&[delta, r#"{"choices":[{"delta":{"content":null},"finish_reason":"stop"}],"usage":null}"#, "[DONE]"]).await.text, "hi");
    assert_eq!(streamed(&[r#"{"choices":null}"#, delta, end, "[DONE]", "junk after it"]).await.text, "hi");
    let manners =
        format!(": hello\r\n\r\nevent: keepalive\r\ndata: {{}}\r\n\r\nid: 7\r\nretry: 100\r\ndata:{delta}\r\n\r\ndata: {end}\r\n\r\ndata: [DONE]\r\n\r\n");
    assert_eq!(told(Raw::events(manners), CHAT_STREAM).await.expect("an answer").text, "hi");
    // A stream that stays open after the end.
    let open = Reply::HangAfter(usize::MAX, Box::new(Raw::data([delta, end])));
    assert_eq!(told(open, CHAT_STREAM).await.expect("an answer").text, "hi");
    // An endpoint that does not know how to stream.
    let whole = r#"{"choices":[{"message":{"content":"h\ni"}}],
        "usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
    let server = ScriptedModel::start(vec![Raw::body("application/json", whole)]).await;
    let (answer, shown) = ask(&models(model(&server.base_url(), CHAT_STREAM)), CHAT_STREAM, &request()).await;
    assert_eq!((answer.expect("an answer").text.as_str(), shown.as_str()), ("h\ni", "h\ni"));
}

#[tokio::test]
async fn the_responses_api_may_be_terse_too() {
    let text = async |reply, mode| told(reply, mode).await.expect("an answer").text;
    let item = r#"{"output":[{"content":[{"type":"output_text","text":"hi"}]}]}"#;
    assert_eq!(text(Raw::body("application/json", item), RESPONSES).await, "hi");
    assert_eq!(text(Raw::body("application/json", item), RESPONSES_STREAM).await, "hi");
    let reasoning = r#"{"status":"completed","output":[{"type":"reasoning","summary":[]},{"type":"message","content":[{"type":"output_text","text":"hi"}]}]}"#;
    assert_eq!(text(Raw::body("application/json", reasoning), RESPONSES).await, "hi");
    // Only the last event has the text.
    let last =
        r#"{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]}]}}"#;
    assert_eq!(text(Raw::data([last]), RESPONSES_STREAM).await, "hi");
    // Only the item has the arguments, and an unknown event means nothing.
    let lines = [
        r#"{"type":"response.new_thing","delta":{"a":1}}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"mail_send","arguments":"{\"to\":\"a\"}"}}"#,
        r#"{"type":"response.completed"}"#,
    ];
    let call = told(Raw::data(lines), RESPONSES_STREAM).await.expect("a call").calls.remove(0);
    assert_eq!((call.tool.as_str(), call.provider_id.as_str(), call.arguments), ("mail.send", "c", json!({ "to": "a" })));
}
