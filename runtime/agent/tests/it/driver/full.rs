//! The disk of the database is full in the middle of a run: the run waits where it is, and goes on once there is room. Nothing else is waited
//! for as long.
//!
//! A trigger refuses rows of a table with the server's own words, so that every table a step writes is tried by itself; a disk that really is
//! full is in `api/tests/it/cli/full.rs`.

use super::*;
use crate::crash::let_leases_lapse;
use serde_json::json;
use std::time::Duration;
use steward_agent::driver::DriveError;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_agent::worker::{drive_taken, work};
use steward_core::limits::LEASE_MS;
use steward_core::{Clock, RunOutcome};
use steward_office::runs;
use steward_store::StoreError;
use time::macros::datetime;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a step of a run writes, and how many contacts there are when the first of it is refused.
const TABLES: [(&str, i64); 5] = [("reservation", 0), ("run_event", 0), ("decision", 0), ("audit_event", 0), ("message", 1)];

async fn lena() -> ScriptedModel {
    ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
        _ => Reply::text("Lena is in the book."),
    })
    .await
}

const SAY: &str = "Put Lena Petrova, lena@partner.example, in the book.";

/// What the server says when its disk is full.
const NO_SPACE: &str = "raise exception 'could not extend file: No space left on device' using errcode = '53100';";

/// From now on nothing more fits into this table.
async fn fill(world: &World, table: &str) {
    refuse(world, table, NO_SPACE).await;
}

/// From now on these statements judge each row for this table, whose number they know as `nth`. It is of a sequence, which is not taken back
/// with what is refused.
async fn refuse(world: &World, table: &str, statements: &str) {
    let sql = format!(
        "create sequence if not exists refused;
         grant usage on sequence refused to public;
         create or replace function full_disk() returns trigger language plpgsql as $$
         declare
           nth bigint := nextval('steward.refused');
         begin
           {statements}
           return new;
         end $$;
         create trigger full_disk before insert on {table} for each row execute function full_disk();"
    );
    world.db.raw(&sql).await;
}

async fn make_room(world: &World, table: &str) {
    world.db.raw(&format!("drop trigger full_disk on {table}; alter sequence refused restart")).await;
}

/// Waits until something was refused twice: what was refused once was tried again.
async fn refused_twice(world: &World) {
    let refused = "select case when is_called then last_value else 0 end from refused";
    timeout(PATIENCE, async { while world.db.number(refused).await < 2 {} }).await.expect("it is tried again");
}

/// Takes the run up and drives it as far as the database lets it.
async fn try_drive(world: &World) -> Result<RunStatus, DriveError> {
    let runtime = &world.runtime;
    let leased = runtime.store.lease_and_take_up(&runtime.worker, runtime.office.clock.now(), LEASE_MS).await;
    let (leased, taken) = leased.expect("lease").expect("a run");
    drive_taken(runtime, leased, taken).await
}

/// How often something was tried that was always refused.
async fn tried(world: &World) -> i64 {
    world.db.number("select last_value from refused").await
}

/// Everything happened, and once.
async fn check(world: &World, run: RunId, table: &str) {
    assert_eq!(reply(world, run).await.as_deref(), Some("Lena is in the book."), "{table}");
    let events = world.events(run).await;
    assert!(events.iter().enumerate().all(|(index, recorded)| usize::try_from(recorded.seq) == Ok(index + 1)), "{table}: numbered without gaps");
    let answered: Vec<u32> = events.iter().filter_map(|recorded| if let Event::Answered { step, .. } = recorded.event { Some(step) } else { None }).collect();
    assert_eq!(answered, [1, 2], "{table}: each step is answered once");
    let id = run.uuid();
    for (what, expect) in [
        ("contact", 1),
        (&*format!("decision where run_id = '{id}'"), 1),
        (&*format!("run where run_id = '{id}' and status = 'ended'"), 1),
        ("message where by_agent", 1),
        ("reservation where state = 'open'", 0),
    ] {
        assert_eq!(world.db.number(&format!("select count(*) from {what}")).await, expect, "{table}: {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_a_run_where_it_is_and_it_goes_on_when_there_is_room() {
    let model = lena().await;
    for (table, contacts) in TABLES {
        let world = World::scripted(&model).await;
        let run = world.say(SAY).await;
        fill(&world, table).await;
        let driven = async {
            refused_twice(&world).await;
            assert_eq!(world.db.number("select count(*) from run where status = 'running' and lease_until > now()").await, 1, "{table}");
            assert_eq!(world.db.number("select count(*) from contact").await, contacts, "{table}: nothing is done that cannot be written down");
            make_room(&world, table).await;
        };
        let (status, ()) = tokio::join!(world.drive(), driven);
        assert_eq!(status, Some(RunStatus::Ended), "{table}");
        check(&world, run, table).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_worker_ends_while_the_disk_is_full_is_taken_up_by_another() {
    let model = lena().await;
    for (table, contacts) in TABLES {
        let world = World::scripted(&model).await;
        let run = world.say(SAY).await;
        fill(&world, table).await;
        tokio::select! {
            status = world.drive() => panic!("{table}: {status:?} without room"),
            () = refused_twice(&world) => {}
        }
        assert_eq!(world.db.number("select count(*) from contact").await, contacts, "{table}");
        make_room(&world, table).await;
        let_leases_lapse(&world).await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended), "{table}");
        check(&world, run, table).await;
    }
}

#[tokio::test]
async fn a_tool_for_whose_record_there_is_no_room_says_so_and_does_nothing() {
    let model = lena().await;
    let world = World::scripted(&model).await;
    world.say(SAY).await;
    fill(&world, "contact").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let told = model.requests()[1].tool_results().join("");
    assert!(told.contains("whether its last change was made is not known"), "{told}");
    assert_eq!(world.db.number("select count(*) from contact").await, 0);
    make_room(&world, "contact").await;
    // Asked again, it is done once.
    let run = world.say(SAY).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Lena is in the book."));
    assert_eq!(world.db.number("select count(*) from contact").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_late_holds_its_lease_from_then() {
    let model = ScriptedModel::start_with(|_| Reply::Hang).await;
    let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
    // Nothing renews the lease but the step itself.
    let world = World::at(clock.clone(), &model.base_url(), &[]).await.that_renews_each(3_600_000);
    world.say(SAY).await;
    fill(&world, "reservation").await;
    let looked = async {
        refused_twice(&world).await;
        // Twice as long as a lease.
        clock.advance_ms(30_000);
        make_room(&world, "reservation").await;
        timeout(PATIENCE, async {
            while model.requests().is_empty() {
                tokio::task::yield_now().await
            }
        })
        .await
        .expect("the model is asked");
        let until = world.db.number("select (extract(epoch from lease_until) * 1000)::bigint from run").await;
        assert!(until > clock.now_ms(), "the run is free while it is driven: {until}");
    };
    tokio::select! {
        status = world.drive() => panic!("{status:?} without an answer"),
        () = looked => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_started_anew_after_a_full_disk_is_waited_for_as_any_other() {
    let model = lena().await;
    let world = World::scripted(&model).await;
    let run = world.say(SAY).await;
    // As often as an outage is tried; then the server goes down to have more room.
    let statements = format!(
        "if nth <= 8 then {NO_SPACE} end if;
         if nth = 9 then raise exception 'terminating connection due to administrator command' using errcode = '57P01'; end if;"
    );
    refuse(&world, "reservation", &statements).await;
    let outcome = timeout(PATIENCE, try_drive(&world)).await.expect("it comes to an end");
    assert!(matches!(outcome, Ok(RunStatus::Ended)), "{outcome:?}");
    check(&world, run, "reservation").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_short_of_memory_is_not_waited_for_as_for_a_full_disk() {
    let model = lena().await;
    let world = World::scripted(&model).await;
    let run = world.say(SAY).await;
    refuse(&world, "reservation", "raise exception 'out of shared memory' using errcode = '53200';").await;
    let outcome = timeout(PATIENCE, try_drive(&world)).await.expect("it is given up");
    assert!(matches!(&outcome, Err(DriveError::Journal { source: OfficeError::Store(StoreError::Short(_)), .. })), "{outcome:?}");
    assert_eq!(tried(&world).await, 9, "once, and as often again as in an outage");
    make_room(&world, "reservation").await;
    let_leases_lapse(&world).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    check(&world, run, "reservation").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_for_room_and_is_stopped_waits_no_longer_than_for_an_outage() {
    let model = lena().await;
    let world = World::scripted(&model).await;
    let run = world.say(SAY).await;
    fill(&world, "reservation").await;
    let stopped = async {
        refused_twice(&world).await;
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
        tx.commit().await.expect("commit");
        world.runtime.live.stop(run);
    };
    let (outcome, ()) = Box::pin(timeout(PATIENCE, async { tokio::join!(try_drive(&world), stopped) })).await.expect("it is given up");
    assert!(matches!(&outcome, Err(DriveError::Journal { source: OfficeError::Store(StoreError::Full(_)), .. })), "{outcome:?}");
    assert_eq!(tried(&world).await, 9, "once, and as often again as in an outage");
    make_room(&world, "reservation").await;
    let_leases_lapse(&world).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled));
    assert!(model.requests().is_empty(), "its model was never asked");
    assert_eq!(world.db.number("select count(*) from contact").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_for_which_there_is_no_room_ends_the_wait_and_the_run_when_there_is() {
    let model = lena().await;
    let world = World::scripted(&model).await;
    let run = world.say(SAY).await;
    // Neither a step nor a stop finds room.
    fill(&world, "audit_event").await;
    let live = &world.runtime.live;
    let stopped = async {
        refused_twice(&world).await;
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        let refused = runs::cancel(&mut tx, &world.runtime.office, run).await;
        assert!(matches!(&refused, Err(OfficeError::Store(StoreError::Full(_)))), "{refused:?}");
        tx.rollback().await.expect("rollback");
        runs::may_cancel(&mut world.db.app.begin(&world.owner).await.expect("begin"), run).await.expect("looking needs no room");
        assert!(live.stop_unwritten(&[run], &world.owner), "it is driven here");
    };
    let (outcome, ()) = Box::pin(timeout(PATIENCE, async { tokio::join!(try_drive(&world), stopped) })).await.expect("it is given up");
    assert!(matches!(&outcome, Err(DriveError::Journal { source: OfficeError::Store(StoreError::Full(_)), .. })), "{outcome:?}");
    let asked = model.requests().len();
    make_room(&world, "audit_event").await;
    let_leases_lapse(&world).await;
    // Nobody wrote it down yet, and the process that heard it still knows.
    assert_eq!(world.db.number("select count(*) from run where cancel_at is not null").await, 0);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled));
    let by = world.events(run).await.into_iter().find_map(|recorded| if let Event::CancelAsked { by } = recorded.event { Some(by) } else { None });
    assert_eq!(by, Some(world.owner.person));
    assert_eq!(model.requests().len(), asked, "its model was asked no more");
    assert_eq!(world.db.number("select count(*) from contact").await, 0);

    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::write_late_cancel(&mut tx, &world.runtime.office, run).await.expect("written");
    tx.commit().await.expect("commit");
    live.written(run);
    assert_eq!(live.unwritten_stops(), Vec::new());
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'run.cancel' and outcome = 'done'").await, 1);
    assert!(!live.stop_unwritten(&[run], &world.owner), "it is not driven here any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_without_room_of_a_run_that_is_left_alone_is_kept_where_a_worker_may_take_it_up() {
    let busy = Reply::Status(429, vec![("retry-after".to_owned(), "50".to_owned())], r#"{"error":{"message":"too many requests"}}"#.to_owned());
    let model = ScriptedModel::start(vec![busy, Reply::text("Hello.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Queued));
    fill(&world, "audit_event").await;
    let live = &world.runtime.live;
    assert!(!live.stop_unwritten(&[run], &world.owner), "it is driven nowhere");
    assert!(!live.stop_when_taken_up(&[run], &world.owner), "nobody here would take it up");
    let end = CancellationToken::new();
    let working = tokio::spawn(work(world.runtime.clone(), 1, end.clone()));
    let kept = async {
        while !live.stop_when_taken_up(&[run], &world.owner) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, kept).await.expect("a worker lives here");
    assert!(live.stop_unwritten(&[run], &world.owner), "asked once more it is the same stop");
    make_room(&world, "audit_event").await;
    crate::crash::let_waits_end(&world).await;
    live.wake();
    timeout(PATIENCE, async { while world.run(run).await.ended.is_none() {} }).await.expect("it ends");
    end.cancel();
    working.await.expect("worker");
    assert_eq!((world.run(run).await.ended, model.requests().len()), (Some(RunOutcome::Cancelled), 1));
    let by = world.events(run).await.into_iter().find_map(|recorded| if let Event::CancelAsked { by } = recorded.event { Some(by) } else { None });
    assert_eq!(by, Some(world.owner.person));
    assert_eq!(live.unwritten_stops().len(), 1, "it is not written down yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_is_written_after_the_run_ended_by_itself_is_on_record_as_refused() {
    let model = lena().await;
    let world = World::scripted(&model).await;
    let run = world.say(SAY).await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Replied));
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::write_late_cancel(&mut tx, &world.runtime.office, run).await.expect("written");
    tx.commit().await.expect("commit");
    for (outcome, count) in [("done", 0), ("refused", 1)] {
        assert_eq!(
            world.db.number(&format!("select count(*) from audit_event where action = 'run.cancel' and outcome = '{outcome}'")).await,
            count,
            "{outcome}"
        );
    }
    assert_eq!(world.db.number("select count(*) from run where cancel_at is not null").await, 0);
}
