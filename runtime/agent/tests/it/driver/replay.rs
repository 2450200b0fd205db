//! A run once more, offline: the same where nothing changed, and the first difference where something did.

use super::edits::NO_NOTES;
use super::holds::{held, says_yes};
use super::*;
use steward_agent::replay::{ReplayError, Replayed, With, replay};
use steward_core::DecisionId;
use steward_core::event::Recorded;
use steward_office::holds::Approved;
use steward_store::decision::{self, Filter};

async fn records(world: &World, run: RunId) -> std::collections::BTreeMap<DecisionId, String> {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let rows = decision::list(&mut tx, &Filter { run: Some(run), ..Filter::default() }, &Page::first()).await.expect("decisions");
    rows.into_iter().map(|row| (row.decision_id, row.record)).collect()
}

/// What a replay is asked with, beside the run: other rules, prompt, model, first step, or events.
#[derive(Default)]
pub(super) struct Other<'a> {
    rules: Option<&'a World>,
    prompt: Option<&'a str>,
    model: Option<&'a str>,
    from: Option<u32>,
    events: Option<Vec<Recorded>>,
}

pub(super) async fn again(world: &World, run: RunId, other: Other<'_>) -> Result<Replayed, ReplayError> {
    let runtime = &world.runtime;
    let events = match other.events {
        Some(events) => events,
        None => world.events(run).await,
    };
    let Some(Event::Started { pins, .. }) = events.first().map(|recorded| recorded.event.clone()) else { return Err(ReplayError::NoBeginning) };
    let rules = other.rules.unwrap_or(world).runtime.rules.base();
    let with = With {
        rules: &rules,
        host: &runtime.host,
        agent: &steward_agent::agents::of_run(&runtime.agents, &pins).expect("the agent"),
        prompt: runtime.prompts.resolve(other.prompt.unwrap_or(&pins.prompt)).expect("the prompt"),
        model: other.model.unwrap_or(&pins.model),
        key: runtime.office.key.as_ref().expect("key"),
        approvals: &runtime.approvals,
        tenant: world.tenant,
        from_step: other.from.unwrap_or(1),
    };
    replay(run, &events, &records(world, run).await, &with)
}

/// A run with a look, a held note that was approved, and an end.
async fn done() -> (steward_agent::testing::ScriptedModel, World, RunId) {
    let (model, world, run, row) = held().await;
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect("approve"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    (model, world, run)
}

#[tokio::test]
async fn what_cannot_be_replayed_says_why() {
    let (_model, world, run) = done().await;
    let none = again(&world, run, Other { events: Some(Vec::new()), ..Other::default() }).await;
    assert_eq!(none, Err(ReplayError::NoBeginning));
    let beyond = again(&world, run, Other { from: Some(9), ..Other::default() }).await.expect_err("no such step").to_string();
    assert!(beyond.contains("the run has 3 steps, and step 9 is none"), "{beyond}");
}

#[tokio::test]
async fn a_run_that_is_replayed_as_it_was_comes_out_the_same_and_asks_and_does_nothing() {
    let (model, world, run) = done().await;
    let (asked, notes) = (model.requests().len(), world.db.number("select count(*) from note").await);
    let events = world.db.number("select count(*) from run_event").await;
    let replayed = again(&world, run, Other::default()).await.expect("replayed");
    assert_eq!((replayed.questions, replayed.decisions, replayed.differences.as_slice()), (3, 3, [].as_slice()));
    assert_eq!((model.requests().len(), world.db.number("select count(*) from note").await), (asked, notes));
    assert_eq!(world.db.number("select count(*) from run_event").await, events);
    let late = again(&world, run, Other { from: Some(3), ..Other::default() }).await.expect("replayed");
    assert_eq!((late.questions, late.decisions), (1, 0));
}

#[tokio::test]
async fn other_rules_another_prompt_and_another_model_are_named_where_they_part() {
    let (model, world, run) = done().await;
    let stricter = World::attach(&world.db.superuser_url, world.tenant, &model.base_url(), &[HOLD_NOTES, NO_NOTES]).await;
    let first = |replayed: Replayed| {
        let one = replayed.differences.into_iter().next().expect("a difference");
        (one.step, one.tool, one.field, one.was, one.now)
    };
    let (step, tool, field, was, now) = first(again(&world, run, Other { rules: Some(&stricter), ..Other::default() }).await.expect("replayed"));
    assert_eq!((step, tool.as_deref(), field.as_str(), was, now), (2, Some("crm.add_note"), "/verdict", "hold".into(), "block".into()));
    let (step, tool, field, ..) = first(again(&world, run, Other { model: Some("fast"), ..Other::default() }).await.expect("replayed"));
    assert_eq!((step, tool, field.as_str()), (1, None, "/model"));
}

#[tokio::test]
async fn a_journal_that_says_something_else_than_what_was_asked_is_found() {
    let (_model, world, run) = done().await;
    let mut events = world.events(run).await;
    for recorded in &mut events {
        if let Event::Done { outcome: steward_core::Outcome::Ok { result, .. }, .. } = &mut recorded.event {
            *result = serde_json::json!({ "contact": { "id": "contact_00000000000000000000000001" } });
            break;
        }
    }
    let replayed = again(&world, run, Other { events: Some(events), ..Other::default() }).await.expect("replayed");
    let first = replayed.differences.first().expect("a difference");
    assert_eq!((first.step, first.field.as_str(), first.tool.as_deref()), (2, "/question", None), "{first:?}");
}
