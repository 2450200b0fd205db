//! Held actions: only people decide, only on what they were shown, only once.

use super::working::Working;
use serde_json::{Value, json};
use steward_core::{Role, Scope};

#[tokio::test]
async fn nobody_approves_who_may_not_and_nothing_that_was_not_shown() {
    let working = Working::noting().await;
    let world = &working.world;
    let held = working.held().await;
    let approve = format!("/api/v1/holds/{}/approve", held.hold);
    let reject = format!("/api/v1/holds/{}/reject", held.hold);
    let right = json!({ "envelope_id": held.envelope });
    let owner = world.owner().await;

    let token = world.token(&world.home.actor, &Scope::ALL).await.secret;
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let revise = format!("/api/v1/holds/{}/revise", held.hold);
    for (path, body) in [(&approve, right.clone()), (&reject, json!({ "reason": "No." })), (&revise, json!({ "guidance": "Shorter." }))] {
        let ask = || working.ask("POST", path.as_str()).json(&body);
        ask().send().await.expect(401);
        ask().token(&token).send().await.expect(403);
        ask().cookie(&working.as_role(Role::Auditor).await).send().await.expect(403);
        ask().cookie(&elsewhere).send().await.expect(404);
    }
    // Support may decide on some actions; this one needs an owner or a manager.
    let support = working.ask("POST", approve.as_str()).cookie(&working.as_role(Role::Support).await).json(&right).send().await.expect(403).json();
    assert!(support["detail"].as_str().expect("detail").contains("owner, or manager"), "{support}");
    let wrong =
        working.ask("POST", approve.as_str()).cookie(&owner).json(&json!({ "envelope_id": format!("env_{}", "0".repeat(64)) })).send().await.expect(409);
    assert_eq!(wrong.json()["code"], "conflict");
    for body in [json!({}), json!({ "envelope_id": "env_1" }), json!({ "envelope_id": null }), json!({ "envelope_id": held.envelope, "arguments": {} })] {
        working.ask("POST", approve.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    for body in [json!({}), json!({ "reason": "x".repeat(2001) })] {
        working.ask("POST", reject.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    for body in [json!({}), json!({ "guidance": " " }), json!({ "guidance": "x".repeat(2001) })] {
        working.ask("POST", revise.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    working.ask("POST", revise.as_str()).cookie(&working.as_role(Role::Support).await).json(&json!({ "guidance": "Shorter." })).send().await.expect(403);
    working.ask("POST", reject.as_str()).cookie(&owner).json(&json!({ "reason": "a\u{0}" })).send().await.expect(400);
    let counts = "select (select count(*) from note) + (select count(*) from hold_approval) + (select count(*) from hold where state <> 'held')";
    assert_eq!(world.server.database.number(counts).await, 0, "nothing happened");
}

#[tokio::test]
async fn an_approved_action_runs_once() {
    let working = Working::noting().await;
    let world = &working.world;
    let mut held = working.held().await;
    let approve = format!("/api/v1/holds/{}/approve", held.hold);
    let body = json!({ "envelope_id": held.envelope });
    let (owner, manager) = (world.owner().await, world.session(Role::Manager).await);
    assert_eq!(world.server.database.number("select count(*) from note").await, 0, "nothing happens before people decide");

    let listed = working.ask("GET", "/api/v1/holds?state=held").cookie(&working.as_role(Role::Support).await).send().await.expect(200).json();
    assert_eq!(listed["items"][0]["hold_id"], held.hold);
    let shown = working.ask("GET", format!("/api/v1/holds/{}", held.hold)).cookie(&manager.secret).send().await.expect(200).json();
    assert_eq!((&shown["tool"], &shown["effect"], &shown["state"]), (&json!("crm.add_note"), &json!("write"), &json!("held")));
    assert_eq!(shown["arguments"]["text"], "Met at the fair.");
    assert_eq!((&shown["needs_text"], &shown["envelope_id"]), (&json!("owner, or manager"), &json!(held.envelope)));
    assert_eq!((&shown["envelope"]["arguments"], &shown["said"]), (&shown["arguments"], &json!([])));
    assert!(shown["provenance"].to_string().contains("contact_id"), "where each argument came from: {shown}");

    let approved = working.ask("POST", approve.as_str()).cookie(&manager.secret).json(&body).send().await.expect(200).json();
    assert_eq!(approved["state"], "approved");
    assert_eq!(approved["said"][0]["person_id"], manager.session.person_id.to_string());
    assert_eq!((&approved["said"][0]["approves"], &approved["said"][0]["roles"]), (&json!(true), &json!(["manager"])));
    for who in [&manager.secret, &owner] {
        let again = working.ask("POST", approve.as_str()).cookie(who).json(&body).send().await.expect(409).json();
        assert_eq!(again["code"], "conflict");
    }
    let rest = held.stream.until_the_end().await;
    let closed = rest.iter().find(|event| event.name == "hold.closed").expect("closed");
    assert_eq!((&closed.data["hold_id"], &closed.data["outcome"]), (&json!(held.hold), &json!("approved")));
    assert_eq!(rest.last().expect("an end").data["outcome"], "replied");
    assert_eq!(world.server.database.number("select count(*) from note").await, 1);
    for (state, count) in [("done", 1), ("held", 0)] {
        let listed = working.ask("GET", format!("/api/v1/holds?state={state}")).cookie(&owner).send().await.expect(200).json();
        assert_eq!(listed["items"].as_array().expect("items").len(), count, "{state}");
    }
    working.ask("GET", "/api/v1/holds?state=open").cookie(&owner).send().await.expect(422);
    let audited = working.ask("GET", "/api/v1/audit?action=hold.approve").cookie(&owner).send().await.expect(200).json();
    assert_eq!((&audited["items"][0]["object"], &audited["items"][0]["detail"]["envelope_id"]), (&json!(held.hold), &json!(held.envelope)));
}

#[tokio::test]
async fn a_rejection_reaches_the_agent_with_its_reason_and_is_final() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    let reject = || working.ask("POST", format!("/api/v1/holds/{}/reject", held.hold)).cookie(&owner).json(&json!({ "reason": "not before Friday" }));
    let rejected = reject().send().await.expect(200).json();
    assert_eq!((&rejected["state"], &rejected["said"][0]["reason"]), (&json!("rejected"), &json!("not before Friday")));
    reject().send().await.expect(409);
    let body = json!({ "envelope_id": held.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", held.hold)).cookie(&owner).json(&body).send().await.expect(409);
    let rest = held.stream.until_the_end().await;
    assert_eq!(rest.last().expect("an end").name, "run.ended");
    let asked: Vec<Value> = working.model.requests().into_iter().map(|seen| seen.body).collect();
    assert!(asked.last().expect("a request").to_string().contains("not before Friday"));
    assert_eq!(working.world.server.database.number("select count(*) from note").await, 0);
}

#[tokio::test]
async fn guidance_sends_an_action_back_and_its_envelope_is_dead() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    let revise = || working.ask("POST", format!("/api/v1/holds/{}/revise", held.hold)).cookie(&owner).json(&json!({ "guidance": "Say which hall." }));
    let revised = revise().send().await.expect(200).json();
    assert_eq!((&revised["state"], &revised["said"][0]["reason"]), (&json!("revised"), &json!("Say which hall.")));
    revise().send().await.expect(409);
    let body = json!({ "envelope_id": held.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", held.hold)).cookie(&owner).json(&body).send().await.expect(409);
    let rest = held.stream.until_the_end().await;
    let closed = rest.iter().find(|event| event.name == "hold.closed").expect("closed");
    assert_eq!((&closed.data["outcome"], &closed.data["reason"]), (&json!("revised"), &json!("Say which hall.")));
    let asked: Vec<Value> = working.model.requests().into_iter().map(|seen| seen.body).collect();
    assert!(asked.last().expect("a request").to_string().contains("Say which hall."));
    assert_eq!(working.world.server.database.number("select count(*) from note").await, 0);
}
