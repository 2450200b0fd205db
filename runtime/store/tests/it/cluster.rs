//! The private PostgreSQL, with the real programs of this machine.

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use steward_core::{HasKind, Kind};
use steward_store::engines::cluster::{Binaries, Cluster, ClusterError, ClusterOptions, DatabaseRole, MAJOR_MIN};

/// A directory that is gone when the test is over. In the system's place for such, which every user can reach.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = std::env::temp_dir().join(format!("stw-{}-{}-{name}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&dir).expect("scratch directory");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("scratch permissions");
        Self(dir)
    }

    fn options(&self) -> ClusterOptions {
        ClusterOptions { sync: false, runtime_dirs: vec![std::env::temp_dir()], ..ClusterOptions::new(self.0.join("data")) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn scalar(url: &str, sql: &'static str) -> String {
    let mut conn = PgConnectOptions::from_str(url).expect("url").connect().await.expect("connect");
    let value = sqlx::query_scalar(sql).fetch_one(&mut conn).await.expect("query");
    conn.close().await.expect("close");
    value
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).expect("pid")).expect("pid"), signal).expect("signal");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn refusal(result: Result<Cluster, ClusterError>, expect: &str) -> ClusterError {
    let err = result.expect_err(expect);
    assert!(err.to_string().contains(expect), "{err}");
    err
}

#[tokio::test]
async fn a_foreign_directory_is_refused_and_left_alone() {
    let scratch = Scratch::new("foreign");
    let pg = scratch.0.join("data/pg");
    fs::create_dir_all(&pg).expect("pg");
    fs::write(pg.join("thesis.txt"), "ten years of work").expect("file");
    let err = refusal(Cluster::start(&scratch.options()).await, "is not a PostgreSQL cluster (`PG_VERSION` is missing)");
    assert_eq!(err.kind(), Kind::Invalid);
    fs::write(pg.join("PG_VERSION"), "15\n").expect("file");
    refusal(Cluster::attach_or_start(&scratch.options()).await, "`global/pg_control` is missing");
    assert_eq!(fs::read_to_string(pg.join("thesis.txt")).expect("still there"), "ten years of work");
}

#[tokio::test]
async fn missing_programs_are_named() {
    let scratch = Scratch::new("programs");
    let options = ClusterOptions { bin_dir: Some(scratch.0.join("nowhere")), ..scratch.options() };
    let err = refusal(Cluster::start(&options).await, "no PostgreSQL 15 or newer is installed here");
    for part in
        ["nowhere`, which has no `postgres` and `initdb`", "apt-get install postgresql", "dnf install postgresql-server", "brew install", "database.url"]
    {
        assert!(err.to_string().contains(part), "{err}");
    }
    assert!(!scratch.0.join("data/pg").exists());
    let found = Binaries::look(&scratch.options()).expect("this machine's PostgreSQL");
    assert!(found.major >= MAJOR_MIN);
}

#[tokio::test]
async fn root_cannot_hide_the_data_directory_from_postgres() {
    if !is_root() {
        return; // Only root changes to another user; all others reach what they own.
    }
    let scratch = Scratch::new("closed");
    let closed = scratch.0.join("closed");
    fs::create_dir(&closed).expect("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("closed");
    let options = ClusterOptions { data_dir: closed.join("data"), ..scratch.options() };
    let err = refusal(Cluster::start(&options).await, "closed` is closed to others; set `data_dir` to a place");
    assert_eq!(err.kind(), Kind::Invalid);
}

#[tokio::test]
async fn a_data_directory_that_is_too_deep_gets_its_socket_elsewhere() {
    let scratch = Scratch::new("deep");
    let data_dir = scratch.0.join("d".repeat(60)).join("e".repeat(60));
    let nowhere = ClusterOptions { data_dir: data_dir.clone(), runtime_dirs: Vec::new(), ..scratch.options() };
    let err = refusal(Cluster::start(&nowhere).await, "systems allow 107; set `data_dir` to a shorter path");
    assert_eq!(err.kind(), Kind::Invalid);

    let runtime = scratch.0.join("r");
    fs::create_dir(&runtime).expect("runtime");
    let options = ClusterOptions { data_dir, runtime_dirs: vec![runtime.clone()], ..scratch.options() };
    let cluster = Cluster::start(&options).await.expect("start");
    assert!(cluster.socket_dir().starts_with(&runtime), "{:?}", cluster.socket_dir());
    assert_eq!(fs::metadata(cluster.socket_dir()).expect("socket directory").mode() & 0o777, 0o700);
    let socket_dir = cluster.socket_dir().to_owned();
    cluster.stop().await.expect("stop");

    fs::set_permissions(&socket_dir, fs::Permissions::from_mode(0o777)).expect("open up");
    refusal(Cluster::start(&options).await, "alone; remove it, or set `data_dir` to a shorter path");
}

#[tokio::test]
async fn half_made_clusters_are_made_again() {
    let scratch = Scratch::new("half");
    let half = scratch.0.join("data/pg.init-3");
    fs::create_dir_all(half.join("base")).expect("half-made");
    fs::write(half.join("PG_VERSION"), "15\n").expect("half-made");
    fs::create_dir(scratch.0.join("data/pg")).expect("empty place");
    let cluster = Cluster::start(&scratch.options()).await.expect("start");
    assert!(!half.exists());
    assert_eq!(scalar(&cluster.url(DatabaseRole::Superuser).replace("/steward?", "/postgres?"), "select current_user::text").await, "steward");
    cluster.stop().await.expect("stop");
    let names: Vec<String> =
        fs::read_dir(scratch.0.join("data")).expect("list").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(!names.iter().any(|name| name.contains("init")), "{names:?}");
}

#[tokio::test]
async fn one_life_of_a_cluster() {
    let scratch = Scratch::new("life");
    let options = scratch.options();
    assert!(Cluster::attach(&options).await.expect("nothing to attach to").is_none());

    let first = Cluster::start(&options).await.expect("start");
    let migrations = first.prepare().await.expect("prepare");
    assert!(migrations > 0);
    assert_eq!(first.prepare().await.expect("again"), migrations);
    for role in [DatabaseRole::Superuser, DatabaseRole::App, DatabaseRole::Worker] {
        assert_eq!(scalar(&first.url(role), "select current_user::text").await, role.name());
    }
    // Who works signs in as nobody else, and row security holds them.
    for role in [DatabaseRole::App, DatabaseRole::Worker] {
        let held = "select session_user::text || ' ' || (rolsuper or rolbypassrls)::text from pg_roles where rolname = session_user";
        assert_eq!(scalar(&first.url(role), held).await, format!("{} false", role.name()));
        assert_eq!(scalar(&first.url(role), "select pg_has_role(session_user, 'steward', 'member')::text").await, "false", "and there is no way up");
    }
    assert_eq!(scalar(&first.url(DatabaseRole::Superuser), "select current_setting('listen_addresses') || current_setting('data_checksums')").await, "on");
    if is_root() {
        assert_ne!(fs::metadata(options.data_dir.join("pg")).expect("pg").uid(), 0, "the server must not run as root");
    }

    // A second one on the same directory, and a guest.
    let err = refusal(Cluster::start(&options).await, "already runs in");
    assert!(err.to_string().contains(&format!("(process {})", first.pid())), "{err}");
    assert_eq!(err.kind(), Kind::Conflict);
    let guest = Cluster::attach(&options).await.expect("attach").expect("running");
    assert!(guest.is_guest());
    assert_eq!(guest.pid(), first.pid());
    guest.stop().await.expect("a guest leaves it running");
    first.stop().await.expect("stop");
    assert!(Cluster::attach(&options).await.expect("stopped").is_none());
    assert!(!options.data_dir.join("pg/postmaster.pid").exists());
}

#[tokio::test]
async fn a_killed_server_starts_again_with_all_it_had_promised() {
    let scratch = Scratch::new("killed");
    let options = scratch.options();
    let first = Cluster::start(&options).await.expect("start");
    first.prepare().await.expect("prepare");
    run(&first, "create table kept (n int)").await;
    run(&first, "insert into kept values (42)").await;
    signal(first.pid(), Signal::KILL);
    assert!(first.ended().await.contains("signal: 9"));
    let second = Cluster::attach_or_start(&options).await.expect("start after a kill");
    assert_eq!(scalar(&second.url(DatabaseRole::Superuser), "select n::text from kept").await, "42");
    second.stop().await.expect("stop");

    // The lock file of a dead server whose process number another program has now: this test.
    let lock = format!("{}\n{}\n1700000000\n5432\n/nowhere\n\n  1 2\nready   \n", std::process::id(), options.data_dir.join("pg").display());
    fs::write(options.data_dir.join("pg/postmaster.pid"), lock).expect("lock file");
    let third = Cluster::start(&options).await.expect("start over a stale lock");
    third.stop().await.expect("stop");
}

#[tokio::test]
async fn an_orphan_is_taken_over_and_stopped() {
    let scratch = Scratch::new("orphan");
    let options = scratch.options();
    let parent = Cluster::start(&options).await.expect("start");
    // As after a kill on a system that does not signal children: the server runs and the lock of the directory is ours.
    let heir = Cluster::attach_or_start(&options).await.expect("take over");
    assert_eq!(heir.pid(), parent.pid());
    assert!(!heir.is_guest());
    heir.stop().await.expect("stop");
    assert_eq!(parent.ended().await, "exit status: 0");
}

#[tokio::test]
async fn a_failing_start_says_why() {
    let scratch = Scratch::new("broken");
    let options = scratch.options();
    Cluster::start(&options).await.expect("start").stop().await.expect("stop");
    fs::write(options.data_dir.join("pg/postgresql.conf"), "max_connections = banana\n").expect("configuration");
    let err = refusal(Cluster::start(&options).await, "invalid value for parameter \"max_connections\": \"banana\"");
    assert_eq!(err.kind(), Kind::Away);
}

async fn run(cluster: &Cluster, sql: &'static str) {
    let mut conn = PgConnectOptions::from_str(&cluster.url(DatabaseRole::Superuser)).expect("url").connect().await.expect("connect");
    sqlx::raw_sql(sql).execute(&mut conn).await.expect("statement");
    conn.close().await.expect("close");
}
