//! Runs that wait for room in a budget, over HTTP: who decides, and how the glass is broken.

use super::working::{Listening, Working};
use serde_json::{Value, json};
use steward_core::{Role, Scope};

const PASSWORD: &str = "a long enough password";

/// A run that waits because its organisation may spend nothing, and the stream it is followed by.
async fn waiting(working: &Working) -> (String, Listening) {
    let owner = working.world.owner().await;
    let budget = json!({ "scope": "organisation", "period": "day", "cap_micros": 0 });
    working.ask("PUT", "/api/v1/budgets").cookie(&owner).json(&budget).send().await.expect(200);
    let (_, run) = working.say(&owner, "Hello").await;
    let mut listening = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    let events = listening.until("budget.held").await;
    assert_eq!(events.last().expect("a wait").data["limit"], "budget");
    let hold = events.last().expect("a wait").data["budget_hold_id"].as_str().expect("its id").to_owned();
    (hold, listening)
}

#[tokio::test]
async fn a_run_goes_on_when_finance_says_so_and_nobody_else() {
    let working = Working::saying("Hello.").await;
    let (hold, mut listening) = waiting(&working).await;
    let path = format!("/api/v1/budgets/holds/{hold}/allow");
    let ask = |body: &Value| working.ask("POST", path.as_str()).json(body);
    let right = json!({ "amount_micros": 1_000_000, "reason": "The customer waits." });
    let token = working.world.token(&working.world.home.actor, &Scope::ALL).await.secret;
    ask(&right).send().await.expect(401);
    ask(&right).token(&token).send().await.expect(403);
    for role in [Role::Manager, Role::Support, Role::Auditor] {
        ask(&right).cookie(&working.as_role(role).await).send().await.expect(403);
    }
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    ask(&right).cookie(&elsewhere).send().await.expect(404);
    let finance = working.as_role(Role::Finance).await;
    for (body, path) in [
        (json!({}), "/amount_micros"),
        (json!({ "amount_micros": 1.5 }), "/amount_micros"),
        (json!({ "amount_micros": 0 }), "/amount_micros"),
        (json!({ "amount_micros": 1 }), "/amount_micros"),
        (json!({ "amount_micros": 1_000_000, "reason": "x".repeat(2001) }), "/reason"),
        (json!({ "amount_micros": 1_000_000, "cap_micros": 1 }), "/cap_micros"),
    ] {
        let reply = ask(&body).cookie(&finance).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{body}: {reply}");
    }
    assert!(working.model.requests().is_empty(), "nothing was asked meanwhile");
    let listed = working.ask("GET", "/api/v1/budgets/holds?state=held").cookie(&finance).send().await.expect(200).json();
    assert_eq!((&listed["items"][0]["budget_hold_id"], &listed["items"][0]["limit"]), (&json!(hold), &json!("budget")));
    working.ask("GET", "/api/v1/budgets/holds?state=open").cookie(&finance).send().await.expect(422);

    let allowed = ask(&right).cookie(&finance).send().await.expect(200).json();
    assert_eq!((&allowed["state"], &allowed["allowed_micros"], &allowed["broke_glass"]), (&json!("allowed"), &json!(1_000_000), &json!(false)));
    ask(&right).cookie(&finance).send().await.expect(409);
    let events = listening.until_the_end().await;
    assert_eq!(events.last().expect("an end").data["outcome"], "replied", "{events:?}");
}

#[tokio::test]
async fn the_glass_is_broken_with_a_password_and_reviewed_by_an_owner() {
    let working = Working::saying("Hello.").await;
    let (hold, mut listening) = waiting(&working).await;
    let manager = working.world.session(Role::Manager).await;
    let path = format!("/api/v1/budgets/holds/{hold}/break-glass");
    let right = json!({ "amount_micros": 1_000_000, "reason": "The customer waits on the phone." });
    let unproven = working.ask("POST", path.as_str()).cookie(&manager.secret).json(&right).send().await.expect(403).json();
    assert!(unproven["detail"].as_str().expect("detail").contains("/api/v1/session/prove"), "{unproven}");
    let prove = |password: &str| working.ask("POST", "/api/v1/session/prove").json(&json!({ "password": password }));
    assert_eq!(prove(PASSWORD).cookie(&manager.secret).send().await.expect(422).json()["errors"][0]["path"], "/password", "there is none yet");
    let set = working.ask("PUT", "/api/v1/me/password").cookie(&manager.secret).json(&json!({ "new": PASSWORD })).send().await.expect(200);
    let cookie = set.header("set-cookie").expect("cookie").split_once('=').expect("pair").1.split(';').next().expect("value").to_owned();
    let manager = secrecy::SecretString::from(cookie);
    // Whoever signs in by password has just proved who they are; that lapses after four hours.
    working.world.server.state.office.clock.advance_ms(29 * 60_000);
    prove("not the password").cookie(&manager).send().await.expect(422);
    working.world.server.database.raw("update session set proved_at = proved_at - interval '5 hours'").await;
    working.ask("POST", path.as_str()).cookie(&manager).json(&right).send().await.expect(403);
    prove(PASSWORD).cookie(&manager).send().await.expect(204);
    let body = json!({ "amount_micros": 1_000_000, "reason": "urgent" });
    assert_eq!(working.ask("POST", path.as_str()).cookie(&manager).json(&body).send().await.expect(422).json()["errors"][0]["path"], "/reason");
    let body = json!({ "amount_micros": 5_000_001, "reason": "The customer waits on the phone." });
    working.ask("POST", path.as_str()).cookie(&manager).json(&body).send().await.expect(403);

    let broken = working.ask("POST", path.as_str()).cookie(&manager).json(&right).send().await.expect(200).json();
    assert_eq!((&broken["state"], &broken["broke_glass"], &broken["review"]), (&json!("allowed"), &json!(true), &json!(null)));
    let events = listening.until_the_end().await;
    assert_eq!(events.last().expect("an end").data["outcome"], "replied", "{events:?}");

    let owner = working.world.owner().await;
    let unreviewed = working.ask("GET", "/api/v1/budgets/holds?unreviewed=true").cookie(&owner).send().await.expect(200).json();
    assert_eq!(unreviewed["items"].as_array().expect("items").len(), 1);
    let review = format!("/api/v1/budgets/holds/{hold}/review");
    working.ask("POST", review.as_str()).cookie(&manager).json(&json!({ "justified": true })).send().await.expect(403);
    let reviewed = working.ask("POST", review.as_str()).cookie(&owner).json(&json!({ "justified": true })).send().await.expect(200).json();
    assert_eq!(reviewed["review"], "justified");
    working.ask("POST", review.as_str()).cookie(&owner).json(&json!({ "justified": false })).send().await.expect(409);
    let said = working.ask("GET", "/api/v1/audit?action=budget.break_glass").cookie(&owner).send().await.expect(200).json();
    assert_eq!(said["items"][0]["personal"]["reason"], "The customer waits on the phone.", "{said}");
}
