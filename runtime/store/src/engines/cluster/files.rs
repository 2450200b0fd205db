//! Where the cluster's parts lie in the data directory, and a socket directory that is short enough.

use super::account::{self, Account};
use super::error::ClusterError;
use super::pidfile::Postmaster;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use steward_core::Digest;

/// Names the socket file; nothing listens on a port.
pub(super) const PORT: u16 = 5432;
/// The longest path of a Unix socket, in bytes.
const SOCKET_BYTES_MAX: usize = 107;
/// Bytes of log that are looked at for last words.
const TAIL_BYTES_MAX: u64 = 8 * 1024;
/// Lines of last words.
const TAIL_LINES_MAX: usize = 5;
/// A log beyond this is set aside at the next start, in bytes.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The data directory as the cluster uses it.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    data_dir: PathBuf,
}

impl Layout {
    /// Makes the data directory where it is missing: others may pass through it, but not look.
    pub(super) fn of(data_dir: &Path) -> Result<Self, ClusterError> {
        let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        if !data_dir.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(data_dir.parent().unwrap_or(data_dir)).map_err(ClusterError::io("create", data_dir))?;
            match fs::DirBuilder::new().mode(mode).create(data_dir) {
                // Said again, because a strict umask would shut PostgreSQL's user out.
                Ok(()) => fs::set_permissions(data_dir, fs::Permissions::from_mode(mode)).map_err(ClusterError::io("open", data_dir))?,
                Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(err) => return Err(ClusterError::io("create", data_dir)(err)),
            }
        }
        Ok(Self { data_dir: data_dir.canonicalize().map_err(ClusterError::io("find", data_dir))? })
    }

    /// The layout without making anything.
    pub(super) fn look(data_dir: &Path) -> Result<Self, ClusterError> {
        Ok(Self { data_dir: std::path::absolute(data_dir).map_err(ClusterError::io("find", data_dir))? })
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The cluster.
    pub(super) fn pg(&self) -> PathBuf {
        self.data_dir.join("pg")
    }

    /// A cluster in the making.
    pub(super) fn init(&self, n: u32) -> PathBuf {
        self.data_dir.join(format!("pg.init-{n}"))
    }

    /// What the server writes.
    pub(super) fn log(&self) -> PathBuf {
        self.data_dir.join("pg.log")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.pg().join("postmaster.pid")
    }

    /// The server that runs here, or ran here and could not clean up.
    pub(super) fn postmaster(&self) -> Option<Postmaster> {
        Postmaster::read(&self.pid_file())
    }

    /// The version of the cluster, none where there is none. A directory that is neither is left alone.
    pub(super) fn cluster_major(&self) -> Result<Option<u32>, ClusterError> {
        let dir = self.pg();
        match fs::read_dir(&dir) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(err) if err.kind() == std::io::ErrorKind::PermissionDenied => {
                let owner = account::name_of(dir.metadata().map_err(ClusterError::io("look at", &dir))?.uid());
                return Err(ClusterError::OtherOwner { dir, owner });
            }
            Err(err) => return Err(ClusterError::io("open", dir)(err)),
            Ok(mut entries) => {
                if entries.next().is_none() {
                    return Ok(None);
                }
            }
        }
        let version = fs::read_to_string(dir.join("PG_VERSION")).unwrap_or_default();
        let Ok(major) = version.trim().parse() else { return Err(ClusterError::NotACluster { dir, missing: "PG_VERSION" }) };
        if !dir.join("global/pg_control").is_file() {
            return Err(ClusterError::NotACluster { dir, missing: "global/pg_control" });
        }
        Ok(Some(major))
    }

    /// PostgreSQL insists that the cluster belongs to whoever runs it.
    pub(super) fn check_owner(&self, account: &Account) -> Result<(), ClusterError> {
        let dir = self.pg();
        let owner = dir.metadata().map_err(ClusterError::io("look at", &dir))?.uid();
        if owner == account.uid { Ok(()) } else { Err(ClusterError::OtherOwner { dir, owner: account::name_of(owner) }) }
    }

    /// The directory of the socket: in the data directory if that is short enough, else one named by its digest elsewhere.
    pub(super) fn make_socket_dir(&self, account: &Account, runtime_dirs: &[PathBuf]) -> Result<PathBuf, ClusterError> {
        let own = self.data_dir.join("pg.run");
        let digest = Digest::of(self.data_dir.as_os_str().as_bytes());
        let elsewhere = runtime_dirs.iter().map(|dir| dir.join(format!("steward-{}", digest.short())));
        let mut shortest = own.clone();
        for (index, dir) in std::iter::once(own.clone()).chain(elsewhere).enumerate() {
            if socket_bytes(&dir) < socket_bytes(&shortest) {
                shortest.clone_from(&dir);
            }
            let parent = dir.parent().unwrap_or(&dir);
            if socket_bytes(&dir) > SOCKET_BYTES_MAX || (index > 0 && (!parent.is_dir() || account.check_reachable(parent).is_err())) {
                continue;
            }
            make_private_dir(&dir, account)?;
            return Ok(dir);
        }
        Err(ClusterError::SocketPath { bytes: socket_bytes(&shortest), path: socket_file(&shortest), max: SOCKET_BYTES_MAX })
    }

    /// The log's length; beyond a bound the old one is set aside first.
    pub(super) fn log_start(&self) -> u64 {
        let log = self.log();
        let length = log.metadata().map_or(0, |meta| meta.len());
        if length > LOG_BYTES_MAX && fs::rename(&log, self.data_dir.join("pg.log.old")).is_ok() { 0 } else { length }
    }

    /// The last lines written since `from`, the telling ones if there are any.
    pub(super) fn log_tail(&self, from: u64) -> String {
        let read = || {
            let mut file = fs::File::open(self.log())?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(from.max(length.saturating_sub(TAIL_BYTES_MAX)).min(length)))?;
            let mut bytes = Vec::new();
            file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        };
        read().map_or_else(|_| String::new(), |bytes| last_words(&String::from_utf8_lossy(&bytes)))
    }
}

/// The lines that say why, else the last ones.
pub(super) fn last_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let telling: Vec<&str> =
        lines.iter().copied().filter(|line| ["FATAL", "PANIC", "HINT", "error:", "could not", "invalid"].iter().any(|word| line.contains(word))).collect();
    let chosen = if telling.is_empty() { &lines } else { &telling };
    let from = chosen.len().saturating_sub(TAIL_LINES_MAX);
    chosen.iter().skip(from).map(|line| line.chars().take(300).collect::<String>()).collect::<Vec<_>>().join("\n")
}

fn socket_file(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

fn socket_bytes(dir: &Path) -> usize {
    socket_file(dir).as_os_str().len()
}

/// A directory of this account alone. One that is somebody else's, a link or open to others is refused, not repaired.
fn make_private_dir(dir: &Path, account: &Account) -> Result<(), ClusterError> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => return account.own(dir),
        Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(err) => return Err(ClusterError::io("create", dir)(err)),
    }
    let meta = dir.symlink_metadata().map_err(ClusterError::io("look at", dir))?;
    if meta.is_dir() && meta.uid() == account.uid && meta.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(ClusterError::SocketDir { dir: dir.to_owned(), user: account.name.clone() })
}

/// A path as part of a URL's query.
pub(super) fn percent_encoded(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_prefer_the_reason() {
        let check = |text: &str, expect: &str| assert_eq!(last_words(text), expect);
        check("", "");
        check("LOG:  starting\n\nLOG:  listening\n", "LOG:  starting\nLOG:  listening");
        check("LOG:  starting\nFATAL:  no\nHINT:  try\nLOG:  database system is shut down\n", "FATAL:  no\nHINT:  try");
        check("1\n2\n3\n4\n5\n6\n", "2\n3\n4\n5\n6");
    }

    #[test]
    fn paths_survive_a_url() {
        let check = |path: &str, expect: &str| assert_eq!(percent_encoded(Path::new(path)), expect);
        check("/var/lib/steward/pg.run", "/var/lib/steward/pg.run");
        check("/a b/ü?&=%", "/a%20b/%C3%BC%3F%26%3D%25");
    }
}
