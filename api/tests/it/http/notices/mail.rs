//! Mail to a server that is not ours, which sometimes misbehaves.

use super::super::peer::{PEERS, Peer};
use super::super::server::URL;
use super::super::world::World;
use super::Waits;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::Path;
use steward_api::Site;
use steward_api::jobs::send_notices;
use steward_api::notices::mail::{MailSettings, Security};
use steward_api::notices::{Mailer, Sender};
use steward_core::Role;

fn settings(peer: &Peer, security: Security) -> MailSettings {
    MailSettings {
        host: if security == Security::None { "127.0.0.1" } else { "localhost" }.to_owned(),
        port: peer.port(),
        security,
        user: None,
        password: None,
        from: "Steward <steward@home.example>".parse().expect("a mailbox"),
        ca_file: Some(Path::new(PEERS).join("tls/ca.pem")).filter(|_| security != Security::None),
    }
}

fn sender(settings: &MailSettings) -> Sender {
    let site = Site::new(URL, false).expect("a site");
    Sender::made(Some(Mailer::new(settings, &site).expect("a mailer")), None, site, "en")
}

async fn round(world: &World, sender: &Sender) -> usize {
    send_notices::once(&world.server.database.worker, &world.server.state.office, sender).await.expect("a round")
}

/// State, tries and why of a person's messages.
async fn state(world: &World, email: &str) -> Vec<String> {
    let sql = format!(
        "select state || ' ' || tries || ' ' || coalesce(why, '') from notice join person using (tenant_id, person_id) where email = '{email}' order by made_at"
    );
    world.column(&sql).await
}

/// A house whose only one who may decide has this address.
async fn house(email: &str) -> World {
    let world = World::make().await;
    let tool = "mail.send";
    let by = world.named(Role::Manager, email).await;
    world.holds(Waits { by, needs: &[&["manager"]], ask: &[], separate: false, tool }).await;
    world
}

#[tokio::test]
async fn a_message_says_that_something_waits_and_nothing_of_what() {
    let mut peer = Peer::start("smtp.py", &["plain"]).await;
    let sender = sender(&settings(&peer, Security::None));
    let world = World::make().await;
    for (language, starts) in [("en", "Something waits"), ("es", "Algo espera"), ("ar", "هناك"), ("ne", "तपाईंको")] {
        let person = world.named(Role::Manager, &format!("{language}@home.example")).await;
        let session = world.home.session_of(&world.server, person).await.secret;
        let wish = json!({ "mail": true, "language": language });
        world.server.ask("PUT", "/api/v1/me/notices").cookie(&session).json(&wish).send().await.expect(200);
        let hold = world.holds(Waits { by: person, needs: &[&["manager"]], ask: &[], separate: false, tool: "crm.add_note" }).await;
        assert_eq!(round(&world, &sender).await, ["en", "es", "ar", "ne"].iter().position(|one| *one == language).expect("one of them") + 1);
        let mut took = Value::Null;
        for _ in 0..=["en", "es", "ar", "ne"].iter().position(|one| *one == language).expect("one of them") {
            let one = peer.next().await;
            if one["to"] == format!("{language}@home.example") {
                took = one;
            }
        }
        let text = |name: &str| took[name].as_str().expect("text").to_owned();
        assert!(text("subject").starts_with(starts), "{took}");
        assert_eq!((text("from"), text("auto")), ("Steward <steward@home.example>".to_owned(), "auto-generated".to_owned()));
        let link = format!("{URL}/holds/{hold}");
        for body in [text("plain"), text("html")] {
            assert!(body.contains("crm.add_note") && body.contains("2026-03-04 09:00 UTC") && body.contains(&link), "{body}");
            assert!(!body.contains("ecret"), "{body}");
        }
        assert_eq!(text("html").contains("dir=\"rtl\""), language == "ar");
        assert_eq!(took["headers"], json!(["auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"]));
    }
    assert_eq!(round(&world, &sender).await, 0, "nobody is told twice");
}

#[tokio::test]
async fn what_a_mail_server_refuses_is_given_up_and_what_it_puts_off_comes_later() {
    let mut peer = Peer::start("smtp.py", &["plain"]).await;
    let sender = sender(&settings(&peer, Security::None));
    for (email, first, second) in [
        ("refused@home.example", "dead 1 the mail server refuses the address or the message (550)", None),
        ("full@home.example", "dead 1 the mail server refuses the address or the message (552)", None),
        ("ben@home.example, eve@else.example", "dead 1 the person's address is none that mail can be sent to", None),
        ("later@home.example", "waiting 1 the mail server asks to try later (451)", Some("sent 2 the mail server asks to try later (451)")),
    ] {
        let world = house(email).await;
        assert_eq!(round(&world, &sender).await, 1);
        assert_eq!(state(&world, email).await, [first]);
        world.server.state.office.clock.advance_ms(15_000);
        assert_eq!(round(&world, &sender).await, usize::from(second.is_some()));
        assert_eq!(state(&world, email).await, [second.unwrap_or(first)]);
        if second.is_some() {
            assert_eq!(peer.next().await["to"], email);
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_message_brings_it_again_under_the_same_id() {
    let mut peer = Peer::start("smtp.py", &["plain"]).await;
    let sender = sender(&settings(&peer, Security::None));
    let world = house("cut@home.example").await;
    assert_eq!(round(&world, &sender).await, 1);
    assert_eq!(state(&world, "cut@home.example").await, ["waiting 1 the connection with the mail server failed or broke"]);
    world.server.state.office.clock.advance_ms(15_000);
    round(&world, &sender).await;
    assert!(state(&world, "cut@home.example").await[0].starts_with("sent 2"));
    let (one, other) = (peer.next().await, peer.next().await);
    assert!(one["id"].as_str().is_some_and(|id| id.starts_with("<notice_") && id.ends_with("@127.0.0.1>")), "{one}");
    assert_eq!((&one["id"], &one["plain"]), (&other["id"], &other["plain"]));
}

#[tokio::test]
async fn no_message_goes_out_but_over_verified_tls() {
    let keys = ["tls/leaf.pem", "tls/leaf.key"];
    let unverified = "waiting 1 TLS with the mail server failed: is its certificate for this name and from somebody known?";
    for (mode, security) in [("starttls", Security::StartTls), ("wrapped", Security::Wrapped)] {
        let mut peer = Peer::start("smtp.py", &[&[mode], &keys[..]].concat()).await;
        let good = settings(&peer, security);
        // Somebody whom nobody here knows signed it; and it is another's certificate.
        let stranger = MailSettings { ca_file: None, ..good.clone() };
        let other_name = MailSettings { host: "127.0.0.1".to_owned(), ..good.clone() };
        for (settings, expect) in [(stranger, unverified), (other_name, unverified), (good, "sent 1 ")] {
            let world = house("ben@home.example").await;
            round(&world, &sender(&settings)).await;
            assert_eq!(state(&world, "ben@home.example").await, [expect], "{mode}");
        }
        assert_eq!(peer.next().await["tls"], true, "{mode}");
    }
    // Whoever speaks no TLS is told nothing.
    let bare = Peer::start("smtp.py", &["bare"]).await;
    let world = house("ben@home.example").await;
    round(&world, &sender(&settings(&bare, Security::StartTls))).await;
    let state = state(&world, "ben@home.example").await;
    assert!(state[0].starts_with("waiting 1 "), "{state:?}");
}

#[tokio::test]
async fn a_server_that_does_not_let_us_in_loses_nobodys_message() {
    let mut peer = Peer::start("smtp.py", &["starttls", "tls/leaf.pem", "tls/leaf.key", "steward", "open sesame"]).await;
    let known =
        |password: &str| MailSettings { user: Some("steward".to_owned()), password: Some(SecretString::from(password)), ..settings(&peer, Security::StartTls) };
    let (wrong, right) = (known("guess"), known("open sesame"));
    let site = Site::new(URL, false).expect("a site");
    assert!(Mailer::new(&wrong, &site).expect("a mailer").look().await.is_err());
    Mailer::new(&right, &site).expect("a mailer").look().await.expect("let in");
    let world = house("ben@home.example").await;
    round(&world, &sender(&wrong)).await;
    assert_eq!(state(&world, "ben@home.example").await, ["waiting 1 the mail server does not let us in (535): check `notices.mail.user` and its password"]);
    world.server.state.office.clock.advance_ms(15_000);
    round(&world, &sender(&right)).await;
    assert!(state(&world, "ben@home.example").await[0].starts_with("sent 2"));
    assert_eq!(peer.next().await["to"], "ben@home.example");
}
