//! Why there is no private PostgreSQL, and what to do about it.

use super::binaries::MAJOR_MIN;
use crate::error::StoreError;
use std::path::PathBuf;
use steward_core::{HasKind, Kind};

/// Why the private PostgreSQL does not run.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No programs found.
    #[error(
        "no PostgreSQL {MAJOR_MIN} or newer is installed here{}; install it (Debian, Ubuntu: `apt-get install postgresql`, Fedora: `dnf install postgresql-server`, macOS: `brew install postgresql@17`), or name its programs in `database.bin_dir`, or another server in `database.url`",
        looked_at(.rejected)
    )]
    NotInstalled {
        /// What was looked at and why it would not do.
        rejected: Vec<String>,
    },
    /// The cluster was made by another major version.
    #[error(
        "the database in `{dir}` was made by PostgreSQL {cluster} and only {found} is installed; install PostgreSQL {cluster} again, or dump the database there and restore it into a new data directory"
    )]
    OtherVersion {
        /// The cluster.
        dir: PathBuf,
        /// Its version.
        cluster: u32,
        /// Versions found.
        found: String,
    },
    /// The unprivileged user cannot get to a directory.
    #[error(
        "PostgreSQL must not run as root and runs as `{user}`, who cannot reach `{dir}` because `{closed}` is closed to others; set `data_dir` to a place that `{user}` can reach, for example `/var/lib/steward`"
    )]
    Unreachable {
        /// The directory wanted.
        dir: PathBuf,
        /// The user.
        user: String,
        /// The first directory on the way that is closed.
        closed: PathBuf,
    },
    /// There is a directory in the cluster's place that is no cluster.
    #[error("`{dir}` is not a PostgreSQL cluster (`{missing}` is missing); it is left as it is: restore it from a backup, or move it away to start anew")]
    NotACluster {
        /// The directory.
        dir: PathBuf,
        /// What is missing.
        missing: &'static str,
    },
    /// The cluster belongs to somebody else.
    #[error("`{dir}` belongs to `{owner}`; run this as `{owner}` or as root")]
    OtherOwner {
        /// The directory.
        dir: PathBuf,
        /// Its owner.
        owner: String,
    },
    /// A server already runs here.
    #[error("a PostgreSQL (process {pid}) already runs in `{dir}`; stop it, or use another data directory")]
    Running {
        /// The cluster.
        dir: PathBuf,
        /// The server's process.
        pid: u32,
    },
    /// No directory is short enough for a socket.
    #[error("the socket `{path}` would have {bytes} bytes, and systems allow {max}; set `data_dir` to a shorter path")]
    SocketPath {
        /// The shortest that was tried.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// The longest allowed.
        max: usize,
    },
    /// The socket directory's place is taken by somebody else.
    #[error("`{dir}` is not a directory that belongs to `{user}` alone; remove it, or set `data_dir` to a shorter path")]
    SocketDir {
        /// The directory.
        dir: PathBuf,
        /// Who should own it.
        user: String,
    },
    /// The user has no name, or there is no unprivileged one.
    #[error("{0}")]
    Account(String),
    /// The disk is full.
    #[error("the disk that holds `{dir}` is full; make room and start again, nothing is lost ({line})")]
    Full {
        /// The data directory.
        dir: PathBuf,
        /// PostgreSQL's words.
        line: String,
    },
    /// Processes of a killed server still run.
    #[error("processes of a killed PostgreSQL still use `{dir}`; end them and start again ({line})")]
    Leftovers {
        /// The cluster.
        dir: PathBuf,
        /// PostgreSQL's words.
        line: String,
    },
    /// A program of PostgreSQL failed.
    #[error("`{program}` failed ({how}): {tail}")]
    Failed {
        /// The program.
        program: &'static str,
        /// Its exit status.
        how: String,
        /// The last lines it wrote.
        tail: String,
    },
    /// The server does not get ready.
    #[error("PostgreSQL was not ready after {seconds} s: {tail}")]
    Slow {
        /// How long it was waited for.
        seconds: u64,
        /// The last lines of its log.
        tail: String,
    },
    /// The server does not stop.
    #[error("PostgreSQL (process {pid}) does not stop")]
    WillNotStop {
        /// The process.
        pid: u32,
    },
    /// The server ends again and again.
    #[error("PostgreSQL ended {times} times in {seconds} s; see `pg.log` in the data directory")]
    Unstable {
        /// How often.
        times: usize,
        /// In how long.
        seconds: u64,
    },
    /// A file or process operation failed.
    #[error("cannot {what} `{path}`")]
    Io {
        /// The verb.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database inside could not be prepared.
    #[error("the database could not be prepared")]
    Store(#[from] StoreError),
}

fn looked_at(rejected: &[String]) -> String {
    if rejected.is_empty() { String::new() } else { format!(" ({})", rejected.join("; ")) }
}

impl ClusterError {
    /// Wraps an I/O error: `Io::at("create", path)` reads "cannot create `path`".
    pub(super) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| {
            if source.kind() == std::io::ErrorKind::StorageFull {
                let line = source.to_string();
                return Self::Full { dir: path, line };
            }
            Self::Io { what, path, source }
        }
    }

    /// What the last lines of a program say, as the error that says what to do.
    pub(super) fn from_tail(program: &'static str, how: String, tail: String, dir: PathBuf) -> Self {
        let find = |needles: &[&str]| tail.lines().find(|line| needles.iter().any(|needle| line.contains(needle))).map(str::to_owned);
        if let Some(line) = find(&["No space left on device", "Disk quota exceeded"]) {
            return Self::Full { dir, line };
        }
        if let Some(line) = find(&["pre-existing shared memory block", "lock file \"postmaster.pid\" already exists"]) {
            return Self::Leftovers { dir, line };
        }
        Self::Failed { program, how, tail }
    }
}

impl HasKind for ClusterError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotInstalled { .. }
            | Self::OtherVersion { .. }
            | Self::Unreachable { .. }
            | Self::NotACluster { .. }
            | Self::SocketPath { .. }
            | Self::SocketDir { .. }
            | Self::Account(_) => Kind::Invalid,
            Self::OtherOwner { .. } => Kind::Denied,
            Self::Running { .. } | Self::Leftovers { .. } => Kind::Conflict,
            Self::Full { .. } | Self::Failed { .. } | Self::Slow { .. } | Self::WillNotStop { .. } | Self::Unstable { .. } | Self::Io { .. } => Kind::Away,
            Self::Store(err) => err.kind(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tail: &str, expect: &str) {
        let err = ClusterError::from_tail("postgres", "exit status: 1".to_owned(), tail.to_owned(), PathBuf::from("/data"));
        assert!(err.to_string().contains(expect), "{err}");
    }

    #[test]
    fn last_words_become_advice() {
        // As PostgreSQL 15 writes them.
        check("FATAL:  could not write to file \"pg_wal/xlogtemp.123\": No space left on device", "is full; make room");
        check("initdb: error: could not write file \"/d/pg_wal/0\": No space left on device", "is full; make room");
        check(
            "FATAL:  pre-existing shared memory block (key 33, ID 5) is still in use\nHINT:  Terminate any old server processes",
            "killed PostgreSQL still use",
        );
        check("FATAL:  lock file \"postmaster.pid\" already exists", "killed PostgreSQL still use");
        check("FATAL:  could not open directory \"pg_notify\": No such file or directory", "`postgres` failed (exit status: 1): FATAL:");
    }
}
