//! What the audit log costs: making an entry, ordering and signing, checking a directory of them.
//!
//! Needs `STEWARD_TEST_DATABASE_URL` for the sequencer.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use steward_core::{Actor, Clock, Digest, Ids, TenantId};
use steward_office::Office;
use steward_office::audit::files::LogDir;
use steward_office::audit::note::Signer;
use steward_office::audit::sequence::Sequencer;
use steward_office::audit::tree::{Edge, TILE};
use steward_office::audit::{Entry, verify::verify};
use steward_store::audit::AuditRow;
use steward_store::testing::{TestDatabase, own_cpu_us, postgres_cpu_us};

/// Entries that are checked at once.
const CHECKED: usize = 262_144;
/// Entries that are ordered at once.
const ORDERED: i64 = 20_000;

fn entry() -> Entry<'static> {
    let detail = serde_json::json!({ "rules": ["send-known"], "policy": "2f1c77a0b9d1", "call": "c1" });
    Entry { action: "gate.decide", object: "run_01k4qk8vt9f1s8m9v5b5m0q2aa/c1".to_owned(), outcome: "allowed", detail, request_id: None }
}

fn scratch(name: &str) -> PathBuf {
    // In memory where there is such a place: what a disk takes for two new files each 256 entries is the disk's, and differs by its age.
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
    place.join(format!("stw-bench-audit-{name}-{}", std::process::id()))
}

fn make(criterion: &mut Criterion) {
    let office = Office::new(Clock::System, Ids::System);
    let actor = Actor::worker(office.ids.make());
    let now = office.clock.now();
    let lane = office.audit.lane(actor.tenant);
    let entry = entry();
    // A plain row would be the columns; canonical bytes and leaf are what the log adds.
    criterion.bench_function("audit/entry", |bench| bench.iter(|| office.audit.row(&actor, &office.ids, now, lane.next(), &entry).expect("row")));
    let row = office.audit.row(&actor, &office.ids, now, lane.next(), &entry).expect("row");
    criterion.bench_function("audit/leaf", |bench| bench.iter(|| steward_office::audit::leaf_of(&row.canon)));
    criterion.bench_function("audit/tree", |bench| {
        let mut edge = Edge::default();
        bench.iter(|| edge.push(row.leaf, &mut |_, _, _: &[Digest]| Ok::<(), std::convert::Infallible>(())));
    });
    let signer = Signer::from_secret(&[7; 32]).expect("key");
    criterion.bench_function("audit/sign", |bench| bench.iter(|| signer.sign(actor.tenant, 1_000_000, &row.leaf)));
}

fn rows(office: &Office, tenant: TenantId, count: usize) -> Vec<AuditRow> {
    let actor = Actor::worker(tenant);
    let lane = office.audit.lane(tenant);
    (0..count).map(|_| office.audit.row(&actor, &office.ids, office.clock.now(), lane.next(), &entry()).expect("row")).collect()
}

fn check(criterion: &mut Criterion) {
    let office = Office::new(Clock::System, Ids::System);
    let tenant: TenantId = office.ids.make();
    let signer = Signer::from_secret(&[7; 32]).expect("key");
    let dir = scratch("check");
    let log = LogDir::new(&dir);
    let mut edge = Edge::default();
    for (number, file) in (0u64..).zip(rows(&office, tenant, CHECKED).chunks(TILE)) {
        for row in file {
            edge.push(row.leaf, &mut |level, number, hashes: &[Digest]| log.write_tile(level, number, hashes)).expect("tile");
        }
        log.write_entries(number, &file.iter().map(|row| row.canon.clone()).collect::<Vec<_>>()).expect("entries");
    }
    log.write_edge(&edge).expect("edge");
    log.keep_checkpoint(edge.size(), &signer.sign(tenant, edge.size(), &edge.root())).expect("checkpoint");
    let verifier = signer.verifier(tenant);
    let mut group = criterion.benchmark_group("audit");
    group.sample_size(10).throughput(Throughput::Elements(CHECKED as u64));
    group.bench_function("verify", |bench| {
        bench.iter(|| {
            let report = verify(&log, &[], &verifier).expect("readable");
            assert!(report.is_clean() && report.entries == CHECKED as u64);
        });
    });
    group.finish();
    fs::remove_dir_all(&dir).expect("clean up");
}

fn order(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let database = runtime.block_on(TestDatabase::make());
    let dir = scratch("order");
    let signer = || Signer::from_secret(&[7; 32]).expect("key");
    let sequencer = Sequencer::new(signer(), &dir, Clock::System);
    let mut group = criterion.benchmark_group("audit");
    group.sample_size(10).throughput(Throughput::Elements(u64::try_from(ORDERED).expect("positive")));
    let (mut process_us, mut postgres_us, mut ordered) = (0.0, 0.0, 0_i64);
    group.bench_function("sequence", |bench| {
        bench.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let office = Office::new(Clock::System, Ids::System);
                let tenant: TenantId = office.ids.make();
                runtime.block_on(async {
                    let mut tx = database.worker.begin(&Actor::worker(tenant)).await.expect("begin");
                    for row in rows(&office, tenant, usize::try_from(ORDERED).expect("positive")) {
                        steward_store::audit::insert(&mut tx, &row).await.expect("insert");
                    }
                    tx.commit().await.expect("commit");
                    let (start, process, postgres) = (Instant::now(), own_cpu_us(), postgres_cpu_us());
                    let passed = sequencer.pass(&database.worker, tenant).await.expect("pass").expect("free");
                    spent += start.elapsed();
                    process_us += own_cpu_us() - process;
                    postgres_us += postgres_cpu_us() - postgres;
                    ordered += ORDERED;
                    assert_eq!(passed.added, u64::try_from(ORDERED).expect("positive"));
                });
            }
            spent
        });
    });
    group.finish();
    // None, where only other figures were asked for.
    if runtime.block_on(database.number("select count(*) from audit_index")) > 0 {
        println!("audit/beyond_the_row_bytes {}", runtime.block_on(beyond_the_row(&database)));
        // What is done with a row after its insert, in this process and in PostgreSQL; its leaf, made before, is a figure of its own.
        println!("audit/beyond_the_row_us {:.2}", (process_us + postgres_us) / ordered as f64);
        println!("audit/beyond_the_row_us_in_the_process {:.2}", process_us / ordered as f64);
    }
    fs::remove_dir_all(&dir).expect("clean up");
}

/// What an entry takes in the database that a plain row of the same words would not: its place with indexes, its hash, and its transaction
/// with the index that finds what has no place yet. What it takes in the log's directory is not among it: 32 bytes in a tile, and itself.
async fn beyond_the_row(database: &TestDatabase) -> i64 {
    database.raw("analyze").await;
    database
        .number(
            "select (pg_total_relation_size('steward.audit_index') + pg_relation_size('steward.audit_event_written')
                     + (select sum(pg_column_size(leaf) + pg_column_size(written_xid)) from steward.audit_event))::bigint
                    / (select count(*) from steward.audit_index)",
        )
        .await
}

/// What a signature of a whole tile's worth costs, to compare with the rest.
fn tile(criterion: &mut Criterion) {
    let leaves = vec![Digest::of(b"leaf"); TILE];
    criterion.bench_function("audit/tile of 256", |bench| {
        bench.iter_batched(
            Edge::default,
            |mut edge| {
                for leaf in &leaves {
                    let _ = edge.push(*leaf, &mut |_, _, _: &[Digest]| Ok::<(), std::convert::Infallible>(()));
                }
                edge.root()
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, make, tile, check, order);
criterion_main!(benches);
