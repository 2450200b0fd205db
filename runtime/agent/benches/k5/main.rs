//! k5: a loopback model asks for one tool call a turn, five times, then answers. What does governing and recording that cost?
//!
//! The floor is the same conversation by a bare `async-openai` loop in the same process; figures are ratios to it, so the machine
//! falls out. With the journal in memory no money is set aside: that is PostgreSQL's part. The model runs as a process of its own and is never the bottleneck. Numbers go to standard output and, as JSON,
//! to the file named by `STEWARD_BENCH_JSON`.

#![expect(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement stops where what it looks for is missing, and is told by the environment where to write"
)]

mod floor;
mod governed;
mod langgraph;
mod machine;
mod model;

use std::io::BufRead as _;
use std::process::{Child, Command, Stdio};
use steward_core::Mode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs measured a figure.
const RUNS: u32 = 200;
/// Rounds of each, of which the median counts.
const ROUNDS: u32 = 5;
/// Ratios to the floor, in memory and durable, when the first governed run was whole (commit 3ad128c, medians of five runs of this harness):
/// before labels, envelopes, windows and the signed log. What all of that costs, in mode `traced`, is told against them.
const FIRST: (f64, f64) = (4.16, 8.51);
/// Runs under way at a time where rates are measured.
const SIDE_BY_SIDE: usize = 64;
/// Rounds of a rate, of which the median counts.
const RATES: u32 = 3;
/// Runs thrown away before measuring.
const WARM_UP: u32 = 60;

fn main() {
    if std::env::args().any(|word| word == "serve-model") {
        machine::stay_on(1);
        return model::serve();
    }
    // Criterion's and cargo's own flags mean nothing here; `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ModelServer::start();
    let mut table = Table::default();
    // Costs are compared on one thread, as the harness of the peers does: waking a sleeping second core costs more than a step and
    // differs by the hour. Rates and memory are measured on all cores, as the product runs.
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
    machine::stay_on(0);
    one.block_on(costs(&server, &mut table));
    drop(one);
    machine::go_anywhere();
    let all = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("tokio");
    all.block_on(rates(&server, &mut table));
    table.write();
}

/// What was measured.
#[derive(Default)]
struct Table(Vec<serde_json::Value>);

impl Table {
    fn note(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<72} {value:>10.2} {unit}");
        self.0.push(serde_json::json!({ "name": name, "value": value, "unit": unit }));
    }

    fn write(&self) {
        if let Ok(path) = std::env::var("STEWARD_BENCH_JSON") {
            std::fs::write(path, serde_json::to_vec_pretty(&self.0).expect("json")).expect("bench file");
        }
    }
}

/// Whether a part is wanted: all of them, unless some are named as arguments.
fn wanted(part: &str) -> bool {
    let named: Vec<String> = std::env::args().skip(1).filter(|word| ["plain", "streaming", "traced", "rates", "waiting"].contains(&word.as_str())).collect();
    named.is_empty() || named.iter().any(|word| word == part)
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

/// The median of the rounds, which one disturbance does not move.
fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

async fn costs(server: &ModelServer, table: &mut Table) {
    let open = Mode::Open;
    for (stream, side_by_side, mode) in [(false, 1, open), (false, 16, open), (true, 1, open), (true, 16, open), (false, 1, Mode::Traced)] {
        let is_traced = mode == Mode::Traced;
        let how = if stream { "streaming" } else { "plain" };
        if !wanted(if is_traced { "traced" } else { how }) {
            continue;
        }
        let how = format!("{how}{}, {side_by_side} at a time", if is_traced { ", traced" } else { "" });
        // Bursts of floor and governed alternate, so that whatever else the machine does falls on all of them.
        let floor = floor::Floor::new(&server.url(0));
        let memory = governed::Memory::new(&server.url(0), stream, mode);
        let durable = governed::Durable::new(&server.url(0), stream, mode).await;
        let (mut floors, mut memories, mut durables, mut postgres) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut said, mut said_postgres, mut commits) = (Vec::new(), Vec::new(), Vec::new());
        let (mut contacts, mut contacts_postgres) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let runs = if round == 0 { WARM_UP } else { RUNS };
            let floor_us = machine::cpu_us_per(runs, side_by_side, || floor.run(stream)).await;
            let memory_us = machine::cpu_us_per(runs, side_by_side, || memory.run()).await;
            let mut durable_us = (0.0, 0.0, 0.0, 0.0);
            if let Some(durable) = &durable {
                let before = machine::postgres_cpu_us();
                let said = machine::cpu_us_per(runs, side_by_side, || durable.say()).await;
                let said_by = machine::postgres_cpu_us();
                let (written, steps) = durable.counts().await;
                let between = machine::postgres_cpu_us();
                let driven = machine::cpu_us_per(runs, side_by_side, || durable.drive()).await;
                let after = machine::postgres_cpu_us();
                let counts = durable.counts().await;
                if round > 0 {
                    commits.push((counts.0 - written) as f64 / (counts.1 - steps) as f64);
                }
                durable_us = (said, (said_by - before) / f64::from(runs), driven, (after - between) / f64::from(runs));
                machine::cpu_us_per(runs, side_by_side, || durable.say()).await;
                let before = machine::postgres_cpu_us();
                let driven = machine::cpu_us_per(runs, side_by_side, || durable.drive_with_contacts()).await;
                if round > 0 {
                    contacts.push(driven);
                    contacts_postgres.push((machine::postgres_cpu_us() - before) / f64::from(runs));
                }
            }
            if let Some(durable) = &durable {
                durable.analyse().await;
                // Behind that each connection makes its plans anew: a server does so once in many thousand runs, and not in each two hundred.
                machine::cpu_us_per(WARM_UP, side_by_side, || durable.say()).await;
                machine::cpu_us_per(WARM_UP, side_by_side, || durable.drive_with_contacts()).await;
            }
            if round > 0 {
                floors.push(floor_us);
                memories.push(memory_us);
                said.push(durable_us.0);
                said_postgres.push(durable_us.1);
                durables.push(durable_us.2);
                postgres.push(durable_us.3);
            }
        }
        let ratio = |of: &[f64]| median(of.iter().zip(&floors).map(|(us, floor)| us / floor).collect());
        // With all of it: where every value is traced to where it came from.
        if is_traced {
            table.note("k5 in memory / what it was before labels and the signed log (target ≤ 1.4)", ratio(&memories) / FIRST.0, "×");
            if durable.is_some() {
                table.note("k5 durable / what it was before labels and the signed log (target ≤ 1.4)", ratio(&durables) / FIRST.1, "×");
            }
        }
        let most = |target: &str| if is_traced { String::new() } else { format!(" (target ≤ {target})") };
        table.note(&format!("k5 {how}: governed, journal in memory / floor{}", most("5")), ratio(&memories), "×");
        if durable.is_some() {
            table.note(&format!("k5 {how}: durable / floor{}", most("10")), ratio(&durables), "×");
            table.note(&format!("k5 {how}: durable, PostgreSQL CPU a run (target ≤ 2000)"), median(postgres), "µs");
            table.note(&format!("k5 {how}: durable, CPU a run in the process"), median(durables), "µs");
            table.note(&format!("k5 {how}: durable, contacts too / floor"), ratio(&contacts), "×");
            table.note(&format!("k5 {how}: durable, contacts too, PostgreSQL CPU a run"), median(contacts_postgres), "µs");
            table.note(&format!("k5 {how}: the person's message before it, CPU in the process"), median(said), "µs");
            table.note(&format!("k5 {how}: the person's message before it, PostgreSQL CPU"), median(said_postgres), "µs");
        }
        table.note(&format!("k5 {how}: governed, journal in memory, CPU a run"), median(memories), "µs");
        table.note(&format!("k5 {how}: floor, CPU a run"), median(floors), "µs");
        if durable.is_some() {
            table.note(&format!("k5 {how}: transactions that write a step, lease and heartbeats among them (target ≤ 2)"), median(commits), "");
        }
    }
}

async fn rates(server: &ModelServer, table: &mut Table) {
    if wanted("rates")
        && let Some(durable) = governed::Durable::new(&server.url(0), false, Mode::Open).await
    {
        durable.warm_up(SIDE_BY_SIDE).await;
        let mut other = langgraph::LangGraph::start(&server.url(0), SIDE_BY_SIDE);
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RATES {
            let rate = durable.runs_a_second(SIDE_BY_SIDE, 1280).await;
            ours.push(rate);
            if let Some(other) = &mut other {
                let slower = other.runs_a_second(128);
                theirs.push(slower);
                ratios.push(rate / slower);
            }
        }
        table.note("k5: durable runs a second at 64 side by side", median(ours), "runs/s");
        if other.is_some() {
            table.note("k5: LangGraph with its PostgreSQL checkpointer, runs a second at 64", median(theirs), "runs/s");
            table.note("k5: durable runs a second / LangGraph's (target ≥ 10)", median(ratios), "×");
        }
    }
    if wanted("waiting")
        && let Some(waiting) = governed::Durable::new(&server.url(2_000), false, Mode::Open).await
    {
        let (kib, seconds) = waiting.thousand_waiting().await;
        table.note("1,000 runs waiting on a model of 2 s: RSS over idle (target ≤ 60)", kib * 1024.0 / 1e6, "MB");
        table.note("1,000 runs waiting on a model of 2 s: all done after (target ≤ 5)", seconds, "s");
    }
}
