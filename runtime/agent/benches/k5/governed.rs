//! The same conversation, governed: schema check, labels, Cedar decision, fresh sandbox, and a journal in memory, or a budget and a journal in
//! PostgreSQL. Budgets are rows of the database: beside a journal in memory there are none.

use super::machine;
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Instant;
use steward_agent::Runtime;
use steward_agent::driver::{HandsFor, drive};
use steward_agent::testing::{World, bench_office, bench_run, bench_runtime};
use steward_agent::worker::work;
use steward_core::{Event, Micros, Mode};
use steward_office::budgets;
use steward_store::run::RunStatus;
use tokio_util::sync::CancellationToken;

/// What the organisation of the durable runs may spend in a day: never reached, and counted all the same.
const BUDGET: Micros = Micros(1_000_000_000_000);

/// Runs whose journal is in memory.
pub(crate) struct Memory {
    runtime: Runtime,
    hands: HandsFor,
    watch: Option<tokio::sync::broadcast::Receiver<steward_agent::live::Happening>>,
}

impl Memory {
    /// For the model at this address. Streaming is on when somebody watches.
    pub(crate) fn new(base_url: &str, stream: bool, mode: Mode) -> Self {
        let runtime = bench_runtime(base_url, mode);
        let watch = stream.then(|| runtime.live.watch());
        Self { runtime, hands: bench_office(), watch }
    }

    /// One run, to its reply.
    pub(crate) async fn run(&self) {
        let (journal, assignment) = bench_run(&self.runtime, self.hands.clone(), "Look up the contacts.");
        let status = drive(&self.runtime, assignment, CancellationToken::new()).await.expect("drive");
        assert_eq!(status, RunStatus::Ended);
        let replied = journal.events().iter().any(|recorded| matches!(&recorded.event, Event::Replied { text, .. } if text.contains("in order")));
        assert!(replied, "the governed run replies too");
        let _ = &self.watch;
    }
}

/// Runs whose journal is in PostgreSQL, in an organisation that may spend so much a day.
pub(crate) struct Durable {
    world: World,
    hands: HandsFor,
    conversation: steward_core::ConversationId,
    watch: Option<tokio::sync::broadcast::Receiver<steward_agent::live::Happening>>,
}

impl Durable {
    /// For the model at this address; none without a test database.
    pub(crate) async fn new(base_url: &str, stream: bool, mode: Mode) -> Option<Self> {
        if std::env::var("STEWARD_TEST_DATABASE_URL").is_err() {
            println!("no STEWARD_TEST_DATABASE_URL: the durable figures are left out");
            return None;
        }
        let world = World::bench(base_url, mode).await;
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        budgets::put(&mut tx, &world.runtime.office, "organisation", "", "day", BUDGET).await.expect("a budget");
        tx.commit().await.expect("commit");
        let conversation = world.converse().await;
        let watch = stream.then(|| world.runtime.live.watch());
        Some(Self { world, conversation, watch, hands: bench_office() })
    }

    /// What autovacuum does on a server that lives longer than a measurement: plans made for empty tables are made anew.
    async fn analyse(&self) {
        self.world.db.raw("analyze").await;
    }

    /// The same between two rounds, and some runs behind it. Each connection makes its plans anew then: a server does so once in many thousand
    /// runs, and not in each two hundred.
    pub(crate) async fn settle(&self, runs: u32, side_by_side: usize) {
        self.analyse().await;
        machine::cpu_us_per(runs, side_by_side, || self.say()).await;
        machine::cpu_us_per(runs, side_by_side, || self.drive_with_contacts()).await;
    }

    /// Drives so many runs that were queued before: CPU microseconds a run of this process, and of PostgreSQL.
    pub(crate) async fn driven(&self, runs: u32, side_by_side: usize) -> (f64, f64) {
        let before = machine::postgres_cpu_us();
        let in_process = machine::cpu_us_per(runs, side_by_side, || self.drive()).await;
        (in_process, (machine::postgres_cpu_us() - before) / f64::from(runs))
    }

    /// Queues a run: the person's message.
    pub(crate) async fn say(&self) {
        // A conversation of its own, as a new person would have: the history of hundreds of runs is not what is measured.
        self.world.say("Look up the contacts.").await;
    }

    /// Takes up the oldest run and drives it to its reply, with the office that the runs with a journal in memory have.
    async fn drive(&self) {
        assert_eq!(self.world.drive_with(&self.hands).await, Some(RunStatus::Ended));
        let _ = &self.watch;
    }

    /// The same, with the contacts in the database as well.
    pub(crate) async fn drive_with_contacts(&self) {
        assert_eq!(self.world.drive().await, Some(RunStatus::Ended));
        let _ = &self.watch;
    }

    /// Some runs first, after which plans are made for tables that are not empty.
    pub(crate) async fn warm_up(&self, side_by_side: usize) {
        for _ in 0..side_by_side {
            self.say().await;
        }
        self.work(side_by_side).await;
        self.analyse().await;
    }

    /// Runs a second with so many side by side, from the first message to the last reply: what makes a run is measured with it. As many messages
    /// are posted at a time as runs are driven, and each wakes the worker, as the server has it.
    pub(crate) async fn runs_a_second(&self, side_by_side: usize, runs: u32) -> f64 {
        let began = Instant::now();
        let said = futures_util::stream::iter(0..runs).for_each_concurrent(side_by_side, |_| async move {
            self.say().await;
            self.world.runtime.live.wake();
        });
        self.work_after(side_by_side, said).await;
        f64::from(runs) / began.elapsed().as_secs_f64()
    }

    async fn work(&self, side_by_side: usize) {
        self.work_after(side_by_side, std::future::ready(())).await;
    }

    /// Works while these messages are posted, and until every run is over.
    async fn work_after(&self, side_by_side: usize, said: impl Future<Output = ()>) {
        let stop = CancellationToken::new();
        let working = tokio::spawn(work(self.world.runtime.clone(), side_by_side, stop.clone()));
        said.await;
        while self.world.db.number("select count(*) from run where status <> 'ended'").await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        stop.cancel();
        working.await.expect("worker");
    }

    /// How many transactions that write were begun so far, by all of this server, and how many steps were answered.
    pub(crate) async fn counts(&self) -> (i64, i64) {
        let written = self.world.db.number("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").await;
        (written, self.world.db.number("select coalesce(sum(steps), 0)::bigint from run").await)
    }

    /// A thousand runs at once on a model that takes its time: memory over idle in KiB, and seconds until all are done.
    pub(crate) async fn thousand_waiting(&self) -> (f64, f64) {
        // One run first, so that pools, modules and code pages are counted as idle.
        self.world.say("Hello").await;
        self.work(1).await;
        let idle = machine::rss_kib();
        for _ in 0..1000 {
            self.world.say_in(self.conversation, "Hello").await;
        }
        let began = Instant::now();
        let peak = Arc::new(std::sync::Mutex::new(machine::rss_kib()));
        let watching = tokio::spawn({
            let peak = peak.clone();
            async move {
                loop {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    let now = machine::rss_kib();
                    let mut peak = peak.lock().expect("peak");
                    *peak = peak.max(now);
                }
            }
        });
        self.work(1000).await;
        let seconds = began.elapsed().as_secs_f64();
        watching.abort();
        let peak = *peak.lock().expect("peak");
        (peak - idle, seconds)
    }
}
