//! Other arguments in place of the model's: judged anew, approved anew, and on record.

use super::holds::{held, says_yes};
use super::*;
use serde_json::{Value, json};
use steward_agent::edit::{Edited, Judges, edit};
use steward_core::{Actor, BlockClass, HasKind, Kind, PersonId, Role};
use steward_office::OfficeError;
use steward_office::holds::Approved;

async fn edits(world: &World, actor: &Actor, row: &HoldRow, change: impl Fn(&mut Value)) -> Result<Edited, OfficeError> {
    let envelope: Value = serde_json::from_str(&row.envelope).expect("envelope");
    let mut arguments = envelope["arguments"].clone();
    change(&mut arguments);
    let (runtime, rules) = (&world.runtime, world.runtime.rules.current());
    let judges = Judges { office: &runtime.office, host: &runtime.host, rules: &rules, agents: &runtime.agents, approvals: &runtime.approvals };
    let mut tx = world.db.app.begin(actor).await.expect("begin");
    let edited = edit(&mut tx, &judges, row.hold_id, arguments).await?;
    tx.commit().await.expect("commit");
    Ok(edited)
}

fn waits(edited: Edited) -> HoldRow {
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
    let stricter = World::attach(&world.db.superuser_url, "http://127.0.0.1:9", &[HOLD_NOTES, NO_NOTES]).await;
    let blocked = edits(&stricter, &stricter.owner, &row, |arguments| arguments["text"] = json!("x")).await.expect("judged");
    assert!(matches!(blocked, Edited::Blocked { class: BlockClass::Policy, .. }), "{blocked:?}");
    assert_eq!(world.db.number("select count(*) from hold where state = 'held'").await, 1);
    assert_eq!(world.db.number("select count(*) from hold").await, 1);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'hold.edit' and outcome = 'refused'").await, 4);
    // The card still counts as it was.
    assert_eq!(says_yes(&world, &world.owner, &row).await.expect("approve"), Approved::Released);
}

/// Forbids notes to everybody.
const NO_NOTES: &str = r#"
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
}
