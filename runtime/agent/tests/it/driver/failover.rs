//! Models that stand in for each other, and models that ask to wait: who is asked when, and what is said of it.

use super::bounds::{PRICE, at, with_models};
use super::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use steward_agent::live::Happening;
use steward_agent::models::{ModelConfig, Provider};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::RunOutcome;
use steward_core::event::EndReason;
use steward_office::runs;
use tokio::time::timeout;

/// Far less than any of the long waits here, and far more than the rest of a run takes.
const SOON: Duration = Duration::from_secs(25);

/// "Not now", with when.
fn wait(header: &str, value: &str) -> Reply {
    Reply::Status(429, vec![(header.to_owned(), value.to_owned())], r#"{"error":{"message":"too many requests"}}"#.to_owned())
}

/// Two models, of which the second stands in for the first.
async fn pair(first: &ScriptedModel, second: &ScriptedModel) -> World {
    let strong = ModelConfig { fallback: vec!["other".to_owned()], ..at(&first.base_url()) };
    with_models(World::scripted(first).await, vec![("strong", strong), ("other", at(&second.base_url()))])
}

#[tokio::test]
async fn a_model_that_stands_in_is_asked_at_once() {
    let busy = ScriptedModel::start(vec![wait("retry-after", "30")]).await;
    let free = ScriptedModel::start(vec![Reply::text("Here.")]).await;
    let world = pair(&busy, &free).await;
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("nobody waits for the busy one"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Here."));
    assert_eq!((busy.requests().len(), free.requests().len()), (1, 1));
    assert_eq!(kinds(&world, run).await, ["started", "asked", "ask_failed", "asked", "answered", "replied", "ended"]);
}

#[tokio::test]
async fn a_run_goes_on_at_a_model_of_another_protocol() {
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let look = Reply::call("crm.find_contacts", serde_json::json!({ "query": "Lena" }));
    let first = ScriptedModel::start(vec![look, Reply::Status(529, Vec::new(), overloaded.to_owned())]).await;
    let second = ScriptedModel::start(vec![Reply::text("Nobody is called so.")]).await;
    let strong = ModelConfig { provider: Provider::Anthropic, fallback: vec!["other".to_owned()], ..at(&first.base_url()) };
    let other = ModelConfig { provider: Provider::Gemini, ..at(&second.base_url()) };
    let world = with_models(World::scripted(&first).await, vec![("strong", strong), ("other", other)]);
    let run = world.say("Who is Lena?").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("nobody waits for the first"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Nobody is called so."), "{:?}", world.events(run).await);
    // What the first called and what became of it the second reads in its own form.
    let asked = second.requests().remove(0);
    assert_eq!(asked.body.pointer("/contents/1/parts/0/functionCall/name").and_then(|name| name.as_str()), Some("crm_find_contacts"));
    assert_eq!(asked.tool_results().len(), 1, "{}", asked.body);
    assert_eq!(world.db.number("select count(*) from reservation where state = 'open'").await, 0);
}

#[tokio::test]
async fn a_model_is_asked_again_no_earlier_than_it_said() {
    const NAMED: Duration = Duration::from_millis(600);
    let when = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&when);
    let busy = ScriptedModel::start_with(move |seen| {
        asked.lock().expect("lock").push(Instant::now());
        if seen.number == 0 { wait("retry-after-ms", "600") } else { Reply::text("Now.") }
    })
    .await;
    let broken = ScriptedModel::start_with(|_| Reply::Status(500, Vec::new(), String::new())).await;
    let world = pair(&busy, &broken).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Now."));
    let when = when.lock().expect("lock").clone();
    assert_eq!((when.len(), broken.requests().len()), (2, 1), "each in its turn");
    assert!(when[1].duration_since(when[0]) >= NAMED, "{when:?}");
}

/// Why a run ended.
async fn said_at_the_end(world: &World, run: RunId) -> String {
    let said = world.events(run).await.into_iter().find_map(|recorded| if let Event::Ended { message, .. } = recorded.event { Some(message) } else { None });
    said.expect("it says why")
}

#[tokio::test]
async fn who_is_free_soonest_is_asked_and_no_long_wait_of_another_kept() {
    let busy = ScriptedModel::start_with(|_| wait("retry-after", "50")).await;
    let unsteady = ScriptedModel::start(vec![Reply::Status(503, Vec::new(), String::new()), Reply::text("Here again.")]).await;
    let world = pair(&busy, &unsteady).await;
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("the busy one is not waited for"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Here again."));
    assert_eq!((busy.requests().len(), unsteady.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_refusal_is_final_for_the_model_that_gave_it_and_for_no_other() {
    // The first takes less than the question, and the one that stands in fails once.
    let small = ScriptedModel::start(vec![Reply::text("never")]).await;
    let large = ScriptedModel::start(vec![Reply::Status(503, Vec::new(), String::new()), Reply::text("I looked.")]).await;
    let strong = ModelConfig { context_tokens_max: Some(1_024), fallback: vec!["other".to_owned()], ..at(&small.base_url()) };
    let world = with_models(World::scripted(&small).await, vec![("strong", strong), ("other", at(&large.base_url()))]);
    let run = world.say(&"Please look at all of this. ".repeat(400)).await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("in time"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("I looked."), "{}", said_at_the_end(&world, run).await);
    assert_eq!((small.requests().len(), large.requests().len()), (0, 2));

    // The first is to be asked again in a moment, and the one that stands in has another key.
    let busy = ScriptedModel::start(vec![wait("retry-after-ms", "300"), Reply::text("Here.")]).await;
    let closed = ScriptedModel::start_with(|_| Reply::Status(401, Vec::new(), String::new())).await;
    let world = pair(&busy, &closed).await;
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("in time"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Here."), "{}", said_at_the_end(&world, run).await);
    assert_eq!((busy.requests().len(), closed.requests().len()), (2, 1));
}

#[tokio::test]
async fn a_run_whose_models_all_refuse_ends_and_asks_each_once() {
    let closed = ScriptedModel::start_with(|_| Reply::Status(401, Vec::new(), String::new())).await;
    let unknown = ScriptedModel::start_with(|_| Reply::Status(404, Vec::new(), String::new())).await;
    let world = pair(&closed, &unknown).await;
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("in time"), Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
    assert!(said_at_the_end(&world, run).await.contains("no model answered after 2 tries"));
    let reason = world.events(run).await.into_iter().find_map(|recorded| if let Event::Ended { reason, .. } = recorded.event { reason } else { None });
    assert_eq!(reason, Some(EndReason::ModelRefused), "readers of other languages are told too");
    assert_eq!((closed.requests().len(), unknown.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_charged_and_ends_no_run_that_another_model_can_answer() {
    let endless = ScriptedModel::start_with(|_| Reply::Endless).await;
    let brief = ScriptedModel::start(vec![Reply::text("In short.")]).await;
    let strong = ModelConfig { output_tokens_max: 200, price: Some(PRICE), fallback: vec!["other".to_owned()], ..at(&endless.base_url()) };
    let world = with_models(World::scripted(&endless).await, vec![("strong", strong.clone()), ("other", at(&brief.base_url()))]);
    // What somebody watches comes piece by piece, and each piece that came is counted.
    let _watch = world.runtime.live.watch();
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("in time"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("In short."), "{}", said_at_the_end(&world, run).await);
    assert_eq!((endless.requests().len(), brief.requests().len()), (1, 1));
    // A token of the answer that was stopped costs a hundred.
    let cost = world.run(run).await.cost;
    assert!(cost.0 >= 20_000, "{cost:?}");

    // Where each answers at too great length, each is asked once.
    let endless_too = ScriptedModel::start_with(|_| Reply::Endless).await;
    let other = ModelConfig { output_tokens_max: 200, ..at(&endless_too.base_url()) };
    let world = with_models(World::scripted(&endless).await, vec![("strong", strong), ("other", other)]);
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("in time"), Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
    assert!(said_at_the_end(&world, run).await.contains("no model answered after 2 tries"));
    assert_eq!((endless.requests().len(), endless_too.requests().len()), (2, 1));
}

#[tokio::test]
async fn who_asks_to_wait_longer_than_a_run_can_is_not_asked_again() {
    // A minute is waited for at most: a run that waits has a place that others need.
    for named in ["90", "3000"] {
        let busy = ScriptedModel::start_with(move |_| wait("retry-after", named)).await;
        let world = World::scripted(&busy).await;
        let run = world.say("Hello").await;
        assert_eq!(timeout(SOON, world.drive()).await.expect("it is not waited for"), Some(RunStatus::Ended));
        assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
        let said = said_at_the_end(&world, run).await;
        assert!(said.contains("too many requests") && said.contains("no model may be asked again within the 60 s"), "{said}");
        assert_eq!(busy.requests().len(), 1, "it was not asked too early");
        assert_eq!(world.db.number("select count(*) from reservation where state = 'open'").await, 0);
    }

    // Where another one can be asked in time, that one is.
    let unsteady = ScriptedModel::start(vec![Reply::Status(503, Vec::new(), String::new()), Reply::text("Here again.")]).await;
    let busy = ScriptedModel::start_with(|_| wait("retry-after", "3000")).await;
    let world = pair(&busy, &unsteady).await;
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("it is not waited for"), Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Here again."));
    assert_eq!((busy.requests().len(), unsteady.requests().len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_waits_for_is_on_record_and_a_stop_is_heard_meanwhile() {
    let busy = ScriptedModel::start_with(|_| wait("retry-after", "50")).await;
    let world = World::scripted(&busy).await;
    let run = world.say("Hello").await;
    let mut watch = world.runtime.live.watch();
    let driving = tokio::spawn({
        let runtime = world.runtime.clone();
        async move {
            let leased = runtime.store.lease_run("w", runtime.office.clock.now(), 15_000).await.expect("lease").expect("a run");
            steward_agent::worker::drive_leased(&runtime, leased).await
        }
    });
    let failed = async {
        while !matches!(watch.recv().await.expect("a happening"), Happening::Event { event, .. } if matches!(event.event, Event::AskFailed { .. })) {}
    };
    timeout(SOON, failed).await.expect("who watches is told before the wait is over");
    assert_eq!(kinds(&world, run).await, ["started", "asked", "ask_failed"]);
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
    tx.commit().await.expect("commit");
    world.runtime.live.stop(run);
    assert_eq!(timeout(SOON, driving).await.expect("the wait is cut short").expect("task").expect("drive"), RunStatus::Ended);
    assert_eq!((world.run(run).await.ended, busy.requests().len()), (Some(RunOutcome::Cancelled), 1));
}
