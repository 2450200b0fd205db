//! Held actions: people decide on exactly what will run, once.

use super::*;
use serde_json::json;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::event::HoldOutcome;
use steward_core::{Actor, BlockClass, HasKind, HoldId, Kind, Role};
use steward_office::OfficeError;
use steward_office::holds::escalate::escalate;
use steward_office::holds::routing::{ApprovalRule, ApprovalRules, Ask};
use steward_office::holds::{Approved, approve, expire, reject, revise};
use steward_office::people::{self, Grant};
use steward_store::testing::TestDatabase;

/// A run that waits with a note on a contact.
pub(super) async fn held() -> (ScriptedModel, World, RunId, HoldRow) {
    held_under(ApprovalRules::default()).await
}

/// The same, where an approval takes this.
pub(super) async fn held_under(approvals: ApprovalRules) -> (ScriptedModel, World, RunId, HoldRow) {
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
    let mut world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    std::sync::Arc::get_mut(&mut world.runtime).expect("nobody else has it").approvals = std::sync::Arc::new(approvals);
    let run = world.say("Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let row = waiting(&world).await.pop().expect("one held action");
    (model, world, run, row)
}

#[tokio::test]
async fn a_card_says_what_the_tool_would_do_and_nothing_is_done_for_it() {
    let (_model, world, _run, row) = held().await;
    let preview: serde_json::Value = serde_json::from_str(row.preview.as_deref().expect("a preview")).expect("JSON");
    assert_eq!(preview["title"], "Adds a note to the contact Lena Petrova");
    assert_eq!(preview["lines"], json!([{ "label": "note", "before": null, "after": "Met at the fair." }]));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'note.create'").await, 0);
}

/// Another owner, at the terminal.
pub(super) async fn another_owner(world: &World, number: u128) -> Actor {
    world
        .db
        .raw(&format!(
            "insert into person (tenant_id, person_id, email, display_name, created_at) values ('{0}', '{1}', 'owner{number}@test.example', 'Another', now());
             insert into membership (tenant_id, membership_id, person_id, role, created_at) values ('{0}', '{1}', '{1}', 'owner', now());",
            world.tenant.uuid(),
            uuid::Uuid::from_u128(number),
        ))
        .await;
    steward_office::people::actor_of_person(&world.db.app, world.tenant, &format!("owner{number}@test.example")).await.expect("another owner")
}

pub(super) async fn says_yes(world: &World, actor: &Actor, row: &HoldRow) -> Result<Approved, OfficeError> {
    let mut tx = world.db.app.begin(actor).await.expect("begin");
    let said = approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(row)).await?;
    tx.commit().await.expect("commit");
    Ok(said)
}

pub(super) fn takes(people: u16, separate: bool) -> ApprovalRules {
    let rule = ApprovalRule { tools: vec!["crm.*".into()], effects: Default::default(), people, separate: Some(separate), ask: Vec::new(), hours: 24 };
    ApprovalRules(vec![rule])
}

#[tokio::test]
async fn what_is_approved_out_of_order_waits_for_what_stands_before_it() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::Calls(
            ["First.", "Second."].map(|text| ("crm.add_note".into(), json!({ "contact_id": "contact_00000000000000000000000001", "text": text }))).into(),
        ),
        _ => Reply::text("Both were tried."),
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let run = world.say("Write both notes").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let mut rows = waiting(&world).await;
    rows.sort_by(|one, other| one.call_id.cmp(&other.call_id));
    assert_eq!(says_yes(&world, &world.owner, &rows[1]).await.expect("the second"), Approved::Released);
    assert_eq!(world.drive().await, Some(RunStatus::Waiting));
    assert_eq!(world.drive().await, None, "it waits and is not taken up again and again");
    assert_eq!(says_yes(&world, &world.owner, &rows[0]).await.expect("the first"), Approved::Released);
    settle(&world).await;
    assert_eq!(world.run(run).await.ended, Some(steward_core::RunOutcome::Replied));
    assert!(world.run(run).await.steps[0].calls.iter().all(|call| call.started.is_some()), "both were carried out");
}

#[tokio::test]
async fn what_is_decided_just_as_the_run_begins_to_wait_again_is_not_missed() {
    let (_model, world, run, row) = held().await;
    // Something else has it taken up once more, and somebody approves meanwhile: there is no run that waits which they could wake.
    world.db.raw("update run set status = 'queued'").await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
    // It is committed when the run stands behind it, or has looked past it and given itself back.
    let stands_behind = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let stands = async {
        while world.db.number(stands_behind).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let mut driving = Box::pin(world.drive());
    let ended = tokio::select! {
        ended = &mut driving => Some(ended),
        () = stands => None,
    };
    tx.commit().await.expect("commit");
    let driven = match ended {
        Some(ended) => ended,
        None => driving.await,
    };
    assert_eq!(driven, Some(RunStatus::Waiting));
    assert_eq!(settle(&world).await, Some(RunStatus::Ended), "{:?}", kinds(&world, run).await);
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn what_was_approved_and_not_begun_is_called_off_with_its_run() {
    let calls: Vec<_> =
        ["First.", "Second."].map(|text| ("crm.add_note".to_owned(), json!({ "contact_id": "contact_00000000000000000000000001", "text": text }))).into();
    // The second is approved and waits for the first, whether the run has seen that or not.
    for is_seen in [true, false] {
        let model = ScriptedModel::start(vec![Reply::Calls(calls.clone())]).await;
        let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
        let run = world.say("Write both notes").await;
        assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
        let mut rows = waiting(&world).await;
        rows.sort_by(|one, other| one.call_id.cmp(&other.call_id));
        assert_eq!(says_yes(&world, &world.owner, &rows[1]).await.expect("the second"), Approved::Released);
        if is_seen {
            assert_eq!(world.drive().await, Some(RunStatus::Waiting));
        }
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        steward_office::runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
        tx.commit().await.expect("commit");
        assert_eq!(settle(&world).await, Some(RunStatus::Ended));
        assert_eq!(world.run(run).await.ended, Some(steward_core::RunOutcome::Cancelled));
        assert_eq!(world.db.number("select count(*) from hold where state = 'cancelled' and closed_at is not null").await, 2, "seen: {is_seen}");
        // When people said yes stays as it was.
        assert_eq!(world.db.number("select count(*) from hold where decided_at < closed_at").await, 1, "seen: {is_seen}");
        assert_eq!(world.db.number("select count(*) from note").await, 0);
    }
}

#[tokio::test]
async fn so_many_different_people_have_to_approve_and_the_database_counts_them() {
    let (_model, world, _run, row) = held_under(takes(3, false)).await;
    assert_eq!((row.people, row.separate), (3, false));
    let (second, third) = (another_owner(&world, 81).await, another_owner(&world, 82).await);
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect("first"), Approved::StillNeeds { needs: vec![[Role::Owner].into()], people: 2 });
    // The same person does not count twice, whatever session they use.
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect_err("again").kind(), Kind::Conflict);
    assert_eq!(says_yes(&world, &second, &row).await.expect("second"), Approved::StillNeeds { needs: vec![[Role::Owner].into()], people: 1 });
    assert_eq!(world.drive().await, None, "it still waits");
    // Past the program, as the server's role.
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
    let forced = world.db.texts(&world.db.app_url, &settings, "update hold set state = 'approved' returning state").await.expect_err("not enough people");
    assert!(forced.contains("needs 3 people and 2 approved it"), "{forced}");
    assert_eq!(says_yes(&world, &third, &row).await.expect("third"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 1);
    assert_eq!(world.db.number("select count(*) from hold_approval where seal is not null").await, 3);
}

#[tokio::test]
async fn who_was_shut_out_or_demoted_before_the_last_word_does_not_count() {
    // Somebody says the words that were missing, or nobody does: then it is over in its time, and was changed by nobody.
    for is_released in [true, false] {
        let (_model, world, run, row) = held_under(takes(3, false)).await;
        let (second, third, fourth, fifth) =
            (another_owner(&world, 81).await, another_owner(&world, 82).await, another_owner(&world, 83).await, another_owner(&world, 84).await);
        for early in [&second, &third] {
            says_yes(&world, early, &row).await.expect("an early word");
        }
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        let office = &world.runtime.office;
        people::disable(&mut tx, office, second.person.expect("person")).await.expect("shut out");
        people::set_roles(&mut tx, office, third.person.expect("person"), &[Grant { role: Role::Support, workspace: None }]).await.expect("demoted");
        tx.commit().await.expect("commit");
        let missing = |people| Approved::StillNeeds { needs: vec![[Role::Owner].into()], people };
        assert_eq!(says_yes(&world, &world.owner, &row).await.expect("the third word"), missing(2), "neither counts");
        assert_eq!(world.drive().await, None, "it still waits");
        // Woken by whatever else, it waits on.
        world.db.raw("set session_replication_role = replica; update run set status = 'queued'").await;
        assert_eq!(settle(&world).await, Some(RunStatus::Waiting), "{:?}", world.events(run).await);
        if is_released {
            assert_eq!(says_yes(&world, &fourth, &row).await.expect("the fourth"), missing(1));
            assert_eq!(says_yes(&world, &fifth, &row).await.expect("the fifth"), Approved::Released);
        } else {
            let mut later = world.runtime.office.clone();
            later.clock = steward_core::Clock::manual(row.expires_at + time::Duration::seconds(1));
            let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
            assert!(expire(&mut tx, &later, row.hold_id).await.expect("expire"));
            tx.commit().await.expect("commit");
        }
        assert_eq!(settle(&world).await, Some(RunStatus::Ended));
        let closed: Vec<HoldOutcome> = world
            .events(run)
            .await
            .into_iter()
            .filter_map(|recorded| if let Event::HoldClosed { outcome, .. } = recorded.event { Some(outcome) } else { None })
            .collect();
        assert_eq!(closed, [if is_released { HoldOutcome::Approved } else { HoldOutcome::Expired }]);
        assert_eq!(world.db.number("select count(*) from note").await, i64::from(is_released));
    }
}

#[tokio::test]
async fn who_approved_and_may_no_more_when_it_is_to_begin_approves_nothing() {
    for is_shut_out in [true, false] {
        let (model, world, run, row) = held_under(takes(2, false)).await;
        let second = another_owner(&world, 81).await;
        says_yes(&world, &world.owner, &row).await.expect("the first word");
        assert_eq!(says_yes(&world, &second, &row).await.expect("the second"), Approved::Released);
        let (office, id) = (&world.runtime.office, second.person.expect("person"));
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        if is_shut_out {
            people::disable(&mut tx, office, id).await.expect("shut out");
        } else {
            people::set_roles(&mut tx, office, id, &[Grant { role: Role::Support, workspace: None }]).await.expect("demoted");
        }
        tx.commit().await.expect("commit");
        assert_eq!(settle(&world).await, Some(RunStatus::Ended));
        assert_eq!(world.db.number("select count(*) from note").await, 0, "shut out: {is_shut_out}");
        // Nobody changed anything in the database, and that is not what is said.
        let decided = world.events(run).await.into_iter().find_map(|recorded| match recorded.event {
            Event::Decided { class: Some(class), changed, .. } => Some((class, changed)),
            _ => None,
        });
        assert_eq!(decided, Some((BlockClass::ApproverGone, Vec::new())));
        assert_eq!(world.db.number("select count(*) from decision where class = 'approver_gone'").await, 1);
        assert_eq!(world.db.number("select count(*) from hold where state = 'failed'").await, 1);
        let requests = model.requests();
        let told = requests.last().expect("it was asked").tool_results().join("");
        assert!(told.contains("may not approve it any more"), "{told}");
    }
}

#[tokio::test]
async fn who_is_shut_out_while_one_approved_call_begins_approves_none_behind_it() {
    let calls: Vec<_> =
        ["First.", "Second."].map(|text| ("crm.add_note".to_owned(), json!({ "contact_id": "contact_00000000000000000000000001", "text": text }))).into();
    let model = ScriptedModel::start(vec![Reply::Calls(calls), Reply::text("Both were tried.")]).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let run = world.say("Write both notes").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let second = another_owner(&world, 81).await;
    for row in waiting(&world).await {
        assert_eq!(says_yes(&world, &second, &row).await.expect("a word"), Approved::Released);
    }
    // In the commit that says that the first one begins.
    let gone = format!(
        "create function gone() returns trigger language plpgsql security definer set search_path = steward as $$ begin
           if new.body::jsonb ->> 'kind' = 'starting' then update person set disabled_at = now() where person_id = '{}'; end if;
           return new;
         end $$;
         create trigger gone after insert on run_event for each row execute function gone();",
        second.person.expect("person").uuid(),
    );
    world.db.raw(&gone).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let begun: Vec<bool> = world.run(run).await.steps[0].calls.iter().map(|call| call.started.is_some()).collect();
    assert_eq!(begun, [true, false]);
    assert_eq!(world.db.number("select count(*) from decision where class = 'approver_gone'").await, 1);
}

#[tokio::test]
async fn who_asked_cannot_approve_where_it_takes_others_not_even_by_sql() {
    let (_model, world, _run, row) = held_under(takes(1, true)).await;
    let refused = says_yes(&world, &world.owner, &row).await.expect_err("they asked for it");
    assert!(matches!(refused.kind(), Kind::Denied) && refused.to_string().contains("leaves the approval to others"), "{refused}");
    // As the server's role and as the worker's, with a statement of one's own.
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
    let insert = "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at, seal)
                  select tenant_id, hold_id, person_id, workspace_id, true, array['owner'], envelope_id, 'terminal', now(), sha256('x') from hold returning method";
    let by_app = world.db.texts(&world.db.app_url, &settings, insert).await.expect_err("they asked for it");
    assert!(by_app.contains("who asked for an action or edited it cannot approve it"), "{by_app}");
    let by_worker = world.db.texts(&world.db.worker_url, &settings, insert).await.expect_err("the worker has no say");
    assert!(by_worker.contains("permission denied"), "{by_worker}");
    let forced = world.db.texts(&world.db.app_url, &settings, "update hold set state = 'approved' returning state").await.expect_err("nobody approved");
    assert!(forced.contains("needs 1 people and 0 approved it"), "{forced}");
    let other = "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at)
                 select tenant_id, hold_id, person_id, workspace_id, false, array['owner'], sha256('x'), 'terminal', now() from hold returning method";
    let other = world.db.texts(&world.db.app_url, &settings, other).await.expect_err("another envelope");
    assert!(other.contains("another envelope"), "{other}");
    assert_eq!(world.db.number("select count(*) from hold_approval").await, 0);
    // They may still refuse it, and somebody else may approve it.
    assert_eq!(says_yes(&world, &another_owner(&world, 83).await, &row).await.expect("another owner"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn without_the_key_nothing_can_be_approved() {
    let (_model, world, _run, row) = held().await;
    let mut keyless = world.runtime.office.clone();
    keyless.key = None;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let refused = approve(&mut tx, &keyless, row.hold_id, envelope_of(&row)).await.expect_err("no key");
    assert!(refused.to_string().contains("STEWARD_ENVELOPE_KEY"), "{refused}");
    drop(tx);
    // Another key's approval does not count either.
    let other = keyless.with_key(steward_core::EnvelopeKey::from_bytes([8; 32]));
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let refused = approve(&mut tx, &other, row.hold_id, envelope_of(&row)).await.expect_err("another key");
    assert_eq!(refused.kind(), Kind::Conflict, "{refused}");
}

#[tokio::test]
async fn a_card_that_was_changed_in_the_database_cannot_be_approved_only_refused() {
    let (_model, world, _run, row) = held().await;
    for change in ["reason = 'Harmless.'", "needs = '[[\"support\"]]'", "preview = '{}'", "people = 2"] {
        let sql = format!("set session_replication_role = replica; create table kept as table hold; update hold set {change}");
        world.db.raw(&sql).await;
        let refused = says_yes(&world, &world.owner, &row).await.expect_err(change);
        assert!(refused.to_string().contains("changed in the database"), "{change}: {refused}");
        world.db.raw("set session_replication_role = replica; delete from hold; insert into hold select * from kept; drop table kept").await;
    }
    world.db.raw("set session_replication_role = replica; update hold set reason = 'Harmless.'").await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    reject(&mut tx, &world.runtime.office, row.hold_id, "not what it was").await.expect("a refusal needs no trust");
    tx.rollback().await.expect("rollback");
    // Whatever it says now of who decides on it.
    world.db.raw("set session_replication_role = replica; update hold set needs = '[[\"finance\"]]'").await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    reject(&mut tx, &world.runtime.office, row.hold_id, "not what it was").await.expect("nor a role that the card names");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
}

#[tokio::test]
async fn guidance_reaches_the_model_and_the_old_card_is_dead() {
    let (model, world, run, row) = held().await;
    let office = &world.runtime.office;
    for wrong in ["", "  ", "a\0b"] {
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        assert_eq!(revise(&mut tx, office, row.hold_id, wrong).await.expect_err("no guidance").kind(), Kind::Invalid, "{wrong:?}");
    }
    let agent = world.owner.as_agent(run, "assistant");
    let mut tx = world.db.app.begin(&agent).await.expect("begin");
    assert_eq!(revise(&mut tx, office, row.hold_id, "Shorter.").await.expect_err("the agent has no say").kind(), Kind::Denied);
    drop(tx);
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    revise(&mut tx, office, row.hold_id, "Say where we met: in Hall 4.").await.expect("revise");
    tx.commit().await.expect("commit");
    let late = says_yes(&world, &world.owner, &row).await.expect_err("the old card is dead");
    assert!(late.to_string().contains("already revised"), "{late}");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let last = model.requests().pop().expect("a request");
    assert!(
        last.tool_results().iter().any(|result| result.contains("wants this done differently") && result.contains("in Hall 4")),
        "{:?}",
        last.tool_results()
    );
    let closed = world.events(run).await.into_iter().find_map(|recorded| match recorded.event {
        Event::HoldClosed { outcome, reason, .. } => Some((outcome, reason)),
        _ => None,
    });
    assert_eq!(closed.expect("closed"), (steward_core::event::HoldOutcome::Revised, Some("Say where we met: in Hall 4.".to_owned())));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from hold where state = 'revised'").await, 1);
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
    let other = World::attach(&world.db.superuser_url, world.tenant, &model.base_url(), &[HOLD_NOTES, NO_COMPANIES]).await;
    assert_eq!(settle(&other).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed'").await, 1);
    assert_eq!(world.db.number("select count(*) from hold where state = 'failed'").await, 1);
}

#[tokio::test]
async fn a_run_whose_agent_is_watched_in_another_mode_now_does_not_go_on() {
    let (model, world, run, row) = held().await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
    tx.commit().await.expect("commit");
    let asked = model.requests().len();
    // What the model was shown so far was not shown behind handles.
    let sealed = world.that_is_sealed(&[HOLD_NOTES]);
    assert_eq!(settle(&sealed).await, Some(RunStatus::Ended));
    assert_eq!(sealed.db.number("select count(*) from note").await, 0);
    assert_eq!(sealed.db.number("select count(*) from run where outcome = 'failed'").await, 1);
    assert_eq!(model.requests().len(), asked);
    let why = sealed.events(run).await.into_iter().find_map(|recorded| match recorded.event {
        Event::Ended { message, .. } => Some(message),
        _ => None,
    });
    assert!(why.as_deref().is_some_and(|why| why.contains("mode was changed") && why.contains("ask again")), "{why:?}");
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
    let second = another_owner(&world, 77).await;
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

#[tokio::test]
async fn others_are_asked_when_nobody_decided_once_a_step_on_record_and_it_waits_on() {
    let clock = steward_core::Clock::manual(time::macros::datetime!(2026-03-02 09:00 UTC));
    let model = ScriptedModel::start_with(|seen| {
        let results: Vec<serde_json::Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        match results.len() {
            0 => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            1 => Reply::call("crm.add_note", json!({ "contact_id": results[0]["ok"]["id"], "text": "Met at the fair." })),
            _ => Reply::text("Done."),
        }
    })
    .await;
    let mut world = World::at(clock.clone(), &model.base_url(), &[HOLD_NOTES]).await;
    let step = |after_minutes, role: Role| Ask { after_minutes, roles: [role].into() };
    let ask = vec![step(0, Role::Support), step(30, Role::Manager), step(90, Role::Owner)];
    let rule = ApprovalRule { tools: Vec::new(), effects: Default::default(), people: 1, separate: None, ask, hours: 4 };
    std::sync::Arc::get_mut(&mut world.runtime).expect("nobody else has it").approvals = std::sync::Arc::new(ApprovalRules(vec![rule]));
    let world = world;
    let run = world.say("Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let row = waiting(&world).await.pop().expect("one held action");
    let other = world.beside().await;
    let round = async |tenant| {
        let mut tx = world.db.worker.begin(&Actor::worker(tenant)).await.expect("begin");
        let steps = escalate(&mut tx, &world.runtime.office, 10).await.expect("escalate");
        tx.commit().await.expect("commit");
        steps
    };
    // One whose route cannot be read is asked of nobody else, and keeps nobody from being asked for the others.
    world.db.raw(
        "set session_replication_role = replica;
         insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at, expires_at, ask)
         select tenant_id, gen_random_uuid(), workspace_id, run_id, 'call_9_9', person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at - interval '1 hour', expires_at, '[{\"after'
           from hold where state = 'held'",
    )
    .await;
    clock.advance_ms(30 * 60_000 - 1);
    assert_eq!((round(world.tenant).await, round(other.tenant).await), (0, 0), "it is not time yet");
    clock.advance_ms(1);
    assert_eq!((round(other.tenant).await, round(world.tenant).await, round(world.tenant).await), (0, 1, 0), "once, and where it waits");
    // Whoever follows the run hears of it; the run waits on.
    assert_eq!((settle(&world).await, world.drive().await), (Some(RunStatus::Waiting), None));
    clock.advance_ms(60 * 60_000);
    assert_eq!((round(world.tenant).await, settle(&world).await), (1, Some(RunStatus::Waiting)));
    let told: Vec<(HoldId, u32, Vec<String>)> = world
        .events(run)
        .await
        .into_iter()
        .filter_map(|recorded| match recorded.event {
            Event::HoldEscalated { hold_id, after_minutes, roles, .. } => Some((hold_id, after_minutes, roles)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(row.hold_id, 30, vec!["manager".to_owned()]), (row.hold_id, 90, vec!["owner".to_owned()])]);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'hold.escalate'").await, 2);
    world.db.raw("set session_replication_role = replica; delete from hold where call_id = 'call_9_9'").await;
    let before = world.events(run).await.len();
    // Being asked is no right: the rules want an owner, as before.
    let manager = Actor { roles: [Role::Manager].into(), ..another_owner(&world, 96).await };
    assert_eq!(says_yes(&world, &manager, &row).await.expect_err("asked, and still not theirs").kind(), Kind::Denied);
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect("approve"), Approved::Released);
    clock.advance_ms(60_000);
    assert_eq!(round(world.tenant).await, 0, "nobody is asked for what is decided");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 1, "{:?}", &world.events(run).await[before..]);
    // Nor past the program, and what was asked stays on record.
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
    for (sql, expect) in [
        (
            "insert into hold_escalation (tenant_id, hold_id, workspace_id, after_minutes, roles, at) select tenant_id, hold_id, workspace_id, 1, '{owner}', now() from hold returning hold_id::text",
            "does not wait any more",
        ),
        ("update hold_escalation set roles = '{support}' returning hold_id::text", "permission denied"),
        ("delete from hold_escalation returning hold_id::text", "permission denied"),
    ] {
        let refused = world.db.texts(&world.db.worker_url, &settings, sql).await.expect_err(sql);
        assert!(refused.contains(expect), "{sql}: {refused}");
    }
}
