//! The whole loop on a model server that is not ours, over HTTP: what is allowed runs, what is held waits, what is blocked does not happen,
//! what fails is said, and the money is charged once.

use super::*;
use crate::models::peers::Mock;
use steward_core::ContactId;
use steward_core::RunOutcome;
use steward_office::holds;

const LENA: &str = "insert into contact (tenant_id, contact_id, workspace_id, display_name, search, created_at, changed_at)
    select tenant_id, '{id}', workspace_id, 'Lena Petrova', 'lena petrova', now(), now() from workspace";

async fn with_lena(world: &World) {
    let id: ContactId = "contact_00000000000000000000000001".parse().expect("an id");
    world.db.raw(&LENA.replace("{id}", &id.uuid().to_string())).await;
}

/// Open reservations, and questions that were answered or failed without one of their own.
async fn unsettled(world: &World) -> i64 {
    world.db.number("select count(*) from reservation where state = 'open'").await
}

#[tokio::test]
async fn a_run_on_a_third_partys_server_comes_to_its_reply() {
    let mock = Mock::start().await;
    for streamed in [false, true] {
        let world = World::make(&mock.base_url).await;
        with_lena(&world).await;
        let _watch = streamed.then(|| world.runtime.live.watch());
        let run = world.say("Who is Lena, and what does she owe?").await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended), "{streamed}: {:?}", world.events(run).await);
        assert_eq!(reply(&world, run).await.as_deref(), Some("Lena Petrova; what she owes I may not see."), "{streamed}");
        assert_eq!(world.db.number("select count(*) from decision where verdict = 'block' and class = 'unknown_tool'").await, 1);
        assert_eq!(world.db.number("select count(*) from decision where verdict = 'allow'").await, 1);
        assert_eq!(world.db.number("select steps::bigint from run").await, 2);
        assert_eq!(unsettled(&world).await, 0);
    }
}

#[tokio::test]
async fn what_a_third_partys_server_asks_for_waits_for_a_person() {
    let mock = Mock::start().await;
    let world = World::with_rules(steward_store::testing::TestDatabase::make().await, &mock.base_url, &[HOLD_NOTES]).await;
    with_lena(&world).await;
    let run = world.say("Note that Lena called.").await;
    assert_eq!(world.drive().await, Some(RunStatus::Waiting));
    assert_eq!(world.db.number("select count(*) from note").await, 0, "nothing before the yes");
    let hold = waiting(&world).await.remove(0);
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    holds::approve(&mut tx, &world.runtime.office, hold.hold_id, envelope_of(&hold)).await.expect("approved");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(reply(&world, run).await.as_deref(), Some("Noted, once somebody had agreed."));
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn a_third_partys_refusal_ends_the_run_and_says_so() {
    let mock = Mock::start().await;
    let world = World::make(&mock.base_url).await;
    let run = world.say("refuse").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
    let said = format!("{:?}", world.events(run).await);
    assert!(said.contains("that model is not yours"), "{said}");
    assert_eq!(unsettled(&world).await, 0);
}
