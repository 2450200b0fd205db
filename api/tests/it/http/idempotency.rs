//! A POST with a key has one effect, however often it is sent and however it ends.

use super::on_record::is_left_out;
use super::sample;
use super::world::World;
use serde_json::json;
use steward_api::openapi::document;
use steward_api::router::table;

#[tokio::test]
async fn the_same_key_with_another_request_is_refused() {
    let world = World::make().await;
    let owner = world.owner().await;
    let post = |path: &'static str, name: &str| world.server.ask("POST", path).cookie(&owner).header("idempotency-key", "k-1").json(&json!({ "name": name }));
    post("/api/v1/workspaces", "Sales").send().await.expect(201);
    for (path, name) in [("/api/v1/workspaces", "Support"), ("/api/v1/workspaces?x=1", "Sales"), ("/api/v1/tokens", "Sales")] {
        let reply = post(path, name).send().await.expect(409);
        assert_eq!(reply.json()["code"], "conflict", "{path} {name}");
    }
    for key in ["", " ", "a\tb", &"k".repeat(201)] {
        let reply =
            world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).header("idempotency-key", key).json(&json!({ "name": "X" })).send().await.expect(422);
        assert_eq!(reply.json()["errors"][0]["path"], "Idempotency-Key", "{key:?}");
    }
    assert_eq!(world.server.database.number("select count(*) from workspace where name <> 'Main'").await, 1);
}

#[tokio::test]
async fn a_repeat_gets_the_same_answer_and_no_second_effect() {
    let world = World::make().await;
    let owner = world.owner().await;
    let post = || world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).header("idempotency-key", "k-1").json(&json!({ "name": "Sales" }));
    let first = post().send().await.expect(201);
    let again = post().send().await.expect(201);
    assert_eq!(
        (first.bytes, again.header("idempotency-replayed"), again.header("content-type")),
        (again.bytes.clone(), Some("true"), Some("application/json"))
    );
    assert_eq!(world.server.database.number("select count(*) from audit_event where action = 'workspace.create'").await, 1);
    // A refused request takes no key: it may be corrected and sent again.
    let bad = || world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).header("idempotency-key", "k-2");
    bad().json(&json!({ "name": "" })).send().await.expect(422);
    bad().json(&json!({ "name": "Support" })).send().await.expect(201);
    // Somebody else's key is another key.
    let other = world.other.session_of(&world.server, world.other.owner).await.secret;
    world.server.ask("POST", "/api/v1/workspaces").cookie(&other).header("idempotency-key", "k-1").json(&json!({ "name": "Theirs" })).send().await.expect(201);
}

#[tokio::test]
async fn of_many_at_once_one_has_the_effect() {
    let world = World::make().await;
    let owner = world.owner().await;
    let post = || world.server.ask("POST", "/api/v1/tokens").cookie(&owner).header("idempotency-key", "k-1").json(&json!({ "name": "ci", "scopes": ["read"] }));
    let replies = futures_util::future::join_all((0..6).map(|_| post().send())).await;
    let made = replies.iter().filter(|reply| reply.status == 201 && reply.header("idempotency-replayed").is_none()).count();
    assert_eq!(made, 1);
    assert!(replies.iter().all(|reply| reply.status == 201 || (reply.status == 409 && reply.json()["code"] == "in_progress")), "{replies:?}");
    assert_eq!(world.server.database.number("select count(*) from api_token").await, 1);
}

#[tokio::test]
async fn what_is_shown_once_is_not_remembered() {
    let world = World::make().await;
    let owner = world.owner().await;
    let token =
        || world.server.ask("POST", "/api/v1/tokens").cookie(&owner).header("idempotency-key", "k-1").json(&json!({ "name": "ci", "scopes": ["read"] }));
    let first = token().send().await.expect(201).json();
    assert!(first["secret"].as_str().expect("secret").starts_with("stw_live_"));
    let again = token().send().await.expect(201).json();
    assert_eq!((&again["secret"], &again["token_id"]), (&json!(null), &first["token_id"]));
    let person = || {
        let body = json!({ "email": "ben@home.example", "display_name": "Ben", "roles": [{ "role": "support" }] });
        world.server.ask("POST", "/api/v1/people").cookie(&owner).header("idempotency-key", "k-2").json(&body)
    };
    assert!(person().send().await.expect(201).json()["sign_in_link"].as_str().expect("link").starts_with("http://127.0.0.1:7700/sign-in#token=org_"));
    assert_eq!(person().send().await.expect(201).json()["sign_in_link"], json!(null));
    assert_eq!(world.server.database.number("select count(*) from idempotency where body like '%stw_live_%' or body like '%#token=%'").await, 0);
}

/// Of which a repeat asks for another challenge, or reads again, or has a key of its own in what it sends.
const WITHOUT: [&str; 4] = ["mcp::post", "passkeys::begin", "passkeys::step_up", "policies::backtest"];

#[tokio::test]
async fn every_post_that_takes_a_key_keeps_its_promise() {
    let world = World::make().await;
    let entries = async || world.server.database.number("select count(*) from audit_event").await;
    let document = serde_json::to_value(document()).expect("JSON");
    let mut kept = 0;
    // In order, as some stand on what others before them changed.
    for route in table().iter().filter(|route| route.method != "GET") {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let is_named = operation["parameters"].to_string().contains("\"Idempotency-Key\"");
        let takes_key = route.method == "POST" && !operation["security"].is_null() && !WITHOUT.contains(&route.name);
        assert_eq!(is_named, takes_key, "{}", route.name);
        if is_left_out(route) {
            continue;
        }
        let owner = world.owner().await;
        let id = sample::target(&world, &world.home, world.home.owner, route).await;
        let ask = sample::ask(&world, route, id.as_deref()).cookie(&owner).header("idempotency-key", format!("key-{}", route.name));
        let first = ask.clone().send().await;
        assert!((200..300).contains(&first.status), "{}: {} {}", route.name, first.status, first.text());
        if !takes_key {
            continue;
        }
        let before = entries().await;
        let again = ask.send().await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (first.status, Some("true")), "{}: {}", route.name, again.text());
        assert_eq!(entries().await, before, "{} has an effect a second time", route.name);
        kept += 1;
    }
    assert!(kept >= 30, "only {kept} routes were tried");
}
