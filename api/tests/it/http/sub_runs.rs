//! Sub-runs over HTTP: who serves whom, what waits in one, and what others see of it.

use super::working::{HOLD_NOTES, Listening, Working};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};

/// A desk that hands its task to a clerk, who makes a contact and wants to add a note to it.
async fn model() -> ScriptedModel {
    ScriptedModel::start_with(|seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        match (seen.body.to_string().contains("You are clerk, an assistant"), results.as_slice()) {
            (false, []) => Reply::call("steward.delegate", json!({ "agent": "clerk", "task": "Add Lena Petrova and note that we met" })),
            (true, []) => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            (true, [first]) => {
                let id = first["ok"]["id"].as_str().or_else(|| first["ok"]["contact"]["id"].as_str()).unwrap_or("missing");
                Reply::call("crm.add_note", json!({ "contact_id": id, "text": "We met." }))
            }
            (_, _) => Reply::text("That is done."),
        }
    })
    .await
}

#[tokio::test]
async fn a_run_shows_what_serves_it_and_a_card_whom_it_keeps_waiting() {
    let working = Working::that_delegates(model().await, &[HOLD_NOTES]).await;
    let owner = working.world.owner().await;
    let (conversation, run) = working.say(&owner, "Add Lena Petrova, lena@partner.example, and note that we met").await;
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    let delegated = stream.until("tool.delegated").await.pop().expect("an event");
    let sub = delegated.data["run_id"].as_str().expect("id").to_owned();
    assert_eq!((&delegated.data["agent"], &delegated.data["integrity"]), (&json!("clerk"), &json!("fact")));

    let mut below = Listening::open(working.ask("GET", format!("/api/v1/runs/{sub}/events")).cookie(&owner)).await;
    let opened = below.until("hold.opened").await;
    let given = opened.iter().find(|event| event.name == "run.given").expect("what it is about");
    assert_eq!((&given.data["parent_run_id"], &given.data["schedule_id"]), (&json!(run), &Value::Null));
    let hold = opened.last().expect("a held action").data.clone();

    let shown = working.ask("GET", format!("/api/v1/runs/{run}")).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&shown["parent_run_id"], &shown["sub_runs"][0]["run_id"], &shown["sub_runs"][0]["channel"]), (&Value::Null, &json!(sub), &json!("delegated")));
    let shown = working.ask("GET", format!("/api/v1/runs/{sub}")).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&shown["parent_run_id"], &shown["parent_call_id"], &shown["conversation_id"]), (&json!(run), &json!("call_1_0"), &json!(conversation)));
    let card = working.ask("GET", format!("/api/v1/holds/{}", hold["hold_id"].as_str().expect("id"))).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&card["run_id"], &card["serves_run_id"]), (&json!(sub), &json!(run)));

    let approve = json!({ "envelope_id": hold["envelope_id"] });
    let path = format!("/api/v1/holds/{}/approve", hold["hold_id"].as_str().expect("id"));
    let approved = working.ask("POST", path).cookie(&owner).json(&approve).send().await.expect(200).json();
    assert_eq!(approved["serves_run_id"], json!(run));
    let rest = stream.until_the_end().await;
    let returned = rest.iter().find(|event| event.name == "tool.returned").expect("it came back");
    assert_eq!((&returned.data["run_id"], &returned.data["outcome"], &returned.data["steps"]), (&json!(sub), &json!("replied"), &json!(3)));
    assert!(rest.iter().any(|event| event.name == "run.ended" && event.data["outcome"] == "replied"), "{rest:?}");

    let listed = working.ask("GET", "/api/v1/runs").cookie(&owner).send().await.expect(200).json();
    let parents: Vec<&Value> = listed["items"].as_array().expect("items").iter().map(|item| &item["parent_run_id"]).collect();
    assert_eq!(parents, [&json!(run), &Value::Null], "newest first");
    let messages = working.ask("GET", format!("/api/v1/conversations/{conversation}/messages")).cookie(&owner).send().await.expect(200).json();
    assert_eq!(messages["items"].as_array().expect("items").len(), 2, "what was said, and one answer: {messages}");
    working.ask("POST", format!("/api/v1/runs/{sub}/fork")).cookie(&owner).json(&json!({ "step": 1 })).send().await.expect(409);
}

#[tokio::test]
async fn whoever_may_not_see_a_run_sees_none_that_serves_it() {
    let working = Working::that_delegates(model().await, &[]).await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Add Lena Petrova, lena@partner.example, and note that we met").await;
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    let all = stream.until_the_end().await;
    let sub = all.iter().find(|event| event.name == "tool.delegated").expect("handed on").data["run_id"].as_str().expect("id").to_owned();
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    for path in [format!("/api/v1/runs/{run}"), format!("/api/v1/runs/{sub}"), format!("/api/v1/runs/{sub}/events")] {
        working.ask("GET", path.as_str()).cookie(&elsewhere).send().await.expect(404);
    }
    working.ask("POST", format!("/api/v1/runs/{sub}/cancel")).cookie(&elsewhere).send().await.expect(404);
}
