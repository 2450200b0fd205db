//! Names that are long in coming: who asks for them has asked, and they take no more of the server than they may.

use super::quiet;
use super::world::World;
use crate::support::{Gate, context, text};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use steward_core::{FailureClass, Outcome, PluginWork};
use steward_host::testing::{MadeUp, MemoryOffice};
use steward_host::{CallContext, EgressOptions, Resolver, RunBudget};

/// Finds no name before the line's end is dropped, and counts how often it was asked.
fn late(looked: &Arc<AtomicUsize>) -> (mpsc::Sender<()>, Resolver) {
    let (release, held) = mpsc::channel::<()>();
    let (held, counted) = (Mutex::new(held), Arc::clone(looked));
    let resolver = Resolver::Made(MadeUp(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = held.lock().expect("the line").recv();
        vec!["127.0.0.1".parse().expect("an address")]
    })));
    (release, resolver)
}

#[tokio::test]
async fn a_request_counts_from_when_its_name_is_looked_up_and_one_look_is_for_all() {
    let server = quiet().await;
    let looked = Arc::new(AtomicUsize::new(0));
    let (release, resolver) = late(&looked);
    let world = World::with(server.port, |manifest| manifest, move |egress| EgressOptions { resolver: resolver.clone(), ..egress });
    let hasty = json!({ "url": world.url("api", "/open/a"), "times": 9, "timeout_ms": 1 });
    let left = RunBudget::of(PluginWork { requests: 20, ..PluginWork::usual() });
    // The plugin waits for none of them, and each counts alike for its call and for its run.
    for (requests, refused, says) in
        [(8, 1, "one call makes at most 8 requests"), (8, 1, "one call makes at most 8 requests"), (4, 5, "as many requests to others as they may")]
    {
        let report = world.report_within("asker.look", hasty.clone(), left.clone()).await;
        assert!(text(&report).contains(says), "{report:?}");
        assert_eq!((report.used.requests, report.used.refused), (requests, refused));
        assert!(report.used.sent_bytes > 0 && report.used.received_bytes == 0, "{:?}", report.used);
    }
    assert!(looked.load(Ordering::SeqCst) <= 1, "{looked:?}");
    assert!(server.seen().is_empty());
    // When it has come back, the name is found.
    drop(release);
    let said = world.ask("asker.look", json!({ "url": world.url("api", "/open/a") })).await;
    assert!(said.starts_with("200 (5 bytes)") && server.seen().len() == 1, "{said}");
}

#[tokio::test]
async fn a_request_that_waits_for_its_name_has_sent_nothing_and_the_call_says_so() {
    let server = quiet().await;
    let (release, resolver) = late(&Arc::default());
    let world = World::with(server.port, |manifest| manifest, move |egress| EgressOptions { resolver: resolver.clone(), ..egress });
    let post = |more: serde_json::Value| {
        let mut arguments = json!({ "url": world.url("api", "/open/a"), "method": "POST", "body": "x", "tell": "crash" });
        arguments.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
        arguments
    };
    // The request ends first, or the look, before the call does; and the plugin crashes behind it.
    for (more, deadline_ms) in [(json!({ "timeout_ms": 1 }), 30_000), (json!({}), 2_000)] {
        let arguments = world.host.tool("asker.send").expect("a tool").check_arguments(&post(more)).expect("arguments");
        let permit = Gate::new(&world.host).permit(&world.host, "asker.send", arguments);
        let context = CallContext { deadline_ms, ..context(&format!("{deadline_ms}")) };
        let report = world.host.call(permit, context, Arc::new(MemoryOffice::default())).await;
        let Outcome::Failed { failure } = report.outcome else { panic!("{deadline_ms}") };
        assert_eq!((failure.class, report.used.requests), (FailureClass::Trap, 1), "{}", failure.message);
        assert!(!failure.message.contains("is not known"), "{}", failure.message);
    }
    assert!(server.seen().is_empty());
    drop(release);
}

#[tokio::test]
async fn a_plugin_hears_that_a_name_was_not_found_before_its_call_ends() {
    let server = quiet().await;
    let (release, resolver) = late(&Arc::default());
    let world = World::with(server.port, |manifest| manifest, move |egress| EgressOptions { resolver: resolver.clone(), ..egress });
    let arguments = world.host.tool("asker.look").expect("a tool").check_arguments(&json!({ "url": world.url("api", "/open/a") })).expect("arguments");
    let permit = Gate::new(&world.host).permit(&world.host, "asker.look", arguments);
    let report = world.host.call(permit, CallContext { deadline_ms: 2_000, ..context("key") }, Arc::new(MemoryOffice::default())).await;
    assert!(text(&report).contains("was not found in time"), "{report:?}");
    assert!(text(&report).starts_with("unreachable: ") && server.seen().is_empty(), "{report:?}");
    drop(release);
}
