//! A merge that comes between what a run read and what it writes: whoever approved its lists had not seen what the merge brought.

use super::*;
use crate::crash::approve_all;
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Integrity, Mode, RunLimits};
use steward_office::crm;
use steward_office::holds::approve;
use steward_store::testing::TestDatabase;

/// Holds `crm.update_contact` for an owner.
const HOLD_CHANGES: &str = r#"
@id("test-changes-ask") @reason("Changes of contacts ask the owner in this test.")
forbid (principal, action == Action::"crm.update_contact", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#;

/// What comes between the card and its approval, beside the merge.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// Nothing.
    Approved,
    /// A person takes off what the merge brought.
    TakenOff,
    /// The run is gone on from after the merge, and the card of the fork is the one approved.
    Forked,
    /// The same, from the fork.
    ForkedTwice,
}

async fn approve_card(world: &World, run: RunId) {
    let row = waiting(world).await.into_iter().find(|row| row.run == run).expect("it waits");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
    tx.commit().await.expect("commit");
}

/// Merges another record into Lena's. Her contact's id, and what it is then.
async fn merged(world: &World) -> (steward_core::ContactId, crm::Contact) {
    let office = &world.runtime.office;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let found = crm::find_contacts_by_email(&mut tx, None, "lena@partner.example").await.expect("found");
    let kept = &found[0];
    let new = crm::NewContact {
        display_name: Some("L. Petrova".to_owned()),
        emails: vec![crm::Point::new("lena@old.example")],
        tags: vec!["do not call".to_owned()],
        ..crm::NewContact::default()
    };
    let other = crm::create_contact(&mut tx, office, world.workspace, &new, Integrity::Owner).await.expect("made");
    let merge = crm::Merge { version: kept.version, other: other.contact_id, other_version: other.version, choice: crm::Choice::default() };
    let merged = crm::merge_contacts(&mut tx, office, kept.contact_id, &merge, Integrity::Owner).await.expect("merged");
    tx.commit().await.expect("commit");
    (kept.contact_id, merged)
}

/// What the run was told and what the contact is, after another record was merged into it before `change` was approved.
async fn approved_after_a_merge(change: Value, then: Then) -> (String, crm::Contact) {
    let model = ScriptedModel::start_with(move |seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        match results.as_slice() {
            [] => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            [made] => {
                let mut wanted = change.clone();
                wanted["contact_id"] = made["ok"]["id"].clone();
                Reply::call("crm.update_contact", wanted)
            }
            [.., said] => Reply::text(said.to_string()),
        }
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_CHANGES]).await;
    let run = world.say("Add Lena Petrova, lena@partner.example, and also her address lena@new.example; she is a partner").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let office = &world.runtime.office;
    let (kept, merged) = merged(&world).await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    if then == Then::TakenOff {
        let emails = Some(vec![crm::Point::new("lena@partner.example")]);
        let patch = crm::ContactPatch { emails, tags: Some(Vec::new()), ..crm::ContactPatch::default() };
        crm::update_contact(&mut tx, office, kept, merged.version, &patch, Integrity::Owner).await.expect("changed");
    }
    tx.commit().await.expect("commit");
    let mut last = run;
    for _ in 0..match then {
        Then::Approved | Then::TakenOff => 0,
        Then::Forked => 1,
        Then::ForkedTwice => 2,
    } {
        last = fork(&world, last, 2).await;
        assert_eq!(settle(&world).await, Some(RunStatus::Waiting), "{:?}", world.events(last).await);
    }
    approve_card(&world, last).await;
    settle(&world).await;
    let said = reply(&world, last).await.unwrap_or_default();
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    (said, crm::get_contact(&mut tx, kept).await.expect("contact"))
}

fn addresses(contact: &crm::Contact) -> Vec<&str> {
    contact.emails.iter().map(|point| point.value.as_str()).collect()
}

#[tokio::test]
async fn an_approved_list_that_knows_nothing_of_a_merge_does_not_undo_it() {
    let list = json!({ "emails": ["lena@partner.example", "lena@new.example"] });
    // A fork begins after the merge, with what the run of before had read.
    for then in [Then::Approved, Then::Forked, Then::ForkedTwice] {
        let (said, now) = approved_after_a_merge(list.clone(), then).await;
        assert!(said.contains("leaves out `lena@old.example`") && said.contains("read the contact again"), "{said}");
        assert_eq!(addresses(&now), ["lena@partner.example", "lena@old.example"]);
    }
    // What a person took off since then is not asked back.
    let (said, now) = approved_after_a_merge(list, Then::TakenOff).await;
    assert!(!said.contains("leaves out"), "{said}");
    assert_eq!(addresses(&now), ["lena@partner.example", "lena@new.example"]);
}

#[tokio::test]
async fn tags_that_came_with_a_merge_stay_too() {
    let tags = json!({ "tags": ["partner"] });
    let (said, now) = approved_after_a_merge(tags.clone(), Then::Approved).await;
    assert!(said.contains("leaves out `do not call`"), "{said}");
    assert_eq!(now.tags, ["do not call"]);
    // Written in another way it is the same tag.
    let (said, now) = approved_after_a_merge(json!({ "tags": ["partner", "Do Not Call"] }), Then::Approved).await;
    assert!(!said.contains("leaves out"), "{said}");
    assert_eq!(now.tags, ["partner", "Do Not Call"]);
    let (said, now) = approved_after_a_merge(tags, Then::TakenOff).await;
    assert!(!said.contains("leaves out"), "{said}");
    assert_eq!(now.tags, ["partner"]);
}

/// A run that began after the merge, and was handed the list by one that had read it before.
#[tokio::test]
async fn a_list_that_is_handed_on_undoes_no_merge_of_meanwhile() {
    let model = ScriptedModel::start_with(|seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let body = seen.body.to_string();
        let listed = |id: &str| json!({ "contact_id": id, "emails": ["lena@partner.example", "lena@new.example"] });
        match (body.contains("You are clerk, an assistant"), results.as_slice()) {
            (false, []) => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            (false, [made]) => Reply::call("crm.add_note", json!({ "contact_id": made["ok"]["id"], "text": "A partner." })),
            (false, [made, _]) => {
                let task = format!("Her record {} has lena@partner.example and lena@new.example", made["ok"]["id"].as_str().unwrap_or_default());
                Reply::call("steward.delegate", json!({ "agent": "clerk", "task": task }))
            }
            (true, []) => {
                let id = body.split("contact_").nth(1).map(|rest| rest.chars().take(26).collect::<String>()).unwrap_or_default();
                Reply::call("crm.update_contact", listed(&format!("contact_{id}")))
            }
            (_, [.., said]) => Reply::text(said.to_string()),
        }
    })
    .await;
    let tools: &[&str] = &["crm.*", "steward.delegate"];
    let agents = [("assistant", tools, Mode::Open), ("clerk", tools, Mode::Open)];
    let world = World::scripted(&model).await.that_delegates(&agents, RunLimits::default(), &[HOLD_CHANGES, HOLD_NOTES]);
    let run = world.say("Add Lena Petrova, lena@partner.example, with a note, and her address lena@new.example").await;
    // The contact is made, and the note waits while another record is merged in.
    for _ in 0..8 {
        settle(&world).await;
        if !world.run(run).await.steps.is_empty()
            && world.db.number("select count(*) from contact").await == 1
            && waiting(&world).await.iter().any(|row| row.tool == "crm.add_note")
        {
            break;
        }
        approve_all(&world).await;
    }
    let (kept, merged) = merged(&world).await;
    assert_eq!(addresses(&merged), ["lena@partner.example", "lena@old.example"]);
    for _ in 0..8 {
        approve_all(&world).await;
        if settle(&world).await == Some(RunStatus::Ended) {
            break;
        }
    }
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let now = crm::get_contact(&mut tx, kept).await.expect("contact");
    assert_eq!(addresses(&now), ["lena@partner.example", "lena@old.example"]);
    let below = steward_office::runs::sub_runs(&mut tx, run).await.expect("runs").pop().expect("a sub-run").run_id;
    drop(tx);
    let said = reply(&world, below).await.unwrap_or_default();
    assert!(said.contains("leaves out `lena@old.example`") && said.contains("read the contact again"), "{said}");
}
