//! Both directions against literal JSON, refusals first.

use super::*;
use crate::models::came::{Came, came, tool};
use crate::models::gather::Reported;
use crate::models::request::{ModelMessage, ProposedCall};
use crate::models::tools::ToolSets;
use serde_json::json;

fn read(lines: &[&str]) -> Result<Came, Fault> {
    let mut reader = Reader::default();
    came(lines, |line, gather| reader.read(line, gather))
}

#[test]
fn what_is_no_answer_is_malformed() {
    for bad in [r#"{"candidates":"none"}"#, r#"{"candidates":[{"content":{"parts":[{"text":7}]}}]}"#, r#"{"candidates":[{"finishReason":1}]}"#, "7"] {
        assert_eq!(read(&[bad]).expect_err(bad).failure, AskFailure::Malformed, "{bad}");
    }
}

#[test]
fn an_answer_that_its_provider_cannot_read_or_breaks_off_is_none() {
    let ended = |reason: &str| format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"Let me"}}]}},"finishReason":"{reason}"}}]}}"#);
    for reason in ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"] {
        let fault = read(&[&ended(reason)]).expect_err(reason);
        assert!(fault.failure == AskFailure::Malformed && fault.message.contains(reason), "{fault:?}");
    }
    for reason in ["OTHER", "MISSING_THOUGHT_SIGNATURE"] {
        assert_eq!(read(&[&ended(reason)]).expect_err(reason).failure, AskFailure::Server, "{reason}");
    }
    let finish = |reason: &str| read(&[&ended(reason)]).expect(reason).finish;
    for reason in ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"] {
        assert_eq!(finish(reason), Some(Finish::Filtered), "{reason}");
    }
    assert_eq!(finish("MAX_TOKENS"), Some(Finish::Length));
    assert_eq!(finish("FINISH_REASON_UNSPECIFIED"), None);
    assert_eq!((finish("STOP"), finish("A_REASON_TO_COME")), (Some(Finish::Done), Some(Finish::Done)));
    let blocked = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9}}"#;
    let came = read(&[blocked]).expect("withheld");
    assert_eq!((came.finish, came.reported.input), (Some(Finish::Filtered), Some(9)));
    assert_eq!(read(&[r#"{"promptFeedback":{"safetyRatings":[]},"candidates":[]}"#]).expect("nothing yet").finish, None);
}

#[test]
fn arguments_that_cannot_be_read_make_a_broken_call() {
    let call =
        |args: &str| format!(r#"{{"candidates":[{{"content":{{"parts":[{{"functionCall":{{"name":"crm_find","args":{args}}}}}]}},"finishReason":"STOP"}}]}}"#);
    for args in [r#"{"n":92e85660411466}"#, r#"{"q":"\ud800"}"#, r#""query=Ada""#, r#""{\"query\": \"Ad""#] {
        let came = read(&[&call(args)]).expect("a broken call is an answer");
        let broken = &came.calls[0];
        assert_eq!((broken.tool.as_str(), &broken.arguments), ("crm.find", &Value::Null), "{args}");
        assert!(broken.broken.as_deref().is_some_and(|why| why.contains("no JSON")), "{args}: {broken:?}");
    }
    let nameless = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"args":{}}}]},"finishReason":"STOP"}]}"#;
    assert_eq!(read(&[nameless]).expect("a broken call").calls[0].broken.as_deref(), Some("the call names no tool"));
    let bare = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"crm_find"}}]},"finishReason":"STOP"}]}"#;
    let came = read(&[bare]).expect("a call");
    assert_eq!((came.calls[0].provider_id.as_str(), &came.calls[0].arguments), ("call_1_0", &json!({})), "an id of our own where there is none");
}

#[test]
fn thoughts_and_parts_that_are_not_known_say_nothing() {
    let lines = [
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"secret thoughts","thought":true}]},"index":0}]}"#,
        r#"{"candidates":[{"content":{"role":"model","parts":[{"executableCode":{"language":"PYTHON","code":"1"}},{"inlineData":{}}]},"index":0}]}"#,
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Found"}]},"index":0},{"content":{"parts":[{"text":"other"}]},"index":1}]}"#,
        r#"{"x":1}"#,
        r#"{"candidates":[{"content":{},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"thoughtsTokenCount":7}}"#,
    ];
    let came = read(&lines).expect("an answer");
    assert_eq!((came.text.as_str(), came.calls.len(), came.finish), ("Found", 0, Some(Finish::Done)));
    assert_eq!(came.reported, Reported { input: Some(5), cached: Some(0), output: Some(7) }, "thoughts are written tokens");
}

#[test]
fn calls_side_by_side_and_what_was_used_come_together_from_pieces() {
    let lines = [
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Look"}]},"index":0}],"usageMetadata":{"promptTokenCount":321}}"#,
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"ing."}]},"index":0}],"usageMetadata":{"promptTokenCount":321,"candidatesTokenCount":4,"totalTokenCount":325}}"#,
        r#"{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"f1","name":"crm_find","args":{"query":"Ada"}},"thoughtSignature":"CpcB"},{"functionCall":{"id":"f2","name":"mail_send","args":{}}}]},"index":0}]}"#,
        r#"{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"crm_find","args":{"query":"Ada"}}}]},"index":0}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":321,"cachedContentTokenCount":300,"candidatesTokenCount":20,"thoughtsTokenCount":100},"modelVersion":"gemini-2.5-pro"}"#,
    ];
    let came = read(&lines).expect("an answer");
    let calls: Vec<_> = came.calls.iter().map(|call| (call.provider_id.as_str(), call.tool.as_str(), call.arguments.clone())).collect();
    assert_eq!(came.text, "Looking.");
    assert_eq!(
        calls,
        [("f1", "crm.find", json!({ "query": "Ada" })), ("f2", "mail.send", json!({})), ("call_1_2", "crm.find", json!({ "query": "Ada" }))],
        "each is a call of its own"
    );
    assert_eq!((came.finish, came.reported), (Some(Finish::Done), Reported { input: Some(321), cached: Some(300), output: Some(120) }));
    assert_eq!(read(&lines[..3]).expect("cut").reported, Reported { input: Some(321), cached: Some(0), output: Some(4) }, "what came so far");
}

#[test]
fn a_conversation_goes_out_with_the_ids_that_were_given_and_no_others() {
    let call = |id: &str, tool: &str, arguments: Value| ProposedCall { provider_id: id.to_owned(), tool: tool.to_owned(), arguments, broken: None };
    let result = |id: &str, tool: &str| ModelMessage::ToolResult { provider_id: id.to_owned(), tool: tool.to_owned(), text: "1 contact".to_owned() };
    let request = AskRequest {
        system: "You are an assistant.".into(),
        messages: vec![
            ModelMessage::Person { text: "Find Ada.".to_owned() },
            ModelMessage::Agent {
                text: "Looking.".to_owned(),
                calls: vec![call("f1", "crm.find", json!({ "query": "Ada" })), call("call_1_1", "7zip", Value::Null)],
            },
            result("f1", "crm.find"),
            result("call_1_1", "7zip"),
        ],
        tools: [tool("crm.find")].into(),
        ..AskRequest::default()
    };
    let tools = ToolSets::default().ready(&request.tools);
    let body = serde_json::to_value(Body::new(&request, &tools, 1_000)).expect("JSON");
    assert_eq!(
        body,
        json!({
            "systemInstruction": { "parts": [{ "text": "You are an assistant." }] },
            "contents": [
                { "role": "user", "parts": [{ "text": "Find Ada." }] },
                { "role": "model", "parts": [
                    { "text": "Looking." },
                    { "functionCall": { "id": "f1", "name": "crm_find", "args": { "query": "Ada" } }, "thoughtSignature": "skip_thought_signature_validator" },
                    { "functionCall": { "name": "_7zip", "args": {} } },
                ] },
                { "role": "user", "parts": [
                    { "functionResponse": { "id": "f1", "name": "crm_find", "response": { "output": "1 contact" } } },
                    { "functionResponse": { "name": "_7zip", "response": { "output": "1 contact" } } },
                ] },
            ],
            "tools": [{ "functionDeclarations": [
                { "name": "crm_find", "description": "Finds.", "parametersJsonSchema": { "type": "object", "properties": {} } },
            ] }],
            "generationConfig": { "maxOutputTokens": 1_000 },
        })
    );
    let bare = AskRequest { messages: vec![ModelMessage::Person { text: "Hi.".to_owned() }], ..AskRequest::default() };
    let tools = ToolSets::default().ready(&bare.tools);
    let body = serde_json::to_value(Body::new(&bare, &tools, 1)).expect("JSON");
    assert!(body.get("systemInstruction").is_none() && body.get("tools").is_none(), "{body}");
    assert_eq!(name(&tools, &"9".repeat(80)).len(), WIRE_NAME_MAX);
}

#[test]
fn a_model_is_asked_at_its_own_place() {
    let check = |model: &str, streamed: bool, expect: &str| assert_eq!(path(model, streamed), expect, "{model}");
    check("gemini-2.5-flash", false, "/models/gemini-2.5-flash:generateContent");
    check("gemini-2.5-flash", true, "/models/gemini-2.5-flash:streamGenerateContent");
    check("models/gemini-2.5-flash", false, "/models/gemini-2.5-flash:generateContent");
    check("tunedModels/ours", false, "/tunedModels/ours:generateContent");
    check("a?b=c#d e%:é", false, "/models/a%3Fb%3Dc%23d%20e%25%3A%C3%A9:generateContent");
}
