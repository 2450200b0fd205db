//! Who gets the places in which runs are driven: organisations in turn, and no run that only waits for its model.

use super::bounds::{at, with_models};
use super::*;
use crate::crash::let_waits_end;
use serde_json::json;
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use steward_agent::live::Happening;
use steward_agent::models::ModelConfig;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_agent::worker::{drive_taken, work};
use steward_core::limits::LEASE_MS;
use steward_core::{Clock, Micros, Mode, RunLimits, RunOutcome};
use steward_office::{budgets, runs};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const NOON: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
/// As good as never, in milliseconds.
const NEVER_MS: u64 = 3_600_000;
/// How long anything may take before a test gives up. Less than any wait that a model asks for here, and far more than the rest takes.
const PATIENCE: Duration = Duration::from_secs(45);

/// "Not for so many seconds": longer than a place is kept for.
fn wait(seconds: &str) -> Reply {
    Reply::Status(429, vec![("retry-after".to_owned(), seconds.to_owned())], r#"{"error":{"message":"too many requests"}}"#.to_owned())
}

/// Says something a second after whatever was said before.
async fn say(world: &World) -> RunId {
    world.runtime.office.clock.advance_ms(1_000);
    world.say("Hello").await
}

/// Takes one more place, for the run that is next.
async fn next(world: &World) -> Option<RunId> {
    world.runtime.store.lease_run("w", world.runtime.office.clock.now(), LEASE_MS).await.expect("lease").map(|leased| leased.run)
}

/// Asks a run to stop, as another process does.
async fn stop(world: &World, run: RunId) {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
    tx.commit().await.expect("commit");
}

/// Waits until an event of this kind is committed; of this run, where one is named.
async fn heard(watch: &mut Receiver<Happening>, of: Option<RunId>, is_it: fn(&Event) -> bool) {
    let hearing = async {
        loop {
            if let Happening::Event { run, event } = watch.recv().await.expect("a happening")
                && of.is_none_or(|of| of == run)
                && is_it(&event.event)
            {
                return;
            }
        }
    };
    timeout(PATIENCE, hearing).await.expect("it happens without anybody waiting for a model");
}

#[tokio::test]
async fn one_organisation_alone_has_all_places_and_its_oldest_run_is_next() {
    let model = ScriptedModel::start(Vec::new()).await;
    let world = World::at(Clock::manual(NOON), &model.base_url(), &[]).await;
    assert_eq!(next(&world).await, None, "nothing was said");
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(say(&world).await);
    }
    for run in said {
        assert_eq!(next(&world).await, Some(run));
    }
    assert_eq!(next(&world).await, None, "all are driven");
}

#[tokio::test]
async fn whoever_holds_the_fewest_places_is_next_and_of_equals_the_oldest_run() {
    let model = ScriptedModel::start(Vec::new()).await;
    let first = World::at(Clock::manual(NOON), &model.base_url(), &[]).await;
    let (second, third) = (first.beside().await, first.beside().await);
    let of_second = [say(&second).await, say(&second).await, say(&second).await, say(&second).await];
    let of_third = [say(&third).await, say(&third).await];
    let of_first = [say(&first).await];
    // None of the first's runs, which is the youngest, stands behind the many that the second said before.
    let turns = [of_second[0], of_third[0], of_first[0], of_second[1], of_third[1], of_second[2]];
    for (turn, run) in turns.into_iter().enumerate() {
        assert_eq!(next(&first).await, Some(run), "turn {turn}");
    }
    // A place that is given back counts no more: the third holds one now, and the second three.
    first.db.raw(&format!("update run set status = 'ended', outcome = 'replied' where run_id = '{}'", of_third[0].uuid())).await;
    let later = say(&third).await;
    assert_eq!(next(&first).await, Some(later), "although the second's is older");
    assert_eq!(next(&first).await, Some(of_second[3]));
    assert_eq!(next(&first).await, None);
}

#[tokio::test]
async fn a_place_whose_worker_died_is_held_by_nobody() {
    let model = ScriptedModel::start(Vec::new()).await;
    let home = World::at(Clock::manual(NOON), &model.base_url(), &[]).await;
    let other = home.beside().await;
    let dead = [say(&home).await, say(&home).await];
    assert_eq!([next(&home).await, next(&home).await], dead.map(Some));
    let young = say(&other).await;
    home.runtime.office.clock.advance_ms(LEASE_MS + 1);
    assert_eq!(next(&home).await, Some(dead[0]), "both hold none, and it is the oldest");
    assert_eq!(next(&home).await, Some(young), "now one is held");
    assert_eq!(next(&home).await, Some(dead[1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_wait_for_their_model_hold_up_no_other_organisation() {
    const PLACES: usize = 64;
    let model = ScriptedModel::start_with(|seen| if seen.body.to_string().contains("Wait for me") { wait("55") } else { Reply::text("Hello.") }).await;
    let home = World::scripted(&model).await;
    let other = home.beside().await;
    for _ in 0..=PLACES {
        home.say("Wait for me").await;
    }
    let mut watch = home.runtime.live.watch();
    let end = CancellationToken::new();
    let working = tokio::spawn(work(home.runtime.clone(), PLACES, end.clone()));
    // One more than there are places: the last one is asked in the place of one that waits.
    for _ in 0..=PLACES {
        heard(&mut watch, None, |event| matches!(event, Event::AskFailed { .. })).await;
    }
    let run = other.say("Hello").await;
    home.runtime.live.wake();
    heard(&mut watch, Some(run), |event| matches!(event, Event::Ended { .. })).await;
    end.cancel();
    working.await.expect("worker");
    assert_eq!(reply(&other, run).await.as_deref(), Some("Hello."));
    assert_eq!(model.requests().len(), PLACES + 2, "nobody was asked twice");
    let waiting = home.db.number("select count(*) from run where status = 'queued' and left_until > now() and lease_owner is null").await;
    assert_eq!(usize::try_from(waiting), Ok(PLACES + 1));
    assert_eq!(home.db.number("select count(*) from reservation where state = 'open'").await, 0, "who waits holds no money either");
}

#[tokio::test]
async fn a_run_that_waits_for_its_model_is_left_alone_and_goes_on_in_another_process() {
    let model = ScriptedModel::start(vec![wait("50"), Reply::text("Now.")]).await;
    let world = World::scripted(&model).await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", Micros(1_000_000)).await.expect("budget");
    tx.commit().await.expect("commit");
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    let elsewhere = World::attach(&world.db.superuser_url, world.tenant, &model.base_url(), &[]).await;
    for process in [&world, &elsewhere] {
        assert_eq!(process.drive().await, None, "its model wants to be left alone");
    }
    assert_eq!(kinds(&world, run).await, ["started", "asked", "ask_failed"]);
    let waits = "select count(*) from run where status = 'queued' and lease_owner is null and lease_until is null and ready_at = left_until";
    assert_eq!(world.db.number(&format!("{waits} and left_until between now() + interval '1 second' and now() + interval '51 seconds'")).await, 1);
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0, "nothing is set aside for it meanwhile");
    // Whoever reads of it sees what they saw when it kept its place.
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let row = runs::get(&mut tx, run).await.expect("the run");
    assert_eq!((row.status_at(world.runtime.office.clock.now()), row.status), (RunStatus::Running, RunStatus::Queued));
    assert!(runs::is_at_work(&mut tx, run).await.expect("the run"));
    drop(tx);

    let_waits_end(&world).await;
    assert_eq!(elsewhere.drive().await, Some(RunStatus::Ended));
    assert_eq!(kinds(&world, run).await, ["started", "asked", "ask_failed", "asked", "answered", "replied", "ended"]);
    assert_eq!(reply(&world, run).await.as_deref(), Some("Now."));
    assert_eq!(model.requests().len(), 2);
    let spent = world.db.number("select spent_micros from budget").await;
    assert_eq!((Micros(spent), world.db.number("select reserved_micros from budget").await), (world.run(run).await.cost, 0), "charged once");
    assert_eq!(world.db.number("select count(*) from run where left_until is not null").await, 0);
}

#[tokio::test]
async fn a_run_that_nobody_takes_up_behind_its_wait_is_seen_in_the_queue() {
    let clock = Clock::manual(NOON);
    let model = ScriptedModel::start_with(|_| wait("50")).await;
    let world = World::at(clock.clone(), &model.base_url(), &[]).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    for (passed_ms, stands) in [(20_000, RunStatus::Running), (40_000, RunStatus::Queued)] {
        clock.advance_ms(passed_ms);
        for status in [RunStatus::Queued, RunStatus::Running, RunStatus::Waiting, RunStatus::Ended] {
            let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
            let listed = runs::list(&mut tx, &world.runtime.office, Some(status), &Page::first()).await.expect("runs");
            let listed: Vec<_> = listed.into_iter().map(|row| (row.run_id, row.status_at(clock.now()))).collect();
            assert_eq!(listed, if status == stands { vec![(run, stands)] } else { Vec::new() }, "{status:?} after {passed_ms} ms more");
        }
    }
}

#[tokio::test]
async fn who_takes_up_a_run_that_waited_asks_nobody_earlier_than_they_said() {
    let clock = Clock::manual(NOON);
    let first = ScriptedModel::start(vec![wait("50"), Reply::text("Here.")]).await;
    let second = ScriptedModel::start(vec![wait("20"), wait("40")]).await;
    let strong = ModelConfig { fallback: vec!["other".to_owned()], ..at(&first.base_url()) };
    let world = World::at(clock.clone(), &first.base_url(), &[]).await;
    let world = with_models(world, vec![("strong", strong), ("other", at(&second.base_url()))]);
    let run = world.say("Hello").await;
    let asked = || (first.requests().len(), second.requests().len());
    assert_eq!((world.drive().await, asked()), (Some(RunStatus::Queued), (1, 1)));
    clock.advance_ms(19_000);
    assert_eq!(world.drive().await, None, "the second one is free soonest, and not yet");
    clock.advance_ms(2_000);
    assert_eq!((world.drive().await, asked()), (Some(RunStatus::Queued), (1, 2)), "by the order it would be the first's turn");
    assert_eq!(world.drive().await, None, "the first one is free soonest now, and not yet");
    clock.advance_ms(30_000);
    assert_eq!((world.drive().await, asked()), (Some(RunStatus::Ended), (2, 2)), "by the order it would be the second's turn");
    assert_eq!(reply(&world, run).await.as_deref(), Some("Here."));
}

#[tokio::test]
async fn a_stop_ends_a_run_that_waits_in_the_queue_at_once() {
    let model = ScriptedModel::start_with(|_| wait("50")).await;
    let world = World::scripted(&model).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    assert_eq!(world.drive().await, None);
    stop(&world, run).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, model.requests().len()), (Some(RunOutcome::Cancelled), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_stop_that_comes_before_the_wait_is_written_is_not_left_alone() {
    let (asked, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let (answer, answers) = mpsc::channel::<()>();
    let answers = Mutex::new(answers);
    let model = ScriptedModel::start_with(move |_| {
        let _ = asked.send(());
        let _ = answers.lock().expect("lock").recv_timeout(PATIENCE);
        wait("50")
    })
    .await;
    // Without a heartbeat: the process that drives it knows of no stop until it writes.
    let world = World::scripted(&model).await.that_renews_each(NEVER_MS);
    let run = world.say("Hello").await;
    let runtime = world.runtime.clone();
    let (leased, taken) = runtime.store.lease_and_take_up("w", runtime.office.clock.now(), LEASE_MS).await.expect("lease").expect("a run");
    let driving = tokio::spawn(async move { drive_taken(&runtime, leased, taken).await });
    heard.recv().await.expect("the model is asked");
    stop(&world, run).await;
    answer.send(()).expect("the model waits");
    assert_eq!(driving.await.expect("joined").expect("driven"), RunStatus::Queued);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, model.requests().len()), (Some(RunOutcome::Cancelled), 1));
}

#[tokio::test]
async fn a_run_that_waits_in_the_queue_is_stopped_with_the_run_it_serves() {
    let model = ScriptedModel::start_with(|seen| {
        let is_clerk = seen.body.to_string().contains("You are clerk, an assistant");
        if is_clerk { wait("50") } else { Reply::call("steward.delegate", json!({ "agent": "clerk", "task": "Say hello" })) }
    })
    .await;
    let tools: &[&str] = &["crm.*", "steward.delegate"];
    let agents = [("assistant", tools, Mode::Traced), ("clerk", tools, Mode::Traced)];
    let world = World::scripted(&model).await.that_delegates(&agents, RunLimits::default(), &[]);
    let run = world.say("Say hello").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Queued), "the clerk waits for its model, and the other for the clerk");
    stop(&world, run).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from run where status = 'ended' and outcome = 'cancelled' and left_until is null").await, 2);
    assert_eq!(model.requests().len(), 2);
}

#[tokio::test]
async fn a_run_that_nobody_had_a_place_for_behind_its_wait_has_the_rest_of_its_time() {
    let clock = Clock::manual(NOON);
    let model = ScriptedModel::start(vec![wait("50"), Reply::text("Now.")]).await;
    let world = World::at(clock.clone(), &model.base_url(), &[]).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    // Longer than the run may work at all, and then a worker that dies with it before it asks.
    clock.advance_ms(i64::from(RunLimits::default().seconds) * 1_000);
    assert_eq!(next(&world).await, Some(run));
    clock.advance_ms(LEASE_MS + 1);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, model.requests().len()), (Some(RunOutcome::Replied), 2));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Now."));
    let worked_ms = world.run(run).await.worked_ms;
    assert!((50_000..51_000).contains(&worked_ms), "the wait counts, and nothing behind it: {worked_ms} ms");
    let idle_ms: Vec<u64> =
        world.events(run).await.iter().filter_map(|recorded| if let Event::Asked { idle_ms, .. } = &recorded.event { Some(*idle_ms) } else { None }).collect();
    assert!(matches!(idle_ms.as_slice(), [0, (550_000..)]), "{idle_ms:?}");
}

#[tokio::test]
async fn a_wait_that_its_worker_did_not_live_to_end_costs_no_more_than_the_longest_there_is() {
    let clock = Clock::manual(NOON);
    let model = ScriptedModel::start(vec![wait("50"), Reply::text("Now.")]).await;
    let world = World::at(clock.clone(), &model.base_url(), &[]).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    // As a run stands that waited in its place, and whose process was killed there.
    world.db.raw("update run set turns = null, left_until = null").await;
    clock.advance_ms(3_600_000);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Now."));
}

#[tokio::test]
async fn a_run_whose_time_is_over_while_it_waits_asks_nobody_any_more() {
    let clock = Clock::manual(NOON);
    let model = ScriptedModel::start_with(|_| wait("50")).await;
    let tools: &[&str] = &["crm.*", "steward.delegate"];
    let agents = [("assistant", tools, Mode::Traced), ("clerk", tools, Mode::Traced)];
    let limits = RunLimits { seconds: 50, ..RunLimits::default() };
    let world = World::at(clock.clone(), &model.base_url(), &[]).await.that_delegates(&agents, limits, &[]);
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    clock.advance_ms(51_000);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, model.requests().len()), (Some(RunOutcome::TimeLimit), 1));
    assert_eq!(kinds(&world, run).await, ["started", "asked", "ask_failed", "ended"]);
}

#[tokio::test]
async fn a_wait_from_before_the_clock_was_put_back_holds_nobody_up() {
    let clock = Clock::manual(NOON);
    let model = ScriptedModel::start(vec![wait("50"), Reply::text("Now.")]).await;
    let world = World::at(clock.clone(), &model.base_url(), &[]).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    // A little back is within what clocks of two machines may differ; an hour is not.
    clock.advance_ms(-30_000);
    assert_eq!(world.drive().await, None);
    clock.advance_ms(-3_600_000);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Now."));
}
