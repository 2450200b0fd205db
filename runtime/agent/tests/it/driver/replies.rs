//! What goes well.

use super::*;
use serde_json::json;
use std::sync::Arc;
use steward_agent::driver::HandsFor;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Readers, Verdict};
use steward_host::testing::MemoryOffice;

#[tokio::test]
async fn a_plain_answer_becomes_the_reply_and_a_message() {
    let model = ScriptedModel::start(vec![Reply::text("Good morning.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Say good morning").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(kinds(&world, run).await, ["started", "asked", "answered", "replied", "ended"]);
    assert_eq!(reply(&world, run).await.as_deref(), Some("Good morning."));
    assert_eq!(world.db.number("select count(*) from message where by_agent and text = 'Good morning.'").await, 1);
    let request = &model.requests()[0];
    let system = request.body["messages"][0]["content"].as_str().expect("a system message").to_owned();
    assert!(system.contains("Olga Owner") && system.contains("Test & Sons"), "{system}");
    assert!(request.tools().contains(&"crm_find_contacts"), "{:?}", request.tools());
}

#[tokio::test]
async fn reads_run_side_by_side_and_their_results_go_back_to_the_model() {
    let reads = ["Lena", "Max"].map(|name| ("crm.find_contacts".to_owned(), json!({ "query": name })));
    let model = ScriptedModel::start(vec![Reply::Calls(reads.to_vec()), Reply::text("Nobody of that name.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Who are Lena and Max?").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(
        kinds(&world, run).await,
        ["started", "asked", "answered", "decided", "decided", "starting", "starting", "done", "done", "asked", "answered", "replied", "ended"]
    );
    let seen = model.requests();
    let results = seen[1].tool_results();
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result.contains("\"ok\"")), "{results:?}");
    assert_eq!(world.db.number("select count(*) from decision where verdict = 'allow'").await, 2);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'gate.decide' and outcome = 'allow'").await, 2);
}

/// Each of two looks is answered only while the other is under way: one after the other they would both wait for ever, and fail by their time.
#[tokio::test]
async fn a_look_does_not_wait_for_another_to_end() {
    let reads = ["company_that_waits_for_another", "company_that_the_other_waits_for"].map(|id| ("crm.get_company".to_owned(), json!({ "company_id": id })));
    let model = ScriptedModel::start(vec![Reply::Calls(reads.to_vec()), Reply::text("Both are there.")]).await;
    let world = World::scripted(&model).await;
    world.say("Look at both companies.").await;
    let office = Arc::new(MemoryOffice::default());
    let hands: HandsFor = Arc::new(move |_, _| office.clone());
    assert_eq!(world.drive_with(&hands).await, Some(RunStatus::Ended));
    let results: Vec<String> = model.requests()[1].tool_results().into_iter().map(str::to_owned).collect();
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result.contains("\"ok\"")), "{results:?}");
}

#[tokio::test]
async fn what_the_owner_asked_for_is_written_on_their_behalf() {
    let create = Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] }));
    let model = ScriptedModel::start(vec![create, Reply::text("Done.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Add Lena Petrova, lena@partner.example").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let state = world.run(run).await;
    assert_eq!(state.steps[0].calls[0].ruled.as_ref().map(|ruled| ruled.verdict), Some(Verdict::Allow), "{:?}", state.steps[0].calls[0]);
    assert_eq!(world.db.number("select count(*) from contact where display_name = 'Lena Petrova'").await, 1);
    assert_eq!(world.db.number("select count(*) from host_effect").await, 1);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'contact.create' and actor_kind = 'agent'").await, 1);
}

#[tokio::test]
async fn the_next_message_brings_the_conversation_along() {
    let model = ScriptedModel::start(vec![Reply::text("First."), Reply::text("Second.")]).await;
    let world = World::scripted(&model).await;
    let conversation = world.converse().await;
    world.say_in(conversation, "One").await;
    settle(&world).await;
    world.say_in(conversation, "Two").await;
    settle(&world).await;
    let messages = model.requests()[1].body["messages"].as_array().expect("messages").clone();
    let texts: Vec<&str> = messages.iter().skip(1).filter_map(|message| message["content"].as_str()).collect();
    assert_eq!(texts, ["One", "First.", "Two"]);
}

#[tokio::test]
async fn who_may_read_an_answer_goes_along_with_the_conversation() {
    let model = ScriptedModel::start(["First.", "Second.", "Third."].map(Reply::text).to_vec()).await;
    let world = World::scripted(&model).await;
    let conversation = world.converse().await;
    world.say_in(conversation, "One").await;
    settle(&world).await;
    assert_eq!(world.db.number("select count(*) from message where readers is null").await, 2, "nothing was read");
    // As if the first answer had been made of what only Max may read.
    world.db.raw(r#"update message set readers = '["max@good.example"]' where by_agent"#).await;
    let second = world.say_in(conversation, "Two").await;
    settle(&world).await;
    let only = Readers::Only(["max@good.example".to_owned()].into());
    let history = world.run(second).await.history;
    assert_eq!(history.iter().map(|turn| turn.readers.clone()).collect::<Vec<_>>(), [Readers::Public, only.clone()]);
    // The second answer may repeat the first.
    let third = world.say_in(conversation, "Three").await;
    settle(&world).await;
    let history = world.run(third).await.history;
    assert_eq!(history.last().map(|turn| (turn.text.as_str(), turn.readers.clone())), Some(("Second.", only)));
}

#[tokio::test]
async fn a_failed_try_is_tried_again_and_charged_once() {
    let model = ScriptedModel::start(vec![Reply::Status(500, Vec::new(), "{}".into()), Reply::text("At last.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(kinds(&world, run).await, ["started", "asked", "ask_failed", "asked", "answered", "replied", "ended"]);
    let state = world.run(run).await;
    assert_eq!(world.db.number("select cost_micros from run").await, state.cost.0);
    assert_eq!(world.db.number("select count(*) from reservation where state <> 'settled'").await, 0);
}
