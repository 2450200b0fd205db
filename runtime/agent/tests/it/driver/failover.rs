//! Models that stand in for each other, and models that ask to wait: who is asked when, and what is said of it.

use super::bounds::{at, with_models};
use super::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use steward_agent::live::Happening;
use steward_agent::models::ModelConfig;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::RunOutcome;
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
async fn a_model_is_asked_again_no_earlier_than_it_said() {
    const NAMED: Duration = Duration::from_millis(1_200);
    let when = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&when);
    let busy = ScriptedModel::start_with(move |seen| {
        asked.lock().expect("lock").push(Instant::now());
        if seen.number == 0 { wait("retry-after-ms", "1200") } else { Reply::text("Now.") }
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

#[tokio::test]
async fn who_asks_to_wait_longer_than_a_run_can_is_not_asked_again() {
    let busy = ScriptedModel::start_with(|_| wait("retry-after", "3000")).await;
    let world = World::scripted(&busy).await;
    let run = world.say("Hello").await;
    assert_eq!(timeout(SOON, world.drive()).await.expect("it is not waited for"), Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
    let said = world.events(run).await.into_iter().find_map(|recorded| if let Event::Ended { message, .. } = recorded.event { Some(message) } else { None });
    let said = said.expect("it says why");
    assert!(said.contains("too many requests") && said.contains("no model may be asked again within the 300 s"), "{said}");
    assert_eq!(busy.requests().len(), 1, "it was not asked too early");
    assert_eq!(world.db.number("select count(*) from reservation where state = 'open'").await, 0);

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
    let busy = ScriptedModel::start_with(|_| wait("retry-after", "250")).await;
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
