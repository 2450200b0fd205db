//! Who sees which budgets, and who lets a run go on that has no room in them.

use super::fixture::{House, World};
use steward_core::{Actor, ActorKind, ApiTokenId, AuthMethod, BudgetHoldId, HasKind, Kind, Micros, Role, Scope, SessionId};
use steward_office::budgets;
use steward_office::budgets::holds::{self, Breach};
use steward_office::people::{self, Grant, Invitation, PasswordChange, Passwords, Proven};
use steward_store::Page;

#[tokio::test]
async fn who_sees_one_workspace_sees_its_budgets_only() {
    let world = World::make().await;
    let house = world.house("north").await;
    let mut tx = world.begin(&house.owner).await;
    for (scope, id) in
        [("organisation", String::new()), ("workspace", house.sales.to_string()), ("workspace", house.support.to_string()), ("agent", "assistant".into())]
    {
        budgets::put(&mut tx, &world.office, scope, &id, "day", Micros(1_000_000)).await.expect("put");
    }
    assert_eq!(budgets::list(&mut tx).await.expect("list").len(), 4);
    tx.commit().await.expect("commit");

    let mut tx = world.begin(&Actor { roles: [Role::Support].into(), ..house.owner.clone() }).await;
    assert_eq!(budgets::list(&mut tx).await.expect_err("not theirs").kind(), Kind::Denied);
    let mut tx = world.begin(&Actor { roles: [Role::Manager].into(), ..house.only(house.sales) }).await;
    let seen: Vec<String> = budgets::list(&mut tx).await.expect("list").into_iter().map(|row| row.scope_id).collect();
    assert_eq!(seen, [house.sales.to_string()], "neither the organisation's nor another workspace's");
}

/// A run of the house that waits, with what it needs.
async fn waits(world: &World, house: &House, need: i64) -> BudgetHoldId {
    let run = world.run(house).await;
    let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
    let person = house.owner.person.expect("person");
    let breach =
        Breach { run, workspace: house.sales, person, agent: "assistant", step: 2, need: Micros(need), cost: Micros(7), of_run: false, why: "no room" };
    let row = holds::hold(&mut tx, &world.office, &breach).await.expect("held");
    let again = holds::hold(&mut tx, &world.office, &breach).await.expect("held");
    assert_eq!(row.budget_hold_id, again.budget_hold_id, "a run waits for one decision");
    tx.commit().await.expect("commit");
    row.budget_hold_id
}

fn as_role(house: &House, role: Role) -> Actor {
    Actor { roles: [role].into(), ..house.owner.clone() }
}

/// Another person of the house with a role, who has a password and gave it.
async fn proven_person(world: &World, house: &House, role: Role) -> (Actor, Passwords) {
    let passwords = Passwords::new(1).expect("argon");
    let mut tx = world.begin(&house.owner).await;
    let email = format!("{}@acme.example", world.office.ids.make::<steward_core::RunId>());
    let invitation = Invitation { email, display_name: "Mara".to_owned(), grants: vec![Grant { workspace: None, role }] };
    let person = people::invite(&mut tx, &world.office, &invitation).await.expect("invited").person;
    tx.commit().await.expect("commit");
    let actor = Actor { person: Some(person), ..as_role(house, role) };
    let change = PasswordChange { current: None, new: "a long enough password".into() };
    people::change_password(world.store(), &world.office, &passwords, &actor, &change, None).await.expect("password");
    (actor, passwords)
}

async fn prove(world: &World, passwords: &Passwords, actor: &Actor) -> Proven {
    people::prove(world.store(), &world.office, passwords, actor, &"a long enough password".into()).await.expect("proven")
}

async fn state(world: &World, id: BudgetHoldId) -> String {
    let sql = format!("select state from budget_hold where budget_hold_id = '{}'", id.uuid());
    world.database.texts(&world.database.superuser_url, "", &sql).await.expect("state").remove(0)
}

#[tokio::test]
async fn who_may_not_decide_on_money_does_not_and_one_decision_is_enough() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let hold = waits(&world, &house, 50_000).await;
    let token = ActorKind::Token { token: world.office.ids.make::<ApiTokenId>(), scopes: Scope::ALL.into() };
    let agent = house.owner.as_agent(world.office.ids.make(), "assistant");
    for actor in
        [as_role(&house, Role::Manager), as_role(&house, Role::Support), as_role(&house, Role::Auditor), Actor { kind: token, ..house.owner.clone() }, agent]
    {
        let mut tx = world.begin(&actor).await;
        assert_eq!(holds::allow(&mut tx, &world.office, hold, Micros(60_000), "").await.expect_err("not theirs").kind(), Kind::Denied, "{actor:?}");
        assert_eq!(holds::refuse(&mut tx, &world.office, hold, "").await.expect_err("not theirs").kind(), Kind::Denied, "{actor:?}");
    }
    let mut tx = world.begin(&as_role(&house, Role::Finance)).await;
    for (amount, reason) in [(0, "".to_owned()), (-1, "".to_owned()), (49_999, "".to_owned()), (60_000, "x".repeat(2001))] {
        assert_eq!(holds::allow(&mut tx, &world.office, hold, Micros(amount), &reason).await.expect_err("refused").kind(), Kind::Invalid, "{amount}");
    }
    holds::allow(&mut tx, &world.office, hold, Micros(60_000), "This once.").await.expect("allowed");
    assert_eq!(holds::refuse(&mut tx, &world.office, hold, "").await.expect_err("decided").kind(), Kind::Conflict);
    tx.commit().await.expect("commit");
    assert_eq!(state(&world, hold).await, "allowed");
    assert_eq!(world.database.number("select count(*) from audit_event where action in ('budget.hold', 'budget.allow')").await, 2);
}

#[tokio::test]
async fn a_wait_for_money_lapses_and_is_seen_only_where_it_is() {
    let world = World::make().await;
    let (house, other) = (world.house("acme").await, world.house("other").await);
    let hold = waits(&world, &house, 50_000).await;
    let mut tx = world.begin(&other.owner).await;
    assert_eq!(holds::get(&mut tx, &world.office, hold).await.expect_err("another organisation's").kind(), Kind::Missing);
    assert_eq!(holds::allow(&mut tx, &world.office, hold, Micros(60_000), "").await.expect_err("another organisation's").kind(), Kind::Missing);
    assert!(holds::list(&mut tx, &world.office, None, false, &Page::first()).await.expect("list").is_empty());
    let mut tx = world.begin(&Actor { roles: [Role::Finance].into(), ..house.only(house.support) }).await;
    assert_eq!(holds::get(&mut tx, &world.office, hold).await.expect_err("another workspace's").kind(), Kind::Missing);
    drop(tx);
    world.office.clock.advance_ms(73 * 3_600_000);
    let mut tx = world.begin(&house.owner).await;
    assert_eq!(holds::allow(&mut tx, &world.office, hold, Micros(60_000), "").await.expect_err("too late").kind(), Kind::Conflict);
    drop(tx);
    let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
    assert_eq!(holds::expire(&mut tx, &world.office, 10).await.expect("expire"), 1);
    assert_eq!(holds::expire(&mut tx, &world.office, 10).await.expect("expire"), 0);
    tx.commit().await.expect("commit");
    assert_eq!(state(&world, hold).await, "expired");
}

#[tokio::test]
async fn breaking_the_glass_needs_a_fresh_proof_a_reason_and_a_small_amount() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let hold = waits(&world, &house, 50_000).await;
    let (manager, passwords) = proven_person(&world, &house, Role::Manager).await;
    let (other, _) = proven_person(&world, &house, Role::Finance).await;
    let (support, _) = proven_person(&world, &house, Role::Support).await;
    let reason = "The customer waits on the phone.";
    let attempt = async |actor: &Actor, amount: i64, reason: &str, proven: Proven| {
        let mut tx = world.begin(actor).await;
        let outcome = holds::break_glass(&mut tx, &world.office, hold, Micros(amount), reason, proven).await;
        drop(tx);
        outcome.map_err(|err| err.kind())
    };
    let wrong = people::prove(world.store(), &world.office, &passwords, &manager, &"not the password".into()).await;
    assert_eq!(wrong.expect_err("wrong").kind(), Kind::Invalid);
    assert_eq!(attempt(&support, 60_000, reason, prove(&world, &passwords, &support).await).await, Err(Kind::Denied));
    assert_eq!(attempt(&manager, 60_000, reason, prove(&world, &passwords, &other).await).await, Err(Kind::Denied), "somebody else's proof");
    assert_eq!(attempt(&manager, 60_000, "urgent", prove(&world, &passwords, &manager).await).await, Err(Kind::Invalid));
    assert_eq!(attempt(&manager, 49_999, reason, prove(&world, &passwords, &manager).await).await, Err(Kind::Invalid), "less than it needs");
    assert_eq!(attempt(&manager, 5_000_001, reason, prove(&world, &passwords, &manager).await).await, Err(Kind::Denied), "more than one may");
    assert_eq!(state(&world, hold).await, "held");
    // In a session the proof is that session's, and lapses.
    let session = world.office.ids.make::<SessionId>();
    let in_session = Actor { kind: ActorKind::Person { session: Some(session), method: AuthMethod::Link }, ..manager.clone() };
    let mut tx = world.begin(&in_session).await;
    assert!(people::proven(&mut tx, &world.office).await.is_err(), "nobody gave a password here");
    drop(tx);
    let person = manager.person.expect("person");
    world
        .database
        .raw(&format!(
            "insert into session (tenant_id, session_id, person_id, token_hash, method, created_at, seen_at, expires_at)
             values ('{}', '{}', '{}', sha256('s'), 'link', now(), now(), now())",
            house.owner.tenant.uuid(),
            session.uuid(),
            person.uuid()
        ))
        .await;
    prove(&world, &passwords, &in_session).await;
    for (hours, expect) in [(0, true), (3, true), (2, false), (-6, false)] {
        world.office.clock.advance_ms(hours * 3_600_000);
        let mut tx = world.begin(&in_session).await;
        assert_eq!(people::proven(&mut tx, &world.office).await.is_ok(), expect, "{hours} hours on");
    }
}

#[tokio::test]
async fn a_broken_glass_is_bounded_in_a_day_and_reviewed_by_somebody_else() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let (manager, passwords) = proven_person(&world, &house, Role::Manager).await;
    let (owner, _) = proven_person(&world, &house, Role::Owner).await;
    let reason = "The customer waits on the phone.";
    let mut broken = Vec::new();
    for turn in 0..5 {
        let hold = waits(&world, &house, 50_000).await;
        let proven = prove(&world, &passwords, &manager).await;
        let mut tx = world.begin(&manager).await;
        let outcome = holds::break_glass(&mut tx, &world.office, hold, Micros(5_000_000), reason, proven).await;
        if turn < 4 {
            outcome.expect("within the day's bound");
            tx.commit().await.expect("commit");
            broken.push(hold);
        } else {
            assert!(outcome.expect_err("beyond the day's bound").to_string().contains("is the most"));
        }
    }
    let hold = broken[0];
    // Nor past the program, and not in another workspace's name: the table counts all that a person let through in a day.
    let beyond = waits(&world, &house, 50_000).await;
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", house.owner.tenant.uuid());
    let at = world.office.clock.now().unix_timestamp();
    let past = |amount: i64| {
        format!(
            "update budget_hold set state = 'allowed', allowed_micros = {amount}, broke_glass = true, decided_by = '{}', decided_at = to_timestamp({at}), allowed_until = to_timestamp({at}),
                    reason = 'long enough a reason' where budget_hold_id = '{}' returning state",
            manager.person.expect("person").uuid(),
            beyond.uuid()
        )
    };
    for url in [&world.database.app_url, &world.database.worker_url, &world.database.superuser_url] {
        let refused = world.database.texts(url, &settings, &past(1)).await.expect_err("beyond the day's bound");
        assert!(refused.contains("no more than 20 US dollars"), "{refused}");
    }
    // Why it was broken is read by who may, and stands nowhere in clear.
    let mut tx = world.begin(&owner).await;
    assert_eq!(holds::get(&mut tx, &world.office, hold).await.expect("one of them").reason.as_deref(), Some(reason));
    drop(tx);
    assert_eq!(world.database.number("select count(*) from budget_hold as t where to_jsonb(t)::text like '%on the phone%'").await, 0);
    world.database.raw(&format!("update budget_hold set state = 'cancelled' where budget_hold_id = '{}'", beyond.uuid())).await;
    let mut tx = world.begin(&owner).await;
    assert_eq!(holds::list(&mut tx, &world.office, None, true, &Page::first()).await.expect("list").len(), 4);
    let unbroken = waits(&world, &house, 50_000).await;
    assert_eq!(holds::review(&mut tx, &world.office, unbroken, true).await.expect_err("nothing to review").kind(), Kind::Conflict);
    drop(tx);
    let mut tx = world.begin(&manager).await;
    assert_eq!(holds::review(&mut tx, &world.office, hold, true).await.expect_err("no owner").kind(), Kind::Denied);
    drop(tx);
    // Even somebody who became an owner since does not review what they did themselves, and the table knows it too.
    let mut tx = world.begin(&Actor { roles: [Role::Owner].into(), ..manager.clone() }).await;
    assert_eq!(holds::review(&mut tx, &world.office, hold, true).await.expect_err("their own").kind(), Kind::Denied);
    assert!(steward_store::budget_hold::review(&mut tx, hold, "justified", manager.person.expect("person"), world.office.clock.now()).await.is_err());
    drop(tx);
    let mut tx = world.begin(&owner).await;
    holds::review(&mut tx, &world.office, hold, false).await.expect("reviewed");
    assert_eq!(holds::review(&mut tx, &world.office, hold, true).await.expect_err("once").kind(), Kind::Conflict);
    tx.commit().await.expect("commit");
    let said = world
        .database
        .texts(
            &world.database.superuser_url,
            "",
            "select convert_from(canon, 'utf8') from audit_event where action in ('budget.break_glass', 'budget.review') order by audit_id",
        )
        .await
        .expect("entries");
    assert_eq!(said.len(), 5);
    assert!(said[0].contains("\"amount_micros\":5000000") && said[0].contains("\"must_be_reviewed\":true") && !said[0].contains(reason), "{}", said[0]);
    assert!(said[4].contains("not_justified"), "{}", said[4]);
}

#[tokio::test]
async fn the_table_itself_refuses_what_was_not_said() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let (open, decided) = (waits(&world, &house, 50_000).await, waits(&world, &house, 50_000).await);
    let mut tx = world.begin(&house.owner).await;
    holds::refuse(&mut tx, &world.office, decided, "No.").await.expect("refused");
    tx.commit().await.expect("commit");
    let database = &world.database;
    let before = format!("set app.tenant = '{}'; set app.workspaces = '*'", house.owner.tenant.uuid());
    let (open, decided) = (open.uuid(), decided.uuid());
    for sql in [
        format!("update budget_hold set need_micros = 1 where budget_hold_id = '{open}'"),
        format!("update budget_hold set state = 'allowed' where budget_hold_id = '{open}'"),
        format!("update budget_hold set state = 'held' where budget_hold_id = '{decided}'"),
        format!("update budget_hold set state = 'allowed', allowed_micros = 1 where budget_hold_id = '{decided}'"),
        format!(
            "update budget_hold set state = 'allowed', allowed_micros = 6000000, allowed_until = now(), decided_at = now(), decided_by = person_id, reason = 'long enough a reason', broke_glass = true where budget_hold_id = '{open}'"
        ),
        format!(
            "update budget_hold set state = 'allowed', allowed_micros = 1, allowed_until = now() + interval '1 day', decided_at = now(), decided_by = person_id, reason = 'long enough a reason', broke_glass = true where budget_hold_id = '{open}'"
        ),
        "delete from budget_hold".to_owned(),
        "truncate budget_hold".to_owned(),
    ] {
        for url in [&database.app_url, &database.superuser_url] {
            assert!(database.texts(url, &before, &sql).await.is_err(), "{sql}");
        }
    }
}

#[tokio::test]
async fn a_run_goes_on_by_itself_once_there_is_room_and_not_before() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let day = async |micros: i64| {
        let mut tx = world.begin(&house.owner).await;
        budgets::put(&mut tx, &world.office, "organisation", "", "day", Micros(micros)).await.expect("put");
        tx.commit().await.expect("commit");
    };
    let release = async || {
        let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
        let released = holds::release(&mut tx, &world.office, 10).await.expect("release");
        tx.commit().await.expect("commit");
        released
    };
    day(100_000).await;
    world.database.raw("update budget set spent_micros = 60000, reserved_micros = 10000").await;
    let hold = waits(&world, &house, 5_000).await;
    assert_eq!(release().await, 0, "not the least that is set aside fits");
    world.database.raw("update budget set reserved_micros = 0, spent_micros = 50001").await;
    assert_eq!(release().await, 0, "short by one");
    world.office.clock.advance_ms(24 * 3_600_000);
    assert_eq!(release().await, 1, "a new day");
    assert_eq!(state(&world, hold).await, "cancelled");
    day(10).await;
    waits(&world, &house, 5_000).await;
    assert_eq!(release().await, 0);
    day(50_000).await;
    assert_eq!(release().await, 1, "an owner raised it");
    world.database.raw("update run set status = 'waiting'").await;
    let of_run = waits(&world, &house, 5_000).await;
    world
        .database
        .raw(&format!("alter table budget_hold disable trigger all; update budget_hold set of_run = true where budget_hold_id = '{}'", of_run.uuid()))
        .await;
    assert_eq!(release().await, 0, "a run's own limit is lifted by people only");
}

#[tokio::test]
async fn room_is_offered_once_and_who_has_none_holds_up_nobody() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let mut tx = world.begin(&house.owner).await;
    for (scope, id, cap) in [("organisation", String::new(), 130_000), ("agent", "assistant".to_owned(), 10), ("agent", "clerk".to_owned(), 1_000_000)] {
        budgets::put(&mut tx, &world.office, scope, &id, "day", Micros(cap)).await.expect("put");
    }
    tx.commit().await.expect("commit");
    // More than a page of runs of an agent that has no room, and three of another after them.
    let mut last = Vec::new();
    for number in 0..205 {
        let hold = waits(&world, &house, 50_000).await;
        if number >= 202 {
            last.push(hold);
        }
    }
    let ids: Vec<String> = last.iter().map(|id| format!("'{}'", id.uuid())).collect();
    world.database.raw(&format!("alter table budget_hold disable trigger all; update budget_hold set agent = 'clerk' where budget_hold_id in ({}); alter table budget_hold enable trigger all", ids.join(", "))).await;
    let release = async || {
        let mut tx = world.database.worker.begin(&Actor::worker(house.owner.tenant)).await.expect("begin");
        let released = holds::release(&mut tx, &world.office, 100).await.expect("release");
        tx.commit().await.expect("commit");
        released
    };
    assert_eq!(release().await, 2, "there is room for two in the organisation, whoever waits before them");
    let mut states = Vec::new();
    for hold in last {
        states.push(state(&world, hold).await);
    }
    assert_eq!(states, ["cancelled", "cancelled", "held"], "who waited longest goes first");
}
