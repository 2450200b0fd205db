//! Budgets: set aside before, settled after, never overshot.

use super::*;
use serde_json::json;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Clock, Event, Micros, RunLimits, RunOutcome};
use steward_office::budgets::{self, holds};
use steward_office::people::{self, PasswordChange, Passwords};
use steward_store::budget_hold::BudgetHoldRow;
use steward_store::testing::TestDatabase;
use time::macros::datetime;

async fn cap(world: &World, micros: i64) {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", Micros(micros)).await.expect("budget");
    tx.commit().await.expect("commit");
}

/// The one run that waits for money.
async fn waits(world: &World) -> BudgetHoldRow {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let mut rows = holds::list(&mut tx, &world.runtime.office, Some("held"), false, &Page::first()).await.expect("list");
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

async fn allow(world: &World, amount: i64) {
    let id = waits(world).await.budget_hold_id;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    holds::allow(&mut tx, &world.runtime.office, id, Micros(amount), "This once.").await.expect("allowed");
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn without_room_no_model_is_asked_and_the_run_waits_for_a_person() {
    let model = ScriptedModel::start(vec![Reply::text("never")]).await;
    let world = World::scripted(&model).await;
    cap(&world, 10).await;
    let run = world.say("Hello").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert!(model.requests().is_empty());
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0);
    // The question and what is set aside for it are one commit: without room neither is there.
    assert_eq!(world.db.number("select count(*) from reservation").await, 0);
    assert_eq!(kinds(&world, run).await, ["started", "budget_held"]);
    let row = waits(&world).await;
    assert_eq!((row.run, row.step, row.why.as_str()), (run, 1, "a budget has no room for the next answer"));

    // A person says no: the run ends and says so in their words.
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    holds::refuse(&mut tx, &world.runtime.office, row.budget_hold_id, "Not this month.").await.expect("refused");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::BudgetLimit));
    let said = world.events(run).await.into_iter().find_map(|recorded| if let Event::Ended { message, .. } = recorded.event { Some(message) } else { None });
    assert!(said.as_deref().is_some_and(|said| said.contains("Not this month.")), "{said:?}");
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn a_run_goes_on_by_what_a_person_allowed_and_not_by_more() {
    let find = |n: usize| Reply::call("crm.find_contacts", json!({ "query": format!("nobody {n}") }));
    let model = ScriptedModel::start((0..6).map(find).chain([Reply::text("Nobody.")]).collect()).await;
    let world = World::scripted(&model).await;
    cap(&world, 10).await;
    let run = world.say("Find nobody").await;
    let mut asked = Vec::new();
    for _ in 0..20 {
        if settle(&world).await != Some(RunStatus::Waiting) {
            break;
        }
        let state = world.run(run).await;
        asked.push(model.requests().len());
        assert!(state.ceiling.is_none_or(|(ceiling, _)| state.cost <= ceiling), "{state:?}");
        assert_eq!(world.db.number("select reserved_micros from budget").await, 0, "while it waits nothing is set aside");
        let need = waits(&world).await.need.0;
        allow(&world, need + 1).await;
    }
    let state = world.run(run).await;
    assert_eq!(state.ended, Some(RunOutcome::Replied), "{asked:?}");
    assert!(asked.len() > 1 && asked[0] == 0 && asked.is_sorted() && asked[asked.len() - 1] > 0, "each allowance reaches a little further: {asked:?}");
    // The budget knows what was really spent, beyond its limit.
    assert_eq!(world.db.number("select spent_micros from budget").await, state.cost.0);
    assert!(state.cost.0 > 10);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'budget.allow'").await, i64::try_from(asked.len()).expect("count"));
}

#[tokio::test]
async fn the_runs_own_limit_is_asked_for_too_and_another_run_gains_nothing() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.find_contacts", json!({ "query": "nobody" })),
        1 => Reply::call("crm.find_contacts", json!({ "query": "nobody else" })),
        _ => Reply::text("Nobody."),
    })
    .await;
    let limits = RunLimits { cost: Micros(1), ..RunLimits::default() };
    let world = World::with(TestDatabase::make().await, &model.base_url(), limits).await;
    let (first, second) = (world.say("Find nobody").await, world.say("Find nobody").await);
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let rows = holds::list(&mut tx, &world.runtime.office, Some("held"), false, &Page::first()).await.expect("list");
    assert_eq!(rows.iter().map(|row| row.run).collect::<Vec<_>>(), [first, second]);
    holds::allow(&mut tx, &world.runtime.office, rows[0].budget_hold_id, Micros(1_000_000), "").await.expect("allowed");
    tx.commit().await.expect("commit");
    settle(&world).await;
    let first = world.run(first).await;
    assert_eq!(first.ended, Some(RunOutcome::Replied));
    let started = |step: usize| first.steps[step].calls[0].started.is_some();
    assert!(!started(0) && started(1), "what was allowed is for its calls as well: {:?}", first.steps);
    assert_eq!(world.run(second).await.ended, None);
}

#[tokio::test]
async fn a_broken_glass_counts_for_four_hours() {
    let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.add_note", json!({ "contact_id": "contact_00000000000000000000000001", "text": "x" })),
        _ => Reply::text("Done."),
    })
    .await;
    let world = World::at(clock.clone(), &model.base_url(), &[HOLD_NOTES]).await;
    cap(&world, 10).await;
    let run = world.say("Note it").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let passwords = Passwords::new(1).expect("argon");
    let change = PasswordChange { current: None, new: "a long enough password".into() };
    let office = &world.runtime.office;
    people::change_password(&world.db.app, office, &passwords, &world.owner, &change, None).await.expect("password");
    let proven = people::prove(&world.db.app, office, &passwords, &world.owner, &"a long enough password".into()).await.expect("proven");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let id = holds::list(&mut tx, &world.runtime.office, Some("held"), false, &Page::first()).await.expect("list")[0].budget_hold_id;
    holds::break_glass(&mut tx, office, id, Micros(5_000_000), "Nobody else is awake.", proven).await.expect("broken");
    tx.commit().await.expect("commit");
    // It works until a call waits for people; by the time they decide, the hours are over and the budget counts again.
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!(model.requests().len(), 1);
    clock.advance_ms(5 * 3_600_000);
    let row = waiting(&world).await.pop().expect("one held action");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    steward_office::holds::approve(&mut tx, office, row.hold_id, envelope_of(&row)).await.expect("approve");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!(model.requests().len(), 1, "not asked beyond the hours");
    assert_eq!(waits(&world).await.run, run);
}

#[tokio::test]
async fn a_run_that_is_stopped_waits_for_no_money_any_more() {
    let model = ScriptedModel::start(vec![Reply::text("never")]).await;
    let world = World::scripted(&model).await;
    cap(&world, 10).await;
    let run = world.say("Hello").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    steward_office::runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancelled");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled));
    assert_eq!(world.db.number("select count(*) from budget_hold where state = 'cancelled'").await, 1);
}

#[tokio::test]
async fn what_was_used_is_spent_and_the_rest_is_free_again() {
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let world = World::scripted(&model).await;
    cap(&world, 1_000_000).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let cost = world.run(run).await.cost.0;
    assert!(cost > 0);
    assert_eq!(world.db.number("select spent_micros from budget").await, cost);
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ceiling_holds_under_concurrency() {
    let model = ScriptedModel::start_with(|_| Reply::text("Hello.")).await;
    let world = World::scripted(&model).await;
    // Room for two reservations of the least size, not for more at the same time.
    cap(&world, 120_000).await;
    for _ in 0..12 {
        world.say("Hello").await;
    }
    let mut leased = Vec::new();
    while let Some(one) = world.runtime.store.lease_run("w", world.runtime.office.clock.now(), 60_000).await.expect("lease") {
        leased.push(one);
    }
    let driving = leased.into_iter().map(|one| {
        let runtime = world.runtime.clone();
        tokio::spawn(async move { steward_agent::worker::drive_leased(&runtime, one).await.expect("drive") })
    });
    // Some find no room and wait; once the others have given back what they set aside, they go on by themselves.
    for task in driving.collect::<Vec<_>>() {
        assert!(matches!(task.await.expect("task"), RunStatus::Ended | RunStatus::Waiting));
    }
    assert!(world.db.number("select spent_micros + reserved_micros from budget").await <= 120_000);
    while world.db.number("select count(*) from run where status <> 'ended'").await > 0 {
        let mut tx = world.db.worker.begin(&steward_core::Actor::worker(world.tenant)).await.expect("begin");
        assert!(holds::release(&mut tx, &world.runtime.office, 100).await.expect("release") > 0, "there is room now");
        tx.commit().await.expect("commit");
        settle(&world).await;
    }
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0);
    assert!(world.db.number("select spent_micros from budget").await <= 120_000);
    assert_eq!(world.db.number("select spent_micros from budget").await, world.db.number("select sum(cost_micros)::bigint from run").await);
}

#[tokio::test]
async fn a_dead_workers_reservation_expires() {
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let world = World::scripted(&model).await;
    cap(&world, 1_000_000).await;
    let run = world.say("Hello").await;
    let actor = world.owner.as_agent(run, "assistant");
    let person = world.owner.person.expect("owner");
    let (store, office) = (&world.db.worker, &world.runtime.office);
    let reserved = budgets::reserve(store, &actor, office, run, "assistant", person, world.workspace, Micros(500)).await;
    let id = reserved.expect("reserve").expect("room");
    assert_eq!(world.db.number("select reserved_micros from budget").await, 500);
    let mut tx = world.db.worker.begin(&steward_core::Actor::worker(world.tenant)).await.expect("begin");
    assert!(budgets::expire(&mut tx, id).await.expect("expire"));
    assert!(!budgets::expire(&mut tx, id).await.expect("once only"));
    tx.commit().await.expect("commit");
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0);
}

/// Whatever the gate said, one row says under which rules, prompt, model and tool, from where each argument came, and which money was set aside.
#[tokio::test]
async fn a_decision_is_one_record_of_all_that_it_was_made_under() {
    let calls = vec![
        ("crm.find_contacts".to_owned(), json!({ "query": "Lena" })),
        ("crm.create_company".to_owned(), json!({ "name": "Acme" })),
        ("crm.delete_everything".to_owned(), json!({})),
        ("crm.find_contacts".to_owned(), json!({ "query": 7 })),
        ("crm.add_note".to_owned(), json!({ "contact_id": "contact_00000000000000000000000001", "text": "Hello" })),
    ];
    let model = ScriptedModel::start(vec![Reply::Calls(calls)]).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES, NO_COMPANIES]).await;
    cap(&world, 1_000_000).await;
    let run = world.say("Find Lena, add the company Acme, delete everything, and note Hello on contact_00000000000000000000000001.").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let pins = world.run(run).await.pins.expect("pins");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let rows = steward_store::decision::list(&mut tx, &steward_store::decision::Filter { run: Some(run), ..Default::default() }, &Page::first())
        .await
        .expect("decisions");
    let reservation = world.events(run).await.into_iter().find_map(|recorded| match recorded.event {
        Event::Asked { reservation, .. } => reservation,
        _ => None,
    });
    let spec = |name: &str| world.runtime.host.specs().into_iter().find(|tool| tool.name == name);
    let mut seen = Vec::new();
    for row in &rows {
        let record: serde_json::Value = serde_json::from_str(&row.record).expect("JSON");
        let sealed = record.get("envelope").unwrap_or(&record);
        let at = format!("{} {}: {record}", row.tool, row.verdict);
        assert_eq!(record["reservation_id"], json!(reservation.expect("money was set aside")), "{at}");
        assert_eq!((&sealed["prompt"], &sealed["model"]), (&json!(pins.prompt), &json!("strong/gpt-4o-mini")), "{at}");
        assert_eq!(row.policy_digest, world.runtime.rules.of(world.tenant).digest(), "{at}");
        let tool = if record.get("envelope").is_some() { sealed } else { record.get("tool").unwrap_or(&serde_json::Value::Null) };
        match spec(&row.tool) {
            Some(spec) => assert_eq!((&tool["plugin_digest"], &tool["schema_digest"]), (&json!(spec.plugin_digest), &json!(spec.schema_digest)), "{at}"),
            None => assert_eq!(tool, &serde_json::Value::Null, "{at}"),
        }
        if record.get("envelope").is_some() {
            assert!(row.provenance.contains("integrity"), "where each argument came from: {at}");
        }
        seen.push((row.tool.as_str(), row.verdict.as_str()));
    }
    seen.sort_unstable();
    let expect = [
        ("crm.add_note", "hold"),
        ("crm.create_company", "block"),
        ("crm.delete_everything", "block"),
        ("crm.find_contacts", "allow"),
        ("crm.find_contacts", "block"),
    ];
    assert_eq!(seen, expect);
}
