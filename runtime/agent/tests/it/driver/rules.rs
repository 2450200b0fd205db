//! Rules that come in force while a run is under way: a call is carried out by the rules of now, and its decision names those that made it.

use super::*;
use serde_json::json;
use std::sync::Arc;
use steward_agent::driver::HandsFor;
use steward_agent::testing::{Reply, ScriptedModel, bench_office};
use steward_core::{Digest, Floor, RunOutcome};
use steward_office::crm::Stood;
use steward_policies::{RuleFile, Rules, SHIPPED};
use steward_store::testing::TestDatabase;

fn rules_with(world: &World, extra: &[&str]) -> Rules {
    let mut files: Vec<RuleFile> = SHIPPED.iter().map(|(name, text)| RuleFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
    files.extend(extra.iter().enumerate().map(|(at, text)| RuleFile { name: format!("later-{at}.cedar"), text: (*text).to_owned() }));
    Rules::load(&files, &world.runtime.host.specs()).expect("rules")
}

/// An office behind the plugins in which other rules come in force as soon as one of them is called.
fn replacing(world: &World, rules: &Rules, office: &HandsFor) -> HandsFor {
    let (shared, rules, office) = (world.runtime.rules.clone(), rules.clone(), office.clone());
    Arc::new(move |floor: Floor, stood: Stood| {
        shared.replace(rules.clone());
        office(floor, stood)
    })
}

fn digest(world: &World) -> Digest {
    world.runtime.rules.of(world.tenant).digest()
}

/// What was decided on a call: verdict and rules, in order.
async fn decided(world: &World, call: &str) -> Vec<String> {
    let sql = format!("select verdict || ' ' || encode(policy_digest, 'hex') from decision where call_id = '{call}' order by decided_at, decision_id");
    world.db.texts(&world.db.superuser_url, "", &sql).await.expect("decisions")
}

#[tokio::test]
async fn a_permit_does_not_outlive_the_rules_that_gave_it() {
    // What is forbidden by then is not done, and what is allowed still is done by the rules of then.
    for (later, companies, verdict) in [(NO_COMPANIES, 0, "block"), (HOLD_NOTES, 1, "allow")] {
        let calls = vec![
            ("crm.create_contact".to_owned(), json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            ("crm.create_company".to_owned(), json!({ "name": "Acme" })),
        ];
        let model = ScriptedModel::start(vec![Reply::Calls(calls), Reply::text("Done.")]).await;
        let world = World::scripted(&model).await;
        let run = world.say("Add Lena Petrova, lena@partner.example, and add the company Acme").await;
        let (before, office) = (digest(&world), world.hands(run, Stood::default()));
        let real: HandsFor = Arc::new(move |_, _| office.clone());
        let hands = replacing(&world, &rules_with(&world, &[later]), &real);
        assert_eq!(world.drive_with(&hands).await, Some(RunStatus::Ended));
        let now = digest(&world);
        assert_ne!(before, now);
        assert_eq!(world.db.number("select count(*) from contact").await, 1, "{:?}", world.events(run).await);
        assert_eq!(world.db.number("select count(*) from company").await, companies, "{:?}", world.events(run).await);
        assert_eq!(decided(&world, "call_1_0").await, [format!("allow {before}")]);
        assert_eq!(decided(&world, "call_1_1").await, [format!("allow {before}"), format!("{verdict} {now}")]);
        assert_eq!(world.run(run).await.ended, Some(RunOutcome::Replied));
    }
}

#[tokio::test]
async fn a_decision_names_the_rules_that_made_it_whatever_comes_in_force_while_its_card_is_made() {
    let model = ScriptedModel::start(vec![Reply::call("crm.add_note", json!({ "contact_id": "contact_00000000000000000000000001", "text": "x" }))]).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let run = world.say("Note x").await;
    let before = digest(&world);
    // The tool is asked what the call would do, between the verdict and its record.
    let hands = replacing(&world, &rules_with(&world, &[HOLD_NOTES, NO_COMPANIES]), &bench_office());
    assert_eq!(world.drive_with(&hands).await, Some(RunStatus::Waiting), "{:?}", world.events(run).await);
    assert_ne!(digest(&world), before);
    assert_eq!(decided(&world, "call_1_0").await, [format!("hold {before}")]);
    for (table, column) in [("decision", "record"), ("audit_event where action = 'gate.decide'", "convert_from(canon, 'utf8')"), ("hold", "envelope")] {
        let texts = world.db.texts(&world.db.superuser_url, "", &format!("select {column} from {table}")).await.expect("texts");
        let named = format!("\"policy_digest\":\"{before}\"");
        assert!(texts.len() == 1 && texts[0].contains(&named), "{table}: {texts:?}");
    }
}
