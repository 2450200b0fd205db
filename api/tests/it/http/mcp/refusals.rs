//! Who does not get in, whose sessions are whose, and which calls come to nothing.

use super::super::tenants::canary;
use super::super::working::NO_COMPANIES;
use super::client::{Client, Served, error, steward, value};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Instant;
use steward_core::Scope;

const NO_RUNS: &str = "select count(*) from run";

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "1" } } })
}

/// A request as any program could send it.
fn post(served: &Served, body: &Value) -> reqwest::RequestBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().post(served.url());
    request.header("accept", "application/json, text/event-stream").header("content-type", "application/json").body(body.to_string())
}

async fn status(request: reqwest::RequestBuilder) -> StatusCode {
    request.send().await.expect("an answer").status()
}

/// The session a token's client has just begun.
async fn session(served: &Served, token: &str) -> String {
    let answer = post(served, &initialize()).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).expect("a session").to_owned()
}

#[tokio::test]
async fn mcp_needs_a_token_with_the_scope_and_a_request_to_this_host() {
    let served = Served::with(&[]).await;
    let token = served.token(&[Scope::Converse]).await;
    let hello = || post(&served, &initialize());
    assert_eq!(status(hello()).await, 401);
    assert_eq!(status(hello().bearer_auth("stw_nothing")).await, 401);
    let reading = served.token(&[Scope::Read, Scope::Write]).await;
    assert_eq!(status(hello().bearer_auth(&reading)).await, 403);
    for (name, value) in [("origin", "https://evil.example"), ("origin", "http://127.0.0.1:1"), ("origin", "null"), ("host", "evil.example")] {
        assert_eq!(status(hello().bearer_auth(&token).header(name, value)).await, 403, "{name}: {value}");
    }
    // With a cookie, too: no page of another site uses somebody's session.
    let owner = served.working.world.owner().await;
    let as_page = |origin: &str| served.working.ask("POST", "/mcp").cookie(&owner).header("origin", origin).json(&initialize()).send();
    assert_eq!(as_page("https://evil.example").await.status, 403);
    for (name, value) in [("origin", "http://127.0.0.1:7700"), ("origin", "http://localhost:7700"), ("host", "localhost:7700")] {
        assert_eq!(status(hello().bearer_auth(&token).header(name, value)).await, 200, "{name}: {value}");
    }
    assert_eq!(served.number(NO_RUNS).await, 0);
}

#[tokio::test]
async fn an_mcp_session_is_its_tokens_alone() {
    let served = Served::with(&[]).await;
    let (mine, another) = (served.token(&Scope::ALL).await, served.token(&Scope::ALL).await);
    let elsewhere = served.token_of(&served.working.world.other, &Scope::ALL).await;
    let session = session(&served, &mine).await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ask =
        |token: &str, body: &Value| post(&served, body).bearer_auth(token).header("mcp-session-id", &session).header("mcp-protocol-version", "2025-06-18");
    let on = |method: reqwest::Method, token: &str| {
        reqwest::Client::new().request(method, served.url()).header("accept", "text/event-stream").bearer_auth(token).header("mcp-session-id", &session)
    };
    for token in [&another, &elsewhere] {
        assert_eq!(status(ask(token, &list)).await, 404);
        assert_eq!(status(on(reqwest::Method::GET, token)).await, 404);
        assert_eq!(status(on(reqwest::Method::DELETE, token)).await, 404);
    }
    assert_eq!(status(post(&served, &list).bearer_auth(&mine).header("mcp-session-id", "made-up")).await, 404);
    assert_eq!(status(ask(&mine, &initialized)).await, 202, "nobody else ended it");
    assert_eq!(status(ask(&mine, &list)).await, 200);
    assert_eq!(status(on(reqwest::Method::DELETE, &mine)).await, 204);
    assert_eq!(status(ask(&mine, &list)).await, 404);
}

#[tokio::test]
async fn an_mcp_message_is_bounded_and_of_the_protocol() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let mut large = initialize();
    large["params"]["clientInfo"]["name"] = json!("x".repeat(1 << 20));
    assert_eq!(status(post(&served, &large).bearer_auth(&token)).await, 413);
    assert_eq!(status(post(&served, &json!({ "method": "tools/list" })).bearer_auth(&token)).await, 415);
    let no_session = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    assert!(status(post(&served, &no_session).bearer_auth(&token)).await.is_client_error());
    assert_eq!(served.number(NO_RUNS).await, 0);
}

#[tokio::test]
async fn arguments_of_an_mcp_call_that_are_nested_too_deep_begin_no_run() {
    let served = Served::with(&[]).await;
    let client = served.client().await;
    // The object itself is a level.
    let nested = |levels: usize| json!({ "query": (1..levels).fold(json!("Lena"), |inner, _| json!([inner])) });
    for tool in ["crm.find_contacts", "crm.create_contact", "crm.nothing_of_the_kind"] {
        let refused = client.begin(tool, nested(33), json!({})).await.await_response().await.expect_err("refused").to_string();
        assert!(refused.contains("nested deeper than 32 levels"), "{tool}: {refused}");
    }
    assert_eq!(served.number(NO_RUNS).await, 0);
    // What is as deep as may be is a run like any other, which ends by itself.
    error(&client.call("crm.find_contacts", nested(32)).await);
    assert_eq!(served.number(NO_RUNS).await, 1);
}

#[tokio::test]
async fn mcp_offers_what_the_tokens_scopes_cover_and_no_more_can_be_called() {
    let served = Served::with(&[]).await;
    let all = served.client().await.tools().await;
    assert!(["crm.add_note", "crm.create_contact", "crm.find_contacts"].iter().all(|name| all.iter().any(|tool| tool == name)), "{all:?}");
    assert!(!all.iter().any(|tool| tool.starts_with("steward.")), "{all:?}");
    let reader = served.client_with(&[Scope::Converse, Scope::Read]).await;
    let readable = reader.tools().await;
    assert!(
        readable.contains(&"crm.find_contacts".to_owned()) && !readable.iter().any(|tool| tool.contains("create") || tool.contains("add_")),
        "{readable:?}"
    );
    assert_eq!(served.client_with(&[Scope::Converse]).await.tools().await, Vec::<String>::new());

    let refused = error(&reader.call("crm.create_contact", json!({ "name": "Lena Petrova" })).await);
    assert_eq!((&refused["class"], &refused["denial"]), (&json!("denied"), &json!("scope")));
    assert!(refused["message"].as_str().expect("words").contains("`write`"), "{refused}");
    assert_eq!(served.number(NO_RUNS).await, 0);
    value(&reader.call("crm.find_contacts", json!({ "query": "Lena" })).await);
}

#[tokio::test]
async fn mcp_answers_with_typed_errors_what_the_gate_refuses() {
    let served = Served::with(&[NO_COMPANIES]).await;
    let client = served.client().await;
    // What is refused every time is not offered, and refused all the same when somebody knows its name.
    let offered = client.tools().await;
    assert!(!offered.contains(&"crm.create_company".to_owned()) && offered.contains(&"crm.create_contact".to_owned()), "{offered:?}");
    for (tool, arguments, denial, words) in [
        ("crm.drop_everything", json!({}), "unknown_tool", "there is no tool `crm.drop_everything`"),
        ("crm.find_contacts", json!({ "query": 7 }), "invalid_arguments", "query"),
        ("crm.find_contacts", json!({ "query": "x", "surprise": true }), "invalid_arguments", "surprise"),
        ("crm.create_company", json!({ "name": "Acme" }), "policy", "Companies cannot be made here."),
    ] {
        let result = client.call(tool, arguments).await;
        let refused = error(&result);
        assert_eq!((&refused["class"], &refused["denial"]), (&json!("denied"), &json!(denial)), "{refused}");
        assert!(refused["message"].as_str().expect("words").contains(words), "{refused}");
        let run = steward(&result)["run_id"].as_str().expect("a run").to_owned();
        assert_eq!(served.end_of(&run).await, "replied");
    }
    assert_eq!(served.number("select count(*) from decision where verdict = 'block'").await, 4, "each stands in the log");
    assert_eq!(served.number("select count(*) from decision where verdict <> 'block'").await, 0);
    assert_eq!(served.number("select count(*) from company").await, 0);
}

#[tokio::test]
async fn an_agent_or_workspace_that_is_not_there_is_named() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    for (query, words) in [("agent=nobody", "there are: assistant"), ("workspace=ws_1", "no such workspace")] {
        let client = Client::open(&format!("{}?{query}", served.url()), &token).await;
        let err = client.service.peer().list_all_tools().await.expect_err("refused").to_string();
        assert!(err.contains(words), "{err}");
    }
    let elsewhere = served.working.world.other.workspace;
    let client = Client::open(&format!("{}?workspace={elsewhere}", served.url()), &token).await;
    let handle = client.begin("crm.find_contacts", json!({ "query": "" }), json!({})).await;
    let err = handle.await_response().await.expect_err("another organisation's").to_string();
    assert!(err.contains("no such workspace"), "{err}");
    assert_eq!(served.number(NO_RUNS).await, 0);
}

#[tokio::test]
async fn the_tools_of_a_sealed_agent_are_not_for_clients() {
    let served = Served::sealed().await;
    let client = served.client().await;
    let err = client.service.peer().list_all_tools().await.expect_err("refused").to_string();
    assert!(err.contains("mode `sealed`") && err.contains("name another agent"), "{err}");
    let handle = client.begin("crm.find_contacts", json!({ "query": "" }), json!({})).await;
    let err = handle.await_response().await.expect_err("refused").to_string();
    assert!(err.contains("mode `sealed`"), "{err}");
    assert_eq!(served.number(NO_RUNS).await, 0);
}

#[tokio::test]
async fn a_client_that_never_ends_its_sessions_loses_the_one_that_was_idle_longest() {
    let served = Served::with(&[]).await;
    let (mine, another) = (served.token(&Scope::ALL).await, served.token(&Scope::ALL).await);
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ask = async |token: &str, session: &str, body: &Value| {
        let request = post(&served, body).bearer_auth(token).header("mcp-session-id", session).header("mcp-protocol-version", "2025-06-18");
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        answer.bytes().await.expect("read to the end");
        status
    };
    let theirs = session(&served, &another).await;
    let mut sessions = Vec::new();
    for number in 0..32 {
        sessions.push(session(&served, &mine).await);
        assert_eq!(ask(&mine, &sessions[number], &initialized).await, 202);
        served.working.world.server.pass_minutes(1);
    }
    // The first is listened to, and the second used again: the third was idle longest.
    let listens = reqwest::Client::new().get(served.url()).header("accept", "text/event-stream").bearer_auth(&mine).header("mcp-session-id", &sessions[0]);
    let listens = listens.send().await.expect("a stream");
    assert_eq!(listens.status(), 200);
    assert_eq!(ask(&mine, &sessions[1], &list).await, 200);
    let next = session(&served, &mine).await;
    assert_eq!(ask(&mine, &next, &initialized).await, 202);
    for (number, expect) in [(0, 200), (1, 200), (2, 404), (3, 200)] {
        assert_eq!(ask(&mine, &sessions[number], &list).await, expect, "{number}");
    }
    assert_eq!(ask(&mine, &next, &list).await, 200);
    assert_eq!(ask(&another, &theirs, &initialized).await, 202, "another token's sessions are not touched");
    drop(listens);
}

#[tokio::test]
async fn of_many_sessions_begun_at_once_no_more_are_open_than_may_be() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let begun = futures_util::future::join_all((0..64).map(|_| session(&served, &token))).await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let mut alive = 0;
    for id in &begun {
        let request = post(&served, &list).bearer_auth(&token).header("mcp-session-id", id).header("mcp-protocol-version", "2025-06-18");
        alive += usize::from(status(request).await.is_success());
    }
    assert_eq!(alive, 32);
}

#[tokio::test]
async fn who_loses_the_token_hears_no_more_of_a_call_and_a_session() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let session = session(&served, &token).await;
    let listens = reqwest::Client::new().get(served.url()).header("accept", "text/event-stream").bearer_auth(&token).header("mcp-session-id", &session);
    let listens = listens.send().await.expect("a stream");
    assert_eq!(listens.status(), 200);
    let mut client = Client::open(&served.url(), &token).await;
    let call = client.begin("crm.create_contact", json!({ "name": "Lena Petrova" }), json!({ "steward/wait_seconds": 600 })).await;
    let hold = client.hold().await;
    let owner = served.working.world.owner().await;
    let shown = served.working.ask("GET", format!("/api/v1/holds/{hold}")).cookie(&owner).send().await.expect(200).json();
    served.working.world.server.database.raw("update api_token set revoked_at = now()").await;
    let before = Instant::now();
    let (stream, answer) = tokio::join!(listens.bytes(), call.await_response());
    stream.expect("a clean end");
    let err = answer.expect_err("not signed in").to_string();
    assert!(err.contains("sign in, or send a valid API token"), "{err}");
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
    // Nobody took the call back: it waits for people, and is carried out once they have decided.
    assert_eq!(served.approve(&hold).await, 200);
    assert_eq!(served.end_of(shown["run_id"].as_str().expect("a run")).await, "replied");
    assert_eq!(served.number("select count(*) from contact").await, 1);
}

#[tokio::test]
async fn the_list_of_tools_says_nothing_of_another_organisation() {
    let served = Served::with(&[]).await;
    let theirs = canary(&served.working.world).await;
    let client = served.client().await;
    let listed = serde_json::to_string(&client.service.peer().list_all_tools().await.expect("tools")).expect("JSON");
    assert!(listed.contains("crm.find_contacts"), "{listed}");
    assert!(theirs.iter().all(|foreign| !listed.contains(foreign.as_str())), "{listed}");
}
