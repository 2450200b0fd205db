//! Answers as they should be: text, calls, names, usage, history.

use super::{CHAT, CHAT_STREAM, KEY, MODES, Mode, RESPONSES, ask, model, models, request, strong, told, tool};
use serde_json::{Value, json};
use steward_agent::models::{AskRequest, ModelMessage, ProposedCall, Provider};
use steward_agent::testing::{Reply, Said, SaidCall, ScriptedModel};
use steward_core::{Micros, Usage};

#[tokio::test]
async fn text_comes_whole_and_streams_as_it_comes() {
    for mode in MODES {
        let server = ScriptedModel::start(vec![Reply::text("Ada Lovelace, née Byron — 数学")]).await;
        let (outcome, streamed) = ask(&models(model(&server.base_url(), mode)), mode, &request()).await;
        let answer = outcome.expect("an answer");
        assert_eq!(answer.text, "Ada Lovelace, née Byron — 数学", "{mode:?}");
        assert_eq!(streamed, if mode.streamed { answer.text.as_str() } else { "" }, "{mode:?}");
        assert_eq!((answer.calls.len(), answer.model.as_str()), (0, "strong/gpt-4o-mini"));
        // $0.15 and $0.60 a million: 100 in, 20 out.
        assert_eq!((answer.usage, answer.cost), (Usage { input: 100, cached: 0, output: 20 }, Micros(27)), "{mode:?}");
        let seen = &server.requests()[0];
        assert_eq!((seen.streamed, seen.model()), (mode.streamed, "gpt-4o-mini"));
        let (header, value) = match mode.provider {
            Provider::OpenAi | Provider::OpenAiResponses => ("authorization", format!("Bearer {KEY}")),
            Provider::Anthropic => ("x-api-key", KEY.to_owned()),
            Provider::Gemini => ("x-goog-api-key", KEY.to_owned()),
        };
        assert_eq!(seen.headers[header], value);
        let keys = seen.headers.values().filter(|value| value.to_str().is_ok_and(|value| value.contains(KEY)));
        assert_eq!(keys.count(), 1, "{mode:?}: the key is in no other header: {:?}", seen.headers);
        assert!(!seen.path.contains(KEY), "{mode:?}");
    }
}

#[tokio::test]
async fn calls_come_side_by_side_with_our_names() {
    let calls = vec![
        ("crm.find_contacts".to_owned(), json!({ "query": "Ada \"the\" Countess" })),
        ("mail.send".to_owned(), json!({})),
        ("crm.find_contacts".to_owned(), json!({ "n": [1, { "a": null }] })),
    ];
    for mode in MODES {
        let server = ScriptedModel::start(vec![Reply::Calls(calls.clone())]).await;
        let answer = ask(&models(model(&server.base_url(), mode)), mode, &request()).await.0.expect("calls");
        assert_eq!(server.requests()[0].tools(), ["crm_find_contacts", "mail_send"], "{mode:?}: the wire takes no dots");
        let got: Vec<(String, Value)> = answer.calls.iter().map(|call| (call.tool.clone(), call.arguments.clone())).collect();
        assert_eq!(got, calls, "{mode:?}");
        assert!(answer.calls.iter().all(|call| call.broken.is_none()), "{mode:?}");
        let ids: Vec<&str> = answer.calls.iter().map(|call| call.provider_id.as_str()).collect();
        assert_eq!(ids, ["call_0", "call_1", "call_2"], "{mode:?}");
    }
}

#[tokio::test]
async fn tools_that_would_be_alike_on_the_wire_stay_apart() {
    for mode in MODES {
        let server = ScriptedModel::start_with(|seen| Reply::call(seen.tools()[1], json!({}))).await;
        let request = AskRequest { tools: [tool("crm.find"), tool("crm_find"), tool(&"x".repeat(80))].into(), ..request() };
        let answer = ask(&models(model(&server.base_url(), mode)), mode, &request).await.0.expect("a call");
        assert_eq!(answer.calls[0].tool, "crm_find", "{mode:?}");
        let seen = &server.requests()[0];
        assert!(
            seen.tools().iter().all(|name| name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')),
            "{:?}",
            seen.tools()
        );
    }
}

#[tokio::test]
async fn a_broken_call_is_told_and_never_half_run() {
    let said = |arguments: &str| {
        let call = SaidCall { id: "call_a".to_owned(), tool: "crm.find_contacts".to_owned(), arguments: arguments.to_owned() };
        Reply::Said(Said { calls: vec![call], finish: Some("tool_calls".to_owned()), ..Said::default() })
    };
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    // It can be read alone, and not with the journal around it.
    let nearly = format!("{}1{}", "[".repeat(127), "]".repeat(127));
    let big = format!(r#"{{"query":"{}"}}"#, "x".repeat(100_000));
    for mode in MODES {
        for (arguments, says) in [
            (r#"{"query": "Ad"#, "no JSON"),
            ("query=Ada", "no JSON"),
            (r#"{"query": 1} {"query": 2}"#, "no JSON"),
            (r#"{"amount": 92e85660411466}"#, "no JSON"),
            (r#"{"query": "\ud800"}"#, "no JSON"),
            (deep.as_str(), "no JSON"),
            (nearly.as_str(), "nested deeper than 32 levels"),
            (big.as_str(), "at most 65536"),
        ] {
            let mut request = request();
            request.output_tokens_max = None;
            let server = ScriptedModel::start(vec![said(arguments)]).await;
            let mut config = model(&server.base_url(), mode);
            config.output_tokens_max = 100_000;
            let answer = ask(&models(config), mode, &request).await.0.expect("a broken call is an answer");
            let call = &answer.calls[0];
            assert_eq!((answer.calls.len(), &call.arguments, call.tool.as_str()), (1, &Value::Null, "crm.find_contacts"), "{mode:?}");
            let broken = call.broken.as_deref().expect("broken");
            assert!(broken.contains(says) && broken.len() < 200, "{mode:?}: {broken}");
        }
        for (arguments, expect) in
            [("", json!({})), ("  ", json!({})), ("[1]", json!([1])), (r#""text""#, json!("text")), (r#"{"a":"\u0000"}"#, json!({ "a": "\u{0}" }))]
        {
            let call = told(said(arguments), mode).await.expect("a call").calls.remove(0);
            assert_eq!((call.arguments, call.broken), (expect, None), "{mode:?}: {arguments}");
        }
    }
}

#[tokio::test]
async fn a_tool_nobody_offered_keeps_the_name_the_model_made_up() {
    for mode in MODES {
        let answer = told(Reply::Calls(vec![("os.execute".to_owned(), json!({ "cmd": "ls" })), (String::new(), json!({}))]), mode).await.expect("calls");
        assert_eq!((answer.calls[0].tool.as_str(), &answer.calls[0].broken), ("os.execute", &None), "{mode:?}");
        assert_eq!(answer.calls[1].broken.as_deref(), Some("the call names no tool"), "{mode:?}");
    }
}

#[tokio::test]
async fn a_conversation_goes_out_in_the_protocols_own_form() {
    let call = |id: &str, arguments: Value, broken: Option<&str>| ProposedCall {
        provider_id: id.to_owned(),
        tool: "crm.find_contacts".to_owned(),
        arguments,
        broken: broken.map(str::to_owned),
    };
    let result = |id: &str, text: &str| ModelMessage::ToolResult { provider_id: id.to_owned(), tool: "crm.find_contacts".to_owned(), text: text.to_owned() };
    let request = AskRequest {
        messages: vec![
            ModelMessage::Person { text: "Find Ada.".to_owned() },
            ModelMessage::Agent { text: String::new(), calls: vec![call("a", json!({ "query": "Ada" }), None), call("b", Value::Null, Some("no JSON"))] },
            result("a", "1 contact"),
            result("b", "not JSON"),
            ModelMessage::Agent { text: "Found.".to_owned(), calls: Vec::new() },
            ModelMessage::Person { text: "Thanks.".to_owned() },
        ],
        ..request()
    };
    let body = async |mode: Mode| {
        let server = ScriptedModel::start(vec![Reply::text("ok")]).await;
        ask(&models(model(&server.base_url(), mode)), mode, &request).await.0.expect("an answer");
        server.requests().remove(0).body
    };
    let chat = body(CHAT).await;
    let call = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": "crm_find_contacts", "arguments": arguments } });
    assert_eq!(
        chat["messages"],
        json!([
            { "role": "system", "content": "You are an assistant." },
            { "role": "user", "content": "Find Ada." },
            { "role": "assistant", "tool_calls": [call("a", r#"{"query":"Ada"}"#), call("b", "{}")] },
            { "role": "tool", "content": "1 contact", "tool_call_id": "a" },
            { "role": "tool", "content": "not JSON", "tool_call_id": "b" },
            { "role": "assistant", "content": "Found." },
            { "role": "user", "content": "Thanks." },
        ])
    );
    assert_eq!((&chat["max_tokens"], chat.get("max_completion_tokens"), &chat["stream"]), (&json!(1_000), None, &json!(false)));
    assert_eq!(body(CHAT_STREAM).await["stream_options"], json!({ "include_usage": true }));
    let responses = body(RESPONSES).await;
    let call = |id: &str, arguments: &str| json!({ "type": "function_call", "call_id": id, "name": "crm_find_contacts", "arguments": arguments });
    assert_eq!(
        responses["input"],
        json!([
            { "role": "user", "content": "Find Ada." },
            call("a", r#"{"query":"Ada"}"#),
            call("b", "{}"),
            { "type": "function_call_output", "call_id": "a", "output": "1 contact" },
            { "type": "function_call_output", "call_id": "b", "output": "not JSON" },
            { "role": "assistant", "content": "Found." },
            { "role": "user", "content": "Thanks." },
        ])
    );
    assert_eq!(
        (&responses["instructions"], &responses["store"], &responses["max_output_tokens"]),
        (&json!("You are an assistant."), &json!(false), &json!(1_000))
    );
}

#[tokio::test]
async fn usage_is_the_providers_or_else_counted() {
    let text = "The quick brown fox jumps over the lazy dog.";
    for mode in MODES {
        let said = |usage| Reply::Said(Said { text: text.to_owned(), usage, ..Said::default() });
        let reported = told(said(Some(Usage { input: 1_000, cached: 600, output: 50 })), mode).await.expect("an answer");
        assert_eq!(reported.usage, Usage { input: 1_000, cached: 600, output: 50 }, "{mode:?}");
        // 400 at 0.15, 600 at 0.075, 50 at 0.60.
        assert_eq!(reported.cost, Micros(135), "{mode:?}");
        for nothing in [None, Some(Usage::default())] {
            let server = ScriptedModel::start(vec![said(nothing)]).await;
            let models = models(model(&server.base_url(), mode));
            let counted = ask(&models, mode, &request()).await.0.expect("an answer");
            let expect = Usage { input: models.count_tokens(strong(&models), &request()), cached: 0, output: 10 };
            assert_eq!(counted.usage, expect, "{mode:?} {nothing:?}");
            assert!(counted.cost > Micros(0));
        }
    }
}

#[tokio::test]
async fn one_connection_serves_many_questions() {
    for mode in MODES {
        let server = ScriptedModel::start_with(|_| Reply::text("again")).await;
        let models = models(model(&server.base_url(), mode));
        for _ in 0..20 {
            ask(&models, mode, &request()).await.0.expect("an answer");
        }
        assert_eq!((server.requests().len(), server.connections()), (20, 1), "{mode:?}");
    }
}

#[tokio::test]
async fn tokens_are_counted_with_tools_history_and_overhead() {
    let models = models(model("http://127.0.0.1:9/v1", CHAT));
    let count = |request: &AskRequest| models.count_tokens(strong(&models), request);
    let bare = AskRequest { system: "".into(), messages: Vec::new(), tools: [].into(), ..request() };
    let whole = request();
    assert!(count(&bare) < 10);
    assert!(count(&whole) > count(&AskRequest { tools: [].into(), ..request() }) + 40, "tools count");
    assert_eq!(count(&whole), count(&whole), "the second time from memory");
    let mut longer = request();
    longer.messages.push(ModelMessage::ToolResult { provider_id: "a".to_owned(), tool: "crm.find_contacts".to_owned(), text: "word ".repeat(1_000) });
    let more = count(&longer) - count(&whole);
    assert!((1_000..1_050).contains(&more), "{more}");
    let candidate = strong(&models);
    assert_eq!(models.estimate(candidate, 1_000_000, 1_000_000), Micros(750_000));
}
