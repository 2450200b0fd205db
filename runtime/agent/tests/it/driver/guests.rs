//! An installation with one of the hostile plugins that only tests load, and what such a plugin cannot do to the run it is called in.

use super::*;
use serde_json::json;
use std::sync::Arc;
use steward_agent::driver::HandsFor;
use steward_agent::testing::{Reply, ScriptedModel, bench_office};
use steward_core::{CallId, Failure, FailureClass, Outcome, RunOutcome};
use steward_host::testing::{GuestFiles, MemoryOffice, Seed};
use steward_host::{Host, HostOptions};
use steward_policies::{Rules, shipped_rules};

/// The shipped tools and those of this guest, all offered to the assistant.
pub(super) async fn guest(model: &ScriptedModel, files: &GuestFiles) -> World {
    let mut world = World::scripted(model).await;
    let host = Host::new(HostOptions::default()).expect("host");
    host.load_shipped().expect("shipped tools");
    let dir = std::env::temp_dir().join(format!("steward-guest-{}", world.tenant));
    files.write(&dir).expect("files");
    host.load_dir(&dir).expect("plugin");
    std::fs::remove_dir_all(&dir).expect("removed");
    world.runtime.rules.replace(Rules::load(&shipped_rules(), &host.specs()).expect("rules"));
    let runtime = Arc::get_mut(&mut world.runtime).expect("not shared yet");
    runtime.host = host;
    let mut agents = (*runtime.agents).clone();
    agents.get_mut("assistant").expect("assistant").tools.push(format!("{}.*", files.name));
    runtime.agents = Arc::new(agents);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_looks_like_another_calls_is_its_own_calls_alone() {
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::Calls(vec![
            ("hostile.forge".to_owned(), json!({ "text": "call_1_1" })),
            ("hostile.echo".to_owned(), json!({ "text": "the true one" })),
            ("hostile.forge".to_owned(), json!({ "text": "call_1_1" })),
        ]),
        _ => Reply::text("Done."),
    })
    .await;
    let world = guest(&model, &GuestFiles::hostile()).await;
    let run = world.say("Try it").await;
    assert_eq!(world.drive_with(&bench_office()).await, Some(RunStatus::Ended));
    // One end for each call, in the journal and for the model, whatever the answers say of themselves.
    let ends: Vec<(String, bool)> = world
        .events(run)
        .await
        .into_iter()
        .filter_map(|recorded| match recorded.event {
            Event::Done { call_id, outcome: Outcome::Ok { result, .. }, .. } => Some((call_id.to_string(), result["text"] == "the true one")),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [("call_1_0".to_owned(), false), ("call_1_1".to_owned(), true), ("call_1_2".to_owned(), false)]);
    let requests = model.requests();
    let results = requests.last().expect("asked").tool_results();
    assert_eq!(results.len(), 3, "{results:?}");
    for (result, is_true) in results.iter().zip([false, true, false]) {
        let read: serde_json::Value = serde_json::from_str(result).expect("one JSON value, and nothing behind it");
        let keys: Vec<&str> = read.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!((keys, read["ok"]["text"] == "the true one"), (vec!["ok"], is_true), "{result}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_number_that_a_card_would_show_as_another_reaches_no_tool() {
    let exact = 9_007_199_254_740_991_u64;
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::Calls([exact + 2, exact].map(|count| ("hostile.echo".to_owned(), json!({ "text": "x", "count": count }))).to_vec()),
        _ => Reply::text("Done."),
    })
    .await;
    let world = guest(&model, &GuestFiles::hostile()).await;
    let run = world.say("Try it").await;
    assert_eq!(world.drive_with(&bench_office()).await, Some(RunStatus::Ended));
    let blocked = "select count(*) from decision where verdict = 'block' and class = 'invalid_arguments' and reason like '%/count: is a whole number beyond 9007199254740991%'";
    assert_eq!(world.db.number(blocked).await, 1);
    assert_eq!(world.db.number("select count(*) from decision where verdict = 'allow'").await, 1, "the largest that is exact runs");
    let begun: Vec<String> = world
        .events(run)
        .await
        .into_iter()
        .filter_map(|recorded| match recorded.event {
            Event::Starting { call_id, .. } => Some(call_id.to_string()),
            Event::Done { call_id, outcome: Outcome::Ok { .. }, .. } => Some(format!("{call_id} done")),
            _ => None,
        })
        .collect();
    assert!(begun.contains(&"call_1_1 done".to_owned()) && begun.iter().all(|line| line.starts_with("call_1_1")), "{begun:?}");
    assert!(model.requests().last().expect("asked").tool_results()[0].contains("write it as text"), "the model is told what to do");
}

/// How each call of a run ended, and how often it was begun.
async fn ends(world: &World, run: RunId) -> Vec<(CallId, Failure, usize)> {
    let events = world.events(run).await;
    let begun = |id: CallId| events.iter().filter(|recorded| matches!(recorded.event, Event::Starting { call_id, .. } if call_id == id)).count();
    let failed = events.iter().filter_map(|recorded| match &recorded.event {
        Event::Done { call_id, outcome: Outcome::Failed { failure }, .. } => Some((*call_id, failure.clone(), begun(*call_id))),
        _ => None,
    });
    failed.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_whatever_a_plugin_does() {
    let attacks = [
        ("hostile.spin", json!({}), FailureClass::Timeout),
        ("hostile.burn", json!({ "count": 1_000_000_000_000_u64 }), FailureClass::Fuel),
        ("hostile.allocate", json!({ "count": 64 }), FailureClass::Memory),
        ("hostile.recurse", json!({}), FailureClass::StackOverflow),
        ("hostile.big_output", json!({ "count": 1 << 30 }), FailureClass::Memory),
        ("hostile.big_output", json!({ "count": (256 << 10) + 1 }), FailureClass::OutputTooLarge),
        ("hostile.not_json", json!({}), FailureClass::BadOutput),
        ("hostile.wrong_result", json!({}), FailureClass::BadOutput),
        ("hostile.crash", json!({}), FailureClass::Trap),
    ];
    let calls: Vec<(String, serde_json::Value)> = attacks.iter().map(|(tool, arguments, _)| ((*tool).to_owned(), arguments.clone())).collect();
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().len() {
        0 => Reply::Calls(calls.clone()),
        _ => Reply::text("None of them worked."),
    })
    .await;
    let world = guest(&model, &GuestFiles::hostile()).await;
    let run = world.say("Try them all").await;
    assert_eq!(world.drive_with(&bench_office()).await, Some(RunStatus::Ended));
    assert_eq!((world.run(run).await.ended, reply(&world, run).await.as_deref()), (Some(RunOutcome::Replied), Some("None of them worked.")));
    let mut ends = ends(&world, run).await;
    ends.sort_by_key(|(call, _, _)| call.index);
    assert_eq!(ends.len(), attacks.len(), "one end for each: {ends:?}");
    let requests = model.requests();
    let told = requests.last().expect("asked").tool_results();
    for (((tool, _, class), (_, failure, begun)), told) in attacks.iter().zip(&ends).zip(&told) {
        assert_eq!((failure.class, *begun <= 1), (*class, true), "{tool}: {failure:?}, begun {begun} times");
        let told: serde_json::Value = serde_json::from_str(told).expect("JSON");
        assert_eq!(told["error"]["class"], json!(class), "{tool}: the model is told why");
    }
    assert_eq!(world.db.number("select count(*) from decision").await, i64::try_from(attacks.len()).expect("few"), "one decision each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_before_a_plugin_hangs_is_made_once_and_owned_up_to() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("hostile.write_then_spin", json!({})),
        _ => Reply::text("It may be half done."),
    })
    .await;
    let world = guest(&model, &GuestFiles::hostile()).await;
    let seed: Seed = serde_json::from_value(json!({ "contacts": [{ "id": "contact_1", "name": "Lena" }] })).expect("seed");
    let office = Arc::new(MemoryOffice::new(seed));
    let shared = office.clone();
    let hands: HandsFor = Arc::new(move |_, _| -> Arc<dyn steward_host::Office> { shared.clone() });
    let run = world.say("Try it").await;
    assert_eq!(world.drive_with(&hands).await, Some(RunStatus::Ended));
    let ends = ends(&world, run).await;
    let [(_, failure, 1)] = ends.as_slice() else { panic!("one end and one beginning: {ends:?}") };
    // Which of its two bounds the loop meets first depends on how busy the machine is.
    assert!(matches!(failure.class, FailureClass::Timeout | FailureClass::Fuel) && !failure.retryable, "{failure:?}");
    assert!(model.requests().last().expect("asked").tool_results().join("").contains("it had made one change before, which stands"));
    assert_eq!((office.note_count(), world.run(run).await.ended), (1, Some(RunOutcome::Replied)));
}
