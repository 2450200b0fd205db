//! The queue: one run that cannot be taken up stands before no other.

use super::*;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_agent::worker::work;
use steward_store::StoreError;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_run_whose_journal_cannot_be_read_is_leased_and_told_apart() {
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let world = World::scripted(&model).await;
    let broken = world.say("Hello").await;
    let sound = world.say("Hello").await;
    world.db.raw(&format!("set session_replication_role = replica; update run_event set body = '{{}}' where run_id = '{}'", broken.uuid())).await;
    let store = &world.runtime.store;
    let now = world.runtime.office.clock.now();
    let (leased, taken) = store.lease_and_take_up("w", now, 15_000).await.expect("lease").expect("a run");
    assert_eq!((leased.run, leased.fence), (broken, 1));
    assert!(matches!(taken, Err(StoreError::Corrupt { what: "run_event.body" })), "{taken:?}");
    let (leased, taken) = store.lease_and_take_up("w", now, 15_000).await.expect("lease").expect("the next run");
    assert_eq!((leased.run, taken.expect("its journal").events.len()), (sound, 1));
    assert!(store.lease_and_take_up("w", now, 15_000).await.expect("lease").is_none(), "both are leased");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_the_server_cannot_read_stands_before_no_other() {
    let model = ScriptedModel::start(vec![Reply::text("Hello.")]).await;
    let world = World::scripted(&model).await;
    let broken = world.say("Hello").await;
    let sound = world.say("Hello").await;
    // As a damaged page would: whatever touches the first run's rows fails in the server.
    world
        .db
        .raw(&format!(
            "alter function take_up(uuid, uuid) rename to take_up_sound;
             create function steward.take_up(as_tenant uuid, the_run uuid)
               returns table (workspace_id uuid, agent text, cancelled boolean, active boolean, roles text[], places uuid[], event_at timestamptz[], event_body text[])
               language plpgsql volatile as $$
             begin
               if the_run = '{}' then raise exception 'invalid page in block 0' using errcode = 'XX001'; end if;
               return query select * from steward.take_up_sound(as_tenant, the_run);
             end $$;
             grant execute on function steward.take_up(uuid, uuid) to steward_worker;",
            broken.uuid()
        ))
        .await;
    let mut watch = world.runtime.live.watch();
    let stop = CancellationToken::new();
    let working = tokio::spawn(work(world.runtime.clone(), 4, stop.clone()));
    while !matches!(watch.recv().await.expect("a happening"), steward_agent::live::Happening::Event { run, event } if run == sound && matches!(event.event, Event::Ended { .. }))
    {
    }
    // It is leased too, so that it comes up again when its lease has run out and not before.
    while world.db.number(&format!("select fence from run where run_id = '{}'", broken.uuid())).await == 0 {}
    stop.cancel();
    working.await.expect("worker");
    assert_eq!(reply(&world, sound).await.as_deref(), Some("Hello."));
}
