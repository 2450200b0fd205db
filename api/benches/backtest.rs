//! How long `steward policy backtest` takes with ten thousand decisions on record in PostgreSQL: the real program, from its start to its end, with
//! all that it reads from the store.
//!
//! Needs `STEWARD_TEST_DATABASE_URL`.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a measurement stops where what it looks for is missing")]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use steward_policies::{Facts, sample_facts};
use steward_store::testing::TestDatabase;

/// Decisions on record.
const DECISIONS: usize = 10_000;
/// Rounds that are measured; the median counts.
const ROUNDS: usize = 5;

fn program(dir: &Path, database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.args(arguments).current_dir(dir).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.env("STEWARD_DATABASE__URL", &database.superuser_url).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Makes an organisation, as the first start does.
fn first_start(dir: &Path, database: &TestDatabase) {
    let mut child = program(dir, database, &["up", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains("127.0.0.1")), "it ended before it said where it is");
    std::thread::spawn(move || lines.for_each(drop));
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is there");
    assert!(child.wait().expect("it ends").success(), "it stops cleanly");
}

/// What a decision is made on, with texts as long as those of a mail.
fn record() -> String {
    let arguments = json!({ "contact_id": "contact_1", "text": "Nine is fine. ".repeat(40) });
    let facts = Facts { arguments, tainted: true, step: 3, now_ms: 1_772_000_000_000, ..sample_facts("crm.add_note") };
    json!({ "facts": facts, "envelope": {} }).to_string()
}

/// Puts the decisions on record, in the first workspace there is.
async fn fill(database: &TestDatabase) {
    let record = record().replace('\'', "''");
    let sql = format!(
        "insert into decision (tenant_id, decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, rules, reason,
                               policy_digest, arguments, provenance, record, decided_at)
         select place.tenant_id, gen_random_uuid(), place.workspace_id, gen_random_uuid(), 'call_1_0', gen_random_uuid(), 'assistant', 'crm.add_note',
                'write', 'allow', '{{}}', 'For a measurement.', sha256('rules'), '{{}}', '{{}}', '{record}', now()
           from (select tenant_id, workspace_id from workspace limit 1) as place, generate_series(1, {DECISIONS});
         analyze decision"
    );
    database.raw(&sql).await;
}

fn main() {
    // `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let database = runtime.block_on(TestDatabase::make());
    let dir: PathBuf = std::env::temp_dir().join(format!("stw-backtest-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("scratch directory");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("scratch permissions");
    first_start(&dir, &database);
    runtime.block_on(fill(&database));

    let most = DECISIONS.to_string();
    let mut took = Vec::new();
    for _ in 0..=ROUNDS {
        let began = Instant::now();
        let output = program(&dir, &database, &["policy", "backtest", "--decisions", &most, "--json"]).output().expect("run");
        took.push(began.elapsed().as_secs_f64() * 1e3);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|err| panic!("{err}: {output:?}"));
        assert_eq!(report["judged"], DECISIONS, "{report}");
    }
    // The first compiles plugins.
    took.remove(0);
    took.sort_by(f64::total_cmp);
    println!("policy/backtest_10000_ms_p50 {:.0}", took[ROUNDS / 2]);
    fs::remove_dir_all(&dir).unwrap_or_else(|err| panic!("{}: {err}", dir.display()));
}
