//! A million audit entries out of PostgreSQL into a directory that is then checked offline: how long, and how much memory at most.
//!
//! Needs `STEWARD_TEST_DATABASE_URL`. It fails when the most memory it took is not below the bound, or when what was written does not verify.

#![expect(clippy::expect_used, reason = "a bench that cannot run stops")]

use std::fmt::Write as _;
use std::time::Instant;
use steward_core::{Actor, Clock, Ids, TenantId};
use steward_office::Office;
use steward_office::audit::files::LogDir;
use steward_office::audit::note::Signer;
use steward_office::audit::sequence::{Sequencer, export};
use steward_office::audit::{Entry, verify::verify};
use steward_store::audit::AuditRow;
use steward_store::testing::TestDatabase;

const ENTRIES: u64 = 1_000_000;
/// Entries written by one statement.
const AT_ONCE: u64 = 2_000;
/// The most memory, in MiB.
const RSS_MIB_MAX: f64 = 256.0;

fn main() {
    // `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime").block_on(million());
}

async fn million() {
    let database = TestDatabase::make().await;
    let office = Office::new(Clock::System, Ids::System);
    let tenant: TenantId = office.ids.make();
    // Kept from the first entry to the last: who writes numbers its own.
    let (actor, lane) = (Actor::worker(tenant), office.audit.lane(tenant));
    for first in (0..ENTRIES).step_by(usize::try_from(AT_ONCE).expect("fits")) {
        database.raw(&rows(tenant, first, |entry| office.audit.row(&actor, &office.ids, office.clock.now(), lane.next(), entry).expect("row"))).await;
    }
    drop(lane);
    let root = std::env::temp_dir().join(format!("stw-bench-export-{}", std::process::id()));
    let signer = || Signer::from_secret(&[7; 32]).expect("key");
    let sequencer = Sequencer::new(signer(), root.join("live"), Clock::System);
    let mut ordered = 0;
    while ordered < ENTRIES {
        ordered += sequencer.pass(&database.worker, tenant).await.expect("pass").expect("free").added;
    }
    let log = LogDir::new(root.join("bundle"));
    std::fs::create_dir_all(log.path()).expect("directory");
    let begun = Instant::now();
    let mut tx = database.worker.begin(&Actor::worker(tenant)).await.expect("begin");
    assert_eq!(export(&mut tx, &log).await.expect("exported"), ENTRIES);
    let wrote = begun.elapsed();
    let report = verify(&log, &[], &signer().verifier(tenant)).expect("readable");
    assert!(report.is_clean() && report.entries == ENTRIES, "{} entries", report.entries);
    let checked = begun.elapsed().checked_sub(wrote).unwrap_or_default();
    let most = peak_rss_mib();
    println!("export/million_s {:.2}", wrote.as_secs_f64());
    println!("export/million_verify_s {:.2}", checked.as_secs_f64());
    println!("export/million_rss_mib {most:.1}");
    std::fs::remove_dir_all(&root).expect("clean up");
    assert!(most < RSS_MIB_MAX, "{most:.1} MiB; {RSS_MIB_MAX} is the most");
}

/// Entries as the office makes them, as one statement.
fn rows(tenant: TenantId, first: u64, make: impl Fn(&Entry<'_>) -> AuditRow) -> String {
    let mut sql =
        String::from("insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf) values ");
    for number in first..first + AT_ONCE {
        let detail = serde_json::json!({ "rules": ["send-known"], "policy": "2f1c77a0b9d1", "call": number });
        let entry = Entry { action: "gate.decide", object: format!("run_01k4qk8vt9f1s8m9v5b5m0q2aa/c{number}"), outcome: "allowed", detail, request_id: None };
        let row = make(&entry);
        let (canon, leaf) = (hex(&row.canon), hex(row.leaf.bytes()));
        let comma = if number == first { "" } else { "," };
        write!(
            sql,
            "{comma}('{}', '{}', '{}', {}, '{}', '{}', '{}', '{}', '{}', '\\x{canon}', '\\x{leaf}')",
            tenant.uuid(),
            row.audit_id.uuid(),
            row.writer_id,
            row.writer_seq,
            row.at,
            row.actor_kind,
            row.action,
            row.object,
            row.outcome,
        )
        .expect("text");
    }
    sql
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The most memory this process had, in MiB.
fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().expect("a number") / 1024.0
}
