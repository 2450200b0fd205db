//! Every attack a tool can try on its host, how it must end, and that the next call works.

use crate::support::{Ear, Gate, call, context, host, options, text};
use serde_json::{Value, json};
use std::sync::Arc;
use steward_core::{Digest, FailureClass, Integrity, Outcome, PluginWork};
use steward_host::testing::{MemoryOffice, Seed};
use steward_host::{Allocation, CallContext, Host, HostOptions, RunBudget};

fn office() -> Arc<MemoryOffice> {
    let seed: Seed =
        serde_json::from_value(json!({ "contacts": [{ "id": "contact_1", "name": "Lena", "outside": true }, { "id": "contact_2", "name": "Lena B" }] }))
            .expect("seed");
    Arc::new(MemoryOffice::new(seed))
}

struct Attack {
    tool: &'static str,
    arguments: Value,
    class: FailureClass,
    says: &'static str,
    retryable: bool,
}

fn attack(tool: &'static str, arguments: Value, class: FailureClass, says: &'static str) -> Attack {
    Attack { tool, arguments, class, says, retryable: matches!(class, FailureClass::Timeout | FailureClass::Unavailable) }
}

fn attacks() -> Vec<Attack> {
    use FailureClass::*;
    vec![
        attack("hostile.spin", json!({}), Timeout, "took longer than it may"),
        attack("hostile.spin_in_host", json!({}), Timeout, "took longer than it may"),
        attack("hostile.wait", json!({}), Timeout, "took longer than it may"),
        attack("hostile.burn", json!({ "count": 1_000_000_000_000_u64 }), Fuel, "computed more than it may"),
        attack("hostile.allocate", json!({ "count": 64 }), Memory, "more than its 16 MiB of memory"),
        attack("hostile.big_output", json!({ "count": 1 << 30 }), Memory, "more than its 16 MiB of memory"),
        attack("hostile.recurse", json!({}), StackOverflow, "recursed too deep"),
        attack("hostile.big_output", json!({ "count": (256 << 10) + 1 }), OutputTooLarge, "more than 256 KiB"),
        attack("hostile.big_output", json!({ "count": 4 << 20 }), OutputTooLarge, "more than 256 KiB"),
        attack("hostile.big_log", json!({ "count": 4 << 20 }), OutputTooLarge, "more than 256 KiB"),
        attack("hostile.not_json", json!({}), BadOutput, "is not JSON"),
        attack("hostile.deep_result", json!({ "count": 1000 }), BadOutput, "recursion limit"),
        attack("hostile.deep_result", json!({ "count": 127 }), BadOutput, "nested deeper than 64 levels"),
        attack("hostile.wrong_result", json!({}), BadOutput, "/text: is not of type \"string\""),
        attack("hostile.crash", json!({}), Trap, "crashed"),
        attack("hostile.read_outside", json!({}), Trap, "out of bounds memory access"),
        attack("hostile.point_outside", json!({}), Trap, "crashed"),
        attack("hostile.refuse", json!({ "text": "invalid" }), InvalidArguments, "/text: not like this"),
        attack("hostile.refuse", json!({ "text": "missing" }), NotFound, "no such thing"),
        attack("hostile.refuse", json!({ "text": "denied" }), Denied, "not you"),
        attack("hostile.refuse", json!({ "text": "away" }), Unavailable, "later"),
        attack("hostile.refuse", json!({ "text": "" }), Failed, "something else"),
        attack("hostile.long_refusal", json!({ "count": 1000 }), Failed, " [31mно  [31mно"),
        attack("hostile.sneaky_read", json!({}), Denied, "may not do this"),
        attack("hostile.ask_without_end", json!({ "count": 1000 }), Failed, "more than 200 times"),
    ]
}

async fn survive(host: &Host, attack: &Attack) {
    let office = office();
    let notes = office.note_count();
    let report = call(host, attack.tool, attack.arguments.clone(), "key", &office).await;
    let Outcome::Failed { failure } = &report.outcome else { panic!("{}: {:?}", attack.tool, report.outcome) };
    assert_eq!((failure.class, failure.retryable), (attack.class, attack.retryable), "{}: {}", attack.tool, failure.message);
    assert!(failure.message.contains(attack.says), "{}: {}", attack.tool, failure.message);
    assert!(failure.message.chars().count() <= 501 && !failure.message.contains(char::is_control), "{}: {}", attack.tool, failure.message);
    assert!(report.fuel > 0, "{}", attack.tool);
    assert_eq!(report.used.stack_bytes == 512 << 10, attack.class == FailureClass::StackOverflow, "{}: {:?}", attack.tool, report.used);
    assert_eq!(office.note_count(), notes, "{}", attack.tool);
    assert!(office.question_count() <= 200, "{}", attack.tool);

    let next = call(host, "hostile.echo", json!({ "text": "still here" }), "next", &office).await;
    assert_eq!(text(&next), "still here", "after {}", attack.tool);
}

#[tokio::test]
async fn attacks_end_as_failures_and_the_next_call_works() {
    let host = host(options());
    for attack in attacks() {
        survive(&host, &attack).await;
    }
}

#[tokio::test]
async fn attacks_end_the_same_without_a_pool() {
    let host = host(HostOptions { allocation: Allocation::OnDemand, ..options() });
    for attack in attacks() {
        survive(&host, &attack).await;
    }
}

#[tokio::test]
async fn how_deep_a_plugin_went_before_it_asked_its_host_is_reported() {
    let host = host(options());
    let mut depths = Vec::new();
    for count in [1, 1_000, 2_000] {
        let report = call(&host, "hostile.recurse", json!({ "count": count }), "key", &office()).await;
        assert_eq!(text(&report), count.to_string());
        depths.push(report.used.stack_bytes);
    }
    let [low, mid, high] = depths[..] else { panic!("{depths:?}") };
    // A frame of the guest takes 16 bytes at the least, and as many each time.
    assert!(low > 0 && low < 16 << 10 && mid - low > 16 * 900 && (high - mid).abs_diff(mid - low) < 1 << 10, "{depths:?}");
}

#[tokio::test]
async fn the_run_s_deadline_is_shorter_than_the_tool_s() {
    let host = host(options());
    let permit = Gate::new(&host).permit(&host, "hostile.burn", json!({ "count": 1_000_000_000_000_u64 }));
    let report = host.call(permit, CallContext { deadline_ms: 20, ..context("key") }, office()).await;
    assert!(matches!(&report.outcome, Outcome::Failed { failure } if failure.class == FailureClass::Timeout), "{report:?}");
}

#[tokio::test]
async fn a_permit_for_what_is_not_there_runs_nothing() {
    let host = host(options());
    let gate = Gate::new(&host);
    let spec = host.tool("hostile.echo").expect("tool").spec().clone();
    let (arguments, other) = (json!({ "text": "x" }), Digest::of(b"other"));
    let bare = Host::new(options()).expect("host");
    let cases = [
        (&host, gate.permit_for("hostile.echo", arguments.clone(), other, spec.schema_digest), FailureClass::Denied),
        (&host, gate.permit_for("hostile.echo", arguments.clone(), spec.plugin_digest, other), FailureClass::Denied),
        (&host, gate.permit_for("hostile.echo", json!({ "text": 7, "extra": 1 }), spec.plugin_digest, spec.schema_digest), FailureClass::InvalidArguments),
        (&bare, gate.permit_for("hostile.echo", arguments, spec.plugin_digest, spec.schema_digest), FailureClass::NotFound),
    ];
    for (host, permit, expect) in cases {
        let report = host.call(permit, context("key"), office()).await;
        assert!(matches!(&report.outcome, Outcome::Failed { failure } if failure.class == expect), "{report:?}");
        assert_eq!(report.fuel, 0);
    }
}

#[tokio::test]
async fn a_change_before_the_failure_is_owned_up_to() {
    let host = host(options());
    let office = office();
    let report = call(&host, "hostile.write_then_spin", json!({}), "key", &office).await;
    let Outcome::Failed { failure } = report.outcome else { panic!("{report:?}") };
    // Which of its two bounds the loop meets first depends on how busy the machine is.
    assert!(matches!(failure.class, FailureClass::Timeout | FailureClass::Fuel) && !failure.retryable, "{failure:?}");
    assert!(failure.message.ends_with("it had made one change before, which stands"), "{}", failure.message);
    assert_eq!(office.note_count(), 1);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_unknown_and_found_again_by_its_key() {
    let host = host(options());
    let office = office();
    office.lose_answers();
    let report = call(&host, "hostile.write_twice", json!({}), "key", &office).await;
    let Outcome::Failed { failure } = report.outcome else { panic!("{report:?}") };
    assert_eq!((failure.class, failure.retryable), (FailureClass::Unknown, false));
    assert_eq!(office.note_count(), 1);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_changes_nothing() {
    let host = host(options());
    let office = office();
    let first = text(&call(&host, "hostile.write_twice", json!({}), "key", &office).await);
    assert_eq!(text(&call(&host, "hostile.write_twice", json!({}), "key", &office).await), first);
    assert_eq!(office.note_count(), 2);
    assert_ne!(text(&call(&host, "hostile.write_twice", json!({}), "another", &office).await), first);
    assert_eq!(office.note_count(), 4);
}

#[tokio::test]
async fn nothing_is_remembered_between_calls() {
    let host = host(options());
    for _ in 0..3 {
        assert_eq!(text(&call(&host, "hostile.remember", json!({}), "key", &office()).await), "1");
    }
}

#[tokio::test]
async fn long_and_many_log_lines_are_cut_not_fatal() {
    let host = host(options());
    for (tool, count, lines, cut) in [("hostile.big_log", 100_000, 1, 1), ("hostile.many_logs", 10_000, 100, 9_900)] {
        let ear = Ear::default();
        let _hearing = tracing::subscriber::set_default(ear.clone());
        // What a call before it logged takes nothing from this one.
        for _ in 0..2 {
            let report = call(&host, tool, json!({ "count": count }), "key", &office()).await;
            assert_eq!((text(&report).as_str(), report.used.logs_cut), ("logged", cut), "{tool}");
        }
        let heard = ear.heard();
        let said: Vec<usize> = heard.lines().filter_map(|line| line.strip_prefix("message=plugin: ")).map(|line| line.chars().count()).collect();
        assert_eq!(said.len(), 2 * lines, "{tool}: {}", &heard[..heard.len().min(2000)]);
        assert!(said.iter().all(|characters| *characters <= 4096 + 1), "{tool}: {said:?}");
    }
    assert_ne!(text(&call(&host, "hostile.ask_without_end", json!({ "count": 200 }), "key", &office()).await), "");
}

#[tokio::test]
async fn calls_of_a_run_compute_together_what_they_may_and_no_more() {
    let host = host(options());
    let burn = async |run: &RunBudget, count: u64| {
        let permit = Gate::new(&host).permit(&host, "hostile.burn", json!({ "count": count }));
        host.call(permit, CallContext { run: run.clone(), ..context("key") }, office()).await
    };
    let one = burn(&RunBudget::default(), 100_000).await;
    assert!(matches!(one.outcome, Outcome::Ok { .. }) && one.fuel > 100_000, "{one:?}");
    // What a call did not use is there for the next; the third has less than it needs, and the fourth nothing.
    let run = RunBudget::of(PluginWork { fuel: one.fuel * 5 / 2, ..PluginWork::usual() });
    for _ in 0..2 {
        assert!(matches!(burn(&run, 100_000).await.outcome, Outcome::Ok { .. }));
    }
    for fuel in [one.fuel / 2, 0] {
        let report = burn(&run, 100_000).await;
        let Outcome::Failed { failure } = &report.outcome else { panic!("{report:?}") };
        assert_eq!((failure.class, failure.retryable), (FailureClass::RunLimit, false), "{failure:?}");
        assert!(failure.message.contains("the plugins of this run have computed together what they may"), "{failure:?}");
        assert!(report.fuel.abs_diff(fuel) <= 1, "{report:?}");
    }
    // Who uses up what its own call may use is told of that, and of nothing else.
    let report = burn(&RunBudget::default(), 1_000_000_000_000).await;
    assert!(matches!(&report.outcome, Outcome::Failed { failure } if failure.class == FailureClass::Fuel), "{report:?}");
}

#[tokio::test]
async fn the_integrity_of_records_is_reported_beside_the_result() {
    let host = host(options());
    let report = call(&host, "crm.find_contacts", json!({ "query": "lena" }), "key", &office()).await;
    let expect = [("contact_1".to_owned(), Integrity::Outside), ("contact_2".to_owned(), Integrity::Directory)];
    assert_eq!(report.records, expect.into());
}
