//! Names that are long in coming: who asks for them has asked, and they take no more of the server than they may.

use super::quiet;
use super::world::World;
use crate::support::text;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use steward_core::PluginWork;
use steward_host::testing::MadeUp;
use steward_host::{EgressOptions, Resolver, RunBudget};

/// Names that one plugin looks up at once.
const LOOKS_OF_ONE_MAX: usize = 8;

#[tokio::test]
async fn a_request_counts_from_when_its_name_is_looked_up_and_few_are_at_once() {
    let server = quiet().await;
    // No name is found before this end of the line is dropped.
    let (release, held) = mpsc::channel::<()>();
    let (held, looked) = (Mutex::new(held), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&looked);
    let resolver = Resolver::Made(MadeUp(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = held.lock().expect("the line").recv();
        vec!["127.0.0.1".parse().expect("an address")]
    })));
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
    assert!(looked.load(Ordering::SeqCst) <= LOOKS_OF_ONE_MAX, "{looked:?}");
    assert!(server.seen().is_empty());
    // When they have come, there is room again.
    drop(release);
    let said = world.ask("asker.look", json!({ "url": world.url("api", "/open/a") })).await;
    assert!(said.starts_with("200 (5 bytes)") && server.seen().len() == 1, "{said}");
}
