//! A private PostgreSQL under the data directory, for those who configure no database.
//!
//! It listens on a Unix socket only, runs as an unprivileged user, lets the same machine's owner in by peer authentication and
//! dies with its parent. It never opens a TCP port, never has a password and never removes a directory that holds data.

mod account;
mod binaries;
mod error;
mod files;
mod initdb;
mod pidfile;
mod server;

pub use binaries::{Binaries, MAJOR_MIN};
pub use error::ClusterError;

use account::Account;
use files::Layout;
use pidfile::Postmaster;
use server::Server;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// The database inside the cluster.
const DATABASE: &str = "steward";
/// How often files and processes are looked at while waiting, in milliseconds.
const POLL_MS: u64 = 20;
/// How long a server that is already stopping is waited for, in milliseconds.
const STOPPING_MS_MAX: u64 = 30_000;
/// How long a running server is given to show that it is stopping, in milliseconds: its parent may have died just now.
const ORPHAN_MS_MAX: u64 = 1_000;
/// How long a fast shutdown may take before the server is told to stop at once, in milliseconds.
const FAST_STOP_MS_MAX: u64 = 20_000;
/// How long an immediate shutdown may take, in milliseconds.
const IMMEDIATE_STOP_MS_MAX: u64 = 5_000;
/// How long backends of a killed server are waited for, in milliseconds.
const LEFTOVERS_MS_MAX: u64 = 15_000;

/// Where the cluster lives and where its programs are looked for.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The data directory; the cluster is `pg` in it.
    pub data_dir: PathBuf,
    /// Where `postgres` and `initdb` are, if the configuration says so. Nothing else is searched then.
    pub bin_dir: Option<PathBuf>,
    /// The program `pg_config`, if the environment names one.
    pub pg_config: Option<PathBuf>,
    /// The search path for programs.
    pub path: Option<OsString>,
    /// Where a short socket directory may be made when the data directory's path is too long for one.
    pub runtime_dirs: Vec<PathBuf>,
    /// How long the server may take to answer, recovery after a crash included, in seconds.
    pub start_seconds_max: u64,
    /// Whether `initdb` waits for the disk. Only tests say no.
    pub sync: bool,
}

impl ClusterOptions {
    /// A cluster in this data directory, with programs from the usual places.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), bin_dir: None, pg_config: None, path: None, runtime_dirs: Vec::new(), start_seconds_max: 300, sync: true }
    }
}

/// Who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseRole {
    /// The cluster's superuser: migrations only.
    Superuser,
    /// The server and the command line.
    App,
    /// Runs and jobs.
    Worker,
}

impl DatabaseRole {
    /// The role's name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Superuser => "steward",
            Self::App => "steward_app",
            Self::Worker => "steward_worker",
        }
    }
}

/// What this process may do with the server.
#[derive(Debug)]
enum Relation {
    /// We started it: it dies with us.
    Child(Server),
    /// Its parent died and left it running; we hold the data directory, so it is ours to stop.
    Adopted(Postmaster),
    /// Somebody else's.
    Guest,
}

/// A running private PostgreSQL.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    socket_dir: PathBuf,
    pid: u32,
    relation: Relation,
}

impl Cluster {
    /// Starts the server, initialising the cluster first where there is none. Refuses when one is already running here.
    pub async fn start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let layout = Layout::of(&options.data_dir)?;
        if let Some(running) = running_after_stopping(&layout, ORPHAN_MS_MAX).await? {
            return Err(ClusterError::Running { dir: layout.pg(), pid: running.pid });
        }
        Self::start_in(options, layout).await
    }

    /// Joins the server that runs here, if one does, as a guest: it is never stopped by us.
    pub async fn attach(options: &ClusterOptions) -> Result<Option<Self>, ClusterError> {
        if !options.data_dir.is_dir() {
            return Ok(None);
        }
        let layout = Layout::of(&options.data_dir)?;
        let Some(running) = running_after_stopping(&layout, 0).await? else { return Ok(None) };
        let running = wait_until_ready(&layout, running, options.start_seconds_max).await?;
        Ok(running.map(|running| Self { socket_dir: running.socket_dir, pid: running.pid, relation: Relation::Guest, layout }))
    }

    /// Starts the server, or takes over the one that a killed process left behind.
    ///
    /// The caller holds the lock of the data directory: whatever runs here without it is an orphan, and is stopped with us.
    pub async fn attach_or_start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let layout = Layout::of(&options.data_dir)?;
        if let Some(running) = running_after_stopping(&layout, ORPHAN_MS_MAX).await?
            && let Some(running) = wait_until_ready(&layout, running, options.start_seconds_max).await?
        {
            tracing::warn!(postgres.pid = running.pid, "a PostgreSQL was left running here by a killed process; taking it over");
            return Ok(Self { socket_dir: running.socket_dir.clone(), pid: running.pid, relation: Relation::Adopted(running), layout });
        }
        Self::start_in(options, layout).await
    }

    async fn start_in(options: &ClusterOptions, layout: Layout) -> Result<Self, ClusterError> {
        let account = Account::choose(&layout)?;
        account.check_reachable(layout.data_dir())?;
        let major = layout.cluster_major()?;
        let binaries = Binaries::find(options, &account, major)?;
        if major.is_none() {
            initdb::run(&layout, &binaries, &account, options.sync).await?;
        }
        layout.check_owner(&account)?;
        initdb::write_access_rules(&layout.pg(), &account)?;
        let socket_dir = layout.make_socket_dir(&account, &options.runtime_dirs)?;
        let began = Instant::now();
        loop {
            match server::start(&layout, &binaries, &account, &socket_dir, options.start_seconds_max).await {
                Ok(server) => {
                    let pid = server.pid();
                    tracing::info!(postgres.pid = pid, postgres.version = %binaries.version, ms = millis(began), "PostgreSQL is ready");
                    return Ok(Self { layout, socket_dir, pid, relation: Relation::Child(server) });
                }
                // The children of a killed server notice a moment later that they are orphans; until then its memory is in use.
                Err(ClusterError::Leftovers { .. }) if millis(began) < LEFTOVERS_MS_MAX => pause().await,
                Err(err) => return Err(err),
            }
        }
    }

    /// Creates the database where it is missing and brings it to this version. Returns how many migrations it has.
    pub async fn prepare(&self) -> Result<usize, ClusterError> {
        let mut conn = PgConnectOptions::from_str(&self.url_of(DatabaseRole::Superuser, "postgres"))
            .map_err(crate::StoreError::from)?
            .connect()
            .await
            .map_err(crate::StoreError::from)?;
        let there: bool = sqlx::query_scalar("select exists(select from pg_database where datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut conn)
            .await
            .map_err(crate::StoreError::from)?;
        if !there {
            sqlx::raw_sql("create database steward encoding 'UTF8' template template0").execute(&mut conn).await.map_err(crate::StoreError::from)?;
        }
        conn.close().await.map_err(crate::StoreError::from)?;
        Ok(crate::migrate(&self.url(DatabaseRole::Superuser)).await?)
    }

    /// How a role reaches the database. Usable by the operating-system users that the cluster lets in.
    pub fn url(&self, role: DatabaseRole) -> String {
        self.url_of(role, DATABASE)
    }

    fn url_of(&self, role: DatabaseRole, database: &str) -> String {
        // The port only names the socket file; it is spelled out because the environment could set another.
        format!("postgres:///{database}?host={}&port={}&user={}&sslmode=disable", files::percent_encoded(&self.socket_dir), files::PORT, role.name())
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Where the socket is.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Whether somebody else runs the server.
    pub fn is_guest(&self) -> bool {
        matches!(self.relation, Relation::Guest)
    }

    /// Waits until the server is gone, and says how it ended.
    pub async fn ended(&self) -> String {
        match &self.relation {
            Relation::Child(server) => server.ended().await,
            Relation::Adopted(_) | Relation::Guest => {
                while self.layout.postmaster().is_some_and(|running| running.pid == self.pid && running.is_alive()) {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                "gone".to_owned()
            }
        }
    }

    /// Stops the server: a fast shutdown, then, if that takes too long, an immediate one that the next start recovers from.
    /// A guest leaves it running.
    pub async fn stop(self) -> Result<(), ClusterError> {
        let began = Instant::now();
        let done = match &self.relation {
            Relation::Guest => return Ok(()),
            Relation::Child(server) => server.stop(FAST_STOP_MS_MAX, IMMEDIATE_STOP_MS_MAX).await,
            Relation::Adopted(running) => running.stop(FAST_STOP_MS_MAX, IMMEDIATE_STOP_MS_MAX).await,
        };
        if !done {
            return Err(ClusterError::WillNotStop { pid: self.pid });
        }
        tracing::info!(postgres.pid = self.pid, ms = millis(began), "PostgreSQL is stopped");
        Ok(())
    }
}

/// The server running in this cluster. One that is stopping is waited for; one that may be about to gets `grace_ms` to show it.
async fn running_after_stopping(layout: &Layout, grace_ms: u64) -> Result<Option<Postmaster>, ClusterError> {
    let began = Instant::now();
    loop {
        let Some(running) = layout.postmaster() else { return Ok(None) };
        if !running.is_alive() {
            return Ok(None);
        }
        let limit = if running.is_stopping() { STOPPING_MS_MAX } else { grace_ms };
        if millis(began) >= limit {
            if running.is_stopping() {
                return Err(ClusterError::WillNotStop { pid: running.pid });
            }
            return Ok(Some(running));
        }
        pause().await;
    }
}

/// Waits for a server that somebody else is starting. None when it went away instead.
async fn wait_until_ready(layout: &Layout, mut running: Postmaster, seconds_max: u64) -> Result<Option<Postmaster>, ClusterError> {
    let began = Instant::now();
    loop {
        if running.is_ready() {
            return Ok(Some(running));
        }
        if began.elapsed() > Duration::from_secs(seconds_max) {
            return Err(ClusterError::Slow { seconds: seconds_max, tail: layout.log_tail(0) });
        }
        pause().await;
        match layout.postmaster() {
            Some(now) if now.is_alive() => running = now,
            Some(_) | None => return Ok(None),
        }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
}
