//! Other arguments in place of the model's: judged anew, approved anew, and on record.

use super::holds::{another_owner, held, held_under, says_yes, takes};
use super::*;
use serde_json::{Value, json};
use steward_agent::edit::{Edited, Judges, edit, look};
use steward_core::{Actor, BlockClass, HasKind, Kind, PersonId, Role};
use steward_office::OfficeError;
use steward_office::holds::Approved;

pub(super) async fn edits(world: &World, actor: &Actor, row: &HoldRow, change: impl Fn(&mut Value)) -> Result<Edited, OfficeError> {
    let envelope: Value = serde_json::from_str(&row.envelope).expect("envelope");
    let mut arguments = envelope["arguments"].clone();
    change(&mut arguments);
    let (runtime, rules) = (&world.runtime, world.runtime.rules.base());
    let judges =
        Judges { office: &runtime.office, store: &world.db.app, host: &runtime.host, rules: &rules, agents: &runtime.agents, approvals: &runtime.approvals };
    let looked = look(actor, &judges, row.hold_id, arguments).await;
    let mut tx = world.db.app.begin(actor).await.expect("begin");
    let edited = edit(&mut tx, &judges, looked).await?;
    tx.commit().await.expect("commit");
    Ok(edited)
}

pub(super) fn waits(edited: Edited) -> HoldRow {
    match edited {
        Edited::Waits(row) => *row,
        Edited::Blocked { class, reason } => unreachable!("blocked as {class:?}: {reason}"),
    }
}

#[tokio::test]
async fn an_edit_that_the_schema_or_the_rules_refuse_changes_nothing() {
    let (_model, world, run, row) = held().await;
    for (what, wrong) in [("no text", json!({})), ("another kind", json!({ "text": 7 })), ("a field too many", json!({ "text": "a", "secret": 1 }))] {
        let edited = edits(&world, &world.owner, &row, |arguments| {
            let contact = arguments["contact_id"].clone();
            *arguments = wrong.clone();
            arguments["contact_id"] = contact;
        });
        let edited = edited.await.expect("judged");
        assert!(matches!(edited, Edited::Blocked { class: BlockClass::InvalidArguments, .. }), "{what}: {edited:?}");
    }
    let same = edits(&world, &world.owner, &row, |arguments| *arguments = json!([])).await.expect_err("no object");
    assert_eq!(same.kind(), Kind::Invalid);
    let support = Actor { roles: [Role::Support].into(), ..world.owner.clone() };
    for actor in [support, world.owner.as_agent(run, "assistant"), Actor::worker(world.tenant)] {
        let refused = edits(&world, &actor, &row, |arguments| arguments["text"] = json!("x")).await.expect_err("no say");
        assert_eq!(refused.kind(), Kind::Denied, "{refused}");
    }
    // Rules that changed meanwhile judge the edit too.
    let stricter = World::attach(&world.db.superuser_url, world.tenant, "http://127.0.0.1:9", &[HOLD_NOTES, NO_NOTES]).await;
    let blocked = edits(&stricter, &stricter.owner, &row, |arguments| arguments["text"] = json!("x")).await.expect("judged");
    assert!(matches!(blocked, Edited::Blocked { class: BlockClass::Policy, .. }), "{blocked:?}");
    // So does what the run may cost: as if its bound had been less than it has used by now.
    let bound = async |from: &str, to: &str| {
        world
            .db
            .raw(&format!(
                "set session_replication_role = replica; update run_event set body = replace(body, '\"tokens\":{from},', '\"tokens\":{to},') where seq = 1"
            ))
            .await;
    };
    bound("1000000", "1").await;
    let blocked = edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("x")).await.expect("judged");
    let Edited::Blocked { class: BlockClass::Limit, reason } = &blocked else { panic!("{blocked:?}") };
    assert!(reason.contains("budget"), "{reason}");
    let by_budget = "select count(*) from audit_event where action = 'hold.edit' and outcome = 'refused' and convert_from(canon, 'utf8') like '%over-budget%'";
    assert_eq!(world.db.number(by_budget).await, 1);
    bound("1", "1000000").await;
    assert_eq!(world.db.number("select count(*) from hold where state = 'held'").await, 1);
    assert_eq!(world.db.number("select count(*) from hold").await, 1);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'hold.edit' and outcome = 'refused'").await, 5);
    // The card still counts as it was.
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect("approve"), Approved::Released);
}

/// Forbids notes to everybody.
pub(super) const NO_NOTES: &str = r#"
@id("test-no-notes") @reason("No notes in this test.") @tell("Notes cannot be written here.")
forbid (principal, action == Action::"crm.add_note", resource);
"#;

#[tokio::test]
async fn an_edited_call_is_approved_anew_and_runs_as_edited() {
    let (model, world, run, row) = held().await;
    let first = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    // Once more before the run takes it up, and another time after it did.
    let second = waits(edits(&world, &world.owner, &first, |arguments| arguments["text"] = json!("Met in Hall 4.")).await.expect("edit"));
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let third = waits(edits(&world, &world.owner, &second, |arguments| arguments["text"] = json!("Met in Hall 5.")).await.expect("edit"));
    for old in [&row, &first, &second] {
        let dead = says_yes(&world, &world.owner, old).await.expect_err("an old card");
        assert!(dead.to_string().contains("was edited"), "{dead}");
    }
    assert_ne!(third.envelope_id, row.envelope_id);
    assert_eq!((third.edits, third.edited_by), (Some(second.hold_id), world.owner.person));
    let by: Option<PersonId> =
        serde_json::from_value(serde_json::from_str::<Value>(&third.envelope).expect("envelope")["edited_by"].clone()).expect("a person");
    assert_eq!(by, world.owner.person, "who edited is part of what is approved");
    assert_eq!(says_yes(&world, &world.owner, &third).await.expect("approve"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note where text = 'Met in Hall 5.'").await, 1);
    assert_eq!(world.db.number("select count(*) from note").await, 1);
    assert_eq!(world.db.number("select count(*) from hold where state = 'edited'").await, 3);
    assert_eq!(world.db.number("select count(*) from hold where state = 'done'").await, 1);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'hold.edit' and outcome = 'done'").await, 3);
    assert_eq!(kinds(&world, run).await.iter().filter(|kind| *kind == "edited").count(), 3);
    assert!(model.requests().pop().expect("a request").tool_results().iter().any(|result| result.contains("a person changed the arguments")));
}

#[tokio::test]
async fn the_card_of_an_edit_says_what_the_tool_would_do_with_what_was_edited() {
    let (_model, world, _run, row) = held().await;
    let said = |row: &HoldRow| serde_json::from_str::<Value>(row.preview.as_deref().expect("a preview")).expect("JSON");
    let first = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    assert_eq!(said(&first)["title"], said(&row)["title"]);
    assert_eq!(said(&first)["lines"], json!([{ "label": "note", "before": null, "after": "Met in Hall 3." }]));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    // It is asked with the rights of whom the agent acts for: for who may see nothing any more, it says nothing.
    let second = another_owner(&world, 91).await;
    world.db.raw(&format!("update person set disabled_at = now() where person_id = '{}'", world.owner.person.expect("person").uuid())).await;
    let blind = waits(edits(&world, &second, &first, |arguments| arguments["text"] = json!("Met in Hall 4.")).await.expect("edit"));
    assert_eq!(blind.preview, None);
}

/// The next decision that is written is refused once, as when a counter of the rules moved between judging and writing.
async fn a_counter_moves_once(world: &World) {
    world
        .db
        .raw(
            "create sequence moves; grant usage on sequence moves to public;
             create function moves_once() returns trigger language plpgsql as $$ begin
               if nextval('steward.moves') = 1 then raise exception 'a counter has moved' using errcode = 'STW12'; end if;
               return new;
             end $$;
             create trigger moves_once before insert on decision for each row execute function moves_once()",
        )
        .await;
}

#[tokio::test]
async fn an_edit_is_not_lost_when_a_counter_moves_between_judging_and_writing() {
    let (_model, world, run, row) = held().await;
    let edited = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    a_counter_moves_once(&world).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert!(world.db.number("select last_value from moves").await > 1, "it was judged twice");
    assert_eq!(kinds(&world, run).await.iter().filter(|kind| *kind == "edited").count(), 1);
    assert_eq!(says_yes(&world, &world.owner, &edited).await.expect("approve"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note where text = 'Met in Hall 3.'").await, 1);
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn who_asked_or_edited_leaves_the_approval_to_others_where_it_takes_others() {
    let (_model, world, _run, row) = held_under(takes(1, true)).await;
    let (second, third) = (another_owner(&world, 91).await, another_owner(&world, 92).await);
    // Editing is no way round it: neither for who asked, nor for who edited.
    let by_asker = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    assert!(by_asker.separate, "what it takes stays as it was");
    assert_eq!(says_yes(&world, &world.owner, &by_asker).await.expect_err("they asked for it").kind(), Kind::Denied);
    let by_second = waits(edits(&world, &second, &by_asker, |arguments| arguments["text"] = json!("Met in Hall 4.")).await.expect("edit"));
    for actor in [&world.owner, &second] {
        assert_eq!(says_yes(&world, actor, &by_second).await.expect_err("asked or edited").kind(), Kind::Denied);
    }
    // Nor past the program.
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
    for (person, sql) in [(world.owner.person, "person_id"), (second.person, "edited_by")] {
        let insert = format!(
            "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at, seal)
             select tenant_id, hold_id, {sql}, workspace_id, true, array['owner'], envelope_id, 'terminal', now(), sha256('x') from hold where state = 'held' returning method"
        );
        let refused = world.db.texts(&world.db.app_url, &settings, &insert).await.expect_err("asked or edited");
        assert!(refused.contains("cannot approve it"), "{person:?}: {refused}");
    }
    assert_eq!(says_yes(&world, &third, &by_second).await.expect("somebody else"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note where text = 'Met in Hall 4.'").await, 1);
    assert_eq!(world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn nobody_who_edited_on_the_way_approves_where_it_takes_others() {
    let (_model, world, _run, row) = held_under(takes(1, true)).await;
    let (second, third, fourth) = (another_owner(&world, 91).await, another_owner(&world, 92).await, another_owner(&world, 93).await);
    let by_second = waits(edits(&world, &second, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    let by_third = waits(edits(&world, &third, &by_second, |arguments| arguments["text"] = json!("Met in Hall 4.")).await.expect("edit"));
    for actor in [&world.owner, &second, &third] {
        assert_eq!(says_yes(&world, actor, &by_third).await.expect_err("asked or edited").kind(), Kind::Denied);
    }
    // Nor past the program: neither a word of theirs, nor a count with theirs in it.
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
    let second_id = second.person.expect("person").uuid();
    let insert = format!(
        "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at, seal)
         select tenant_id, hold_id, '{second_id}', workspace_id, true, array['owner'], envelope_id, 'terminal', now(), sha256('x') from hold where state = 'held' returning method"
    );
    let refused = world.db.texts(&world.db.app_url, &settings, &insert).await.expect_err("edited");
    assert!(refused.contains("cannot approve it"), "{refused}");
    world
        .db
        .raw(&format!(
            "alter table hold_approval disable trigger user; {}; alter table hold_approval enable trigger user",
            insert.replace(" returning method", "")
        ))
        .await;
    let refused =
        world.db.texts(&world.db.app_url, &settings, "update hold set state = 'approved' where state = 'held' returning state").await.expect_err("not counted");
    assert!(refused.contains("needs 1 people and 0 approved it"), "{refused}");
    world.db.raw("alter table hold_approval disable trigger user; delete from hold_approval; alter table hold_approval enable trigger user").await;
    assert_eq!(says_yes(&world, &fourth, &by_third).await.expect("somebody else"), Approved::Released);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note where text = 'Met in Hall 4.'").await, 1);
}

#[tokio::test]
async fn an_editor_who_is_hidden_in_the_database_stops_the_action() {
    let (_model, world, _run, row) = held_under(takes(1, true)).await;
    let (second, third, fourth) = (another_owner(&world, 91).await, another_owner(&world, 92).await, another_owner(&world, 93).await);
    let by_second = waits(edits(&world, &second, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    let by_third = waits(edits(&world, &third, &by_second, |arguments| arguments["text"] = json!("Met in Hall 4.")).await.expect("edit"));
    let (hidden, shown) = (by_second.hold_id.uuid(), fourth.person.expect("person").uuid());
    world.db.raw(&format!("set session_replication_role = replica; update hold set edited_by = '{shown}' where hold_id = '{hidden}'")).await;
    assert_eq!(says_yes(&world, &second, &by_third).await.expect("the row no longer says that they edited"), Approved::Released);
    settle(&world).await;
    assert_eq!(world.db.number("select count(*) from note").await, 0, "its seal does");
}

#[tokio::test]
async fn what_is_decided_or_over_is_not_edited() {
    let (_model, world, _run, row) = held().await;
    let change = |arguments: &mut Value| arguments["text"] = json!("x");
    let elsewhere = Actor { tenant: world.runtime.office.ids.make(), ..world.owner.clone() };
    assert_eq!(edits(&world, &elsewhere, &row, change).await.expect_err("another organisation's").kind(), Kind::Missing);
    world.db.raw("set session_replication_role = replica; create table kept as table hold; update hold set reason = 'Harmless.'").await;
    let forged = edits(&world, &world.owner, &row, change).await.expect_err("forged");
    assert!(forged.to_string().contains("changed in the database"), "{forged}");
    world.db.raw("set session_replication_role = replica; delete from hold; insert into hold select * from kept; drop table kept").await;
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect("approve"), Approved::Released);
    assert_eq!(edits(&world, &world.owner, &row, change).await.expect_err("approved").kind(), Kind::Conflict);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(edits(&world, &world.owner, &row, change).await.expect_err("done").kind(), Kind::Conflict);
    assert_eq!(world.db.number("select count(*) from note where text = 'Met at the fair.'").await, 1);
    assert_eq!(world.db.number("select count(*) from hold").await, 1);
}

#[tokio::test]
async fn an_edited_call_is_judged_by_what_it_says_now_and_nobodys_word_raises_a_label() {
    let (_model, world, _run, row) = held().await;
    let origin = |row: &HoldRow, path: &str| {
        let envelope: Value = serde_json::from_str(&row.envelope).expect("envelope");
        let leaves = envelope["evidence"]["leaves"].as_array().expect("leaves").clone();
        leaves.into_iter().find(|leaf| leaf["path"] == path).unwrap_or_else(|| panic!("no `{path}` in {envelope}"))["label"].clone()
    };
    let first = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Nobody ever said this.")).await.expect("edit"));
    let (before, now) = (origin(&row, "/text"), origin(&first, "/text"));
    assert_ne!(before, now, "the origin is that of the new words");
    assert!(now["sources"].to_string().contains(&world.owner.person.expect("person").to_string()), "who edited is among its sources: {now}");
    assert_ne!(now["integrity"], json!("owner"), "an editor's words are not those of whom the agent acts for: {now}");
    assert_eq!(origin(&row, "/contact_id"), origin(&first, "/contact_id"), "what was not edited keeps its own");
    // The key is over the new arguments: with the old ones in the new envelope's text it does not fit.
    let key = world.runtime.office.key.as_ref().expect("key");
    let id = |text: &str| steward_core::EnvelopeId::of_text(key, text).bytes().to_vec();
    assert_eq!(id(&first.envelope), first.envelope_id);
    assert_ne!(id(&first.envelope.replace("Nobody ever said this.", "Met at the fair.")), first.envelope_id);
}

#[tokio::test]
async fn an_edit_is_no_approval_and_a_forged_one_does_not_run() {
    let (_model, world, _run, row) = held().await;
    let next = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting), "it waits for an approval of its own");
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(says_yes(&world, &world.owner, &next).await.expect("approve"), Approved::Released);
    world.db.raw("set session_replication_role = replica; update hold set envelope = replace(envelope, 'Hall 3', 'Hall 9') where state = 'approved'").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed'").await, 1);
    // Nor is a run taken up again and again whose edit was forged before anybody approved it.
    let (_model, world, run, row) = held().await;
    edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit");
    world.db.raw("set session_replication_role = replica; update hold set reason = 'Harmless.' where edits is not null").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(steward_core::RunOutcome::Replied));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed' and reason like '%hold.state%'").await, 1);
    assert_eq!(world.db.number("select count(*) from hold where state in ('held', 'approved')").await, 0);
    // Neither does one that was forged before the run took it up.
    let (_model, world, _run, row) = held().await;
    let next = waits(edits(&world, &world.owner, &row, |arguments| arguments["text"] = json!("Met in Hall 3.")).await.expect("edit"));
    assert_eq!(says_yes(&world, &world.owner, &next).await.expect("approve"), Approved::Released);
    world.db.raw("set session_replication_role = replica; update hold set envelope = replace(envelope, 'Hall 3', 'Hall 9') where state = 'approved'").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed'").await, 1);
}
