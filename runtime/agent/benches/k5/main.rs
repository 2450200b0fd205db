//! k5: a loopback model asks for one tool call a turn, five times, then answers. What does governing and recording that cost?
//!
//! The floor is the same conversation by a bare `async-openai` loop in the same process; figures are ratios to it, so the machine
//! falls out. With the journal in memory no money is set aside: budgets are PostgreSQL's part, and the durable runs have one. What tracing every
//! value takes is a ratio, too: to the same runs in mode `open`, of the same rounds. The model runs as a process of its own and is never the
//! bottleneck. Numbers go to standard output and, as JSON, to the file named by `STEWARD_BENCH_JSON`.

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
/// Runs under way at a time where rates are measured.
const SIDE_BY_SIDE: usize = 64;
/// Rounds of a rate, of which the median counts.
const RATES: u32 = 3;
/// Runs of a round of a rate, of ours and of those that they are compared with.
const RUNS_OF_A_RATE: u32 = 640;
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

/// Each round's figures of what is compared, in microseconds of CPU a run.
#[derive(Default)]
struct Rounds {
    memory: Vec<f64>,
    durable: Vec<f64>,
    postgres: Vec<f64>,
}

/// The middle one of the rounds' ratios.
fn ratio(of: &[f64], to: &[f64]) -> f64 {
    median(of.iter().zip(to).map(|(one, other)| one / other).collect())
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
        // What is traced is held against what is not, in the same rounds.
        let untraced = is_traced.then(|| governed::Memory::new(&server.url(0), stream, open));
        let untraced_durable = if is_traced && durable.is_some() { governed::Durable::new(&server.url(0), stream, open).await } else { None };
        let (mut floors, mut these, mut others) = (Vec::new(), Rounds::default(), Rounds::default());
        let (mut said, mut said_postgres, mut commits) = (Vec::new(), Vec::new(), Vec::new());
        let (mut contacts, mut contacts_postgres) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let runs = if round == 0 { WARM_UP } else { RUNS };
            // The first is thrown away.
            let note = |figures: &mut Vec<f64>, figure: f64| {
                if round > 0 {
                    figures.push(figure);
                }
            };
            note(&mut floors, machine::cpu_us_per(runs, side_by_side, || floor.run(stream)).await);
            note(&mut these.memory, machine::cpu_us_per(runs, side_by_side, || memory.run()).await);
            if let Some(untraced) = &untraced {
                note(&mut others.memory, machine::cpu_us_per(runs, side_by_side, || untraced.run()).await);
            }
            if let Some(durable) = &durable {
                let before = machine::postgres_cpu_us();
                note(&mut said, machine::cpu_us_per(runs, side_by_side, || durable.say()).await);
                note(&mut said_postgres, (machine::postgres_cpu_us() - before) / f64::from(runs));
                let (written, steps) = durable.counts().await;
                let (in_process, postgres) = durable.driven(runs, side_by_side).await;
                let counts = durable.counts().await;
                note(&mut commits, (counts.0 - written) as f64 / (counts.1 - steps) as f64);
                note(&mut these.durable, in_process);
                note(&mut these.postgres, postgres);
                machine::cpu_us_per(runs, side_by_side, || durable.say()).await;
                let before = machine::postgres_cpu_us();
                note(&mut contacts, machine::cpu_us_per(runs, side_by_side, || durable.drive_with_contacts()).await);
                note(&mut contacts_postgres, (machine::postgres_cpu_us() - before) / f64::from(runs));
                durable.settle(WARM_UP, side_by_side).await;
            }
            if let Some(untraced) = &untraced_durable {
                machine::cpu_us_per(runs, side_by_side, || untraced.say()).await;
                let (in_process, postgres) = untraced.driven(runs, side_by_side).await;
                note(&mut others.durable, in_process);
                note(&mut others.postgres, postgres);
                untraced.settle(WARM_UP, side_by_side).await;
            }
        }
        if untraced.is_some() {
            let than_open = |what: &str| format!("k5 {how} / the same in mode open: {what} (target ≤ 1.4)");
            table.note(&than_open("journal in memory, no budget"), ratio(&these.memory, &others.memory), "×");
            if untraced_durable.is_some() {
                table.note(&than_open("durable"), ratio(&these.durable, &others.durable), "×");
                table.note(&than_open("durable, PostgreSQL CPU"), ratio(&these.postgres, &others.postgres), "×");
            }
        }
        let most = |target: &str| if is_traced { String::new() } else { format!(" (target ≤ {target})") };
        table.note(&format!("k5 {how}: governed, journal in memory, no budget / floor{}", most("5")), ratio(&these.memory, &floors), "×");
        if durable.is_some() {
            table.note(&format!("k5 {how}: durable / floor{}", most("10")), ratio(&these.durable, &floors), "×");
            table.note(&format!("k5 {how}: durable, PostgreSQL CPU a run (target ≤ 2000)"), median(these.postgres), "µs");
            table.note(&format!("k5 {how}: durable, CPU a run in the process"), median(these.durable), "µs");
            table.note(&format!("k5 {how}: durable, contacts too / floor"), ratio(&contacts, &floors), "×");
            table.note(&format!("k5 {how}: durable, contacts too, PostgreSQL CPU a run"), median(contacts_postgres), "µs");
            table.note(&format!("k5 {how}: the person's message before it, CPU in the process"), median(said), "µs");
            table.note(&format!("k5 {how}: the person's message before it, PostgreSQL CPU"), median(said_postgres), "µs");
        }
        table.note(&format!("k5 {how}: governed, journal in memory, no budget, CPU a run"), median(these.memory), "µs");
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
            let rate = durable.runs_a_second(SIDE_BY_SIDE, RUNS_OF_A_RATE).await;
            ours.push(rate);
            if let Some(other) = &mut other {
                let slower = other.runs_a_second(RUNS_OF_A_RATE);
                theirs.push(slower);
                ratios.push(rate / slower);
            }
        }
        table.note("k5: durable runs a second at 64 side by side, their messages too", median(ours), "runs/s");
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
