//! When a call's beginning is written: before it begins, unless it only looks something up in the office.

use super::*;
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel, bench_office};
use steward_core::Clock;

/// Counts how often contacts are looked for.
const COUNTED: &str = r#"
@id("test-looks") @reason("At most 50 looks an hour.") @tell("Too many looks.")
@counts("looks = crm.find_contacts per hour")
forbid (principal, action == Action::"crm.find_contacts", resource) when { context.counts.looks >= 50 };
"#;

/// Looking for contacts asks the owner.
const HELD: &str = r#"
@id("test-looks-ask") @reason("Looking asks the owner in this test.")
forbid (principal, action == Action::"crm.find_contacts", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#;

async fn asks_once(tool: &'static str, arguments: Value) -> ScriptedModel {
    ScriptedModel::start(vec![Reply::call(tool, arguments), Reply::text("Done.")]).await
}

/// Whether the beginning of the run's call and its end were written by one commit.
async fn at_once(world: &World, run: RunId) -> bool {
    let events = world.events(run).await;
    let seq = |of: fn(&Event) -> bool| events.iter().find(|recorded| of(&recorded.event)).map(|recorded| recorded.seq).expect("the call ran");
    let (starts, ends) = (seq(|event| matches!(event, Event::Starting { .. })), seq(|event| matches!(event, Event::Done { .. })));
    let rows = format!("from run_event where run_id = '{}' and seq in ({starts}, {ends})", run.uuid());
    world.db.number(&format!("select count(distinct xmin::text) {rows}")).await == 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_does_more_than_look_is_written_before_it_begins() {
    let create = ("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] }));
    for (rules, (tool, arguments)) in [
        (&[] as &[&str], create),
        (&[COUNTED], ("crm.find_contacts", json!({ "query": "lena" }))),
        (&[HELD], ("crm.find_contacts", json!({ "query": "lena" }))),
    ] {
        let model = asks_once(tool, arguments).await;
        let world = World::at(Clock::System, &model.base_url(), rules).await;
        let run = world.say("Add Lena Petrova, lena@partner.example, and find her").await;
        if settle(&world).await == Some(RunStatus::Waiting) {
            approve_all(&world).await;
            settle(&world).await;
        }
        assert_eq!(world.run(run).await.ended, Some(steward_core::RunOutcome::Replied), "{tool} under {rules:?}");
        assert!(!at_once(&world, run).await, "{tool} under {rules:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_takes_long_is_written_while_it_takes() {
    let model = asks_once("crm.get_company", json!({ "company_id": "company_that_never_answers" })).await;
    let world = World::scripted(&model).await;
    let run = world.say("Who are they?").await;
    let mut watch = world.runtime.live.watch();
    let driving = tokio::spawn({
        let runtime = world.runtime.clone();
        async move {
            let (leased, taken) = runtime.store.lease_and_take_up("w", runtime.office.clock.now(), 15_000).await.expect("lease").expect("a run");
            steward_agent::worker::drive_with(&runtime, leased, taken, |_, _| bench_office()).await
        }
    });
    // Told to watchers once it is committed; the office has not answered and never will.
    while !matches!(watch.recv().await.expect("a happening"), steward_agent::live::Happening::Event { event, .. } if matches!(event.event, Event::Starting { .. }))
    {
    }
    let written = world.events(run).await;
    assert!(matches!(written.last().map(|recorded| &recorded.event), Some(Event::Starting { .. })), "{written:?}");
    assert_eq!(world.db.number("select count(*) from decision where verdict = 'allow'").await, 1);
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    steward_office::runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
    tx.commit().await.expect("commit");
    world.runtime.live.stop(run);
    assert_eq!(driving.await.expect("task").expect("drive"), RunStatus::Ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_look_is_written_with_what_it_found_and_before_the_model_is_asked_again() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.get_contact", json!({ "contact_id": "contact_00000000000000000000000001" })),
        _ => Reply::text("Done."),
    })
    .await;
    let world = World::scripted(&model).await;
    let mut together = false;
    // A machine under load may take longer than a look is waited for, though not every time.
    for _ in 0..50 {
        let run = world.say("Who is it?").await;
        assert_eq!(world.drive_with(&bench_office()).await, Some(RunStatus::Ended));
        let events = world.events(run).await;
        let at = |of: fn(&Event) -> bool| events.iter().position(|recorded| of(&recorded.event)).expect("the event");
        let ends = at(|event| matches!(event, Event::Done { .. }));
        let asks = at(|event| matches!(event, Event::Asked { step: 2, .. }));
        assert!(at(|event| matches!(event, Event::Decided { .. })) < ends && ends < asks, "{events:?}");
        together = at_once(&world, run).await;
        if together {
            break;
        }
    }
    assert!(together, "fifty looks took longer than anybody waits for them");
    let entries = async |action: &str| world.db.number(&format!("select count(*) from audit_event where action = '{action}'")).await;
    let (verdicts, ends, starts) = (entries("gate.decide").await, entries("call.end").await, entries("call.start").await);
    assert!(verdicts == ends && starts < ends, "{verdicts} verdicts, {starts} starts, {ends} ends");
}

async fn approve_all(world: &World) {
    for row in waiting(world).await {
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        steward_office::holds::approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
        tx.commit().await.expect("commit");
    }
}
