//! The list of accepted plugins against the record: two processes at their first start, and a clock that was set back.

use super::world::World;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use steward_api::wiring::accepted_list::{Known, hold};
use steward_api::wiring::plugin_lock;
use steward_core::{Actor, Clock, Digest, Ids, RunId, TenantId};
use steward_host::PluginLimits;
use steward_host::installed::{self, AcceptedPlugin, Candidate, PluginFacts};
use steward_office::Office;
use steward_office::audit::{self, Entry};
use steward_store::{Store, audit_log};
use time::macros::datetime;

/// How long two processes may take to stand before the same door.
const PATIENCE: Duration = Duration::from_secs(60);

/// A plugin of these bytes, as it stands in a list.
fn plugin(bytes: &str) -> AcceptedPlugin {
    let limits = PluginLimits { memory_mb: 64, fuel: 1_000_000, deadline_ms: 1_000, output_kb: 64 };
    let facts = PluginFacts {
        version: "0.1.0".to_owned(),
        language: "rust".to_owned(),
        digest: Digest::of(bytes.as_bytes()),
        signed_by: None,
        imports: Vec::new(),
        egress: Vec::new(),
        limits,
        kv: None,
    };
    AcceptedPlugin { plugin: Candidate { name: "greeter".to_owned(), facts, tools: BTreeMap::new() }, version: 0 }
}

/// Where the lists of a data directory of its own are.
fn data_dir() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("stw-accepted-{}", Ids::System.make::<RunId>()));
    std::fs::create_dir_all(&dir).expect("directory");
    dir.join("mcp.lock.json")
}

/// What is loaded of the list, by digest.
async fn loaded(store: &Store, office: &Office, lock: &Path) -> Vec<Digest> {
    let on_record = hold(store, office, lock, &mut Known::default()).await.expect("held").expect("a list");
    on_record.into_entries().into_iter().map(|entry| entry.plugin.facts.digest).collect()
}

/// Whoever runs the installation.
async fn operators(store: &Store) -> TenantId {
    store.all_tenants().await.expect("organisations").first().expect("one").tenant
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_at_their_first_start_one_puts_on_record_what_it_finds() {
    let world = World::make().await;
    let (database, lock) = (&world.server.database, data_dir());
    installed::put(&plugin_lock(&lock), plugin("one")).expect("listed");
    let processes = [Office::new(Clock::System, Ids::System), Office::new(Clock::System, Ids::System)];
    // Nobody writes an entry until both are about to.
    let mut door = database.session(&database.superuser_url, "begin; lock table audit_event in share row exclusive mode").await;
    let open = async {
        let waiting = "select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())";
        while database.number(waiting).await < 2 {}
        door.say("commit").await.expect("opened");
    };
    let (one, other, opened) =
        tokio::join!(loaded(&database.worker, &processes[0], &lock), loaded(&database.app, &processes[1], &lock), tokio::time::timeout(PATIENCE, open));
    opened.expect("both come to the door");
    let expect = vec![plugin("one").plugin.facts.digest];
    assert_eq!((one, other), (expect.clone(), expect), "what one found the other runs too");
    for action in ["tool.find", "tool.find_all"] {
        assert_eq!(database.number(&format!("select count(*) from audit_event where action = '{action}'")).await, 1, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_last_counts_whatever_the_clock_said() {
    // Once while both entries wait for their number in the record, and once with the first numbered.
    for is_numbered in [false, true] {
        let world = World::make().await;
        let (database, lock) = (&world.server.database, data_dir());
        let actor = Actor::worker(operators(&database.worker).await);
        let clock = Clock::manual(datetime!(2026-03-01 12:00 UTC));
        let office = Office::new(clock.clone(), Ids::System);
        for bytes in ["older", "newer"] {
            let mut tx = database.app.begin(&actor).await.expect("tx");
            let detail = json!({ "plugin": "greeter", "digest": plugin(bytes).plugin.digest(), "version": 0, "alone": true });
            let entry = Entry { action: "tool.accept", object: "greeter".to_owned(), outcome: "done", detail, request_id: None };
            audit::record(&mut tx, &office, entry).await.expect("recorded");
            tx.commit().await.expect("commit");
            if bytes == "older" && is_numbered {
                let mut tx = database.worker.begin(&actor).await.expect("tx");
                let placed = audit_log::place_all(&mut tx, 0, 0).await.expect("numbered");
                assert!(placed > 0);
                tx.commit().await.expect("commit");
            }
            clock.advance_ms(-3_600_000);
        }
        let list = plugin_lock(&lock);
        installed::put(&list, plugin("older")).expect("listed");
        assert_eq!(loaded(&database.worker, &office, &lock).await, Vec::new(), "an older acceptance counts no more");
        installed::put(&list, plugin("newer")).expect("listed");
        assert_eq!(loaded(&database.worker, &office, &lock).await, vec![plugin("newer").plugin.facts.digest]);
    }
}
