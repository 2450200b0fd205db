//! k5: a loopback model asks for one tool call a turn, five times, then answers. What does governing and recording that cost?
//!
//! The floor is the same conversation by a bare `async-openai` loop in the same process; figures are ratios to it, so the machine
//! falls out. The model runs as a process of its own and is never the bottleneck. Numbers go to standard output and, as JSON,
//! to the file named by `STEWARD_BENCH_JSON`.

#![expect(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement stops where what it looks for is missing, and is told by the environment where to write"
)]

mod floor;
mod governed;
mod machine;
mod model;

use std::io::BufRead as _;
use std::process::{Child, Command, Stdio};

/// Runs measured a figure.
const RUNS: u32 = 300;
/// Runs thrown away before measuring.
const WARM_UP: u32 = 60;

fn main() {
    if std::env::args().any(|word| word == "serve-model") {
        return model::serve();
    }
    // Criterion's and cargo's own flags mean nothing here; `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ModelServer::start();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("tokio");
    tokio.block_on(measure(&server));
}

struct ModelServer {
    child: Child,
    port: u16,
}

impl ModelServer {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().expect("own path")).arg("serve-model").stdout(Stdio::piped()).spawn().expect("model process");
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("port line");
        Self { child, port: line.trim().parse().expect("port") }
    }

    fn url(&self, wait_ms: u64) -> String {
        format!("http://127.0.0.1:{}/wait{wait_ms}/v1", self.port)
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn measure(server: &ModelServer) {
    let mut lines = Vec::new();
    let mut note = |name: &str, value: f64, unit: &str| {
        println!("{name:<58} {value:>10.2} {unit}");
        lines.push(serde_json::json!({ "name": name, "value": value, "unit": unit }));
    };
    for stream in [false, true] {
        let how = if stream { "streaming" } else { "plain" };
        // Bursts of floor and governed alternate, so that whatever else the machine does falls on both.
        let floor = floor::Floor::new(&server.url(0));
        let memory = governed::Memory::new(&server.url(0), stream);
        let (mut floor_us, mut memory_us) = (f64::MAX, f64::MAX);
        for round in 0..4 {
            let runs = if round == 0 { WARM_UP } else { RUNS };
            let floor_round = machine::cpu_us_per(runs, || floor.run(stream)).await;
            let memory_round = machine::cpu_us_per(runs, || memory.run()).await;
            if round > 0 {
                floor_us = floor_us.min(floor_round);
                memory_us = memory_us.min(memory_round);
            }
        }
        note(&format!("k5 {how}: floor, CPU a run"), floor_us, "µs");
        note(&format!("k5 {how}: governed, journal in memory, CPU a run"), memory_us, "µs");
        note(&format!("k5 {how}: governed / floor (target ≤ 5)"), memory_us / floor_us, "×");
        if let Some(durable) = governed::Durable::new(&server.url(0), stream).await {
            let mut best = (f64::MAX, f64::MAX);
            for round in 0..4 {
                let before = machine::postgres_cpu_us();
                let runs = if round == 0 { WARM_UP } else { RUNS };
                let us = machine::cpu_us_per(runs, || durable.run()).await;
                let postgres = (machine::postgres_cpu_us() - before) / f64::from(runs);
                if round > 0 && us < best.0 {
                    best = (us, postgres);
                }
            }
            note(&format!("k5 {how}: durable, CPU a run in the process"), best.0, "µs");
            note(&format!("k5 {how}: durable / floor (target ≤ 10)"), best.0 / floor_us, "×");
            note(&format!("k5 {how}: durable, PostgreSQL CPU a run (target ≤ 2000)"), best.1, "µs");
            if !stream {
                note("k5: durable runs a second at 64 side by side", durable.throughput(64, 640).await, "runs/s");
                let commits = durable.commits_per_step().await;
                note("k5: commits a step (target ≤ 2)", commits, "");
            }
        }
    }
    if let Some(waiting) = governed::Durable::new(&server.url(2_000), false).await {
        let (kib, seconds) = waiting.thousand_waiting().await;
        note("1,000 runs waiting on a model of 2 s: RSS over idle (target ≤ 60)", kib / 1024.0, "MB");
        note("1,000 runs waiting on a model of 2 s: all done after (target ≤ 5)", seconds, "s");
    }
    if let Ok(path) = std::env::var("STEWARD_BENCH_JSON") {
        std::fs::write(path, serde_json::to_vec_pretty(&lines).expect("json")).expect("bench file");
    }
}
