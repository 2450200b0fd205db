//! What the process does by itself: in every organisation, and on although one of them makes trouble.

use super::world::World;
use steward_api::jobs::{budget_holds, escalate_holds, expire_holds};

/// An organisation's run with an action and a budget wait whose time is over.
async fn overdue(world: &World, tenant: uuid::Uuid) {
    let sql = "do $$
declare t uuid := '{tenant}'; w uuid; p uuid; c uuid := gen_random_uuid(); r uuid := gen_random_uuid(); n timestamptz := '2026-02-01'; d bytea := sha256('x');
begin
  select workspace_id into w from workspace where tenant_id = t;
  select person_id into p from person where tenant_id = t;
  insert into conversation (tenant_id, conversation_id, workspace_id, person_id, agent, title, created_at, changed_at) values (t, c, w, p, 'assistant', 'x', n, n);
  insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, created_at) values (t, r, w, c, p, 'assistant', 'chat', 'waiting', n);
  insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at, expires_at)
    values (t, gen_random_uuid(), w, r, 'call_1_0', p, 'assistant', 'x', 'send', d, '{}', '[]', 'x', '{}', 'held', n, n);
  insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at, expires_at, ask)
    values (t, gen_random_uuid(), w, r, 'call_1_1', p, 'assistant', 'x', 'send', d, '{}', '[]', 'x', '{}', 'held', n, '2100-01-01', '[{\"after_minutes\":5,\"roles\":[\"owner\"]}]');
  insert into budget_hold (tenant_id, budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, held_at, expires_at)
    values (t, gen_random_uuid(), w, r, p, 'assistant', 1, 1, 0, false, 'x', 'held', n, n);
end $$";
    world.server.database.raw(&sql.replace("{tenant}", &tenant.to_string())).await;
}

#[tokio::test]
async fn a_job_goes_on_with_the_next_organisation_when_one_makes_trouble() {
    let world = World::make().await;
    let database = &world.server.database;
    let (store, office) = (&database.worker, &world.server.state.office);
    for tenant in [world.home.tenant, world.other.tenant] {
        overdue(&world, tenant.uuid()).await;
    }
    // The first organisation's log takes nothing: whatever is done there cannot be written down, and is not done.
    database
        .raw(&format!(
            "create function public.no_log() returns trigger language plpgsql as $$ begin raise exception 'no log'; end $$;
             create trigger no_log before insert on audit_event for each row when (new.tenant_id = '{}') execute function public.no_log()",
            world.home.tenant.uuid()
        ))
        .await;
    let left = async |what: &str| {
        let count = |tenant: uuid::Uuid| format!("select count(*) from {what} and tenant_id = '{tenant}'");
        (database.number(&count(world.home.tenant.uuid())).await, database.number(&count(world.other.tenant.uuid())).await)
    };
    assert_eq!(expire_holds::once(store, office).await.expect("a round"), 1);
    assert_eq!(left("hold where state = 'expired'").await, (0, 1));
    assert_eq!(budget_holds::once(store, office).await.expect("a round"), 1);
    assert_eq!(left("budget_hold where state = 'expired'").await, (0, 1));
    assert_eq!(escalate_holds::once(store, office).await.expect("a round"), 1);
    assert_eq!(left("hold_escalation where true").await, (0, 1));
    // And it makes up for it when the trouble is over.
    database.raw("drop trigger no_log on audit_event").await;
    let rounds = (expire_holds::once(store, office).await, budget_holds::once(store, office).await, escalate_holds::once(store, office).await);
    assert!(matches!(rounds, (Ok(1), Ok(1), Ok(1))), "{rounds:?}");
}
