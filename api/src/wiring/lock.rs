//! One server a data directory: a lock that the system lets go of when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use steward_core::{HasKind, Kind};

/// The file that is locked.
const LOCK: &str = "steward.lock";
/// The file that commands share while they use another command's PostgreSQL.
const GUESTS: &str = "guests.lock";
/// How often a lock is looked at while waiting, in milliseconds.
const POLL_MS: u64 = 100;

/// Why the data directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another Steward ({holder}) uses the data directory `{dir}`; stop it first, or set `data_dir` to another directory")]
    Taken {
        /// The directory.
        dir: PathBuf,
        /// Process and command.
        holder: String,
    },
    /// The file cannot be locked.
    #[error("`{path}` cannot be locked; the data directory must be writable and on a disk that knows locks")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl HasKind for LockError {
    fn kind(&self) -> Kind {
        match self {
            Self::Taken { .. } => Kind::Conflict,
            Self::File { .. } => Kind::Away,
        }
    }
}

/// The lock of a data directory, until dropped.
#[derive(Debug)]
pub struct DataLock {
    dir: PathBuf,
    _file: File,
}

impl DataLock {
    /// Takes the lock, or says who has it. `command` is what others are told.
    pub fn take(dir: &Path, command: &str) -> Result<Self, LockError> {
        let path = dir.join(LOCK);
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Taken { dir: dir.to_owned(), holder: holder(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let written = file.set_len(0).and_then(|()| write!(file, "process {}, `{command}`", std::process::id())).and_then(|()| file.flush());
        written.map_err(failed)?;
        Ok(Self { dir: dir.to_owned(), _file: file })
    }

    /// Waits until no other command uses our PostgreSQL as a guest. `false` when `patience` runs out.
    pub async fn wait_for_guests(&self, patience: Duration) -> bool {
        let Ok(file) = open(&self.dir.join(GUESTS)) else { return true };
        let began = Instant::now();
        while let Err(TryLockError::WouldBlock) = file.try_lock() {
            if began.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
        }
        true
    }
}

/// Who has the data directory now, if anybody. Nothing is made or taken.
pub fn held_by(dir: &Path) -> Result<Option<String>, LockError> {
    let path = dir.join(LOCK);
    let mut file = match File::open(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|source| LockError::File { path: path.clone(), source })?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
        Err(TryLockError::Error(source)) => Err(LockError::File { path, source }),
    }
}

/// A guest's mark, until dropped.
#[derive(Debug)]
pub struct GuestMark {
    _file: File,
}

impl GuestMark {
    /// Says that we use the PostgreSQL that another process runs.
    pub fn leave(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(GUESTS);
        let failed = |source| LockError::File { path: path.clone(), source };
        let file = open(&path).map_err(failed)?;
        match file.try_lock_shared() {
            // The owner has the mark while it goes away; whoever comes then is told by the database itself.
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(Self { _file: file }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(200).read_to_string(&mut text));
    if read.is_ok() && !text.trim().is_empty() { text.trim().to_owned() } else { "a process that is just starting".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_is_told_who_has_it() {
        let dir = std::env::temp_dir().join(format!("stw-lock-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("scratch directory");
        let first = DataLock::take(&dir, "steward up").expect("first");
        let err = DataLock::take(&dir, "steward up").expect_err("second");
        assert!(held_by(&dir).expect("look").is_some_and(|holder| holder.contains("`steward up`")));
        let expect = format!("another Steward (process {}, `steward up`) uses the data directory", std::process::id());
        assert!(err.to_string().contains(&expect), "{err}");
        assert_eq!(err.kind(), Kind::Conflict);
        drop(first);
        assert_eq!(held_by(&dir).expect("look"), None);
        DataLock::take(&dir, "steward chat").expect("free again");
        std::fs::remove_dir_all(&dir).expect("clean up");
    }

    #[tokio::test]
    async fn an_owner_waits_for_its_guests() {
        let dir = std::env::temp_dir().join(format!("stw-guests-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("scratch directory");
        let owner = DataLock::take(&dir, "steward chat").expect("owner");
        assert!(owner.wait_for_guests(Duration::ZERO).await);
        let (one, two) = (GuestMark::leave(&dir).expect("one"), GuestMark::leave(&dir).expect("two"));
        assert!(!owner.wait_for_guests(Duration::ZERO).await);
        drop(one);
        assert!(!owner.wait_for_guests(Duration::ZERO).await);
        drop(two);
        assert!(owner.wait_for_guests(Duration::ZERO).await);
        std::fs::remove_dir_all(&dir).expect("clean up");
    }
}
