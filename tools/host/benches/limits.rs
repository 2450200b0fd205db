//! What a call takes of the processor, what a waiting one holds in memory, and how late an endless one is stopped.
//!
//! Figures of the thread, not of the clock on the wall: they hold on a busy machine too.

#![expect(clippy::indexing_slicing, reason = "the middle and the last of a list that is not empty")]

use serde_json::json;
use std::sync::Arc;
use steward_host::testing::{MemoryOffice, Seed};

#[path = "../tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests, which use more of it")]
mod support;

const BATCHES: usize = 15;
const BATCH: u64 = 2000;
const LIVE: u64 = 100;
const SPINS: usize = 20;
const DEADLINE_MS: u64 = 50;
const PAGE_BYTES: u64 = 4096;

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number") * PAGE_BYTES
}

/// Time this thread has run, in nanoseconds. The kernel brings it up to date at its tick, so only long stretches count.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("a number")
}

fn main() {
    let host = support::host(support::options());
    let gate = support::Gate::new(&host);
    let seed: Seed =
        serde_json::from_value(json!({ "contacts": [{ "id": "contact_1", "name": "Lena Vogt", "emails": ["lena@nordlicht.example"] }] })).expect("seed");
    let office = Arc::new(MemoryOffice::new(seed));
    let call = |tool: &str| {
        let (host, permit, office) = (host.clone(), gate.permit(&host, tool, json!({})), Arc::clone(&office));
        async move { host.call(permit, support::context("key"), office as _).await }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    for (name, tool, arguments) in
        [("echo", "hostile.echo", json!({ "text": "hello" })), ("get_contact", "crm.get_contact", json!({ "contact_id": "contact_1" }))]
    {
        let mut each = Vec::with_capacity(BATCHES);
        for _ in 0..BATCHES {
            let permits: Vec<_> = (0..BATCH).map(|_| gate.permit(&host, tool, arguments.clone())).collect();
            let before = processor_ns();
            runtime.block_on(async {
                for permit in permits {
                    host.call(permit, support::context("key"), Arc::clone(&office) as _).await;
                }
            });
            each.push((processor_ns() - before) as f64 / BATCH as f64 / 1000.0);
        }
        each.sort_by(f64::total_cmp);
        println!("call/{name}_cpu_us_p50 {:.1}", each[BATCHES / 2]);
    }
    runtime.block_on(async {
        let waiting: Vec<_> = (0..LIVE).map(|_| call("hostile.wait")).collect();
        let before = resident();
        let waiting: Vec<_> = waiting.into_iter().map(tokio::spawn).collect();
        tokio::task::yield_now().await;
        let each = (resident() - before) / LIVE / 1024;
        for one in waiting {
            one.await.expect("joined");
        }
        println!("instance/memory_kib {each}");

        let mut late = Vec::with_capacity(SPINS);
        for _ in 0..SPINS {
            late.push(call("hostile.spin").await.ms.saturating_sub(DEADLINE_MS));
        }
        late.sort_unstable();
        println!("spin/late_ms_p50 {}", late[SPINS / 2]);
        println!("spin/late_ms_max {}", late[SPINS - 1]);
    });
    drop(runtime);

    // Both cores are wanted by endless loops: how long do other calls wait, beyond what they take alone?
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let echo = || {
        let (host, permit, office) = (host.clone(), gate.permit(&host, "hostile.echo", json!({ "text": "hello" })), Arc::clone(&office));
        async move { host.call(permit, support::context("key"), office as _).await }
    };
    runtime.block_on(async {
        let mut waited = Vec::new();
        for _ in 0..SPINS {
            let spinning: Vec<_> = (0..4).map(|_| tokio::spawn(call("hostile.spin"))).collect();
            while !spinning.iter().all(tokio::task::JoinHandle::is_finished) {
                let began = std::time::Instant::now();
                tokio::spawn(echo()).await.expect("joined");
                waited.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
        waited.sort_by(f64::total_cmp);
        println!("spin/others_ms_p50 {:.2}", waited[waited.len() / 2]);
        println!("spin/others_ms_p99 {:.2}", waited[waited.len() * 99 / 100]);
        println!("spin/others_ms_max {:.2}", waited[waited.len() - 1]);
    });
}
