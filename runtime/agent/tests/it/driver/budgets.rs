//! Budgets: set aside before, settled after, never overshot.

use super::*;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Micros, RunOutcome};
use steward_office::budgets;

async fn cap(world: &World, micros: i64) {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", Micros(micros)).await.expect("budget");
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn without_room_no_model_is_asked() {
    let model = ScriptedModel::start(vec![Reply::text("never")]).await;
    let world = World::scripted(&model).await;
    cap(&world, 10).await;
    let run = world.say("Hello").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::BudgetLimit));
    assert!(model.requests().is_empty());
    assert_eq!(world.db.number("select reserved_micros from budget").await, 0);
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
    for task in driving.collect::<Vec<_>>() {
        assert_eq!(task.await.expect("task"), RunStatus::Ended);
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
