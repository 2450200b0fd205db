//! An installation with one of the guests that only tests load, and what such a guest cannot do to the run it is called in.

use super::*;
use serde_json::json;
use std::sync::Arc;
use steward_agent::testing::{Reply, ScriptedModel, bench_office};
use steward_core::Outcome;
use steward_host::testing::GuestFiles;
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
