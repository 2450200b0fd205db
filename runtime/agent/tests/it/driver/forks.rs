//! What the run that one goes on from did or was refused: the fork does not do it again as if nothing had been.

use super::holds::says_yes;
use super::*;
use serde_json::json;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_office::holds::reject;
use steward_policies::{RuleFile, Rules, SHIPPED};
use steward_store::testing::TestDatabase;

/// Holds `crm.create_contact` for an owner.
pub(super) const HOLD_CONTACTS: &str = r#"
@id("test-contacts-ask") @reason("Contacts ask the owner in this test.")
forbid (principal, action == Action::"crm.create_contact", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#;

const MESSAGE: &str = "Add Lena Petrova, lena@partner.example";

/// A run that waits with a contact it wants to make.
async fn held() -> (ScriptedModel, World, RunId, HoldRow) {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().is_empty() {
        true => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
        false => Reply::text("That is that."),
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_CONTACTS]).await;
    let run = world.say(MESSAGE).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let row = waiting(&world).await.pop().expect("one held action");
    (model, world, run, row)
}

/// From now on nobody has to be asked.
fn ask_nobody(world: &World) {
    let files: Vec<RuleFile> = SHIPPED.iter().map(|(name, text)| RuleFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
    world.runtime.rules.replace(Rules::load(&files, &world.runtime.host.specs()).expect("rules"));
}

async fn contacts(world: &World) -> i64 {
    world.db.number("select count(*) from contact").await
}

/// Why the last call of a run waits.
async fn why(world: &World, run: RunId) -> String {
    let events = world.events(run).await;
    events.into_iter().rev().find_map(|recorded| if let Event::Decided { reason, .. } = recorded.event { Some(reason) } else { None }).expect("a decision")
}

#[tokio::test]
async fn what_a_person_refused_is_not_done_by_a_fork_without_a_person() {
    let (_model, world, run, row) = held().await;
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    reject(&mut tx, &world.runtime.office, row.hold_id, "Not her.").await.expect("refused");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    ask_nobody(&world);
    let forked = fork(&world, run, 1).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting), "{:?}", world.events(forked).await);
    assert_eq!(contacts(&world).await, 0);
    assert!(why(&world, forked).await.contains("a person refused the same in the run that this one goes on from"));
    // A fork of the fork knows it too.
    let again = fork(&world, forked, 1).await;
    assert_eq!((settle(&world).await, contacts(&world).await), (Some(RunStatus::Waiting), 0));
    assert!(why(&world, again).await.contains("a person refused the same"));
    // A person may change their mind; and what nobody refused needs nobody.
    let row = waiting(&world).await.into_iter().find(|row| row.run == forked).expect("it waits");
    says_yes(&world, &world.owner, &row).await.expect("approved");
    assert_eq!((settle(&world).await, contacts(&world).await), (Some(RunStatus::Ended), 1));
    let fresh = world.say(MESSAGE).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert!(!why(&world, fresh).await.contains("refused"));
}

#[tokio::test]
async fn a_card_says_that_the_run_before_the_fork_did_the_same_or_may_have() {
    let (_model, world, run, row) = held().await;
    let beside = fork(&world, run, 1).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert!(why(&world, beside).await.contains("wants the same"));
    says_yes(&world, &world.owner, &row).await.expect("approved");
    assert_eq!((settle(&world).await, contacts(&world).await), (Some(RunStatus::Ended), 1));
    let after = fork(&world, run, 1).await;
    assert_eq!((settle(&world).await, contacts(&world).await), (Some(RunStatus::Waiting), 1));
    let why = why(&world, after).await;
    assert!(why.starts_with("Contacts ask the owner") && why.contains("did the same already"), "{why}");
    // What was taken as a step is no effect after it.
    let event = world.events(fork(&world, run, 2).await).await.remove(1).event;
    assert!(matches!(&event, Event::Forked { step: 2, later, .. } if later.is_empty()), "{event:?}");
}

#[tokio::test]
async fn a_run_of_too_many_events_is_not_gone_on_from() {
    let (_model, world, run, _row) = held().await;
    for (events, expect) in [(10_000, None), (10_001, Some("more than 10000 events"))] {
        world.db.raw(&format!("update run set last_seq = {events} where run_id = '{}'", run.uuid())).await;
        let refused = try_fork(&world, run, 1).await.err().map(|err| err.to_string());
        assert_eq!(refused.as_deref().map(|why| why.contains(expect.unwrap_or("nothing"))), expect.map(|_| true), "{events}: {refused:?}");
    }
    assert_eq!(world.db.number("select count(*) from run where forked_from is not null").await, 1);
}

#[tokio::test]
async fn the_database_takes_no_half_fork_and_no_word_or_digest_that_a_run_cannot_have() {
    let (_model, world, run, _row) = held().await;
    let tried = async |sql: &str| world.db.texts(&world.db.superuser_url, "", &format!("{sql} returning 'taken'")).await;
    let copied = |table: &str, other: &str| format!("insert into {table} select (jsonb_populate_record(old, '{other}')).* from {table} as old limit 1");
    let fork = |from: &str, step: &str, seq: &str| {
        format!(
            "insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, created_at, forked_from, forked_step, forked_seq) \
             select tenant_id, '00000000-0000-7000-8000-000000000001', workspace_id, conversation_id, person_id, agent, channel, 'queued', created_at, {from}, {step}, {seq} from run where run_id = '{}'",
            run.uuid()
        )
    };
    let refused = [
        ("update run set status = 'gone'".to_owned(), "run_status"),
        ("update run set channel = 'rumour'".to_owned(), "run_channel"),
        (copied("decision", r#"{"decision_id": "00000000-0000-7000-8000-000000000001", "verdict": "perhaps"}"#), "verdict"),
        (copied("decision", r#"{"decision_id": "00000000-0000-7000-8000-000000000001", "policy_digest": "\\x00"}"#), "digest"),
        (copied("decision", r#"{"decision_id": "00000000-0000-7000-8000-000000000001", "envelope_id": "\\x00"}"#), "digest"),
        (copied("audit_event", r#"{"audit_id": "00000000-0000-7000-8000-000000000001", "writer_seq": 1000, "leaf": "\\x00"}"#), "digest"),
        (fork("run_id", "null", "null"), "a fork names"),
        (fork("null", "1", "2"), "a fork names"),
        (fork("run_id", "0", "2"), "a fork names"),
        (fork("run_id", "1", "1"), "a fork names"),
        (fork("'00000000-0000-7000-8000-000000000001'", "1", "2"), "a fork names"),
        (format!("update run set forked_from = run_id, forked_step = 1, forked_seq = 2 where run_id = '{}'", run.uuid()), "does not change"),
    ];
    for (sql, expect) in refused {
        let refusal = tried(&sql).await.expect_err(&sql);
        assert!(refusal.contains(expect), "{sql}: {refusal}");
    }
    // What is refused above is refused for what is wrong with it, and for nothing else.
    let decision = copied("decision", r#"{"decision_id": "00000000-0000-7000-8000-000000000001", "verdict": "block"}"#);
    for sql in [decision, fork("run_id", "1", "2"), "update run set channel = 'mcp'".to_owned()] {
        assert!(tried(&sql).await.is_ok_and(|taken| taken.iter().all(|word| word == "taken") && !taken.is_empty()), "{sql}");
    }
}
