//! A log that is far larger than what may be held: it is ordered, exported and checked without being held in memory. How fast is the bench `export`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use steward_core::{Actor, Clock, Ids, TenantId};
use steward_office::Office;
use steward_office::audit::files::LogDir;
use steward_office::audit::note::Signer;
use steward_office::audit::sequence::{Sequencer, export};
use steward_office::audit::{Entry, verify::verify};
use steward_store::audit::AuditRow;
use steward_store::testing::TestDatabase;

const ENTRIES: u64 = 250_000;
const AT_ONCE: u64 = 2_000;
/// What exporting and checking may take beside what the process has, in MiB. The entries alone are 75 MB; 8 MiB were seen, also with four times as many.
const GROWTH_MIB_MAX: u64 = 24;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Entries as the office makes them, as one statement.
fn rows(tenant: TenantId, first: u64, make: impl Fn(&Entry<'_>) -> AuditRow) -> String {
    let mut sql =
        String::from("insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf) values ");
    for number in first..first + AT_ONCE {
        let detail = serde_json::json!({ "call": number });
        let row = make(&Entry { action: "gate.decide", object: format!("run_1/c{number}"), outcome: "allowed", detail, request_id: None });
        let AuditRow { audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf, .. } = row;
        let comma = if number == first { "" } else { "," };
        let (tenant, audit_id, canon, leaf) = (tenant.uuid(), audit_id.uuid(), hex(&canon), hex(leaf.bytes()));
        write!(
            sql,
            "{comma}('{tenant}','{audit_id}','{writer_id}',{writer_seq},'{at}','{actor_kind}','{action}','{object}','{outcome}','\\x{canon}','\\x{leaf}')"
        )
        .expect("text");
    }
    sql
}

/// A line of the process's status, in MiB.
fn mib(of: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix(of)).expect("a line");
    line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") / 1024
}

/// The log's directory: a hundred megabytes and more that a failed test must not leave behind.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_long_log_is_exported_and_checked_without_being_held_in_memory() {
    let database = TestDatabase::make().await;
    let office = Office::new(Clock::System, Ids::System);
    let tenant: TenantId = office.ids.make();
    let (actor, lane) = (Actor::worker(tenant), office.audit.lane(tenant));
    for first in (0..ENTRIES).step_by(usize::try_from(AT_ONCE).expect("fits")) {
        let make = |entry: &Entry<'_>| office.audit.row(&actor, &office.ids, office.clock.now(), lane.next(), entry).expect("row");
        database.raw(&rows(tenant, first, make)).await;
    }
    drop(lane);
    let folder = Folder(std::env::temp_dir().join(format!("stw-audit-large-{}", std::process::id())));
    let dir = &folder.0;
    let signer = || Signer::from_secret(&[7; 32]).expect("key");
    let sequencer = Sequencer::new(signer(), dir.join("live"), Clock::System);
    let mut ordered = 0;
    while ordered < ENTRIES {
        ordered += sequencer.pass(&database.worker, tenant).await.expect("pass").expect("free").added;
    }
    let log = LogDir::new(dir.join("bundle"));
    fs::create_dir_all(log.path()).expect("directory");
    // The most that this process ever had is forgotten, so that what comes next is seen.
    fs::write("/proc/self/clear_refs", "5").expect("reset");
    let before = mib("VmRSS");
    let mut tx = database.worker.begin(&Actor::worker(tenant)).await.expect("begin");
    assert_eq!(export(&mut tx, &log).await.expect("exported"), ENTRIES);
    let report = verify(&log, &[], &signer().verifier(tenant)).expect("readable");
    assert!(report.is_clean() && report.entries == ENTRIES, "{} entries", report.entries);
    let grown = mib("VmHWM").saturating_sub(before);
    assert!(grown <= GROWTH_MIB_MAX, "{grown} MiB beside {before}");
}
