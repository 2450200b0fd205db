//! The database goes away at every message of a run, before it was sent and before it was answered: nothing is lost, nothing is done twice.
//!
//! A proxy on a socket of its own stands between the worker and PostgreSQL. It cuts every connection at the nth message, and for a
//! moment lets nobody in.

use super::crash::{HOLD_NOTES, approve_all, check, let_leases_lapse, model};
use futures_util::future::join_all;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use steward_agent::testing::{ScriptedModel, World};
use steward_agent::worker::{drive_leased, drive_taken};
use steward_core::RunOutcome;
use steward_store::testing::TestDatabase;
use steward_store::{Store, StoreOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// How many connections are turned away after the cut.
const TURNED_AWAY: i64 = 2;

/// How many of the last cuts may find nothing left to cut: what is sent in two pieces is now and then read as one, and a look that is
/// quick is not written by itself.
const TOGETHER: i64 = 12;

/// Courses side by side, each with a database of its own.
const LANES: usize = 10;

/// Which side of a message the cut falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The server never sees the message.
    Before,
    /// The server does what it says, and nobody hears of it.
    After,
}

/// The proxy.
struct Wire {
    dir: PathBuf,
    left: AtomicI64,
    turn_away: AtomicI64,
    cut: Cut,
    up: Mutex<CancellationToken>,
}

impl Wire {
    /// In front of the socket of the test server.
    fn start(server: &Path, place: usize, cut: Cut) -> Arc<Self> {
        let dir = std::env::temp_dir().join(format!("stw-wire-{}-{place}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).expect("folder");
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).expect("socket");
        let wire = Arc::new(Self { dir, left: AtomicI64::new(i64::MAX), turn_away: AtomicI64::new(0), cut, up: Mutex::default() });
        let (serving, server) = (Arc::downgrade(&wire), server.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Some(wire) = serving.upgrade() else { return };
                if wire.turn_away.fetch_sub(1, Ordering::SeqCst) > 0 {
                    continue;
                }
                let upstream = UnixStream::connect(&server).await.expect("the test server");
                tokio::spawn(wire.carry(client, upstream));
            }
        });
        wire
    }

    async fn carry(self: Arc<Self>, client: UnixStream, server: UnixStream) {
        let up = self.up.lock().expect("lock").clone();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        // Set before the fatal message goes out: the first byte that comes back afterwards answers it.
        let unheard = AtomicBool::new(false);
        let back = async {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                if unheard.load(Ordering::SeqCst) {
                    return self.cut_all();
                }
                if to_client.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        };
        let forth = async {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                let fatal = self.left.fetch_sub(1, Ordering::SeqCst) == 1;
                if fatal && self.cut == Cut::Before {
                    return self.cut_all();
                }
                unheard.fetch_or(fatal, Ordering::SeqCst);
                if to_server.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = up.cancelled() => {}
            () = back => {}
            () = forth => {}
        }
    }

    fn cut_all(&self) {
        self.turn_away.store(TURNED_AWAY, Ordering::SeqCst);
        std::mem::take(&mut *self.up.lock().expect("lock")).cancel();
    }

    /// How many messages may still go by before the fatal one; none or fewer once it went.
    fn left(&self) -> i64 {
        self.left.load(Ordering::SeqCst)
    }

    /// From now on the nth message is the fatal one.
    fn arm(&self, nth: i64) {
        self.left.store(nth, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A lane: a database with all parts loaded, reached through a proxy of its own.
struct Lane {
    world: World,
    server: PathBuf,
}

impl Lane {
    async fn open(model: &ScriptedModel) -> Self {
        let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
        let home = world.db.worker_url.split_once("host=").map(|(_, rest)| rest.split('&').next().unwrap_or(rest)).expect("a socket's folder");
        let server = PathBuf::from(home);
        Self { world, server }
    }

    /// The same database, for a worker behind this wire.
    async fn behind(&self, wire: &Wire) -> World {
        let home = self.server.to_str().expect("a path");
        let through = self.world.db.worker_url.replace(home, wire.dir.to_str().expect("a path"));
        let store = Store::connect(&StoreOptions { connections_max: 4, ..StoreOptions::new(through) }).await.expect("the worker's store");
        self.world.beside_through(store).await
    }

    /// One course with the database gone at the nth message; it is taken up again until it is over. Gives how many messages were
    /// left before the fatal one.
    async fn course(&self, place: usize, nth: i64, cut: Cut) -> i64 {
        let wire = Wire::start(&self.server.join(".s.PGSQL.5432"), place, cut);
        let world = self.behind(&wire).await;
        let run = world.say("Put Lena Petrova, lena@partner.example, in the book and note that we met at the fair.").await;
        wire.arm(nth);
        let mut turns = 0;
        while world.run(run).await.ended.is_none() {
            turns += 1;
            assert!(turns < 20, "{cut:?} {nth}: the run does not come to its end");
            let now = world.runtime.office.clock.now();
            // A worker whose database is away leaves the run where its journal says, and takes it up again when the lease has run out.
            if let Ok(Some(leased)) = world.runtime.store.lease_run("w", now, 15_000).await {
                let _ = drive_leased(&world.runtime, leased).await;
            }
            let_leases_lapse(&world).await;
            approve_all(&world).await;
        }
        check(&world, run, &[nth, if cut == Cut::Before { 0 } else { 1 }]).await;
        world.db.worker.close().await;
        wire.left()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_may_go_away_at_any_message() {
    let model = model().await;
    let first = Lane::open(&model).await;
    let messages = i64::MAX - first.course(0, i64::MAX, Cut::Before).await;
    assert!(messages > 30, "{messages} messages are not a whole run");
    let cuts: Vec<(i64, Cut)> = (1..=messages).flat_map(|nth| [(nth, Cut::Before), (nth, Cut::After)]).collect();
    let next = AtomicUsize::new(0);
    let lane = async |lane: Lane| {
        loop {
            let place = next.fetch_add(1, Ordering::SeqCst);
            let Some((nth, cut)) = cuts.get(place) else { break };
            let left = lane.course(place + 1, *nth, *cut).await;
            assert!(left <= 0 || *nth > messages - TOGETHER, "{cut:?} {nth}: {left} messages too few went by, so nothing was cut");
        }
        lane.world.db.close().await;
    };
    // A course waits for its next try most of the time, so many go side by side.
    let mut lanes = vec![lane(first)];
    for _ in 1..LANES {
        lanes.push(lane(Lane::open(&model).await));
    }
    join_all(lanes).await;
    println!("{messages} messages, gone {} times", cuts.len());
}

/// More messages than a run sends that is stopped before its model is asked.
const STOPPED_MESSAGES_MAX: i64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_heard_also_where_the_answer_that_told_it_was_lost() {
    let model = model().await;
    let lane = Lane::open(&model).await;
    for nth in 1.. {
        assert!(nth < STOPPED_MESSAGES_MAX, "a stopped run sends message after message");
        let place = 1_000_000 + usize::try_from(nth).expect("a place");
        let wire = Wire::start(&lane.server.join(".s.PGSQL.5432"), place, Cut::After);
        let mut world = lane.behind(&wire).await;
        // Nothing tells it but its commits.
        Arc::get_mut(&mut world.runtime).expect("not shared yet").heartbeat_ms = 3_600_000;
        let run = world.say("Put Lena Petrova, lena@partner.example, in the book.").await;
        let runtime = &world.runtime;
        let (leased, taken) = runtime.store.lease_and_take_up("w", runtime.office.clock.now(), 15_000).await.expect("lease").expect("a run");
        world.db.raw(&format!("set session_replication_role = replica; update run set cancel_at = now() where run_id = '{}'", run.uuid())).await;
        wire.arm(nth);
        let _ = drive_taken(runtime, leased, taken).await;
        let was_cut = wire.left() <= 0;
        assert!(model.requests().is_empty(), "{nth}: its model was asked");
        wire.arm(i64::MAX);
        while world.run(run).await.ended.is_none() {
            let_leases_lapse(&world).await;
            if let Ok(Some(leased)) = runtime.store.lease_run("w", runtime.office.clock.now(), 15_000).await {
                let _ = drive_leased(runtime, leased).await;
            }
        }
        assert_eq!(world.run(run).await.ended, Some(RunOutcome::Cancelled), "{nth}");
        assert!(model.requests().is_empty(), "{nth}: its model was asked");
        world.db.worker.close().await;
        if !was_cut {
            break;
        }
    }
    lane.world.db.close().await;
}
