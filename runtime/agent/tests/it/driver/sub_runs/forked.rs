//! A run that goes on from another knows what happened below that one since.

use super::*;
use steward_core::event::{Fate, LaterCall};

const WORDS: &str = "Create the company Wood, and add a note to Lena Petrova that we met.";

/// A desk that looks, and hands the whole message on to a clerk, who makes a company and wants a note that waits. Driven until it waits.
async fn noting(mode: Mode) -> (ScriptedModel, World, RunId) {
    let model = ScriptedModel::start_with(|seen| {
        let results = parsed(&seen.tool_results());
        match (is_of(seen, "clerk"), results.len()) {
            (_, 0) => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
            (false, 1) => delegate("clerk", WORDS),
            (true, 1) => Reply::call("crm.create_company", json!({ "name": "Wood" })),
            (true, 2) => Reply::call("crm.add_note", json!({ "contact_id": results[0]["ok"]["contacts"][0]["id"], "text": "We met." })),
            _ => Reply::text("Done."),
        }
    })
    .await;
    let agents: &[(&str, &[&str], Mode)] = &[("assistant", ALL, mode), ("clerk", ALL, mode)];
    let world = World::scripted(&model).await.that_delegates(agents, RunLimits::default(), &[HOLD_NOTES]);
    poisoned(&world).await;
    let run = world.say(WORDS).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    (model, world, run)
}

fn fates(later: &[LaterCall]) -> Vec<Fate> {
    later.iter().map(|later| later.fate).collect()
}

#[tokio::test]
async fn what_a_sub_run_did_is_said_where_the_fork_wants_the_same() {
    let (_model, world, run) = noting(Mode::Open).await;
    for _ in 0..3 {
        approve_all(&world).await;
        settle(&world).await;
    }
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Replied));
    let forked = fork(&world, run, 2).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let was = world.run(only_below(&world, run).await).await;
    let later = world.run(forked).await.later;
    assert_eq!(fates(&later), [Fate::Done, Fate::Done]);
    assert_eq!(later[1].call_digest, steward_agent::run::call_digest(&was.steps[2].calls[0].call));
    // It is handed on again, and whoever is asked then is told.
    let sub = only_below(&world, forked).await;
    assert_eq!(fates(&world.run(sub).await.later), [Fate::Done, Fate::Done]);
    let [card] = waiting(&world).await.try_into().expect("one card");
    assert_eq!(card.run, sub);
    assert!(card.reason.contains("did the same already"), "{}", card.reason);

    // Where it was not over yet, it may happen there still.
    let (_model, world, run) = noting(Mode::Traced).await;
    let forked = fork(&world, run, 2).await;
    assert_eq!(fates(&world.run(forked).await.later), [Fate::Done, Fate::Open]);
}

#[tokio::test]
async fn what_people_refused_in_a_sub_run_is_not_handed_on_again_by_a_fork() {
    let (_model, world, run) = noting(Mode::Traced).await;
    let [card] = waiting(&world).await.try_into().expect("one card");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    steward_office::holds::reject(&mut tx, &world.runtime.office, card.hold_id, "Not this.").await.expect("refused");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let forked = fork(&world, run, 2).await;
    assert_eq!(fates(&world.run(forked).await.later), [Fate::Done, Fate::Denied]);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(below(&world, forked).await, []);
    let last = outcomes(&world, forked).await.pop().expect("an outcome");
    assert!(refusal(&last).1.starts_with("a person refused a call of this run"), "{last:?}");
    assert_eq!(world.db.number("select count(*) from note").await, 1, "the stranger's note alone");
}

#[tokio::test]
async fn what_sub_runs_used_and_wanted_counts_where_the_run_ended_before_them() {
    let (_model, world, run) = noting(Mode::Traced).await;
    let sub = only_below(&world, run).await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::cancel(&mut tx, &world.runtime.office, run).await.expect("stopped");
    tx.commit().await.expect("commit");
    settle(&world).await;
    let (served, below) = (world.run(run).await, world.run(sub).await);
    assert_eq!((served.ended, served.below.tokens), (Some(RunOutcome::Cancelled), 0), "it brought nothing");
    assert!(below.usage.total() > 0);
    let forked = world.run(fork(&world, run, 3).await).await;
    assert_eq!(forked.used().tokens, served.usage.total() + below.usage.total());
    assert_eq!(forked.used().below_steps, below.answers());
    assert_eq!(fates(&forked.later), [Fate::Done], "the step is taken, and there is no answer that says what came of it");
}
