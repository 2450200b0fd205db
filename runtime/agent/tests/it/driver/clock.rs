//! The machine's clock is put back in the middle of a run: nothing waits for the old time, nothing lapses, nothing happens twice.

use super::*;
use serde_json::json;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::Clock;
use steward_core::limits::LEASE_MS;
use steward_office::holds::{Approved, approve};
use time::macros::datetime;

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_clock_that_is_put_back_loses_and_repeats_nothing() {
    let model = ScriptedModel::start(vec![
        Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
        Reply::text("Lena is in the book."),
    ])
    .await;
    let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
    let ask = [
        r#"@id("ask") @reason("Asks.") forbid (principal, action == Action::"crm.create_contact", resource) unless { context.approvals.roles.contains(Role::"owner") };"#,
    ];
    let world = World::at(clock.clone(), &model.base_url(), &ask).await;
    let run = world.say("Put Lena Petrova, lena@partner.example, in the book.").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));

    // Two days back: the approval is older than the question, and still counts.
    clock.advance_ms(-48 * HOUR_MS);
    let row = waiting(&world).await.pop().expect("one held action");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    assert_eq!(approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve"), Approved::Released);
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from contact").await, 1);
    assert_eq!(world.db.number("select count(*) from hold where state = 'done'").await, 1);
    let events = world.events(run).await;
    assert!(events.iter().enumerate().all(|(index, recorded)| usize::try_from(recorded.seq) == Ok(index + 1)), "numbered without gaps, whatever the time");
}

#[tokio::test]
async fn a_lease_from_the_old_time_holds_nobody_up() {
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
    let world = World::at(clock.clone(), &model.base_url(), &[]).await;
    world.say("Hello").await;
    let store = &world.runtime.store;
    store.lease_run("dead", clock.now(), LEASE_MS).await.expect("lease").expect("a run");
    assert!(store.lease_run("other", clock.now(), LEASE_MS).await.expect("lease").is_none(), "its lease holds");
    // A little back is within what clocks of two machines may differ; an hour is not.
    clock.advance_ms(-LEASE_MS / 2);
    assert!(store.lease_run("other", clock.now(), LEASE_MS).await.expect("lease").is_none(), "its lease holds");
    clock.advance_ms(-HOUR_MS);
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
}
