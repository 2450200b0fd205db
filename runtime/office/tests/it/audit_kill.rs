//! The sequencer's process is killed with SIGKILL at random moments while entries keep coming: no entry is lost, no place is given twice, and
//! no size is ever signed with two roots.
//!
//! The victim is this test binary run as a process of its own.

use crate::fixture::World;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use steward_core::{Clock, TenantId};
use steward_office::audit::note::Signer;
use steward_office::audit::sequence::Sequencer;
use steward_office::audit::{self, Entry, live, verify::verify};
use steward_store::testing::TestDatabase;

const KILLS: u64 = 120;
/// The longest a victim lives once it works, in microseconds: some passes.
const LIFE_US: u64 = 150_000;

fn sequencer(dir: &Path) -> Sequencer {
    Sequencer::new(Signer::from_secret(&[7; 32]).expect("key"), dir, Clock::System)
}

/// Only does something as the child of the test below: one pass after the other, until it is killed.
#[tokio::test]
async fn victim() {
    let Some([database, dir, tenant]) = told() else { return };
    let database = TestDatabase::attach(&database).await;
    let tenant: TenantId = tenant.parse().expect("an organisation");
    let sequencer = sequencer(Path::new(&dir));
    println!("\nworking");
    loop {
        sequencer.pass(&database.worker, tenant).await.expect("pass");
    }
}

/// What a victim is told: its database, its directory, its organisation.
#[expect(clippy::disallowed_methods, reason = "a process has no other way to be told by the test that starts it")]
fn told() -> Option<[String; 3]> {
    let told = |name: &str| std::env::var(name).ok();
    Some([told("STEWARD_KILL_DATABASE")?, told("STEWARD_KILL_DIR")?, told("STEWARD_KILL_TENANT")?])
}

/// A process that is killed when it is no longer needed, and then waited for.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Chance with a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Starts a victim and waits until it works.
fn start(world: &World, dir: &Path, tenant: TenantId) -> Victim {
    let mut child = Command::new(std::env::current_exe().expect("own path"))
        .args(["audit_kill::victim", "--exact", "--nocapture"])
        .env("STEWARD_KILL_DATABASE", &world.database.superuser_url)
        .env("STEWARD_KILL_DIR", dir)
        .env("STEWARD_KILL_TENANT", tenant.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the victim starts");
    let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
    let victim = Victim(child);
    assert!(lines.any(|line| line.expect("a line") == "working"), "it ended before it worked");
    victim
}

/// What is shown: every checkpoint by its size.
fn shown(dir: &Path) -> BTreeMap<u64, String> {
    let Ok(entries) = fs::read_dir(dir.join("checkpoints")) else { return BTreeMap::new() };
    let names = entries.map(|entry| entry.expect("entry").file_name().into_string().expect("name")).filter(|name| !name.starts_with('.'));
    names.map(|name| (name.parse().expect("a size"), fs::read_to_string(dir.join("checkpoints").join(&name)).expect("note"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequencer_killed_a_hundred_times_loses_nothing_and_signs_no_size_twice() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let tenant = house.owner.tenant;
    let dir: PathBuf = std::env::temp_dir().join(format!("stw-audit-kill-{}", std::process::id()));
    let log = sequencer(&dir).log_of(tenant);
    let mut dice = Dice(41);
    let (mut written, mut between, mut seen) = (0i64, 0, BTreeMap::new());
    let mut kills = 0_u64;
    // On a busy machine most die before they have done anything: then more are begun, which live longer.
    while kills < KILLS || (kills < 4 * KILLS && (between == 0 || seen.len() <= 20)) {
        let victim = start(&world, &dir, tenant);
        let life = Duration::from_micros(dice.below(LIFE_US * (1 + kills / KILLS)));
        kills += 1;
        let sizes: Vec<u64> = (0..64).map(|_| 1 + dice.below(40)).collect();
        let writing = async {
            for size in sizes {
                let mut tx = world.begin(&house.owner).await;
                for n in 0..size {
                    let entry = Entry { action: "test.write", object: n.to_string(), outcome: "done", detail: json!({ "amount": 1 }), request_id: None };
                    audit::record(&mut tx, &world.office, entry).await.expect("record");
                }
                tx.commit().await.expect("commit");
                written += i64::try_from(size).expect("small");
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = writing => {}
            () = tokio::time::sleep(life) => {}
        }
        drop(victim);
        for (size, note) in shown(log.path()) {
            let before = seen.entry(size).or_insert_with(|| note.clone());
            assert_eq!(*before, note, "size {size} was signed twice");
        }
        let signed = world.database.number("select coalesce(max(tree_size), 0) from audit_checkpoint").await;
        between += usize::from(seen.keys().next_back().copied().unwrap_or(0) != u64::try_from(signed).expect("a size"));
    }
    // A commit whose future was dropped may have gone through all the same.
    let there = world.database.number("select count(*) from audit_event").await;
    assert!(there >= written, "{written} entries were committed, {there} are there");
    // What the server still does for the last victim ends by itself, and its turn with it.
    let size = loop {
        if let Some(passed) = sequencer(&dir).pass(&world.database.worker, tenant).await.expect("pass") {
            break passed.size;
        }
    };
    println!("{kills} kills, {between} of them between the database and the files; {there} entries, {} checkpoints", seen.len());
    assert!(between > 0 && seen.len() > 20, "the victims died before they worked: this tests nothing");
    assert_eq!(i64::try_from(size).expect("a size"), there, "every entry has its place");
    assert_eq!(world.database.number("select count(*) from audit_index").await, there);
    assert_eq!(world.database.number("select max(tree_index) + 1 from audit_index").await, there, "places have no gap");
    let noted = shown(log.path());
    assert_eq!(world.database.number("select count(*) from audit_checkpoint").await, i64::try_from(noted.len()).expect("count"));
    let verifier = sequencer(&dir).signer().verifier(tenant);
    let offline = verify(&log, &[], &verifier).expect("readable");
    let mut tx = world.begin(&house.owner).await;
    let live = live::verify(&mut tx, &[log.path().join("checkpoints")], &verifier).await.expect("readable");
    for report in [offline, live] {
        assert!(report.is_clean(), "{:?}", report.problems);
        assert_eq!((i64::try_from(report.entries), report.waiting), (Ok(there), 0));
    }
    fs::remove_dir_all(&dir).expect("clean up");
}
