//! Both directions against literal JSON, refusals first.

use super::*;
use crate::models::came::{Came, came, tool};
use crate::models::request::{ModelMessage, ProposedCall};
use crate::models::tools::ToolSets;
use serde_json::json;

fn read(lines: &[&str]) -> Result<Came, Fault> {
    let mut reader = Reader::default();
    came(lines, |line, gather| reader.read(line, gather))
}

const STARTED: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-opus-4-5","stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":10,"cache_read_input_tokens":65,"output_tokens":1}}}"#;
const CALL: &str = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"crm_find","input":{}}}"#;
const STOPPED: &str = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}"#;

#[test]
fn what_is_no_message_is_malformed() {
    for bad in [r#"{"type":7}"#, r#"{"type":"message","content":"text"}"#, r#"{"type":"content_block_delta","delta":7}"#, "7"] {
        assert_eq!(read(&[bad]).expect_err(bad).failure, AskFailure::Malformed, "{bad}");
    }
}

#[test]
fn half_an_answer_is_none() {
    let paused = r#"{"type":"message","content":[{"type":"text","text":"Let me"}],"stop_reason":"pause_turn"}"#;
    assert_eq!(read(&[paused]).expect_err("paused").failure, AskFailure::CutOff);
    let full = r#"{"type":"message_delta","delta":{"stop_reason":"model_context_window_exceeded"},"usage":{"output_tokens":5}}"#;
    let fault = read(&[STARTED, full]).expect_err("full");
    assert!(fault.failure == AskFailure::TooLong && fault.message.contains("context_tokens_max"), "{fault:?}");
    let finish = |reason: &str| read(&[&format!(r#"{{"type":"message","content":[],"stop_reason":"{reason}"}}"#)]).expect(reason).finish;
    assert_eq!(finish("max_tokens"), Some(Finish::Length));
    assert_eq!(finish("refusal"), Some(Finish::Filtered));
    for reason in ["end_turn", "tool_use", "stop_sequence", "a_reason_to_come"] {
        assert_eq!(finish(reason), Some(Finish::Done), "{reason}");
    }
    // Without an end there is none, whatever came.
    assert_eq!(read(&[STARTED, CALL, r#"{"type":"content_block_stop","index":1}"#, r#"{"type":"ping"}"#]).expect("begun").finish, None);
}

#[test]
fn arguments_that_are_no_json_make_a_broken_call() {
    let piece = |text: &str| json!({ "type": "content_block_delta", "index": 1, "delta": { "type": "input_json_delta", "partial_json": text } }).to_string();
    for arguments in [r#"{"query": "Ad"#, "query=Ada", r#"{"a": 1} {"a": 2}"#] {
        let came = read(&[STARTED, CALL, &piece(arguments), STOPPED]).expect("a broken call is an answer");
        let call = &came.calls[0];
        assert_eq!((came.calls.len(), call.tool.as_str(), &call.arguments), (1, "crm.find", &Value::Null), "{arguments}");
        assert!(call.broken.as_deref().is_some_and(|why| why.contains("no JSON")), "{arguments}: {call:?}");
    }
    let whole = r#"{"type":"message","stop_reason":"tool_use","content":[{"type":"tool_use","id":"a","name":"crm_find","input":{"a":92e85660411466}}]}"#;
    assert!(read(&[whole]).expect("a broken call").calls[0].broken.is_some());
    let nameless = r#"{"type":"message","stop_reason":"tool_use","content":[{"type":"tool_use","id":"a","input":{}}]}"#;
    assert_eq!(read(&[nameless]).expect("a broken call").calls[0].broken.as_deref(), Some("the call names no tool"));
}

#[test]
fn blocks_that_are_not_known_say_nothing() {
    let lines = [
        STARTED,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"secret thoughts"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Found"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{}}}"#,
        r#"{"type":"an_event_to_come","index":2}"#,
        r#"{"x":1}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let came = read(&lines).expect("an answer");
    assert_eq!((came.text.as_str(), came.calls.len(), came.finish), ("Found", 0, Some(Finish::Done)));
    let whole = r#"{"type":"message","stop_reason":"end_turn","content":[{"type":"redacted_thinking","data":"x"},{"type":"text","text":"Found"},
        {"type":"web_search_tool_result","tool_use_id":"s","content":[]}]}"#;
    assert_eq!(read(&[whole]).expect("an answer").text, "Found");
}

#[test]
fn calls_side_by_side_and_what_was_used_come_together_from_events() {
    let second = r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_2","name":"mail_send","input":{}}}"#;
    let lines = [
        STARTED,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Look"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ing."}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        CALL,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\": \"A"}}"#,
        second,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"da\"}"}}"#,
        STOPPED,
        r#"{"type":"message_stop"}"#,
    ];
    let came = read(&lines).expect("an answer");
    let calls: Vec<_> = came.calls.iter().map(|call| (call.provider_id.as_str(), call.tool.as_str(), call.arguments.clone())).collect();
    assert_eq!(came.text, "Looking.");
    assert_eq!(calls, [("toolu_1", "crm.find", json!({ "query": "Ada" })), ("toolu_2", "mail.send", json!({}))]);
    // What was written to the cache and read from it was read all the same, and the beginning's one token is none of the answer.
    assert_eq!((came.finish, came.reported), (Some(Finish::Done), Reported { input: Some(100), cached: Some(65), output: Some(89) }));
    assert_eq!(read(&[STARTED]).expect("begun").reported, Reported { input: Some(100), cached: Some(65), output: None });
    // Some send the arguments with the beginning of the call.
    let at_once = CALL.replace(r#""input":{}"#, r#""input":{"query":"Ada"}"#);
    assert_eq!(read(&[STARTED, &at_once, STOPPED]).expect("a call").calls[0].arguments, json!({ "query": "Ada" }));
}

#[test]
fn a_whole_message_is_read() {
    let whole = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-5","stop_reason":"tool_use","stop_sequence":null,
        "content":[{"type":"text","text":"Looking."},{"type":"tool_use","id":"toolu_1","name":"crm_find","input":{"query":"Ada","n":[1,{"a":null}]}}],
        "usage":{"input_tokens":321,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":21,"service_tier":"standard"}}"#;
    let came = read(&[whole]).expect("an answer");
    assert_eq!((came.text.as_str(), &came.calls[0].arguments), ("Looking.", &json!({ "query": "Ada", "n": [1, { "a": null }] })));
    assert_eq!((came.finish, came.reported), (Some(Finish::Done), Reported { input: Some(321), cached: Some(0), output: Some(21) }));
    let odd = r#"{"type":"message","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":"many","output_tokens":-2}}"#;
    assert_eq!(read(&[odd]).expect("an answer").reported, Reported { input: None, cached: Some(0), output: None });
}

#[test]
fn a_conversation_goes_out_with_results_first_and_ids_that_fit() {
    let call = |id: &str, arguments: Value| ProposedCall { provider_id: id.to_owned(), tool: "crm.find".to_owned(), arguments, broken: None };
    let result = |id: &str, text: &str| ModelMessage::ToolResult { provider_id: id.to_owned(), tool: "crm.find".to_owned(), text: text.to_owned() };
    let other = "functions.crm_find:0";
    let request = AskRequest {
        system: "You are an assistant.".into(),
        messages: vec![
            ModelMessage::Person { text: "Find Ada.".to_owned() },
            ModelMessage::Agent { text: " ".to_owned(), calls: vec![call("toolu_1", json!({ "query": "Ada" })), call(other, Value::Null)] },
            result("toolu_1", "1 contact"),
            result(other, ""),
            ModelMessage::Person { text: "And Grace.".to_owned() },
        ],
        tools: [tool("crm.find")].into(),
        ..AskRequest::default()
    };
    let tools = ToolSets::default().ready(&request.tools);
    let body = serde_json::to_value(Body::new("claude-opus-4-5", &request, &tools, 1_000, true)).expect("JSON");
    let marked = id(other).into_owned();
    assert!(marked.len() == "toolu_".len() + MARK && marked.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{marked}");
    assert_eq!(
        body,
        json!({
            "model": "claude-opus-4-5", "max_tokens": 1_000, "stream": true, "system": "You are an assistant.",
            "tools": [{ "name": "crm_find", "description": "Finds.", "input_schema": { "type": "object", "properties": {} } }],
            "messages": [
                { "role": "user", "content": [{ "type": "text", "text": "Find Ada." }] },
                { "role": "assistant", "content": [
                    { "type": "tool_use", "id": "toolu_1", "name": "crm_find", "input": { "query": "Ada" } },
                    { "type": "tool_use", "id": marked, "name": "crm_find", "input": {} },
                ] },
                { "role": "user", "content": [
                    { "type": "tool_result", "tool_use_id": "toolu_1", "content": "1 contact" },
                    { "type": "tool_result", "tool_use_id": marked },
                    { "type": "text", "text": "And Grace." },
                ] },
            ],
        })
    );
    let bare = AskRequest { messages: vec![ModelMessage::Person { text: "Hi.".to_owned() }], ..AskRequest::default() };
    let tools = ToolSets::default().ready(&bare.tools);
    let body = serde_json::to_value(Body::new("m", &bare, &tools, 1, false)).expect("JSON");
    assert!(body.get("system").is_none() && body.get("tools").is_none(), "{body}");
    let long = "x".repeat(ID_MAX + 1);
    for wrong in ["", "a.b", "ä", "x y", long.as_str()] {
        assert!(id(wrong).starts_with("toolu_"), "{wrong}");
    }
    assert_eq!(id("call_a-1"), "call_a-1");
}

#[test]
fn an_id_that_comes_again_goes_out_as_another_and_its_result_finds_it() {
    let other = "functions.crm_find:0";
    let mut messages = vec![
        ModelMessage::Person { text: "Hi.".to_owned() },
        ModelMessage::Agent { text: "Hello.".to_owned(), calls: Vec::new() },
        ModelMessage::Person { text: "Find them.".to_owned() },
    ];
    let before = messages.len();
    for id in ["call_9_0", other, "call_9_0", "call_9_0", other] {
        let call = ProposedCall { provider_id: id.to_owned(), tool: "crm.find".to_owned(), arguments: json!({}), broken: None };
        messages.push(ModelMessage::Agent { text: String::new(), calls: vec![call] });
        messages.push(ModelMessage::ToolResult { provider_id: id.to_owned(), tool: "crm.find".to_owned(), text: "none".to_owned() });
    }
    let sent = |messages: &[ModelMessage], field: &str| -> Vec<String> {
        let request = AskRequest { messages: messages.to_vec(), tools: [tool("crm.find")].into(), ..AskRequest::default() };
        let tools = ToolSets::default().ready(&request.tools);
        let body = serde_json::to_value(Body::new("m", &request, &tools, 1, false)).expect("JSON");
        let blocks = body["messages"].as_array().into_iter().flatten().filter_map(|message| message["content"].as_array()).flatten();
        blocks.filter_map(|block| block[field].as_str().map(str::to_owned)).collect()
    };
    let calls = sent(&messages, "id");
    assert_eq!((calls.len(), calls.iter().collect::<BTreeSet<_>>().len()), (5, 5), "each once: {calls:?}");
    assert_eq!(calls, sent(&messages, "tool_use_id"));
    assert_eq!((calls[0].as_str(), calls[1].as_str()), ("call_9_0", &*id(other)), "as ever the first time");
    assert!(calls.iter().all(|call| *id(call) == **call), "{calls:?}");
    // Nothing changes for a call where earlier words are no longer shown, nor what became of calls, nor where more follows.
    for dropped in 1..=before {
        assert_eq!(sent(&messages[dropped..], "id"), calls, "without {dropped}");
    }
    for there in 0..calls.len() {
        let so_far = &messages[..before + 2 * there];
        assert_eq!((&sent(so_far, "id")[..], &sent(so_far, "tool_use_id")[..]), (&calls[..there], &calls[..there]), "with {there}");
    }
    for message in &mut messages {
        if let ModelMessage::ToolResult { text, .. } = message {
            *text = "(no longer shown)".to_owned();
        }
    }
    assert_eq!((sent(&messages, "id"), sent(&messages, "tool_use_id")), (calls.clone(), calls));
}
