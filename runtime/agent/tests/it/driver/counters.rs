//! Windows, sums and "only after": exact, however many runs decide at once.

use super::echo::{echoes, with_echo};
use super::*;
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Clock, Integrity, Money};
use steward_host::testing::GuestFiles;
use steward_office::crm::{NewDeal, create_deal};
use time::macros::datetime;

/// At most 5,000 an hour. The tool only echoes; what is counted is that it was allowed, and with how much.
const CAP: &str = r#"
@id("test-cap") @reason("At most 5,000 an hour.") @tell("The hour's sum is used up.")
@counts("spent = sum count of hostile.echo per hour")
forbid (principal, action == Action::"hostile.echo", resource) when { context.counts.spent + context.args.count > 5000 };
"#;

/// An installation whose agent has a tool with an amount that every call must name.
async fn with_amounts(clock: Clock, model: &ScriptedModel, rules: &[&str]) -> World {
    with_echo(World::at(clock, &model.base_url(), &[]).await, &amounts(), rules)
}

/// The tool: it wants an amount and a text.
fn amounts() -> GuestFiles {
    let mut files = GuestFiles::hostile();
    for (path, text) in &mut files.files {
        if path.ends_with("any.arguments.json") {
            *text = json!({ "type": "object", "additionalProperties": false, "required": ["count", "text"],
                            "properties": { "count": { "type": "integer" }, "text": { "type": "string" } } })
            .to_string();
        }
    }
    files
}

/// The same, whose agent is sealed, with deals of 30 euros of these titles.
async fn sealed_with_deals(model: &ScriptedModel, titles: &[&str], rules: &[&str]) -> World {
    let world = with_echo(World::sealed(&model.base_url()).await, &amounts(), rules);
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    for title in titles {
        let amount = Some(Money { minor: 3000, currency: "EUR".parse().expect("currency") });
        let deal = NewDeal { title: (*title).to_owned(), stage: "new".into(), amount, ..NewDeal::default() };
        create_deal(&mut tx, &world.runtime.office, world.workspace, &deal, Integrity::Owner).await.expect("deal");
    }
    tx.commit().await.expect("commit");
    world
}

/// A model that reads the deals, and then asks for each of these once, in one answer.
async fn reads_and_asks(calls: Vec<Value>) -> ScriptedModel {
    ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::call("crm.list_deals", json!({})),
        1 => Reply::Calls(calls.iter().map(|arguments| ("hostile.echo".to_owned(), arguments.clone())).collect()),
        _ => Reply::text("Done."),
    })
    .await
}

async fn allowed(world: &World) -> i64 {
    world.db.number("select count(*) from decision where tool = 'hostile.echo' and verdict = 'allow'").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn fifty_at_once_admit_no_more_than_fits() {
    let model = echoes(&[(2000, "x")]).await;
    let world = with_amounts(Clock::System, &model, &[CAP]).await;
    for _ in 0..50 {
        world.say("Echo").await;
    }
    let mut leased = Vec::new();
    while let Some(one) = world.runtime.store.lease_run("w", world.runtime.office.clock.now(), 60_000).await.expect("lease") {
        leased.push(one);
    }
    assert_eq!(leased.len(), 50);
    let driving = leased.into_iter().map(|one| {
        let runtime = world.runtime.clone();
        tokio::spawn(async move { steward_agent::worker::drive_leased(&runtime, one).await.expect("drive") })
    });
    for task in driving.collect::<Vec<_>>() {
        assert_eq!(task.await.expect("task"), RunStatus::Ended);
    }
    assert_eq!(allowed(&world).await, 2, "what fits, and no more");
    assert_eq!(world.db.number("select sum(amount)::bigint from counted_call").await, 4000);
    assert_eq!(world.db.number("select count(*) from decision where tool = 'hostile.echo' and verdict = 'block'").await, 48);
    assert_eq!(world.db.number("select count(*) from run_event where body::json ->> 'kind' = 'starting'").await, 2);
    assert_eq!(world.db.number("select count(*) from run where outcome = 'replied'").await, 50, "nobody lost their run to a counter that moved");
    assert_eq!(model.requests().len(), 100, "and no answer of a model was asked for again");
}

#[tokio::test]
async fn calls_of_one_answer_count_for_each_other_and_no_amount_makes_room() {
    let model = echoes(&[(-9000, "a"), (2000, "b"), (2000, "c"), (2000, "d"), (1000, "e")]).await;
    let world = with_amounts(Clock::System, &model, &[CAP]).await;
    world.say("Echo").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let rows = world.db.number("select count(*) from decision where verdict = 'block' and arguments like '%\"d\"%'").await;
    assert_eq!((rows, allowed(&world).await), (1, 4));
    assert_eq!(world.db.number("select sum(amount)::bigint from counted_call").await, 5000);
}

#[tokio::test]
async fn what_is_older_than_the_window_no_longer_counts() {
    let model = echoes(&[(3000, "x")]).await;
    let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
    let world = with_amounts(clock.clone(), &model, &[CAP]).await;
    for (minutes, expect) in [(0, 1), (30, 1), (29, 1), (1, 2)] {
        clock.advance_ms(minutes * 60_000);
        world.say("Echo").await;
        settle(&world).await;
        assert_eq!(allowed(&world).await, expect, "after another {minutes} minutes");
    }
    clock.advance_ms(9 * 86_400_000);
    world.say("Echo").await;
    settle(&world).await;
    assert_eq!((allowed(&world).await, world.db.number("select count(*) from counted_call").await), (3, 1), "what no window reaches is removed");
}

#[tokio::test]
async fn what_counts_together_is_told_apart_by_the_look_of_a_text() {
    let model = echoes(&[(3000, "Rent"), (3000, "rent "), (3000, "r\u{435}nt"), (3000, "food")]).await;
    let by_text = CAP.replace("hostile.echo per", "hostile.echo by args.text per");
    let world = with_amounts(Clock::System, &model, &[&by_text]).await;
    world.say("Echo").await;
    settle(&world).await;
    assert_eq!(allowed(&world).await, 2, "one for rent, however it is spelt, and one for food");
}

#[tokio::test]
async fn a_rule_may_ask_that_something_was_done_before() {
    let only_after = r#"
@id("test-look-first") @reason("Look before you add.") @counts("looked = done crm.find_contacts per run; asked = crm.find_contacts per run")
forbid (principal, action == Action::"crm.create_company", resource) when { context.counts.looked < 1 || context.counts.asked > 1 };
"#;
    let add = |name: &str| Reply::call("crm.create_company", json!({ "name": name }));
    let script = vec![
        add("Too early"),
        Reply::call("crm.find_contacts", json!({ "query": 7 })),
        add("Not for a failed look"),
        Reply::call("crm.find_contacts", json!({ "query": "acme" })),
        add("Acme"),
        Reply::text("Done."),
    ];
    let model = ScriptedModel::start(script).await;
    let world = World::with_rules(steward_store::testing::TestDatabase::make().await, &model.base_url(), &[only_after]).await;
    let run = world.say("Add the company Acme").await;
    settle(&world).await;
    assert_eq!(reply(&world, run).await.as_deref(), Some("Done."));
    assert_eq!(world.db.number("select count(*) from decision where tool = 'crm.create_company' and verdict = 'block'").await, 2);
    assert_eq!(world.db.number("select count(*) from company where name = 'Acme'").await + world.db.number("select count(*) from hold").await, 1);
    assert_eq!(world.db.number("select count(*) from counted_call").await, 0, "what counts within a run needs no table");
}

#[tokio::test]
async fn a_held_call_counts_once_it_is_allowed() {
    let ask = r#"
@id("test-ask") @reason("Asks.") @counts("notes = crm.add_note per day")
forbid (principal, action == Action::"crm.create_contact", resource) unless { context.counts.created < 1 && context.approvals.roles.contains(Role::"owner") };
"#
    .replace("notes = crm.add_note", "created = crm.create_contact");
    let model = ScriptedModel::start(vec![Reply::call("crm.create_contact", json!({ "name": "Lena", "emails": [] })), Reply::text("Done.")]).await;
    let world = World::with_rules(steward_store::testing::TestDatabase::make().await, &model.base_url(), &[&ask]).await;
    world.say("Add Lena").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!(world.db.number("select count(*) from counted_call").await, 0);
    let row = waiting(&world).await.pop().expect("held");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    steward_office::holds::approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!((world.db.number("select count(*) from contact").await, world.db.number("select sum(amount)::bigint from counted_call").await), (1, 1));
}

#[tokio::test]
async fn a_value_counts_for_what_it_is_whichever_handle_it_came_by() {
    let once = r#"
@id("test-once") @reason("One for each text a day.") @tell("That was done today.")
@counts("made = hostile.echo by args.text per day")
forbid (principal, action == Action::"hostile.echo", resource) when { context.counts.made >= 1 };
"#;
    let model = reads_and_asks(vec![
        json!({ "count": 1, "text": "$1.deals.0.title" }),
        json!({ "count": 1, "text": "$1.deals.1.title" }),
        json!({ "count": 1, "text": "$1-0.deals.0.title" }),
        json!({ "count": 1, "text": { "$": "$1.deals.1.title" } }),
        json!({ "count": 1, "text": { "$": ["re", "nt"] } }),
        json!({ "count": 1, "text": "Rent" }),
        json!({ "count": 1, "text": { "$": "$1.deals.2.title" } }),
    ])
    .await;
    let world = sealed_with_deals(&model, &["Rent", "Rent", "Food"], &[once]).await;
    world.say("Echo").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let refused = world.db.number("select count(*) from decision where tool = 'hostile.echo' and verdict = 'block' and 'test-once' = any(rules)").await;
    assert_eq!((allowed(&world).await, refused), (2, 5), "one for rent, however it came, and one for food");
    assert_eq!(world.db.number("select count(distinct part) from counted_call").await, 2);
}

#[tokio::test]
async fn an_amount_that_came_by_handle_is_in_the_sum() {
    // The first of them counts against the two that follow, one of which names no handle.
    let model = reads_and_asks(vec![
        json!({ "count": { "$": "$1.deals.0.amount.minor" }, "text": "a" }),
        json!({ "count": { "$": "$1.deals.1.amount.minor" }, "text": "b" }),
        json!({ "count": 3000, "text": "c" }),
    ])
    .await;
    for (window, recorded) in [("hour", 3000), ("run", 0)] {
        let world = sealed_with_deals(&model, &["Rent", "Food"], &[&CAP.replace("per hour", &format!("per {window}"))]).await;
        world.say("Echo").await;
        assert_eq!(settle(&world).await, Some(RunStatus::Ended));
        let first = world.db.number("select count(*) from decision where tool = 'hostile.echo' and verdict = 'allow' and arguments like '%deals.0.%'").await;
        let capped = world.db.number("select count(*) from decision where tool = 'hostile.echo' and verdict = 'block' and 'test-cap' = any(rules)").await;
        assert_eq!((allowed(&world).await, first, capped), (1, 1, 2), "per {window}");
        assert_eq!(world.db.number("select coalesce(sum(amount), 0)::bigint from counted_call").await, recorded, "per {window}");
    }
}
