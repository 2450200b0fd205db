//! The routes by which a person says how they are told. Refusals first.

use super::super::sample::POINT;
use super::super::server::PUSH_KEY;
use super::super::world::World;
use serde_json::{Value, json};
use steward_core::{Role, Scope};
use steward_office::notices::PLACES_MAX;

fn browser(endpoint: &str) -> Value {
    json!({ "name": "Phone", "endpoint": endpoint, "p256dh": POINT, "auth": "AAAAAAAAAAAAAAAAAAAAAA" })
}

#[tokio::test]
async fn only_a_person_in_a_browser_says_how_they_are_told() {
    let world = World::make().await;
    let token = world.token(&world.home.actor, &[Scope::Read, Scope::Write, Scope::Converse]).await.secret;
    for (method, path, body) in [
        ("GET", "/api/v1/me/notices", Value::Null),
        ("PUT", "/api/v1/me/notices", json!({ "mail": false })),
        ("POST", "/api/v1/me/notices/test", Value::Null),
        ("GET", "/api/v1/me/push", Value::Null),
        ("POST", "/api/v1/me/push", browser("https://push.example/a")),
    ] {
        let ask = || if body.is_null() { world.server.ask(method, path) } else { world.server.ask(method, path).json(&body) };
        ask().send().await.expect(401);
        ask().token(&token).send().await.expect(403);
    }
    for role in [Role::Finance, Role::Support] {
        world.server.ask("GET", "/api/v1/notices/dead").cookie(&world.session(role).await.secret).send().await.expect(403);
    }
    assert_eq!(
        world
            .server
            .database
            .number("select (select count(*) from push_subscription) + (select count(*) from notice) + (select count(*) from notice_wish)")
            .await,
        0
    );
}

#[tokio::test]
async fn a_browser_that_nothing_can_be_brought_to_is_refused_and_nothing_is_kept() {
    let world = World::make().await;
    let owner = world.owner().await;
    let with = |name: &str, value: Value| {
        let mut body = browser("https://push.example/a");
        body[name] = value;
        body
    };
    let off_curve = format!("{}A", &POINT[..POINT.len() - 1]);
    for body in [
        with("endpoint", json!("http://push.example/a")),
        with("endpoint", json!("https://127.0.0.1/a")),
        with("endpoint", json!("https://[::1]/a")),
        with("endpoint", json!("https://user:pass@push.example/a")),
        with("endpoint", json!("https://push.example/a/../b")),
        with("endpoint", json!("https://push.example/\r\nx: y")),
        with("endpoint", json!(format!("https://push.example/{}", "a".repeat(2_000)))),
        with("endpoint", json!("")),
        with("p256dh", json!("AAAA")),
        with("p256dh", json!(off_curve)),
        with("p256dh", json!("+/==")),
        with("p256dh", json!("A".repeat(100_000))),
        with("auth", json!("AAAA")),
        with("auth", json!("A".repeat(44))),
        with("name", json!("")),
        with("name", json!("a".repeat(101))),
        with("name", json!("a\u{7}b")),
        with("extra", json!(1)),
    ] {
        let refused = world.server.ask("POST", "/api/v1/me/push").cookie(&owner).json(&body).send().await;
        assert!(matches!(refused.status, 400 | 422), "{} {body}", refused.status);
    }
    for body in [json!({ "mail": true, "language": "fr" }), json!({ "mail": "yes" }), json!({}), json!({ "mail": true, "to": "eve@else.example" })] {
        let refused = world.server.ask("PUT", "/api/v1/me/notices").cookie(&owner).json(&body).send().await;
        assert!(matches!(refused.status, 400 | 422), "{body}");
    }
    assert_eq!(world.server.database.number("select (select count(*) from push_subscription) + (select count(*) from notice_wish)").await, 0);
}

#[tokio::test]
async fn a_person_has_so_many_browsers_each_their_own() {
    let world = World::make().await;
    let (owner, other) = (world.owner().await, world.session(Role::Manager).await.secret);
    let add = async |who, endpoint: &str| world.server.ask("POST", "/api/v1/me/push").cookie(who).json(&browser(endpoint)).send().await;
    for number in 0..PLACES_MAX {
        add(&owner, &format!("https://push.example/{number}")).await.expect(201);
    }
    add(&owner, "https://push.example/more").await.expect(409);
    // The same one again is itself.
    let made = add(&owner, "https://push.example/3").await.expect(201).json();
    assert_eq!((&made["service"], &made["ends_with"]), (&json!("https://push.example"), &json!("le/3")));
    let list = async |who| world.server.ask("GET", "/api/v1/me/push").cookie(who).send().await.expect(200);
    let mine = list(&owner).await.json();
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(PLACES_MAX));
    assert!(!list(&owner).await.text().contains("push.example/3"), "an address is a secret of the browser's");
    assert_eq!(list(&other).await.json()["items"], json!([]));
    // Whoever signs in in a browser has it; somebody else's cannot be removed.
    let id = mine["items"][0]["push_subscription_id"].as_str().expect("an id").to_owned();
    world.server.ask("DELETE", format!("/api/v1/me/push/{id}")).cookie(&other).send().await.expect(404);
    add(&other, "https://push.example/4").await.expect(201);
    assert_eq!(list(&owner).await.json()["items"].as_array().map(Vec::len), Some(PLACES_MAX - 1));
    world.server.ask("DELETE", format!("/api/v1/me/push/{id}")).cookie(&owner).send().await.expect(204);
    world.server.ask("DELETE", format!("/api/v1/me/push/{id}")).cookie(&owner).send().await.expect(404);
}

#[tokio::test]
async fn a_person_says_how_they_are_told_and_sends_themselves_a_test() {
    let world = World::make().await;
    let owner = world.owner().await;
    let show = async || world.server.ask("GET", "/api/v1/me/notices").cookie(&owner).send().await.expect(200).json();
    let at_first = show().await;
    assert_eq!((&at_first["mail_available"], &at_first["mail"], &at_first["language"]), (&json!(true), &json!(true), &Value::Null));
    assert_eq!((&at_first["push_key"], &at_first["email"], &at_first["newest"]), (&json!(PUSH_KEY), &json!("ada@home.example"), &json!([])));
    let set = async |body: Value| world.server.ask("PUT", "/api/v1/me/notices").cookie(&owner).json(&body).send().await.expect(200).json();
    assert_eq!(set(json!({ "mail": false, "language": "ar" })).await["language"], "ar");
    let test = async || world.server.ask("POST", "/api/v1/me/notices/test").cookie(&owner).send().await;
    let nowhere = test().await.expect(409).json();
    assert!(nowhere["detail"].as_str().is_some_and(|detail| detail.contains("nowhere to tell you")), "{nowhere}");
    world.server.ask("POST", "/api/v1/me/push").cookie(&owner).json(&browser("https://push.example/a")).send().await.expect(201);
    set(json!({ "mail": true })).await;
    for _ in 0..10 {
        assert_eq!(test().await.expect(202).json()["notices"], 2);
    }
    test().await.expect(409);
    let newest = show().await["newest"].clone();
    assert_eq!((&newest[0]["matter"], &newest[0]["state"]), (&json!("test"), &json!("waiting")));
    world.server.pass_minutes(61);
    let owner = world.owner().await;
    world.server.ask("POST", "/api/v1/me/notices/test").cookie(&owner).send().await.expect(202);
    let audited = world.server.ask("GET", "/api/v1/audit?action=notice.wish").cookie(&owner).send().await.expect(200).json();
    assert_eq!(audited["items"].as_array().map(Vec::len), Some(2));
}
