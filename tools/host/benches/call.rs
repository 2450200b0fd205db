//! A call into a fresh instance: the sandbox alone, without schema check, decision and journal.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use steward_host::testing::{MemoryOffice, Seed};

#[path = "../tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests, which use more of it")]
mod support;

fn calls(criterion: &mut Criterion) {
    let host = support::host(support::options());
    let gate = support::Gate::new(&host);
    let seed: Seed =
        serde_json::from_value(json!({ "contacts": [{ "id": "contact_1", "name": "Lena Vogt", "emails": ["lena@nordlicht.example"], "tags": ["vip"] }] }))
            .expect("seed");
    let office = Arc::new(MemoryOffice::new(seed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");

    let mut group = criterion.benchmark_group("call");
    for (name, tool, arguments) in
        [("echo", "hostile.echo", json!({ "text": "hello" })), ("get_contact", "crm.get_contact", json!({ "contact_id": "contact_1" }))]
    {
        group.bench_function(name, |bench| {
            let permit = || gate.permit(&host, tool, arguments.clone());
            bench.to_async(&runtime).iter_batched(
                permit,
                |permit| async { black_box(host.call(permit, support::context("key"), Arc::clone(&office) as _).await) },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
