//! One governed run, end to end: what is allowed runs, what is held waits for people, what is blocked does not happen.

mod asking;
mod authority;
mod babble;
mod bounds;
mod budgets;
mod clock;
mod counters;
mod documents;
mod echo;
mod edits;
mod facts;
mod failover;
mod forks;
mod full;
mod grants;
mod guests;
mod holds;
mod keeping;
mod leases;
mod looks;
mod meanwhile;
mod merges;
mod peers;
mod places;
mod queue;
mod record;
mod refusals;
mod replay;
mod replies;
mod rules;
mod schedules;
mod sealed;
mod secrets;
mod sub_runs;
mod tamper;
mod told;

use steward_agent::fork::{Taken, taken};
use steward_agent::testing::World;
use steward_core::{EnvelopeId, Event, RunId};
use steward_office::OfficeError;
use steward_office::conversations::{self, Fork};
use steward_store::hold::{Filter, HoldRow};
use steward_store::{Page, run::RunStatus};

/// Holds `crm.add_note` for an owner, so that a test has something to decide on.
const HOLD_NOTES: &str = r#"
@id("test-notes-ask") @reason("Notes ask the owner in this test.")
forbid (principal, action == Action::"crm.add_note", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#;

/// Forbids `crm.create_company` to everybody.
const NO_COMPANIES: &str = r#"
@id("test-no-companies") @reason("No companies in this test.") @tell("Companies cannot be made here.")
forbid (principal, action == Action::"crm.create_company", resource);
"#;

/// Drives until nothing is queued.
async fn settle(world: &World) -> Option<RunStatus> {
    let mut last = None;
    while let Some(status) = world.drive().await {
        last = Some(status);
    }
    last
}

/// The actions that wait.
async fn waiting(world: &World) -> Vec<HoldRow> {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let held = Filter { state: Some("held".to_owned()), ..Filter::default() };
    steward_office::holds::list(&mut tx, &held, &Page::first()).await.expect("holds")
}

fn envelope_of(row: &HoldRow) -> EnvelopeId {
    format!("env_{}", row.envelope_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).parse().expect("envelope id")
}

/// The kinds of a run's events, in order.
async fn kinds(world: &World, run: RunId) -> Vec<String> {
    let events = world.events(run).await;
    events.iter().map(|recorded| serde_json::to_value(&recorded.event).expect("event")["kind"].as_str().expect("kind").to_owned()).collect()
}

/// Forks a run of the owner at a step, with the same message; the fork is queued.
async fn fork(world: &World, run: RunId, step: u32) -> RunId {
    try_fork(world, run, step).await.expect("forked")
}

async fn try_fork(world: &World, run: RunId, step: u32) -> Result<RunId, OfficeError> {
    let events = world.events(run).await;
    let begun = events.iter().find_map(|recorded| {
        if let Event::Started { text, history, attachments, .. } = &recorded.event {
            Some((text.clone(), history.clone(), attachments.iter().map(|given| given.document_id).collect()))
        } else {
            None
        }
    });
    let (text, history, documents) = begun.expect("a beginning");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let below = steward_office::runs::journals_below(&mut tx, run).await.expect("runs below");
    let Taken { events, used, later } = taken(&events, &below, step).expect("what came before is over");
    let fork = Fork { from: run, step, events, used, later, text, history, documents };
    let (_, posted) = conversations::fork(&mut tx, &world.runtime.office, fork, "chat", world.pins()).await?;
    tx.commit().await.expect("commit");
    Ok(posted.run)
}

/// The reply of a run.
async fn reply(world: &World, run: RunId) -> Option<String> {
    world.events(run).await.into_iter().find_map(|recorded| if let Event::Replied { text, .. } = recorded.event { Some(text) } else { None })
}
