//! Requests nobody should get through with, whoever they are.

use super::server::{Reply, URL};
use super::world::World;
use serde_json::json;

fn code(reply: &Reply) -> String {
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.text());
    let body = reply.json();
    assert_eq!(body["status"], reply.status);
    assert_eq!(body["request_id"].as_str(), reply.header("x-request-id"));
    body["code"].as_str().expect("code").to_owned()
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let world = World::make().await;
    let owner = world.owner().await;
    let body = json!({ "name": "Sales" });
    let ask = || world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&body);
    for (ask, why) in [
        (ask().without("origin"), "no origin"),
        (ask().header("origin", "null"), "an opaque origin"),
        (ask().header("origin", "https://evil.example"), "another site"),
        (ask().header("origin", "http://127.0.0.1:7701"), "another port"),
        (ask().header("origin", "https://127.0.0.1:7700"), "another scheme"),
        (ask().header("sec-fetch-site", "cross-site"), "the browser says so"),
        (ask().header("sec-fetch-site", "same-site"), "a neighbour"),
        (ask().bytes("text/plain", body.to_string()), "a form's type"),
        (ask().bytes("application/x-www-form-urlencoded; charset=utf-8", "name=Sales"), "a form"),
    ] {
        let reply = ask.send().await;
        assert_eq!((reply.status, code(&reply).as_str()), (403, "cross_site"), "{why}");
    }
    let count = || world.server.database.number("select count(*) from workspace where name = 'Sales'");
    assert_eq!(count().await, 0);
    for origin in ["https://evil.example", "null"] {
        // Signing somebody in as somebody else is a change too.
        world.server.ask("POST", "/api/v1/session").header("origin", origin).json(&json!({ "link": "x" })).send().await.expect(403);
    }
    ask().header("sec-fetch-site", "same-origin").send().await.expect(201);
    // A token is sent by no browser on its own: it needs no origin.
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn reading_changes_nothing_and_needs_no_origin() {
    let world = World::make().await;
    let owner = world.owner().await;
    let before = world.server.database.number("select count(*) from audit_event").await;
    for path in ["/api/v1/me", "/api/v1/people", "/api/v1/workspaces", "/api/v1/sessions", "/api/v1/tokens"] {
        world.server.ask("GET", path).cookie(&owner).header("origin", "https://evil.example").send().await.expect(200);
        let answer = world.server.ask("GET", path).cookie(&owner).header("origin", "https://evil.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "another site may send it and not read the answer");
    }
    assert_eq!(world.server.database.number("select count(*) from audit_event").await, before);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say_are_refused() {
    let world = World::make().await;
    let owner = world.owner().await;
    let post = |kind: &'static str, body: Vec<u8>| world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).bytes(kind, body);
    let deep = format!("{}{}", "{\"name\":".repeat(200), "1".to_owned() + &"}".repeat(200));
    for (kind, body, status, expect) in [
        ("application/xml", b"<name/>".to_vec(), 415, "wrong_type"),
        ("", b"{\"name\":\"a\"}".to_vec(), 415, "wrong_type"),
        ("application/json", b"".to_vec(), 400, "malformed"),
        ("application/json", b"{\"name\":".to_vec(), 400, "malformed"),
        ("application/json", b"{\"name\":\"\xff\xfe\"}".to_vec(), 400, "malformed"),
        ("application/json", b"{\"name\":\"a\\u0000b\"}".to_vec(), 400, "malformed"),
        ("application/json", b"{\"name\":\"\\ud800\"}".to_vec(), 400, "malformed"),
        ("application/json", deep.into_bytes(), 422, "invalid"),
        ("application/json", b"{\"name\":{\"a\":1}}".to_vec(), 422, "invalid"),
        ("application/json", b"{\"name\":\"a\",\"nmae\":1}".to_vec(), 422, "invalid"),
        ("application/json", vec![b' '; 1024 * 1024 + 1], 413, "too_large"),
    ] {
        let reply = post(kind, body).send().await;
        assert_eq!((reply.status, code(&reply).as_str()), (status, expect), "{kind}");
    }
    let wrong = post("application/json", b"{\"name\":7}".to_vec()).send().await.expect(422).json();
    assert_eq!(wrong["errors"][0]["path"], "/name");
    assert!(wrong["errors"][0]["message"].as_str().expect("message").contains("expected a string"), "{wrong}");
    post("Application/JSON; charset=utf-8", b"{\"name\":\"Sales\"}".to_vec()).send().await.expect(201);
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read_and_only_from_those_who_may_send_it() {
    let world = World::make().await;
    let owner = world.owner().await;
    let huge =
        world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).header("content-length", "99999999999").bytes("application/json", "{}").send().await;
    assert_eq!((huge.status, code(&huge).as_str()), (413, "too_large"));
    let nobody = world.server.ask("POST", "/api/v1/workspaces").bytes("application/json", vec![b' '; 2 * 1024 * 1024]).send().await;
    assert_eq!(nobody.status, 401, "who asks comes before what they say");
}

#[tokio::test]
async fn query_parameters_are_checked_and_named() {
    let world = World::make().await;
    let owner = world.owner().await;
    for (query, path) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("cursor=zz", "cursor"),
        ("lmit=1", "lmit"),
        ("cursor=%00", "query"),
    ] {
        let reply = world.server.ask("GET", format!("/api/v1/people?{query}")).cookie(&owner).send().await;
        assert_eq!((reply.status, code(&reply).as_str()), (422, "invalid"), "{query}");
        let named = reply.json()["errors"][0]["path"].clone();
        assert!(named == path || (query.starts_with("lmit") && reply.text().contains("lmit")), "{query}: {}", reply.text());
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let world = World::make().await;
    let owner = world.owner().await;
    for path in ["/api/v1/nothing", "/api/v1/people/x/y/z", "/api/v2/me", "/../etc/passwd", "/api/v1/people/%00", "/api/v1/people/person_😀"] {
        let path: String = path.chars().filter(char::is_ascii).collect();
        let reply = world.server.ask("GET", path.as_str()).cookie(&owner).send().await;
        assert_eq!((reply.status, code(&reply).as_str()), (404, "missing"), "{path}");
    }
    let reply = world.server.ask("PUT", "/api/v1/people").cookie(&owner).send().await;
    assert_eq!((reply.status, code(&reply).as_str()), (405, "wrong_method"));
    assert_eq!(reply.header("allow"), Some("GET,HEAD,POST"));
    let openai = world.server.ask("GET", "/v1/nothing").send().await.expect(404);
    assert_eq!(openai.json()["error"]["type"], "invalid_request_error", "clients of the compatible routes expect their own form");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_browsers_careful() {
    let world = World::make().await;
    for (method, path) in [("GET", "/api/v1/me"), ("GET", "/healthz"), ("GET", "/docs"), ("GET", "/nothing"), ("POST", "/api/v1/session")] {
        let reply = world.server.ask(method, path).send().await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path} {name}");
        }
        let policy = reply.header("content-security-policy").expect("policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(reply.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{path}");
        assert_eq!(reply.header("strict-transport-security"), None, "plain HTTP on loopback: {URL}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be_away() {
    let world = World::make().await;
    let owner = world.owner().await;
    world.server.ask("GET", "/readyz").send().await.expect(200);
    world.server.state.store.close().await;
    for (path, status) in [("/healthz", 200), ("/readyz", 503), ("/api/v1/me", 503)] {
        let reply = world.server.ask("GET", path).cookie(&owner).send().await.expect(status);
        if status == 503 {
            assert_eq!((code(&reply).as_str(), reply.header("retry-after")), ("away", Some("2")), "{path}");
        }
    }
}
