//! What it takes until a plugin can be called: from the verified cache, and compiled.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use steward_host::testing::GuestFiles;
use steward_host::{Allocation, Host, HostOptions};

#[path = "../tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests, which use more of it")]
mod support;

fn loads(criterion: &mut Criterion) {
    let (folder, cache) = (support::Folder::new(), support::Folder::new());
    GuestFiles::crm().write(folder.path()).expect("written");
    // Without a pool: only the plugin is measured, not the room for its calls.
    let host = |cached: bool| {
        let cache_dir = cached.then(|| cache.path().to_owned());
        Host::new(HostOptions { cache_dir, allocation: Allocation::OnDemand, ..HostOptions::default() }).expect("host")
    };
    host(true).load_dir(folder.path()).expect("compiled once");
    let mut group = criterion.benchmark_group("load");
    for (name, cached, samples) in [("cached", true, 100), ("cold", false, 10)] {
        group.sample_size(samples);
        group.bench_function(name, |bench| {
            // The host is given back, so that taking it down is not measured.
            let load = |host: Host| {
                black_box(host.load_dir(folder.path()).expect("loaded"));
                host
            };
            bench.iter_batched(|| host(cached), load, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, loads);
criterion_main!(benches);
