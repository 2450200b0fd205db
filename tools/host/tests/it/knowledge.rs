//! Documents through a plugin: what the office handed over is noted by the host, whatever the plugin does with it.

use crate::support::{call, host, options};
use serde_json::json;
use std::sync::Arc;
use steward_core::{Integrity, Outcome, Readers};
use steward_host::testing::{MemoryOffice, Seed};

const MINE: &str = "doc_00000000000000000000000001";
const OURS: &str = "doc_00000000000000000000000002";

fn office() -> Arc<MemoryOffice> {
    let seed: Seed = serde_json::from_value(json!({ "documents": [
        { "id": MINE, "name": "terms.md", "pieces": ["Payment in ", "thirty days."], "readers": ["ada@home.example"] },
        { "id": OURS, "name": "house rules.txt", "pieces": ["Payment by card."] },
    ] }))
    .expect("a seed");
    Arc::new(MemoryOffice::new(seed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_over_is_noted_piece_by_piece() {
    let host = host(options());
    let report = call(&host, "documents.read", json!({ "document": MINE, "from": 2 }), "key", &office()).await;
    let Outcome::Ok { result, summary } = &report.outcome else { panic!("failed: {report:?}") };
    assert_eq!((&result["chunks"][0]["text"], &result["next"], summary.as_deref()), (&json!("thirty days."), &json!(null), Some("1 piece of 2")));
    let places: Vec<_> = report.handed.chunks.iter().map(|chunk| (chunk.mark(), chunk.name.as_str(), chunk.start, chunk.end)).collect();
    assert_eq!(places, [(format!("{MINE}#2"), "terms.md", 11, 23)]);
    assert_eq!(report.handed.readers, Readers::Only(["ada@home.example".to_owned()].into()));
    assert_eq!((report.records[MINE], report.records[&format!("{MINE}#2")]), (Integrity::Fact, Integrity::Outside));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_documents_the_narrowest_readers_count() {
    let host = host(options());
    let office = office();
    let both = call(&host, "documents.search", json!({ "query": "payment" }), "key", &office).await;
    assert_eq!(both.handed.readers, Readers::Only(["ada@home.example".to_owned()].into()));
    assert_eq!(both.handed.chunks.len(), 2);
    let one = call(&host, "documents.search", json!({ "query": "payment", "document": OURS }), "key", &office).await;
    assert_eq!((one.handed.readers, one.handed.chunks.len()), (Readers::Public, 1));
    let none = call(&host, "documents.read", json!({ "document": "doc_00000000000000000000000009" }), "key", &office).await;
    assert!(none.handed.is_nothing() && matches!(none.outcome, Outcome::Failed { .. }), "{none:?}");
}
