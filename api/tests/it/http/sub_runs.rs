//! Sub-runs over HTTP: who serves whom, what waits in one, and what others see of it.

use super::working::{FULL_DISK, HOLD_NOTES, Listening, Working};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_api::jobs::write_stops;

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
    let costs = (&messages["items"][0]["cost_micros"], &messages["items"][1]["cost_micros"]);
    assert_eq!(costs, (&Value::Null, &listed["items"][1]["cost_micros"]), "an answer says what its run cost");
    assert_eq!(messages["items"][1]["citations"], json!([]));
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

/// The desk hands two tasks on, each of which is handed on twice more; whoever is at the bottom is never answered by its model.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_a_run_reaches_who_is_at_work_three_below_it_and_who_waits_for_a_place() {
    let model = ScriptedModel::start_with(|seen| {
        let body = seen.body.to_string();
        let task = |level: usize, which: usize| ("steward.delegate".to_owned(), json!({ "agent": "clerk", "task": format!("LEVEL{level} BRANCH{which}") }));
        let which = usize::from(body.contains("BRANCH1"));
        match ["LEVEL0", "LEVEL1", "LEVEL2", "LEVEL3"].iter().position(|level| body.contains(level)) {
            Some(0) => Reply::Calls(vec![task(1, 0), task(1, 1)]),
            Some(level @ (1 | 2)) => Reply::Calls(vec![task(level + 1, which)]),
            _ => Reply::Hang,
        }
    })
    .await;
    let working = Working::that_delegates_in_one_place(model).await;
    let db = &working.world.server.database;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "LEVEL0: say something").await;
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    // The one at the bottom that was first has the one place; the other one there waits for it, and all above them wait for both.
    let stuck = || working.model.requests().iter().filter(|seen| seen.body.to_string().contains("LEVEL3")).count() == 1;
    while !(stuck() && db.number("select count(*) from run where status = 'running'").await == 1) {
        tokio::task::yield_now().await;
    }
    assert_eq!(db.number("select count(*) from run where parent_run_id is not null").await, 6);
    assert_eq!(db.number("select count(*) from run where status = 'queued'").await, 1);
    let asked = working.model.requests().len();
    working.ask("POST", format!("/api/v1/runs/{run}/cancel")).cookie(&owner).json(&json!({})).send().await.expect(202);
    working.model.dropped(1).await;
    let ended = stream.until("run.ended").await.pop().expect("an event");
    assert_eq!(ended.data["outcome"], "cancelled");
    while db.number("select count(*) from run where status <> 'ended'").await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(db.number("select count(*) from run where outcome = 'cancelled'").await, 7, "the run and all six below it");
    assert_eq!(working.model.requests().len(), asked, "no model was asked anything more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_to_write_it_a_run_that_waits_for_others_is_stopped_with_them() {
    let model = ScriptedModel::start_with(|seen| match seen.body.to_string().contains("You are clerk, an assistant") {
        true => Reply::Hang,
        false => Reply::call("steward.delegate", json!({ "agent": "clerk", "task": "Think long" })),
    })
    .await;
    let working = Working::that_delegates(model, &[]).await;
    let (database, state) = (&working.world.server.database, &working.world.server.state);
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Have somebody think long").await;
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    stream.until("tool.delegated").await;
    // The upper one is driven by nobody.
    while working.model.requests().len() < 2 || database.number("select count(*) from run where status = 'waiting' and parent_run_id is null").await < 1 {
        tokio::task::yield_now().await;
    }
    database.raw(FULL_DISK).await;
    let stopped = working.ask("POST", format!("/api/v1/runs/{run}/cancel")).cookie(&owner).send().await.expect(202).json();
    assert_eq!((&stopped["run_id"], &stopped["is_written"]), (&json!(run), &json!(false)), "{stopped}");
    working.model.dropped(1).await;
    assert_eq!(state.live.unwritten_stops().len(), 2, "there is no room yet");

    database.raw("drop trigger full_disk on audit_event").await;
    write_stops::once(&state.store, &state.office, &state.live).await;
    assert_eq!(stream.until_the_end().await.last().expect("an end").data["outcome"], "cancelled");
    assert_eq!(state.live.unwritten_stops(), Vec::new());
    while database.number("select count(*) from run where status <> 'ended'").await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(database.number("select count(*) from run where outcome = 'cancelled'").await, 2);
    assert_eq!(database.number("select count(*) from audit_event where action = 'run.cancel'").await, 2);
    assert_eq!(working.model.requests().len(), 2, "no model was asked anything more");
}
