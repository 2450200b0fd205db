//! What does not happen, and that it is on record.

use super::*;
use serde_json::json;
use steward_agent::testing::{Reply, Said, SaidCall, ScriptedModel};
use steward_core::RunOutcome;
use steward_office::{runs, usage};
use steward_store::decision::Filter;
use steward_store::testing::TestDatabase;

async fn blocked(world: &World) -> Vec<(String, String)> {
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let filter = Filter { verdict: Some("block".into()), ..Filter::default() };
    let rows = steward_office::actions::list(&mut tx, &filter, &Page::first()).await.expect("actions");
    rows.into_iter().rev().map(|row| (row.tool, row.class.unwrap_or_default())).collect()
}

#[tokio::test]
async fn bad_proposals_are_blocked_told_to_the_model_and_recorded() {
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let cases = [
        ("mail.send", json!({ "to": "x@y.example" }), "unknown_tool"),
        ("crm.find_contacts", json!({ "query": 7 }), "invalid_arguments"),
        ("crm.find_contacts", json!({ "query": "a", "extra": true }), "invalid_arguments"),
        ("crm.find_contacts", json!("Lena"), "invalid_arguments"),
        ("crm.find_contacts", json!({ "query": " ".repeat(66_000) }), "invalid_arguments"),
        ("crm.find_contacts", json!({ "query": deep }), "invalid_arguments"),
        ("crm.create_company", json!({ "name": "Acme" }), "policy"),
    ];
    for (tool, arguments, class) in cases {
        let model = ScriptedModel::start(vec![Reply::call(tool, arguments.clone()), Reply::text("I could not.")]).await;
        let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[NO_COMPANIES]).await;
        let run = world.say("Do it").await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended), "{tool}");
        assert_eq!(blocked(&world).await, [(tool.to_owned(), class.to_owned())], "{:?}", world.events(run).await);
        let told = model.requests()[1].tool_results().join("");
        assert!(told.contains("\"error\"") && told.contains(class), "{tool}: {told}");
        assert!(!kinds(&world, run).await.contains(&"starting".to_owned()), "{tool}: nothing ran");
        assert_eq!(world.db.number("select count(*) from audit_event where action = 'gate.decide' and outcome = 'block'").await, 1);
    }
}

#[tokio::test]
async fn a_tool_that_there_is_not_stands_in_the_log_by_a_digest_that_nobody_can_try_out() {
    let long = format!("crm.{}", "x".repeat(200));
    let names = ["mail lena@example.org", "DE89370400440532013000", "lena.petrova", "lena.petrova", long.as_str()];
    let calls = names.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    let model = ScriptedModel::start(vec![Reply::Calls(calls), Reply::text("I could not.")]).await;
    let world = World::scripted(&model).await;
    world.say("Do it").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    for name in names {
        let sql = format!("select count(*) from audit_event where position('{name}'::bytea in canon) > 0");
        assert_eq!(world.db.number(&sql).await, 0, "{name}");
        assert!(world.db.number(&format!("select count(*) from decision where tool = '{name}'")).await > 0, "{name} stands with its decision");
    }
    let said = "select convert_from(canon, 'utf8')::jsonb #>> '{detail,tool}' from audit_event where action = 'gate.decide' order by object";
    let said = world.db.texts(&world.db.superuser_url, "", said).await.expect("entries");
    assert!(said.len() == 5 && said.iter().all(|name| name.starts_with("unknown:") && name.len() == 72), "{said:?}");
    assert!(said[2] == said[3] && said[1] != said[2], "the same again is seen to be the same: {said:?}");
    // Nor is it the plain digest of the name, which whoever guesses the name could compare.
    let plain = format!("unknown:{}", steward_core::Digest::of(b"lena.petrova"));
    assert!(!said.contains(&plain), "{said:?}");
    // The same of name and arguments together, which stand beside it.
    let together = steward_core::Digest::of_parts([b"lena.petrova".as_slice(), b"{}", b""]);
    assert_eq!(world.db.number(&format!("select count(*) from audit_event where position('{together}'::bytea in canon) > 0")).await, 0);
    let same = "select count(distinct convert_from(canon, 'utf8')::jsonb #>> '{detail,arguments_digest}') from audit_event where action = 'gate.decide'";
    assert_eq!(world.db.number(same).await, 4, "the same again is seen to be the same");
}

#[tokio::test]
async fn arguments_that_are_not_json_are_blocked() {
    let said = Said {
        calls: vec![SaidCall { id: "c1".into(), tool: "crm.find_contacts".into(), arguments: "{\"query\": \"Le".into() }],
        finish: Some("tool_calls".into()),
        ..Said::default()
    };
    let model = ScriptedModel::start(vec![Reply::Said(said), Reply::text("Sorry.")]).await;
    let world = World::scripted(&model).await;
    world.say("Find Lena").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(blocked(&world).await, [("crm.find_contacts".to_owned(), "invalid_arguments".to_owned())]);
}

#[tokio::test]
async fn ten_megabytes_of_arguments_reach_no_tool_and_no_table() {
    let query = "a".repeat(10_000_000);
    let model = ScriptedModel::start(vec![Reply::call("crm.find_contacts", json!({ "query": query })), Reply::text("Too much.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Find Lena").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert!(!kinds(&world, run).await.contains(&"starting".to_owned()), "nothing ran");
    let kept = world.db.number("select coalesce(sum(pg_column_size(body)), 0)::bigint from run_event").await;
    assert!(kept < 1_000_000, "{kept} bytes of it were written down");
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::ModelFailed));
    let said = format!("{:?}", world.events(run).await);
    assert!(said.contains("it was stopped"), "whoever asked is told why: {said}");
    assert_eq!(world.db.number("select count(*) from reservation where state = 'open'").await, 0, "no money stays set aside");
}

#[tokio::test]
async fn nul_in_a_call_reaches_no_table_and_loses_nothing() {
    let model = ScriptedModel::start(vec![
        Reply::call("crm.create_contact", json!({ "name": "Le\u{0}na", "emails": [] })),
        Reply::call("crm.find\u{0}contacts", json!({})),
        Reply::text("Odd."),
    ])
    .await;
    let world = World::scripted(&model).await;
    let run = world.say("Add Lena").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Replied));
    assert_eq!(world.db.number("select count(*) from contact").await, 0);
    // Nor does it hide what anything cost.
    let now = world.runtime.office.clock.now();
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    assert!(world.db.number("select count(*) from run_event where position('Le\\u0000na' in body) > 0").await > 0, "it is on record");
    for by in usage::By::ALL {
        let rows = usage::sum(&mut tx, by, now - time::Duration::days(1), now + time::Duration::days(1)).await;
        let rows = rows.unwrap_or_else(|err| panic!("{by:?}: {err}"));
        assert!(by == usage::By::Tool || !rows.is_empty(), "{by:?}");
    }
}

#[tokio::test]
async fn nul_in_an_answer_does_not_lose_it() {
    let model = ScriptedModel::start(vec![Reply::text("Le\u{0}na is in the book.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Is Lena there?").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Replied), "{:?}", world.events(run).await);
    assert_eq!(reply(&world, run).await.as_deref(), Some("Le\u{fffd}na is in the book."));
    assert_eq!(world.db.number("select count(*) from message where text = U&'Le\\FFFDna is in the book.'").await, 1);
}

#[tokio::test]
async fn five_hundred_calls_at_once_are_bounded() {
    let calls = (0..500).map(|n| ("crm.find_contacts".to_owned(), json!({ "query": format!("n{n}") }))).collect();
    let model = ScriptedModel::start(vec![Reply::Calls(calls), Reply::text("Enough.")]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Look for everybody").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let started = kinds(&world, run).await.iter().filter(|kind| *kind == "starting").count();
    assert_eq!(started, steward_core::limits::CALLS_PER_STEP_MAX);
    assert_eq!(world.db.number("select count(*) from decision where class = 'limit'").await, 500 - 32);
    assert_eq!(model.requests()[1].tool_results().len(), 500, "every call has an answer");
}

#[tokio::test]
async fn a_model_that_never_stops_is_stopped() {
    let model = ScriptedModel::start_with(|seen| Reply::call("crm.find_contacts", json!({ "query": format!("n{}", seen.number) }))).await;
    let limits = steward_core::RunLimits { steps: 4, ..steward_core::RunLimits::default() };
    let world = World::with(TestDatabase::make().await, &model.base_url(), limits).await;
    let run = world.say("Go on for ever").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::StepLimit));
    assert_eq!(model.requests().len(), 4);
}

#[tokio::test]
async fn a_denial_is_typed_and_the_same_call_gets_the_same_word() {
    let add = Reply::call("crm.create_company", json!({ "name": "Acme" }));
    let model = ScriptedModel::start(vec![add.clone(), add, Reply::text("I could not.")]).await;
    let shaped = NO_COMPANIES.replace("@tell", "@shape(\"a contact instead\") @tell");
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[&shaped]).await;
    world.say("Add Acme").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    let errors: Vec<serde_json::Value> =
        model.requests()[2].tool_results().iter().map(|text| serde_json::from_str::<serde_json::Value>(text).expect("json")["error"].clone()).collect();
    assert_eq!(
        (&errors[0]["class"], &errors[0]["denial"], &errors[0]["retryable"]),
        (&json!("denied"), &json!("policy"), &json!(false)),
        "the rule reads nothing of the call"
    );
    assert_eq!((&errors[0]["allowed_shape"], &errors[1]["denial"]), (&json!("a contact instead"), &json!("repeated")));
    let told = |at: usize| errors[at]["message"].as_str().expect("message").to_owned();
    assert!(told(0).contains("Companies cannot be made here.") && told(1).starts_with(&told(0)) && told(1).contains("is not judged again"), "{errors:?}");
}

#[tokio::test]
async fn a_model_that_repeats_a_denied_call_is_stopped() {
    let model = ScriptedModel::start_with(|_| Reply::call("crm.create_company", json!({ "name": "Acme" }))).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[NO_COMPANIES]).await;
    let run = world.say("Add Acme").await;
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Stubborn));
    assert_eq!(world.db.number("select count(*) from decision where class = 'repeated'").await, 3);
    assert_eq!(world.db.number("select count(*) from company").await, 0);
}

#[tokio::test]
async fn when_the_decision_cannot_be_written_the_effect_does_not_happen() {
    let create = Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] }));
    for table in ["decision", "audit_event"] {
        let model = ScriptedModel::start(vec![create.clone(), Reply::text("Done.")]).await;
        let world = World::scripted(&model).await;
        let run = world.say("Add Lena Petrova, lena@partner.example").await;
        world
            .db
            .raw(&format!(
                "create function steward.fail() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
                 create trigger fail before insert on {table} for each row execute function steward.fail();"
            ))
            .await;
        assert_eq!(world.drive().await, Some(RunStatus::Ended), "{table}");
        assert_eq!(world.run(run).await.ended, Some(RunOutcome::Failed), "{table}");
        assert_eq!(world.db.number("select count(*) from contact").await, 0, "{table}: nothing happened");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_works_at_once_while_the_model_thinks() {
    let model = ScriptedModel::start(vec![Reply::Hang]).await;
    let world = World::scripted(&model).await;
    let run = world.say("Think for ever").await;
    let mut watch = world.runtime.live.watch();
    let driving = tokio::spawn({
        let runtime = world.runtime.clone();
        async move {
            let leased = runtime.store.lease_run("w", runtime.office.clock.now(), 15_000).await.expect("lease").expect("a run");
            steward_agent::worker::drive_leased(&runtime, leased).await
        }
    });
    // The question is committed and told to watchers before it leaves.
    while !matches!(watch.recv().await.expect("a happening"), steward_agent::live::Happening::Event { event, .. } if matches!(event.event, Event::Asked { .. }))
    {
    }
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
    tx.commit().await.expect("commit");
    world.runtime.live.stop(run);
    assert_eq!(driving.await.expect("task").expect("drive"), RunStatus::Ended);
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled));
}

#[tokio::test]
async fn a_waiting_run_that_is_cancelled_closes_its_hold() {
    let model = ScriptedModel::start(vec![Reply::call("crm.add_note", json!({ "contact_id": "contact_00000000000000000000000001", "text": "x" }))]).await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let run = world.say("Note x").await;
    assert_eq!(world.drive().await, Some(RunStatus::Waiting));
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    runs::cancel(&mut tx, &world.runtime.office, run).await.expect("cancel");
    tx.commit().await.expect("commit");
    assert_eq!(world.drive().await, Some(RunStatus::Ended));
    assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled));
    assert_eq!(world.db.number("select count(*) from hold where state = 'cancelled'").await, 1);
}
