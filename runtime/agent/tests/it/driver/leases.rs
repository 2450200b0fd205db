//! A lease is renewed while its run is driven, and is worth nothing once somebody else has the run.

use super::*;
use serde_json::json;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use steward_agent::driver::DriveError;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_agent::worker::drive_taken;
use steward_core::RunOutcome;
use steward_core::limits::LEASE_MS;
use steward_office::runs;
use steward_store::testing::TestDatabase;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// As good as never, in milliseconds.
const NEVER_MS: u64 = 3_600_000;
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Leases the oldest queued run to this worker and lets it drive.
async fn drive_as(world: &World, worker: &str) -> JoinHandle<Result<RunStatus, DriveError>> {
    let runtime = world.runtime.clone();
    let (leased, taken) = runtime.store.lease_and_take_up(worker, runtime.office.clock.now(), LEASE_MS).await.expect("lease").expect("a run");
    tokio::spawn(async move { drive_taken(&runtime, leased, taken).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_worker_that_was_thought_dead_writes_nothing() {
    let (asked, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let (answer, answers) = mpsc::channel::<()>();
    let answers = Mutex::new(answers);
    let model = ScriptedModel::start_with(move |seen| {
        // The first worker hears its answer when the second is through with the run.
        if seen.number == 0 {
            let _ = asked.send(());
            let _ = answers.lock().expect("lock").recv_timeout(PATIENCE);
        }
        match seen.tool_results().len() {
            0 => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            _ => Reply::text("Lena is in the book."),
        }
    })
    .await;
    // Without a heartbeat: what refuses it is each write by itself.
    let world = World::scripted(&model).await.that_renews_each(NEVER_MS);
    let run = world.say("Put Lena Petrova, lena@partner.example, in the book.").await;
    let first = drive_as(&world, "first").await;
    heard.recv().await.expect("the model is asked");
    world.db.raw("update run set lease_until = now() - interval '1 minute'").await;
    let second = drive_as(&world, "second").await;
    assert!(matches!(second.await.expect("joined"), Ok(RunStatus::Ended)));
    let before = world.events(run).await;

    answer.send(()).expect("the first worker waits");
    let lost = first.await.expect("joined");
    assert!(matches!(lost, Err(DriveError::LeaseLost(id)) if id == run), "{lost:?}");
    assert_eq!(model.requests().len(), 3, "the first worker had its answer");
    let events = world.events(run).await;
    assert_eq!(events, before, "what it made of it is written nowhere");
    let count = |is_it: fn(&Event) -> bool| events.iter().filter(|recorded| is_it(&recorded.event)).count();
    assert_eq!(count(|event| matches!(event, Event::Answered { .. })), 2);
    assert_eq!(count(|event| matches!(event, Event::Starting { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::Replied { .. })), 1);
    for (table, expect) in [("contact", 1), ("decision", 1), ("message where by_agent", 1), ("audit_event where action = 'gate.decide'", 1)] {
        assert_eq!(world.db.number(&format!("select count(*) from {table}")).await, expect, "{table}");
    }
}

#[tokio::test]
async fn a_lease_is_renewed_while_the_model_thinks_and_who_lost_it_stops() {
    let model = ScriptedModel::start_with(|_| Reply::Hang).await;
    let world = World::scripted(&model).await.that_renews_each(20);
    let run = world.say("Think long").await;
    let until = async || world.db.number("select (extract(epoch from lease_until) * 1000)::bigint from run").await;
    let driving = drive_as(&world, "first").await;
    let before = until().await;
    timeout(PATIENCE, async { while until().await <= before {} }).await.expect("it is renewed");
    // As another worker does that takes the run.
    world.db.raw("update run set fence = fence + 1, lease_owner = 'second'").await;
    let lost = timeout(PATIENCE, driving).await.expect("it stops").expect("joined");
    assert!(matches!(lost, Err(DriveError::LeaseLost(id)) if id == run), "{lost:?}");
    assert_eq!(kinds(&world, run).await, ["started", "asked"]);
}

#[tokio::test]
async fn a_stop_that_was_asked_of_another_process_comes_with_the_next_heartbeat() {
    let model = ScriptedModel::start_with(|_| Reply::Hang).await;
    let world = World::scripted(&model).await.that_renews_each(20);
    let run = world.say("Think long").await;
    let driving = drive_as(&world, "first").await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
    tx.commit().await.expect("commit");
    let ended = timeout(PATIENCE, driving).await.expect("it stops").expect("joined");
    assert!(matches!(ended, Ok(RunStatus::Ended)), "{ended:?}");
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled));
}

#[tokio::test]
async fn a_run_that_is_taken_up_too_often_ends_and_a_place_that_was_handed_back_counts_against_nobody() {
    const LEASES_MAX: i64 = 1000;
    for (handed_back, outcome) in [(false, RunOutcome::Failed), (true, RunOutcome::Replied)] {
        let busy = Reply::Status(429, vec![("retry-after".to_owned(), "50".to_owned())], r#"{"error":{"message":"too many requests"}}"#.to_owned());
        let model = ScriptedModel::start(if handed_back { vec![busy, Reply::text("Hello.")] } else { vec![Reply::text("Hello.")] }).await;
        let world = World::scripted(&model).await;
        let run = world.say("Hello").await;
        if handed_back {
            assert_eq!(world.drive().await, Some(RunStatus::Queued));
            crate::crash::let_waits_end(&world).await;
        }
        world.db.raw(&format!("update run set fence = {LEASES_MAX}")).await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended));
        assert_eq!(world.run(run).await.ended, Some(outcome), "handed back: {handed_back}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_that_finds_its_own_run_waiting_does_not_cut_off_what_follows() {
    let model = ScriptedModel::start_with(|_| Reply::call("crm.create_contact", json!({ "name": "Lena Petrova" }))).await;
    let mut world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[super::forks::HOLD_CONTACTS]).await;
    Arc::get_mut(&mut world.runtime).expect("not shared yet").heartbeat_ms = 20;
    world.say("Add Lena Petrova").await;
    // Behind the commit that leaves the run waiting it is looked for decisions that were made meanwhile; nobody reads them before this lets go.
    let mut other = world.db.session(&world.db.superuser_url, "begin; lock table hold_approval in access exclusive mode").await;
    let mut driving = drive_as(&world, "first").await;
    let is_looking = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let looks = async { while world.db.number("select count(*) from run where status = 'waiting'").await == 0 || world.db.number(is_looking).await == 0 {} };
    timeout(PATIENCE, looks).await.expect("it waits for people, and looks");
    let cut_off = timeout(Duration::from_secs(1), &mut driving).await;
    assert!(cut_off.is_err(), "nobody else has the run: {cut_off:?}");
    other.say("rollback").await.expect("it lets go");
    let stands = timeout(PATIENCE, driving).await.expect("it comes to an end").expect("joined");
    assert!(matches!(stands, Ok(RunStatus::Waiting)), "{stands:?}");
}
