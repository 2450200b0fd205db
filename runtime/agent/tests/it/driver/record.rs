//! What the audit log says of calls: every verdict, start and outcome is bound to it, and a start without an outcome is told.

use super::*;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use steward_agent::driver::HandsFor;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::Clock;
use steward_host::testing::MemoryOffice;
use steward_office::audit::live;
use steward_office::audit::note::Signer;
use steward_office::audit::report::Report;
use steward_office::audit::sequence::Sequencer;
use steward_office::audit::verify::verify;
use steward_policies::{RuleFile, Rules, SHIPPED};
use time::macros::datetime;

/// The log of a world, in a directory of its own.
pub(super) struct Log {
    sequencer: Sequencer,
    dir: PathBuf,
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Log {
    pub(super) fn of(world: &World) -> Self {
        let dir = std::env::temp_dir().join(format!("stw-record-{}-{}", std::process::id(), world.tenant));
        Self { sequencer: Sequencer::new(Signer::from_secret(&[7; 32]).expect("key"), &dir, Clock::System), dir }
    }

    pub(super) async fn live(&self, world: &World) -> Report {
        self.sequencer.pass(&world.db.worker, world.tenant).await.expect("pass");
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        live::verify(&mut tx, &[], &self.sequencer.signer().verifier(world.tenant)).await.expect("readable")
    }

    /// From the files alone.
    pub(super) fn offline(&self, world: &World) -> Report {
        verify(&self.sequencer.log_of(world.tenant), &[], &self.sequencer.signer().verifier(world.tenant)).expect("readable")
    }
}

pub(super) fn words(report: &Report) -> Vec<String> {
    report.problems.iter().map(ToString::to_string).collect()
}

/// What the log and the records say against each other, of any world.
pub(super) async fn problems(world: &World) -> Vec<String> {
    words(&Log::of(world).live(world).await)
}

async fn ran() -> (World, Log, RunId) {
    let model = ScriptedModel::start(vec![
        Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
        Reply::call("crm.get_contact", json!({ "contact_id": "contact_00000000000000000000000001" })),
        Reply::text("Done."),
    ])
    .await;
    let world = World::scripted(&model).await;
    let run = world.say("Put Lena Petrova, lena@partner.example, in the book.").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let log = Log::of(&world);
    (world, log, run)
}

#[tokio::test]
async fn every_call_has_its_verdict_start_and_outcome_in_the_log() {
    let (world, log, run) = ran().await;
    let said = world
        .db
        .texts(
            &world.db.superuser_url,
            "",
            "select action || ' ' || split_part(object, '/', 2) || ' ' || outcome from audit_event where action like 'call.%' or action = 'gate.decide' order by audit_id",
        )
        .await
        .expect("entries");
    // The second call only looks: its start stands with its end, or by itself where the machine was too slow for that.
    let kinds: Vec<&str> = said.iter().map(|line| line.as_str()).filter(|line| *line != "call.start call_2_0 attempted").collect();
    assert_eq!(
        kinds,
        ["gate.decide call_1_0 allow", "call.start call_1_0 attempted", "call.end call_1_0 done", "gate.decide call_2_0 allow", "call.end call_2_0 failed",],
        "{:?}",
        world.events(run).await
    );
    let report = log.live(&world).await;
    assert!(report.is_clean() && report.attempts.is_empty(), "{:?}", words(&report));
    let report = log.offline(&world);
    assert!(report.is_clean() && report.attempts.is_empty(), "{:?}", words(&report));
}

#[tokio::test]
async fn a_column_of_a_decision_or_an_event_changed_in_the_database_is_named() {
    let (world, log, run) = ran().await;
    let behind = async |sql: &str| world.db.raw(&format!("set session_replication_role = replica; {sql}")).await;
    assert!(log.live(&world).await.is_clean());
    let columns = [
        "workspace_id = gen_random_uuid()",
        "person_id = gen_random_uuid()",
        "call_id = 'call_9_9'",
        "agent = 'other'",
        "tool = 'crm.find_contacts'",
        "effect = null",
        "verdict = 'block'",
        "class = 'policy'",
        "rules = '{}'",
        "reason = reason || '.'",
        "envelope_id = null",
        "policy_digest = sha256('other')",
        "arguments = '{}'",
        "provenance = '{}'",
        "record = '{}'",
        "decided_at = decided_at + interval '1 second'",
    ];
    behind("create table kept as select * from decision").await;
    for column in columns {
        behind(&format!("update decision set {column} where call_id = 'call_1_0'")).await;
        let report = log.live(&world).await;
        let said = words(&report);
        assert!(said.len() == 1 && said[0].starts_with("the decision `dec") && said[0].contains(" was changed: it is not what entry "), "{column}: {said:?}");
        behind("delete from decision; insert into decision select * from kept").await;
    }
    behind("delete from decision where call_id = 'call_1_0'").await;
    let said = words(&log.live(&world).await);
    assert!(said.len() == 1 && said[0].contains("was removed: it is not what entry"), "{said:?}");
    behind("delete from decision; insert into decision select * from kept").await;
    // A verdict that the gate never gave.
    behind("insert into decision select tenant_id, gen_random_uuid(), workspace_id, run_id, call_id, person_id, agent, tool, effect, 'allow', class, rules, reason, envelope_id, policy_digest, arguments, provenance, record, decided_at from kept limit 1;
            update decision set decision_id = overlay(decision_id::text placing 'ffffffff' from 1 for 8)::uuid where decision_id not in (select decision_id from kept)").await;
    let said = words(&log.live(&world).await);
    assert!(said.len() == 1 && said[0].contains("was put in: no entry speaks of it"), "{said:?}");
    behind("delete from decision; insert into decision select * from kept").await;

    for (sql, how) in [
        ("update run_event set body = replace(body, 'Lena', 'Lene') where body like '%\"kind\":\"done\"%\"call_id\":\"call_1_0\"%'", "changed"),
        ("update run_event set at = at + interval '1 second' where body like '%\"kind\":\"starting\"%'", "changed"),
        ("delete from run_event where body like '%\"kind\":\"done\"%'", "removed"),
        // What the person said, and whose word it is.
        ("update run_event set body = replace(body, 'Lena', 'Lene') where body like '%\"kind\":\"started\"%'", "changed"),
    ] {
        behind("drop table if exists events; create table events as select * from run_event").await;
        behind(sql).await;
        let said = words(&log.live(&world).await);
        // The look's start has no entry of its own; the entry of its end is bound to both.
        assert!(said.len() == 2 || how == "changed" && sql.contains("Lena"), "{sql}: {said:?}");
        assert!(!said.is_empty() && said.iter().all(|line| line.contains(&format!("of run `{run}` was {how}: it is not what entry "))), "{sql}: {said:?}");
        behind("delete from run_event; insert into run_event select * from events").await;
    }
    assert!(log.live(&world).await.is_clean());
    // A whole run, gone from every table: each entry that speaks of some of it misses it.
    let tables = ["run_event", "decision", "message", "run", "conversation"];
    behind(&tables.map(|table| format!("create table whole_{table} as select * from {table}")).join("; ")).await;
    behind(&tables.map(|table| format!("delete from {table}")).join("; ")).await;
    let said = words(&log.live(&world).await);
    assert!(said.iter().all(|line| line.contains(" was removed: it is not what entry ")), "{said:?}");
    assert_eq!(said.iter().filter(|line| line.starts_with("the decision `dec")).count(), 2, "{said:?}");
    let events: Vec<&String> = said.iter().filter(|line| line.starts_with("event ") && line.contains(&format!(" of run `{run}` "))).collect();
    assert!(events.len() >= 4 && events[0].starts_with("event 1 of run"), "its beginning, and the calls' starts and ends: {said:?}");
    behind("insert into run_event select * from whole_run_event; insert into decision select * from whole_decision").await;
    assert!(log.live(&world).await.is_clean());
}

#[tokio::test]
async fn what_a_fork_took_from_another_run_is_bound_to_the_log() {
    let (world, log, run) = ran().await;
    let forked = fork(&world, run, 2).await;
    let behind = async |sql: &str| world.db.raw(&format!("set session_replication_role = replica; {sql}")).await;
    let report = log.live(&world).await;
    assert!(report.is_clean(), "{:?}", words(&report));
    behind("create table events as select * from run_event").await;
    for (sql, how) in [
        ("update run_event set body = replace(body, 'Lena', 'Lene')", "changed"),
        ("update run_event set at = at - interval '1 second'", "changed"),
        ("delete from run_event", "removed"),
    ] {
        behind(&format!("{sql} where run_id = '{}' and body like '%\"kind\":\"done\"%'", forked.uuid())).await;
        let said = words(&log.live(&world).await);
        assert!(said.len() == 1 && said[0].starts_with(&format!("what run `{forked}` took from another was {how}: it is not what entry ")), "{sql}: {said:?}");
        behind("delete from run_event; insert into run_event select * from events").await;
    }
    assert!(log.live(&world).await.is_clean());
}

#[tokio::test]
async fn an_attempt_without_an_outcome_is_told_and_is_unknown_within_five_minutes() {
    let model =
        ScriptedModel::start(vec![Reply::call("crm.get_company", json!({ "company_id": "company_that_never_answers" })), Reply::text("Somebody has to look.")])
            .await;
    let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
    let world = World::at(clock.clone(), &model.base_url(), &[]).await;
    let log = Log::of(&world);
    let run = world.say("Look at the company.").await;
    let never: HandsFor = Arc::new(|_, _| Arc::new(MemoryOffice::default()));
    // The worker dies while the call is under way.
    {
        let driving = world.drive_with(&never);
        let started = async { while world.db.number("select count(*) from audit_event where action = 'call.start'").await == 0 {} };
        tokio::select! {
            ended = driving => panic!("the call ended: {ended:?}"),
            () = started => {}
        }
    }
    for report in [log.live(&world).await, log.offline(&world)] {
        assert!(report.is_clean(), "{:?}", words(&report));
        assert_eq!(report.attempts.iter().map(|attempt| attempt.call.clone()).collect::<Vec<_>>(), [format!("{run}/call_1_0")]);
    }
    // Another takes the run up when the lease has run out; the rules of now do not let it be tried again, so nobody can know.
    let mut files: Vec<RuleFile> = SHIPPED.iter().map(|(name, text)| RuleFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
    files.push(RuleFile {
        name: "none.cedar".into(),
        text: r#"@id("none") @reason("No companies.") forbid (principal, action == Action::"crm.get_company", resource);"#.into(),
    });
    world.runtime.rules.replace(Rules::load(&files, &world.runtime.host.specs()).expect("rules"));
    clock.advance_ms(5 * 60_000);
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'call.end' and outcome = 'unknown'").await, 1);
    let report = log.live(&world).await;
    assert!(report.is_clean() && report.attempts.is_empty(), "{:?}", words(&report));
}
