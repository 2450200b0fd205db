//! What is refused, in the form these clients expect. Nothing of it begins a conversation.

use crate::http::world::World;
use serde_json::{Value, json};
use steward_core::Scope;

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";

fn chat(change: &Value) -> Value {
    with(json!({ "model": "assistant", "messages": [{ "role": "user", "content": "Hello" }] }), change)
}

fn response(change: &Value) -> Value {
    with(json!({ "model": "assistant", "input": "Hello" }), change)
}

fn with(mut body: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().expect("object") {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn who_may_not_converse_is_refused_in_their_form() {
    let world = World::make().await;
    let read = world.token(&world.home.actor, &[Scope::Read]).await.secret;
    for (method, path) in [("GET", "/v1/models"), ("GET", "/v1/models/assistant"), ("POST", CHAT), ("POST", RESPONSES)] {
        let ask = || world.server.ask(method, path).json(&chat(&json!({ "input": "Hello" })));
        for (ask, status, kind) in [
            (ask(), 401, "authentication_error"),
            (ask().token(&"stw_live_not_a_token".into()), 401, "authentication_error"),
            (ask().token(&read), 403, "permission_error"),
        ] {
            let reply = ask.send().await.expect(status);
            assert_eq!(reply.header("content-type"), Some("application/json"));
            let error = &reply.json()["error"];
            assert_eq!(error["type"], kind, "{error}");
            assert!(error["message"].is_string() && error["code"].is_string() && error.get("param").is_some(), "{error}");
        }
    }
    assert_eq!(world.server.database.number("select count(*) from conversation").await, 0);
}

#[tokio::test]
async fn an_agent_is_shown_as_a_model_and_nothing_else_is() {
    let world = World::make().await;
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    let ask = async |name: &str| world.server.ask("GET", format!("/v1/models/{name}")).token(&token).send().await;
    for unknown in ["nobody", "assistant%00", "%ff", "ASSISTANT"] {
        let reply = ask(unknown).await;
        assert_eq!(reply.status, 404, "{unknown}: {}", reply.text());
        assert!(reply.json()["error"]["code"].is_string(), "{unknown}: {}", reply.text());
    }
    let reply = ask("assistant").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "id": "assistant", "object": "model", "created": 0, "owned_by": "steward" })));
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_and_begins_nothing() {
    let world = World::make().await;
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    let user = json!({ "role": "user", "content": "Hello" });
    let tool = json!([{ "type": "function", "function": { "name": "f", "parameters": {} } }]);
    let long = "x".repeat(256 * 1024 + 1);
    let cases = [
        (CHAT, chat(&json!({ "model": "gpt-4o" })), 404, "model"),
        (CHAT, json!({ "messages": [user] }), 400, "model"),
        (CHAT, json!({ "model": "assistant" }), 400, "messages"),
        (CHAT, chat(&json!({ "messages": [] })), 400, "messages"),
        (CHAT, chat(&json!({ "messages": "Hello" })), 400, "messages"),
        (CHAT, chat(&json!({ "messages": [{ "role": "user", "content": " \n" }] })), 400, "messages"),
        (CHAT, chat(&json!({ "messages": [{ "role": "user", "content": null }] })), 400, "messages"),
        (CHAT, chat(&json!({ "messages": [{ "role": "user", "content": long }] })), 400, ""),
        (CHAT, chat(&json!({ "messages": [{ "role": "system", "content": "Be a pirate" }] })), 400, "messages"),
        (CHAT, chat(&json!({ "messages": [user, { "role": "assistant", "content": "Hi" }] })), 400, "messages"),
        (CHAT, chat(&json!({ "messages": [{ "role": "owner", "content": "Hello" }] })), 400, "messages[0].role"),
        (CHAT, chat(&json!({ "messages": [{ "role": 7, "content": "Hello" }] })), 400, "messages[0].role"),
        (CHAT, chat(&json!({ "messages": [user, { "role": "tool", "tool_call_id": "c", "content": "7" }, user] })), 400, "messages[1].role"),
        (CHAT, chat(&json!({ "messages": [{ "role": "assistant", "tool_calls": [{ "id": "c" }] }, user] })), 400, "tool_calls"),
        (CHAT, chat(&json!({ "messages": [{ "role": "user", "content": 7 }] })), 400, "messages[0].content"),
        (
            CHAT,
            chat(
                &json!({ "messages": [{ "role": "user", "content": [{ "type": "text", "text": "See" }, { "type": "image_url", "image_url": { "url": "http://x" } }] }] }),
            ),
            400,
            "messages[0].content[1]",
        ),
        (CHAT, chat(&json!({ "n": 2 })), 400, "n"),
        (CHAT, chat(&json!({ "n": 0 })), 400, "n"),
        (CHAT, chat(&json!({ "tools": tool })), 400, "tools"),
        (CHAT, chat(&json!({ "functions": [{ "name": "f" }] })), 400, "functions"),
        (CHAT, chat(&json!({ "tool_choice": "required" })), 400, "tool_choice"),
        (CHAT, chat(&json!({ "response_format": { "type": "json_object" } })), 400, "response_format"),
        (CHAT, chat(&json!({ "stop": ["\n"] })), 400, "stop"),
        (CHAT, chat(&json!({ "logprobs": true })), 400, "logprobs"),
        (CHAT, chat(&json!({ "audio": { "voice": "x" } })), 400, "audio"),
        (CHAT, chat(&json!({ "stream": "yes" })), 400, "stream"),
        (CHAT, chat(&json!({ "metadata": { "workspace_id": "main" } })), 400, "metadata.workspace_id"),
        (CHAT, chat(&json!({ "metadata": { "workspace_id": world.other.workspace } })), 400, "metadata.workspace_id"),
        (RESPONSES, response(&json!({ "model": "gpt-4o" })), 404, "model"),
        (RESPONSES, json!({ "model": "assistant" }), 400, "input"),
        (RESPONSES, json!([]), 400, ""),
        (RESPONSES, response(&json!({ "input": "" })), 400, "input"),
        (RESPONSES, response(&json!({ "input": [] })), 400, "input"),
        (RESPONSES, response(&json!({ "input": { "role": "user" } })), 400, "input"),
        (RESPONSES, response(&json!({ "input": [{ "type": "function_call_output", "call_id": "c", "output": "7" }] })), 400, "input[0]"),
        (RESPONSES, response(&json!({ "input": [user, { "role": "assistant", "content": "Hi" }] })), 400, "input"),
        (
            RESPONSES,
            response(&json!({ "input": [{ "role": "user", "content": [{ "type": "input_image", "image_url": "http://x" }] }] })),
            400,
            "input[0].content[0]",
        ),
        (RESPONSES, response(&json!({ "tools": tool })), 400, "tools"),
        (RESPONSES, response(&json!({ "previous_response_id": "resp_1" })), 400, "previous_response_id"),
        (RESPONSES, response(&json!({ "conversation": "conv_1" })), 400, "conversation"),
        (RESPONSES, response(&json!({ "background": true })), 400, "background"),
        (RESPONSES, response(&json!({ "text": { "format": { "type": "json_schema", "name": "x", "schema": {} } } })), 400, "text.format"),
    ];
    for (path, body, status, param) in cases {
        let reply = world.server.ask("POST", path).token(&token).json(&body).send().await;
        let shown: String = body.to_string().chars().take(200).collect();
        assert_eq!(reply.status, status, "{shown}: {}", reply.text());
        let error = &reply.json()["error"];
        assert_eq!(error["param"].as_str().unwrap_or_default(), param, "{shown}: {error}");
        assert_eq!(error["type"], "invalid_request_error", "{shown}: {error}");
        assert_eq!(error["code"], if status == 404 { "model_not_found" } else { "invalid" }, "{shown}: {error}");
    }
    let unknown = world.server.ask("POST", CHAT).token(&token).json(&chat(&json!({ "model": "gpt-4o" }))).send().await.json();
    assert_eq!(unknown["error"]["message"], "`model`: there is no agent `gpt-4o`; there are: assistant");
    let too_large = world.server.ask("POST", CHAT).token(&token).bytes("application/json", vec![b' '; 1024 * 1024 + 1]).send().await.expect(413);
    assert_eq!(too_large.json()["error"]["code"], "too_large");
    let not_json = world.server.ask("POST", CHAT).token(&token).bytes("application/json", "{\"model\":").send().await.expect(400);
    assert_eq!(not_json.json()["error"]["code"], "malformed");
    let keyed = world.server.ask("POST", CHAT).token(&token).header("idempotency-key", "k").json(&chat(&json!({ "stream": true }))).send().await.expect(400);
    assert_eq!(keyed.json()["error"]["param"], "stream");
    for table in ["conversation", "run", "message", "idempotency"] {
        assert_eq!(world.server.database.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn whoever_sees_several_workspaces_says_which() {
    let world = World::make().await;
    let owner = world.owner().await;
    world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&json!({ "name": "Sales" })).send().await.expect(201);
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    let reply = world.server.ask("POST", CHAT).token(&token).json(&chat(&json!({}))).send().await.expect(400);
    assert_eq!(reply.json()["error"]["param"], "metadata.workspace_id");
}
