//! Who is told of what, once, whatever happens in between.

use super::super::sample;
use super::super::world::World;
use super::{BOTH, Waits, sorted};
use steward_api::jobs::escalate_holds;
use steward_core::{Actor, Role};
use steward_office::notices::{self, Channels, LEASE_SECONDS, Tried};
use steward_store::notice::DueRow;
use uuid::Uuid;

const MAIL: Channels = Channels { mail: true, push: false };

async fn take(world: &World) -> Vec<DueRow> {
    let mut tx = world.server.database.worker.begin(&Actor::worker(world.home.tenant)).await.expect("tx");
    let due = notices::take(&mut tx, &world.server.state.office, BOTH, 100).await.expect("due");
    tx.commit().await.expect("commit");
    due
}

async fn settle(world: &World, due: &DueRow, tried: Tried) -> Option<String> {
    let mut tx = world.server.database.worker.begin(&Actor::worker(world.home.tenant)).await.expect("tx");
    let dead = notices::settle(&mut tx, &world.server.state.office, due, tried).await.expect("settled");
    tx.commit().await.expect("commit");
    dead
}

#[tokio::test]
async fn whoever_may_decide_is_told_once_and_nobody_else() {
    let world = World::make().await;
    let owner = world.home.owner;
    let (asker, manager) = (world.person(Role::Manager, None).await, world.person(Role::Manager, None).await);
    for role in [Role::Finance, Role::Support, Role::Auditor] {
        world.person(role, None).await;
    }
    // One who sees another workspace only, one who is shut out, and one who wants no mail and has no browser.
    let sql = format!("insert into workspace values ('{}', gen_random_uuid(), 'Elsewhere', now()) returning workspace_id::text", world.home.tenant.uuid());
    let elsewhere: Uuid = world.column(&sql).await[0].parse().expect("an id");
    world.person(Role::Manager, Some(elsewhere.into())).await;
    let (out, silent) = (world.person(Role::Manager, None).await, world.person(Role::Manager, None).await);
    world.server.database.raw(&format!("update person set disabled_at = now() where person_id = '{}'", out.uuid())).await;
    let session = world.home.session_of(&world.server, silent).await.secret;
    let wish = serde_json::json!({ "mail": false });
    world.server.ask("PUT", "/api/v1/me/notices").cookie(&session).json(&wish).send().await.expect(200);
    let separate = world.holds(Waits { by: asker, needs: &[&["owner"], &["manager"]], ask: &[], separate: true, tool: "mail.send" }).await;
    let alone = world.waits(asker).await;
    assert_eq!(world.announce(MAIL).await, 2);
    assert_eq!(world.told_of(separate.uuid()).await, sorted(&[owner, manager]), "who asked leaves it to others");
    assert_eq!(world.told_of(alone.uuid()).await, sorted(&[owner, manager, asker]), "who asked may approve here");
    assert_eq!(world.announce(MAIL).await, 0);
    assert_eq!(world.server.database.number("select count(*) from notice").await, 5);
    assert_eq!(world.column("select people::text || ' ' || notices from announcement order by 1").await, ["3 2", "4 3"]);
    // Nothing of what is to be done is in the outbox.
    let all = world.column("select notice::text from notice").await.join("\n");
    assert!(!all.contains("ecret") && all.contains("mail.send"), "{all}");
    let owner = world.owner().await;
    let audited = world.server.ask("GET", "/api/v1/audit?action=notice.announce").cookie(&owner).send().await.expect(200).json();
    assert_eq!(audited["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_route_tells_the_next_only_when_it_asks_them() {
    let world = World::make().await;
    let support = world.person(Role::Support, None).await;
    let manager = world.person(Role::Manager, None).await;
    let needs: &[&[&str]] = &[&["owner"], &["manager"], &["support"]];
    let hold = world.holds(Waits { by: support, needs, ask: &[(0, &["support"]), (30, &["manager", "auditor"])], separate: false, tool: "mail.send" }).await;
    // One whose route asks nobody who may decide, and one whose route asks nobody in particular yet: they wait for whoever may.
    let lost =
        world.holds(Waits { by: support, needs: &[&["owner"]], ask: &[(0, &["support"]), (30, &["auditor"])], separate: false, tool: "mail.send" }).await;
    let late = world.holds(Waits { by: support, needs, ask: &[(30, &["manager"])], separate: false, tool: "mail.send" }).await;
    assert_eq!(world.announce(MAIL).await, 3);
    assert_eq!(world.told_of(hold.uuid()).await, [support]);
    assert_eq!(world.told_of(lost.uuid()).await, [world.home.owner]);
    assert_eq!(world.told_of(late.uuid()).await, sorted(&[world.home.owner, support, manager]));
    world.server.pass_minutes(31);
    assert_eq!(escalate_holds::once(&world.server.database.worker, &world.server.state.office).await.expect("asked"), 3);
    assert_eq!(world.announce(MAIL).await, 3);
    assert_eq!(world.told_of(hold.uuid()).await, sorted(&[support, manager]));
    assert_eq!(world.server.database.number("select count(*) from notice").await, 6, "who was told is not told again");
}

#[tokio::test]
async fn waits_for_money_and_proposed_changes_reach_those_who_decide_on_them() {
    let world = World::make().await;
    let (finance, manager, second) = (world.person(Role::Finance, None).await, world.person(Role::Manager, None).await, world.person(Role::Owner, None).await);
    let (t, w, owner) = (world.home.tenant.uuid(), world.home.workspace.uuid(), world.home.owner);
    let (money, change, broken) = (Uuid::now_v7_of(1), Uuid::now_v7_of(2), Uuid::now_v7_of(3));
    world.waits(manager).await;
    world
        .server
        .database
        .raw(&format!(
            "insert into budget_hold (tenant_id, budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, held_at, expires_at)
               select '{t}', '{money}', '{w}', run_id, '{0}', 'assistant', 1, 1, 0, false, 'x', 'held', '{1}', '{1}'::timestamptz + interval '1 hour' from run limit 1;
             insert into governance_change (tenant_id, governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by,
                                            proposed_at, proposed_audit_id, seal, state)
               select '{t}', id, 'policy', 'rules', '{{}}', sha256('x'), sha256('x'), 0, '{{}}', sound, '{2}', '{1}', (select audit_id from audit_event where tenant_id = '{t}' limit 1),
                      sha256('x'), 'proposed' from (values ('{change}'::uuid, true), ('{broken}', false)) as one (id, sound)",
            manager.uuid(),
            world.now(),
            owner.uuid(),
        ))
        .await;
    assert_eq!(world.announce(MAIL).await, 3);
    assert_eq!(world.told_of(money).await, sorted(&[owner, second, finance]));
    assert_eq!(world.told_of(change).await, [second], "never who proposed it");
    assert_eq!(world.told_of(broken).await, [], "what did not pass its checks cannot be approved");
    // Decided is over, whatever it was.
    world
        .server
        .database
        .raw(&format!(
            "update budget_hold set state = 'refused', decided_by = '{0}', decided_at = now() where budget_hold_id = '{money}';
             update governance_change set state = 'rejected', decided_by = '{0}', decided_at = now(), decided_audit_id = proposed_audit_id where governance_change_id = '{change}'",
            second.uuid()
        ))
        .await;
    let left = take(&world).await;
    assert!(left.iter().all(|due| due.tool.as_deref() == Some("mail.send")), "{left:?}");
    assert_eq!(world.server.database.number("select count(*) from notice where state = 'moot'").await, 4);
}

#[tokio::test]
async fn what_was_decided_meanwhile_is_not_told_any_more() {
    let world = World::make().await;
    let manager = world.person(Role::Manager, None).await;
    let database = &world.server.database;
    let holds = [world.waits(manager).await, world.waits(manager).await, world.waits(manager).await];
    assert_eq!(world.announce(MAIL).await, 3);
    database.raw(&format!("update hold set state = 'rejected', decided_at = now() where hold_id = '{}'", holds[0].uuid())).await;
    // One of two said something; the other is still told.
    database
        .raw(&format!(
            "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at)
             values ('{}', '{}', '{}', '{}', true, '{{manager}}', sha256('x'), 'link', now())",
            world.home.tenant.uuid(),
            holds[1].uuid(),
            manager.uuid(),
            world.home.workspace.uuid()
        ))
        .await;
    let mut due: Vec<_> = take(&world).await.into_iter().map(|due| (due.matter.uuid(), due.person)).collect();
    due.sort_by_key(|(hold, person)| (*hold, person.uuid()));
    let owner = world.home.owner;
    let mut expect = vec![(holds[1].uuid(), owner), (holds[2].uuid(), owner), (holds[2].uuid(), manager)];
    expect.sort_by_key(|(hold, person)| (*hold, person.uuid()));
    assert_eq!(due, expect);
    // What nobody decided in time is over for the outbox too, although its job did not come round yet.
    world.server.pass_minutes(73 * 60);
    assert_eq!(take(&world).await, []);
    assert_eq!(world.column("select distinct state from notice").await, ["moot"]);
    // And nobody is told of what has expired before they were.
    assert_eq!(world.announce(MAIL).await, 0);
}

#[tokio::test]
async fn a_process_that_dies_loses_no_message_and_two_send_none_twice() {
    let world = World::make().await;
    let hold = world.waits(world.home.owner).await;
    let (store, office) = (&world.server.database.worker, &world.server.state.office);
    // Dies before the commit: nothing was told, and it is found again.
    let mut tx = store.begin(&Actor::worker(world.home.tenant)).await.expect("tx");
    assert_eq!(notices::announce(&mut tx, office, MAIL, 100).await.expect("told"), 1);
    tx.rollback().await.expect("rollback");
    let (one, other) = tokio::join!(world.announce(MAIL), world.announce(MAIL));
    assert_eq!(one + other, 1);
    assert_eq!(world.told_of(hold.uuid()).await, [world.home.owner]);
    // Two take: one has it. It dies with it: the lease runs out, and it is tried again.
    let (one, other) = tokio::join!(take(&world), take(&world));
    assert_eq!(one.len() + other.len(), 1);
    assert_eq!(take(&world).await, []);
    office.clock.advance_ms((LEASE_SECONDS - 1) * 1_000);
    assert_eq!(take(&world).await, []);
    office.clock.advance_ms(1_000);
    let again = take(&world).await;
    assert_eq!(again.iter().map(|due| due.tries).collect::<Vec<_>>(), [2]);
    // What is done is done, whoever writes.
    assert_eq!(settle(&world, &again[0], Tried::Taken).await, None);
    assert_eq!(settle(&world, &again[0], Tried::Refused("late".to_owned())).await.as_deref(), Some("late"));
    assert_eq!(world.column("select state || coalesce(why, '') from notice").await, ["sent"]);
    let changed = world
        .server
        .database
        .texts(&world.server.database.superuser_url, "", "update notice set state = 'waiting', next_at = now(), done_at = null returning '1'")
        .await;
    assert!(changed.expect_err("refused").contains("this notice is already sent"));
}

#[tokio::test]
async fn what_fails_is_given_up_after_so_many_tries_and_named() {
    let world = World::make().await;
    world.waits(world.home.owner).await;
    world.announce(BOTH).await;
    let failed = || Tried::Failed { why: "the mail server asks to try later (451)".to_owned(), after_s: None };
    let mut waited = Vec::new();
    for _ in 0..7 {
        let due = take(&world).await;
        assert_eq!(settle(&world, &due[0], failed()).await, None);
        let next = world.column("select extract(epoch from next_at)::bigint::text from notice").await[0].parse::<i64>().expect("a time");
        let wait = next - world.now().unix_timestamp();
        waited.push(wait);
        world.server.state.office.clock.advance_ms((wait - 1) * 1_000);
        assert_eq!(take(&world).await, [], "not before its time");
        world.server.state.office.clock.advance_ms(1_000);
    }
    assert_eq!(waited, notices::BACKOFF_SECONDS);
    let due = take(&world).await;
    assert_eq!(settle(&world, &due[0], failed()).await.as_deref(), Some("the mail server asks to try later (451)"));
    assert_eq!(take(&world).await, []);
    let owner = world.owner().await;
    let dead = world.server.ask("GET", "/api/v1/notices/dead").cookie(&owner).send().await.expect(200).json();
    assert_eq!(dead["items"][0]["why"], "the mail server asks to try later (451)");
    assert_eq!(dead["items"][0]["reason"], "mail_later", "readers of other languages are told too");
    assert_eq!((&dead["items"][0]["tries"], &dead["items"][0]["channel"]), (&serde_json::json!(8), &serde_json::json!("mail")));
}

/// Ids that sort as they were made.
trait Numbered {
    fn now_v7_of(number: u128) -> Uuid;
}

impl Numbered for Uuid {
    fn now_v7_of(number: u128) -> Uuid {
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
    }
}

#[tokio::test]
async fn what_waits_in_another_organisation_is_told_to_nobody_here() {
    let world = World::make().await;
    let here = world.person(Role::Manager, None).await;
    let theirs = sample::hold_of(&world, &world.other, "write").await;
    assert_eq!(world.announce(MAIL).await, 0, "nothing waits here");
    assert_eq!(take(&world).await.len(), 0);
    let ours = world.waits(here).await;
    assert_eq!(world.announce(MAIL).await, 1);
    let mut tx = world.server.database.worker.begin(&Actor::worker(world.other.tenant)).await.expect("tx");
    assert_eq!(notices::announce(&mut tx, &world.server.state.office, MAIL, 100).await.expect("told"), 1);
    tx.commit().await.expect("commit");
    assert_eq!(world.told_of(theirs.uuid()).await, [world.other.owner]);
    assert_eq!(world.told_of(ours.uuid()).await, sorted(&[world.home.owner, here]));
    assert!(take(&world).await.iter().all(|due| due.person != world.other.owner), "and what is sent for one is for its own people");
}
