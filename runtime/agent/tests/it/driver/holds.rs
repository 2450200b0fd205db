//! Held actions: people decide on exactly what will run, once.

use super::*;
use serde_json::json;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Actor, HasKind, Kind, Role};
use steward_office::holds::{Approved, approve, expire, reject};
use steward_store::testing::TestDatabase;

/// A run that waits with a note on a contact.
async fn held() -> (ScriptedModel, World, RunId, HoldRow) {
    let model = ScriptedModel::start_with(|seen| {
        let results: Vec<serde_json::Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        match results.len() {
            0 => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            1 => {
                let id = results[0]["ok"]["id"].as_str().or_else(|| results[0]["ok"]["contact"]["id"].as_str()).unwrap_or("missing").to_owned();
                Reply::call("crm.add_note", json!({ "contact_id": id, "text": "Met at the fair." }))
            }
            _ => Reply::text(format!("The note: {}", results[1])),
        }
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let run = world.say("Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let row = waiting(&world).await.pop().expect("one held action");
    (model, world, run, row)
}

#[tokio::test]
async fn an_approved_action_runs_once_and_the_run_goes_on() {
    let (_model, world, run, row) = held().await;
    assert_eq!(world.db.number("select count(*) from note").await, 0, "nothing happens before people decide");
    let office = &world.runtime.office;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    assert_eq!(approve(&mut tx, office, row.hold_id, envelope_of(&row)).await.expect("approve"), Approved::Released);
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 1);
    assert_eq!(world.db.number("select count(*) from hold where state = 'done'").await, 1);
    assert!(reply(&world, run).await.expect("a reply").contains("ok"));
    // Approving again, or driving again, does nothing.
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let again = approve(&mut tx, office, row.hold_id, envelope_of(&row)).await.expect_err("already decided");
    assert_eq!(again.kind(), Kind::Conflict, "{again}");
    drop(tx);
    assert_eq!(world.drive().await, None);
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn a_rejection_reaches_the_model_with_its_reason() {
    let (model, world, run, row) = held().await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    reject(&mut tx, &world.runtime.office, row.hold_id, "not before Friday").await.expect("reject");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    let last = model.requests().pop().expect("a request");
    assert!(last.tool_results().iter().any(|result| result.contains("not before Friday")), "{:?}", last.tool_results());
    assert!(world.run(run).await.ended.is_some());
}

#[tokio::test]
async fn an_expired_action_is_told_apart_from_a_refused_one() {
    let (model, world, _run, row) = held().await;
    world
        .db
        .raw("alter table hold disable trigger hold_moves; update hold set expires_at = now() - interval '1 hour'; alter table hold enable trigger hold_moves;")
        .await;
    let office = &world.runtime.office;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let late = approve(&mut tx, office, row.hold_id, envelope_of(&row)).await.expect_err("too late");
    assert_eq!(late.kind(), Kind::Conflict, "{late}");
    drop(tx);
    let mut tx = world.db.worker.begin(&Actor::worker(world.tenant)).await.expect("begin");
    assert!(expire(&mut tx, office, row.hold_id).await.expect("expire"));
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let last = model.requests().pop().expect("a request");
    assert!(last.tool_results().iter().any(|result| result.contains("nobody decided")), "{:?}", last.tool_results());
    assert_eq!(world.db.number("select count(*) from note").await, 0);
}

#[tokio::test]
async fn only_people_whose_role_suffices_decide_and_never_the_agent() {
    let (_model, world, run, row) = held().await;
    let office = &world.runtime.office;
    let support = Actor { roles: [Role::Support].into(), ..world.owner.clone() };
    let auditor = Actor { roles: [Role::Auditor].into(), ..world.owner.clone() };
    let agent = world.owner.as_agent(run, "assistant");
    for (who, actor) in [("support", support), ("auditor", auditor), ("agent", agent), ("worker", Actor::worker(world.tenant))] {
        let mut tx = world.db.app.begin(&actor).await.expect("begin");
        let refused = approve(&mut tx, office, row.hold_id, envelope_of(&row)).await.expect_err(who);
        assert_eq!(refused.kind(), Kind::Denied, "{who}: {refused}");
    }
    assert_eq!(world.db.number("select count(*) from hold_approval").await, 0);
    assert_eq!(world.drive().await, None);
}

#[tokio::test]
async fn another_envelope_is_refused() {
    let (_model, world, _run, row) = held().await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let other = format!("env_{}", "0".repeat(64)).parse().expect("an id");
    let refused = approve(&mut tx, &world.runtime.office, row.hold_id, other).await.expect_err("another envelope");
    assert_eq!(refused.kind(), Kind::Conflict, "{refused}");
}

#[tokio::test]
async fn rules_changed_after_the_approval_refuse_the_action() {
    let (model, world, _run, row) = held().await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
    tx.commit().await.expect("commit");
    // The same installation with other rules: the envelope names the rules it was judged by.
    let other = World::attach(&world.db.superuser_url, &model.base_url(), &[HOLD_NOTES, NO_COMPANIES]).await;
    assert_eq!(settle(&other).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed'").await, 1);
    assert_eq!(world.db.number("select count(*) from hold where state = 'failed'").await, 1);
}

#[tokio::test]
async fn a_call_edited_in_the_database_after_the_approval_does_not_run() {
    let (_model, world, _run, row) = held().await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
    tx.commit().await.expect("commit");
    world
        .db
        .raw("alter table run_event disable trigger never_change; update run_event set body = replace(body, 'Met at the fair.', 'Pay Eve.'); alter table run_event enable trigger never_change;")
        .await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_approvers_at_once_cause_one_effect() {
    let (_model, world, _run, row) = held().await;
    world
        .db
        .raw(&format!(
            "insert into person (tenant_id, person_id, email, display_name, created_at) values ('{0}', '{1}', 'second@test.example', 'Second', now());
             insert into membership (tenant_id, membership_id, person_id, role, created_at) values ('{0}', '{1}', '{1}', 'owner', now());",
            world.tenant.uuid(),
            uuid::Uuid::from_u128(77),
        ))
        .await;
    let second = steward_office::people::actor_of_person(&world.db.app, world.tenant, "second@test.example").await.expect("second");
    let one = |actor: Actor| {
        let (store, office, row) = (world.db.app.clone(), world.runtime.office.clone(), row.clone());
        tokio::spawn(async move {
            let mut tx = store.begin(&actor).await.expect("begin");
            let outcome = approve(&mut tx, &office, row.hold_id, envelope_of(&row)).await;
            if outcome.is_ok() {
                tx.commit().await.expect("commit");
            }
            outcome.is_ok()
        })
    };
    let (a, b) = tokio::join!(one(world.owner.clone()), one(second));
    assert!(a.expect("task") ^ b.expect("task"), "exactly one of them decides");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}
