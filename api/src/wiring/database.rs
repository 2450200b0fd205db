//! How this process comes to a database: one that is configured, the private one that it starts, or one that another process runs.

use super::lock::{DataLock, GuestMark, LockError};
use crate::config::Config;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use steward_core::{HasKind, Kind};
use steward_store::engines::cluster::{Cluster, ClusterError, DatabaseRole};
use steward_store::{Store, StoreError, StoreOptions, migrate, migration_state};

/// How long a starting server is waited for by a command, in seconds.
const JOIN_SECONDS_MAX: u64 = 60;
/// How long guests of a command's own PostgreSQL are waited for at its end, in seconds.
const GUEST_SECONDS_MAX: u64 = 600;
/// Most connections of a command.
const COMMAND_CONNECTIONS_MAX: u32 = 4;

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The data directory is another's.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The private PostgreSQL does not run.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The configured one does not answer, or refuses.
    #[error("the database in `database.url` cannot be used")]
    Configured(#[source] StoreError),
    /// It is of another version.
    #[error("the database has {had} of {known} migrations; run `steward migrate` with this version")]
    Behind {
        /// Migrations it has.
        had: usize,
        /// Migrations this program knows.
        known: usize,
    },
    /// The data directory is another user's.
    #[error("the data directory `{dir}` is closed to this user; run this as its owner, or as root")]
    Closed {
        /// The directory.
        dir: PathBuf,
    },
    /// Separate processes need a shared database.
    #[error(
        "no PostgreSQL runs for `{data_dir}`: `steward serve` and `steward work` are parts of one installation; set `database.url`, or use `steward up`, which is all parts in one"
    )]
    NothingToJoin {
        /// The data directory.
        data_dir: PathBuf,
    },
}

impl HasKind for DatabaseError {
    fn kind(&self) -> Kind {
        match self {
            Self::Lock(err) => err.kind(),
            Self::Cluster(err) => err.kind(),
            Self::Configured(err) => err.kind(),
            Self::Closed { .. } => Kind::Denied,
            Self::Behind { .. } | Self::NothingToJoin { .. } => Kind::Invalid,
        }
    }
}

/// A way to the database, and what keeps it open.
#[derive(Debug)]
pub struct Database {
    /// The private PostgreSQL, if it is one.
    pub cluster: Option<Cluster>,
    app_url: SecretString,
    worker_url: SecretString,
    lock: Option<DataLock>,
    guest: Option<GuestMark>,
    connections_max: u32,
}

impl Database {
    /// For `steward up`, which holds the data directory: starts the private PostgreSQL unless another is configured, and migrates.
    pub async fn own(config: &Config, lock: DataLock) -> Result<Self, DatabaseError> {
        if config.database.url.is_some() {
            migrate(&migrate_url(config)).await.map_err(DatabaseError::Configured)?;
            return Ok(Self { lock: Some(lock), ..Self::configured(config) });
        }
        let cluster = Cluster::attach_or_start(&config.cluster()).await?;
        cluster.prepare().await?;
        Ok(Self { lock: Some(lock), ..Self::private(cluster, config.database.connections_max) })
    }

    /// For `steward serve` and `steward work`: the configured database, or the private one that `steward up` runs.
    pub async fn part(config: &Config) -> Result<Self, DatabaseError> {
        if config.database.url.is_some() {
            let found = Self::configured(config);
            check_version(&migrate_url(config)).await.map_err(DatabaseError::Configured)??;
            return Ok(found);
        }
        match Cluster::attach(&config.cluster()).await? {
            Some(cluster) => Self::as_guest(config, cluster).await,
            None => Err(DatabaseError::NothingToJoin { data_dir: config.data_dir.clone() }),
        }
    }

    /// For a command: the configured database, the running private one, or one started for as long as the command takes.
    pub async fn join(config: &Config, command: &str) -> Result<Self, DatabaseError> {
        let small = |found: Self| Self { connections_max: COMMAND_CONNECTIONS_MAX, ..found };
        if config.database.url.is_some() {
            return Self::part(config).await.map(small);
        }
        make_data_dir(config)?;
        let began = Instant::now();
        loop {
            if let Some(cluster) = Cluster::attach(&config.cluster()).await? {
                return Self::as_guest(config, cluster).await.map(small);
            }
            match DataLock::take(&config.data_dir, command) {
                Ok(lock) => {
                    let cluster = Cluster::attach_or_start(&config.cluster()).await?;
                    cluster.prepare().await?;
                    return Ok(small(Self { lock: Some(lock), ..Self::private(cluster, COMMAND_CONNECTIONS_MAX) }));
                }
                // Whoever has it is starting PostgreSQL, or stopping it: both are soon over.
                Err(LockError::Taken { .. }) if began.elapsed() < Duration::from_secs(JOIN_SECONDS_MAX) => tokio::time::sleep(Duration::from_millis(100)).await,
                Err(err) => return Err(err.into()),
            }
        }
    }

    async fn as_guest(config: &Config, cluster: Cluster) -> Result<Self, DatabaseError> {
        let guest = GuestMark::leave(&config.data_dir)?;
        check_version(&cluster.url(DatabaseRole::Superuser)).await.map_err(ClusterError::Store)??;
        Ok(Self { guest: Some(guest), ..Self::private(cluster, config.database.connections_max) })
    }

    fn private(cluster: Cluster, connections_max: u32) -> Self {
        let (app_url, worker_url) = (cluster.url(DatabaseRole::App).into(), cluster.url(DatabaseRole::Worker).into());
        Self { cluster: Some(cluster), app_url, worker_url, lock: None, guest: None, connections_max }
    }

    fn configured(config: &Config) -> Self {
        let app = config.database.url.as_ref().map_or("", ExposeSecret::expose_secret);
        let worker = config.database.worker_url.as_ref().map_or(app, ExposeSecret::expose_secret);
        Self {
            cluster: None,
            app_url: as_role(app, DatabaseRole::App).into(),
            worker_url: as_role(worker, DatabaseRole::Worker).into(),
            lock: None,
            guest: None,
            connections_max: config.database.connections_max,
        }
    }

    /// A pool as the server's role.
    pub async fn app(&self) -> Result<Store, StoreError> {
        self.connect(&self.app_url).await
    }

    /// A pool as the worker's role.
    pub async fn worker(&self) -> Result<Store, StoreError> {
        self.connect(&self.worker_url).await
    }

    async fn connect(&self, url: &SecretString) -> Result<Store, StoreError> {
        Store::connect(&StoreOptions { connections_max: self.connections_max, ..StoreOptions::new(url.expose_secret()) }).await
    }

    /// Whether another process runs the private PostgreSQL, and so the worker too.
    pub fn is_guest(&self) -> bool {
        self.guest.is_some()
    }

    /// Lets go: stops the private PostgreSQL if it is ours, once no other command uses it.
    pub async fn close(self, wait_for_guests: bool) -> Result<(), DatabaseError> {
        if let (Some(lock), true) = (&self.lock, wait_for_guests && self.cluster.is_some()) {
            lock.wait_for_guests(Duration::from_secs(GUEST_SECONDS_MAX)).await;
        }
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
}

/// Whether a start has made what the configuration describes: commands join that, and never make it.
pub fn is_made(config: &Config) -> Result<bool, DatabaseError> {
    let made = if config.database.url.is_some() { config.data_dir.clone() } else { config.data_dir.join("pg") };
    match made.metadata() {
        Ok(_) => Ok(true),
        Err(err) if err.kind() == std::io::ErrorKind::PermissionDenied => Err(DatabaseError::Closed { dir: config.data_dir.clone() }),
        Err(_) => Ok(config.database.url.is_some()),
    }
}

/// Migrates the configured database, or the private one, and says how many migrations it has.
pub async fn migrate_now(config: &Config) -> Result<usize, DatabaseError> {
    if config.database.url.is_some() {
        return migrate(&migrate_url(config)).await.map_err(DatabaseError::Configured);
    }
    make_data_dir(config)?;
    if let Some(cluster) = Cluster::attach(&config.cluster()).await? {
        return Ok(cluster.prepare().await?);
    }
    let _lock = DataLock::take(&config.data_dir, "steward migrate")?;
    let cluster = Cluster::attach_or_start(&config.cluster()).await?;
    let migrations = cluster.prepare().await;
    cluster.stop().await?;
    Ok(migrations?)
}

/// Whether the database is of this version, as the role that migrates it.
async fn check_version(url: &str) -> Result<Result<(), DatabaseError>, StoreError> {
    let (known, had) = migration_state(url).await?;
    Ok(if known == had { Ok(()) } else { Err(DatabaseError::Behind { had, known }) })
}

fn migrate_url(config: &Config) -> String {
    let url = config.database.migrate_url.as_ref().or(config.database.url.as_ref());
    url.map_or_else(String::new, |url| url.expose_secret().to_owned())
}

/// A configured URL, working as one of our roles: whoever signs in, row security is that role's.
fn as_role(url: &str, role: DatabaseRole) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options[role]={}&options[search_path]=steward", role.name())
}

/// What to say where a pool signs in as somebody whom row security does not hold: it takes on a role that it does, and that is one wall where there
/// could be two.
pub async fn past_walls(stores: &[&Store]) -> Result<Option<String>, StoreError> {
    for store in stores {
        if let Some(role) = store.signs_in_past_walls().await? {
            return Ok(Some(format!(
                "signs in as `{role}`, whom row security does not hold; Steward takes on a role that it does hold, but sign in as `steward_app` (`database.url`) and `steward_worker` (`database.worker_url`)"
            )));
        }
    }
    Ok(None)
}

/// Makes the data directory: others may pass through it, to a PostgreSQL that runs as another user, but not look.
pub fn make_data_dir(config: &Config) -> Result<(), LockError> {
    let failed = |source| LockError::File { path: config.data_dir.clone(), source };
    if config.data_dir.is_dir() {
        return Ok(());
    }
    let missing: Vec<PathBuf> = config.data_dir.ancestors().take_while(|dir| !dir.exists()).map(Path::to_owned).collect();
    std::fs::create_dir_all(&config.data_dir).map_err(failed)?;
    let is_root = rustix::process::geteuid().is_root();
    // Said of each that was made here, for a strict umask would shut that user out on the way.
    for dir in missing.iter().take(if is_root { usize::MAX } else { 1 }) {
        std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(if is_root { 0o711 } else { 0o700 })).map_err(failed)?;
    }
    Ok(())
}
