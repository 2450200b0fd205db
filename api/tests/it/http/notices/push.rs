//! Messages to a browser's service that is not ours, opened and checked by libraries that are not ours.

use super::super::peer::Peer;
use super::super::sample::POINT;
use super::super::server::URL;
use super::super::world::World;
use super::Waits;
use base64::Engine as _;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use steward_api::Site;
use steward_api::jobs::send_notices;
use steward_api::notices::{PushKey, Pusher, Sender};
use steward_core::{HoldId, Role};
use steward_host::testing::MadeUp;
use steward_host::{Courier, EgressOptions, Resolver, Roots};

const HOST: &str = "push.peer.test";
const CONTACT: &str = "mailto:ops@home.example";

/// The authority that signed the service's certificate.
fn authority() -> Roots {
    let pem: String = include_str!("../../../../../tests/peers/tls/ca.pem").lines().filter(|line| !line.starts_with("-----")).collect();
    Roots::Only(base64::engine::general_purpose::STANDARD.decode(pem).expect("base64"))
}

/// What sends, when every name stands for this machine, and the operator named these hosts as their own.
fn sender(key: &Arc<PushKey>, named: &[&str]) -> Sender {
    let own: IpAddr = "127.0.0.1".parse().expect("an address");
    let private = named.iter().map(|host| Courier::private((*host).to_owned(), vec!["127.0.0.1".parse().expect("a network")])).collect();
    let options = EgressOptions { private, resolver: Resolver::Made(MadeUp(Arc::new(move |_| vec![own]))), roots: authority(), ..EgressOptions::default() };
    Sender::made(None, Some(Pusher::new(Arc::clone(key), CONTACT.to_owned(), options)), Site::new(URL, false).expect("a site"), "en")
}

fn key() -> Arc<PushKey> {
    Arc::new(PushKey::read(&PushKey::make().expect("a key")).expect("a key"))
}

async fn round(world: &World, sender: &Sender) -> usize {
    send_notices::once(&world.server.database.worker, &world.server.state.office, sender).await.expect("a round")
}

async fn states(world: &World) -> Vec<String> {
    world.column("select state || ' ' || tries || ' ' || coalesce(why, '') from notice order by notice_id").await
}

/// A house in which a manager has a browser at this path of the service, and an action waits for them.
async fn house(peer: &Peer, path: &str) -> (World, HoldId) {
    let world = World::make().await;
    let manager = world.person(Role::Manager, None).await;
    let text = |name: &str| peer.about[name].as_str().expect("text").to_owned();
    world.browser(manager, &format!("https://{HOST}:{}/{path}", peer.port()), &text("p256dh"), &text("auth")).await;
    let hold = world.holds(Waits { by: manager, needs: &[&["manager"]], ask: &[], separate: false, tool: "mail.send" }).await;
    (world, hold)
}

async fn start() -> Peer {
    Peer::start("push.py", &["tls/leaf.pem", "tls/leaf.key"]).await
}

#[tokio::test]
async fn a_message_is_opened_by_the_browser_it_was_sealed_for_and_signed_by_us() {
    let (mut peer, key) = (start().await, key());
    let (world, hold) = house(&peer, "ok/abc?x=1").await;
    assert_eq!(round(&world, &sender(&key, &[HOST])).await, 1);
    let took = peer.next().await;
    assert_eq!(states(&world).await, ["sent 1 "]);
    assert_eq!(took["path"], "/ok/abc?x=1");
    let text = &took["text"];
    assert_eq!(text["path"], format!("/holds/{hold}"));
    assert_eq!((&text["tag"], &text["lang"], &text["dir"]), (&json!(hold.to_string()), &json!("en"), &json!("ltr")));
    assert_eq!(text["title"], "Something waits for your decision");
    assert!(text["body"].as_str().is_some_and(|body| body.contains("mail.send") && body.contains("2026-03-04 09:00 UTC")), "{text}");
    assert!(!took.to_string().contains("ecret"));
    let headers = &took["headers"];
    for (name, value) in [("ttl", "259200"), ("urgency", "high"), ("content-encoding", "aes128gcm")] {
        assert_eq!(headers[name], value);
    }
    assert_eq!(headers["topic"], base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hold.uuid().as_bytes()));
    assert_eq!(headers.get("cookie"), None);
    let who = &took["who"];
    assert_eq!((&who["kind"], &who["key"], &who["claims"]["sub"]), (&json!("vapid"), &json!(key.public()), &json!(CONTACT)));
    assert_eq!(who["claims"]["aud"], format!("https://{HOST}:{}", peer.port()));
    assert_eq!(who["claims"]["exp"], world.now().unix_timestamp() + 12 * 3600);
    assert_eq!(world.server.database.number("select count(*) from push_subscription where used_at is not null").await, 1);
    assert_eq!(round(&world, &sender(&key, &[HOST])).await, 0, "nobody is told twice");
}

#[tokio::test]
async fn a_browser_that_is_gone_is_forgotten_and_one_that_is_busy_is_asked_later() {
    let (mut peer, key) = (start().await, key());
    let sender = sender(&key, &[HOST]);
    for (path, state, browsers) in [
        ("gone/a", "moot 1 ", 0),
        ("missing/a", "moot 1 ", 0),
        ("wrong/a", "dead 1 `push.peer.test` refuses the message (403)", 1),
        ("away/a", "dead 1 `push.peer.test` refuses the message (307)", 1),
        ("later/a", "waiting 1 `push.peer.test` asks to try later (429)", 1),
    ] {
        let (world, _) = house(&peer, path).await;
        assert_eq!(round(&world, &sender).await, 1, "{path}");
        assert_eq!(peer.next().await["path"], format!("/{path}"));
        // The port is the service's, and no part of what is said.
        let said: Vec<String> = states(&world).await.iter().map(|line| line.replace(&format!(":{}", peer.port()), "")).collect();
        assert_eq!(said, [state], "{path}");
        assert_eq!(world.server.database.number("select count(*) from push_subscription").await, browsers, "{path}");
        if path.starts_with("later") {
            world.server.state.office.clock.advance_ms(89_000);
            assert_eq!(round(&world, &sender).await, 0, "it said ninety seconds");
            world.server.state.office.clock.advance_ms(1_000);
            assert_eq!(round(&world, &sender).await, 1);
            assert!(states(&world).await[0].starts_with("sent 2"));
            peer.next().await;
        }
    }
}

#[tokio::test]
async fn an_address_of_this_network_is_not_dialled_unless_the_operator_names_it() {
    let (mut peer, key) = (start().await, key());
    let (world, hold) = house(&peer, "ok/a").await;
    round(&world, &sender(&key, &["else.peer.test"])).await;
    let state = states(&world).await;
    assert!(state[0].starts_with("dead 1 `push.peer.test` has an address that is not of the public internet"), "{state:?}");
    // A certificate of another name, and one that nobody here knows.
    let world = World::make().await;
    let manager = world.person(Role::Manager, None).await;
    let text = |name: &str| peer.about[name].as_str().expect("text").to_owned();
    world.browser(manager, &format!("https://else.peer.test:{}/ok/a", peer.port()), &text("p256dh"), &text("auth")).await;
    world.holds(Waits { by: manager, needs: &[&["manager"]], ask: &[], separate: false, tool: "mail.send" }).await;
    round(&world, &sender(&key, &["else.peer.test"])).await;
    assert_eq!(states(&world).await, ["waiting 1 `else.peer.test` has a certificate that does not count"]);
    // What was not asked for was not heard of.
    let (world, _) = house(&peer, "ok/heard").await;
    round(&world, &sender(&key, &[HOST])).await;
    assert_eq!(peer.next().await["path"], "/ok/heard");
    let _ = hold;
}

#[tokio::test]
async fn every_browser_of_a_person_is_told_and_what_is_over_in_one_is_over_in_it_alone() {
    let (mut peer, key) = (start().await, key());
    let (world, _) = house(&peer, "gone/a").await;
    let manager = world.column("select person_id::text from push_subscription").await[0].parse::<uuid::Uuid>().expect("an id").into();
    let text = |name: &str| peer.about[name].as_str().expect("text").to_owned();
    world.browser(manager, &format!("https://{HOST}:{}/ok/b", peer.port()), &text("p256dh"), &text("auth")).await;
    // One that lies about its key gets what it cannot open; it is nobody else's trouble.
    world.browser(manager, &format!("https://{HOST}:{}/ok/c", 1), POINT, "AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(round(&world, &sender(&key, &[HOST])).await, 3);
    let mut paths: Vec<Value> = vec![peer.next().await["path"].clone(), peer.next().await["path"].clone()];
    paths.sort_by_key(Value::to_string);
    assert_eq!(paths, [json!("/gone/a"), json!("/ok/b")]);
    let mut states = states(&world).await;
    states.sort();
    assert_eq!(states, ["moot 1 ", "sent 1 ", "waiting 1 `push.peer.test` does not accept a connection"]);
}
