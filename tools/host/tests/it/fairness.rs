//! A plugin that computes keeps nobody else waiting, and one that waits takes only its own slot.

use crate::support::{Folder, Gate, context, contract, host, options, tenant, text};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use steward_core::{FailureClass, Outcome};
use steward_host::testing::{GuestFiles, MemoryOffice};
use steward_host::{CallContext, HostOptions};

const LONG: u64 = 1_000_000_000_000;

/// A plugin whose every call has so many memories, or tables of one element, and computes until it is stopped.
fn hoards(memories: usize, tables: usize) -> GuestFiles {
    let inner = [("memory 1", memories), ("table 1 funcref", tables)].into_iter().enumerate().map(|(at, (what, many))| {
        let instances = format!("(core instance (instantiate $m{at}))").repeat(many);
        format!("(core module $m{at} ({what})) {instances}")
    });
    let text = contract(&inner.collect::<String>(), "i32.const 128", "(loop $on (br $on)) unreachable");
    let manifest = r#"
        [plugin]
        name = "hoards"
        version = "1.0.0"
        language = "wat"
        [limits]
        memory_mb = 2
        fuel = 20_000_000_000
        deadline_ms = 60_000
        [[tool]]
        name = "hoards.hold"
        effect = "read"
        reversible = true
        idempotent = true
        description = "Holds all it was given."
        arguments = { type = "object", additionalProperties = false, properties = {} }
        result = { type = "object", properties = {} }"#;
    GuestFiles { name: "hoards".to_owned(), manifest: manifest.to_owned(), component: wat::parse_str(text).expect("wat"), files: Vec::new() }
}

#[tokio::test(flavor = "current_thread")]
async fn on_one_thread_a_call_is_done_while_another_computes() {
    let host = host(options());
    let gate = Gate::new(&host);
    let long = host.call(gate.permit(&host, "hostile.burn", json!({ "count": LONG })), context("long"), Arc::new(MemoryOffice::default()));
    let short = host.call(gate.permit(&host, "hostile.echo", json!({ "text": "done" })), context("short"), Arc::new(MemoryOffice::default()));
    tokio::select! {
        biased;
        report = long => panic!("the long call ended first: {report:?}"),
        report = short => assert_eq!(text(&report), "done"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn on_one_thread_timers_go_on_while_a_plugin_computes() {
    let host = host(options());
    let long = host.call(Gate::new(&host).permit(&host, "hostile.burn", json!({ "count": LONG })), context("long"), Arc::new(MemoryOffice::default()));
    let mut timer = tokio::time::interval(Duration::from_millis(1));
    let ticks = async {
        for _ in 0..3 {
            timer.tick().await;
        }
    };
    tokio::select! {
        biased;
        report = long => panic!("the plugin ended first: {report:?}"),
        () = ticks => {}
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_organisation_that_takes_all_it_can_keeps_no_other_waiting() {
    let host = host(HostOptions { slots: 4, ..options() });
    let gate = Gate::new(&host);
    let office = || Arc::new(MemoryOffice::default());
    let burn = || host.call(gate.permit_of(tenant(1), &host, "hostile.burn", json!({ "count": LONG })), context("long"), office());
    let greedy = async { tokio::join!(burn(), burn(), burn(), burn(), burn(), burn()) };
    let others = async {
        for number in [2, 3, 2] {
            let echo = gate.permit_of(tenant(number), &host, "hostile.echo", json!({ "text": "done" }));
            assert_eq!(text(&host.call(echo, context("short"), office()).await), "done");
        }
    };
    tokio::select! {
        biased;
        reports = greedy => panic!("the long calls ended first: {reports:?}"),
        () = others => {}
    }
}

/// What is really short is memories and tables: a plugin with many takes as many slots as they are worth.
#[tokio::test(flavor = "current_thread")]
async fn a_plugin_of_many_memories_or_tables_takes_no_more_than_its_organisations_part() {
    for (memories, tables) in [(9, 0), (0, 50)] {
        let host = host(HostOptions { slots: 50, ..options() });
        let folder = Folder::new();
        hoards(memories, tables).write(folder.path()).expect("written");
        host.load_dir(folder.path()).expect("loaded");
        let gate = Gate::new(&host);
        let office = || Arc::new(MemoryOffice::default());
        let hold = || host.call(gate.permit_of(tenant(1), &host, "hoards.hold", json!({})), context("long"), office());
        let greedy = async { tokio::join!(hold(), hold(), hold(), hold(), hold(), hold(), hold(), hold(), hold(), hold(), hold(), hold()) };
        let others = async {
            for number in 0..9 {
                let echo = gate.permit_of(tenant(2 + number % 3), &host, "hostile.echo", json!({ "text": "done" }));
                assert_eq!(text(&host.call(echo, context("short"), office()).await), "done", "{memories} memories, {tables} tables");
            }
        };
        tokio::select! {
            biased;
            reports = greedy => panic!("the long calls ended first: {reports:?}"),
            () = others => {}
        }
    }
}

#[tokio::test]
async fn a_dropped_call_gives_its_slot_back() {
    let host = host(HostOptions { slots: 1, ..options() });
    let gate = Gate::new(&host);
    let permit = |text| gate.permit(&host, "hostile.echo", json!({ "text": text }));
    let long = host.call(gate.permit(&host, "hostile.burn", json!({ "count": LONG })), context("long"), Arc::new(MemoryOffice::default()));
    tokio::select! {
        biased;
        report = long => panic!("the long call ended first: {report:?}"),
        () = tokio::task::yield_now() => {}
    }
    let report = host.call(permit("after"), context("after"), Arc::new(MemoryOffice::default())).await;
    assert_eq!(text(&report), "after");
}

#[tokio::test]
async fn a_call_that_finds_no_slot_in_its_time_may_come_back_later() {
    let host = host(HostOptions { slots: 1, ..options() });
    let gate = Gate::new(&host);
    let echo = || gate.permit(&host, "hostile.echo", json!({ "text": "in" }));
    let office = || Arc::new(MemoryOffice::default());
    let slow = host.call(gate.permit(&host, "hostile.burn", json!({ "count": LONG })), context("slow"), office());
    let hasty = host.call(echo(), CallContext { deadline_ms: 5, ..context("hasty") }, office());
    let patient = host.call(echo(), context("patient"), office());
    let (_, hasty, patient) = tokio::join!(slow, hasty, patient);
    assert!(matches!(&hasty.outcome, Outcome::Failed { failure } if failure.class == FailureClass::Unavailable && failure.retryable), "{hasty:?}");
    assert_eq!(text(&patient), "in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_slots_all_end() {
    let host = host(HostOptions { slots: 4, ..options() });
    let gate = Gate::new(&host);
    let calls: Vec<_> = (0..64)
        .map(|number| {
            let permit = gate.permit(&host, "hostile.echo", json!({ "text": number.to_string() }));
            let host = host.clone();
            tokio::spawn(async move { text(&host.call(permit, context("key"), Arc::new(MemoryOffice::default())).await) })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.expect("joined"), number.to_string());
    }
}
