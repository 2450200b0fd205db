//! Calls that people decide on: awaited, come back for, refused, taken back; carried out once whatever happens.

use super::client::{Client, Served, answer_of, error, hold_in, steward, value};
use serde_json::{Value, json};
use steward_core::Scope;

const CONTACTS: &str = "select count(*) from contact";
const HOLDS: &str = "select count(*) from hold";
const RUNS: &str = "select count(*) from run";

fn lena() -> Value {
    json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })
}

/// Does not wait for people.
fn at_once() -> Value {
    json!({ "steward/wait_seconds": 0 })
}

#[tokio::test]
async fn a_held_call_is_awaited_with_progress_and_carried_out_once() {
    let served = Served::with(&[]).await;
    let mut client = served.client().await;
    let call = client.begin("crm.create_contact", lena(), json!({})).await;
    let hold = client.hold().await;
    assert_eq!(served.number(CONTACTS).await, 0, "nothing happens before people decide");
    let owner = served.working.world.owner().await;
    let shown = served.working.ask("GET", format!("/api/v1/holds/{hold}")).cookie(&owner).send().await.expect(200).json();
    assert_eq!(shown["envelope"]["model"], "mcp/test-client 1.0", "whoever decides sees who asks");
    assert!(!shown["provenance"].to_string().contains("\"integrity\":\"owner\""), "{shown}");
    assert_eq!(served.approve(&hold).await, 200);
    let result = answer_of(call).await;
    assert_eq!(value(&result)["name"], "Lena Petrova");

    // The same again, in the same session: the same answer.
    let again = client.call("crm.create_contact", lena()).await;
    assert_eq!((value(&again), &steward(&again)["repeated"]), (value(&result), &json!(true)));
    assert!(again.content.iter().any(|block| block.as_text().is_some_and(|text| text.text.contains("not carried out again"))), "{again:?}");
    assert_eq!((served.number(CONTACTS).await, served.number(HOLDS).await, served.number(RUNS).await), (1, 1, 1));
}

#[tokio::test]
async fn a_held_call_that_is_not_awaited_is_come_back_for() {
    let served = Served::with(&[]).await;
    let client = served.client().await;
    let held = client.call_with("crm.create_contact", lena(), at_once()).await;
    let told = error(&held);
    assert_eq!((&told["class"], &told["retryable"]), (&json!("held"), &json!(true)));
    let hold = hold_in(told["url"].as_str().expect("a link"));
    assert_eq!((hold_in(told["message"].as_str().expect("words")), &told["hold_id"]), (hold.clone(), &json!(hold)));
    assert_eq!(steward(&held)["outcome"], "held");

    // Two at once, and another session of the same token: all come to the one that waits.
    let token = served.token(&Scope::ALL).await;
    let (one, two) = (Client::open(&served.url(), &token).await, Client::open(&served.url(), &token).await);
    let max = || json!({ "name": "Max Meier" });
    let (first, second) = tokio::join!(one.call_with("crm.create_contact", max(), at_once()), two.call_with("crm.create_contact", max(), at_once()));
    assert_eq!(error(&first)["hold_id"], error(&second)["hold_id"]);
    assert_eq!(error(&client.call_with("crm.create_contact", lena(), at_once()).await)["hold_id"], json!(hold));
    assert_eq!((served.number(HOLDS).await, served.number(RUNS).await), (2, 2));

    assert_eq!(served.approve(&hold).await, 200);
    let result = client.call("crm.create_contact", lena()).await;
    assert_eq!((value(&result)["name"].clone(), &steward(&result)["repeated"]), (json!("Lena Petrova"), &json!(true)));
    assert_eq!(served.number(CONTACTS).await, 1);
    // Done in one session, it is another wish in the next.
    let next = served.client().await;
    assert_eq!(error(&next.call_with("crm.create_contact", lena(), at_once()).await)["class"], "held");
    assert_eq!((served.number(CONTACTS).await, served.number(HOLDS).await), (1, 3));
}

#[tokio::test]
async fn a_refused_call_stays_refused_and_asks_nobody_again() {
    let served = Served::with(&[]).await;
    let mut client = served.client().await;
    let call = client.begin("crm.create_contact", lena(), json!({})).await;
    let hold = client.hold().await;
    assert_eq!(served.decide(&hold, "reject", |_| json!({ "reason": "Wrong Lena." })).await, 200);
    for answer in [answer_of(call).await, client.call("crm.create_contact", lena()).await] {
        let refused = error(&answer);
        assert_eq!(refused["class"], "denied");
        assert!(refused["message"].as_str().expect("words").contains("Wrong Lena."), "{refused}");
    }
    assert_eq!((served.number(CONTACTS).await, served.number(HOLDS).await), (0, 1));
}

#[tokio::test]
async fn a_persons_stop_stands_when_the_client_makes_the_call_again() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    let owner = served.working.world.owner().await;
    let keyed = || json!({ "steward/idempotency_key": "lena", "steward/wait_seconds": 0 });
    let client = Client::open(&served.url(), &token).await;
    for (place, meta) in [keyed(), at_once()].into_iter().enumerate() {
        let held = error(&client.call_with("crm.create_contact", lena(), meta.clone()).await);
        assert_eq!(held["class"], "held", "{held}");
        let run = served.run_of(held["hold_id"].as_str().expect("a hold")).await;
        served.working.ask("POST", format!("/api/v1/runs/{run}/cancel")).cookie(&owner).send().await.expect(202);
        assert_eq!(served.end_of(&run).await, "cancelled");
        for _ in 0..2 {
            let again = error(&client.call_with("crm.create_contact", lena(), meta.clone()).await);
            assert_eq!(again["class"], "denied", "{again}");
            assert!(again["message"].as_str().is_some_and(|words| words.contains("the run was stopped")), "{again}");
        }
        assert_eq!(served.number(RUNS).await, i64::try_from(place + 1).expect("few"), "nothing was begun anew");
    }
    assert_eq!((served.number(CONTACTS).await, served.number(HOLDS).await), (0, 2));
}

#[tokio::test]
async fn a_call_that_is_taken_back_cannot_be_approved_any_more() {
    let served = Served::with(&[]).await;
    let token = served.token(&Scope::ALL).await;
    // A notification in a session; in the newest protocol the answer's stream is closed.
    for mut client in [Client::open(&served.url(), &token).await, Client::without_session(&served.url(), &token).await] {
        let call = client.begin("crm.create_contact", lena(), json!({})).await;
        let hold = client.hold().await;
        let owner = served.working.world.owner().await;
        let shown = served.working.ask("GET", format!("/api/v1/holds/{hold}")).cookie(&owner).send().await.expect(200).json();
        call.cancel(Some("changed my mind".to_owned())).await.expect("cancelled");
        assert_eq!(served.end_of(shown["run_id"].as_str().expect("a run")).await, "cancelled");
        assert_eq!(served.approve(&hold).await, 409);
    }
    assert_eq!((served.number(CONTACTS).await, served.number("select count(*) from hold where state = 'cancelled'").await), (0, 2));
}

#[tokio::test]
async fn without_sessions_a_held_call_is_come_back_for_too() {
    let served = Served::with(&[]).await;
    let client = Client::without_session(&served.url(), &served.token(&Scope::ALL).await).await;
    let first = error(&client.call_with("crm.create_contact", lena(), at_once()).await);
    let second = error(&client.call_with("crm.create_contact", lena(), at_once()).await);
    assert_eq!((&first["class"], &first["hold_id"]), (&json!("held"), &second["hold_id"]));
    assert_eq!(served.approve(first["hold_id"].as_str().expect("a hold")).await, 200);
    for _ in 0..2 {
        assert_eq!(value(&client.call("crm.create_contact", lena()).await)["name"], "Lena Petrova");
    }
    assert_eq!((served.number(CONTACTS).await, served.number(HOLDS).await, served.number(RUNS).await), (1, 1, 1));
}

#[tokio::test]
async fn a_standing_grant_is_not_for_programs_outside() {
    let served = Served::with(&[]).await;
    let owner = served.working.world.owner().await;
    let world = &served.working.world;
    let expires_at = world.server.state.office.clock.now() + time::Duration::days(7);
    let grant = json!({
        "workspace_id": world.home.workspace, "agent": "assistant", "tool": "crm.create_contact", "uses_max": 5,
        "ranges": { "/name": { "one_of": ["Max Meier"] } },
        "expires_at": expires_at.format(&time::format_description::well_known::Rfc3339).expect("time"),
    });
    let made = served.working.ask("POST", "/api/v1/grants").cookie(&owner).json(&grant).send().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let client = served.client().await;
    assert_eq!(error(&client.call_with("crm.create_contact", json!({ "name": "Max Meier" }), at_once()).await)["class"], "held");
    assert_eq!((served.number(CONTACTS).await, served.number("select count(*) from standing_grant where uses > 0").await), (0, 0));
}
