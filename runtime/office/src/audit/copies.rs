//! Signed checkpoints in a second place, where whoever has the database and the log's own directory cannot write.
//!
//! A copy is a new file and nothing else: a place where files can only be added will do. The log never waits long for that place, and goes on
//! without it; what is missing there is made up for by the next checkpoint, which says all that those before it said.

use super::files::{Kept, LogDir};
use super::note::Verifier;
use super::sequence::{Outside, Sequencer};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use steward_core::TenantId;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{error, info};

/// The file that says that this is the place. A folder without it is a place that is not mounted, or the wrong one.
pub const MARKER: &str = "copies-of-steward";

/// How long the log waits for the place.
const PATIENCE: Duration = Duration::from_secs(5);

/// A second place for checkpoints.
#[derive(Debug)]
pub(super) struct Copies {
    dir: PathBuf,
    /// One at a time: a place that hangs holds up one thread and not one a second.
    turn: Arc<Semaphore>,
    /// Whether somebody waited in vain, and whoever has the turn is not back yet: then nobody waits for it again.
    hangs: Arc<AtomicBool>,
    logs: Mutex<HashMap<TenantId, Standing>>,
}

/// How one organisation's copies stand.
#[derive(Debug, Default, Clone)]
struct Standing {
    /// What was found there when this process looked first; none before it did.
    found: Option<Option<Outside>>,
    /// The size that was copied last.
    copied: u64,
    /// Whether it was told that the place cannot be reached.
    is_told: bool,
}

impl Copies {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, turn: Arc::new(Semaphore::new(1)), hangs: Arc::default(), logs: Mutex::default() }
    }

    fn log_of(&self, tenant: TenantId) -> LogDir {
        LogDir::new(self.dir.join(tenant.to_string()))
    }

    fn standing<T>(&self, tenant: TenantId, look: impl FnOnce(&mut Standing) -> T) -> T {
        look(self.logs.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default())
    }

    /// Does something at the place, if it is there and answers. Organisations whose passes meet there wait for each other.
    async fn reach<T: Send + 'static>(&self, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
        let in_vain = || io::Error::new(io::ErrorKind::TimedOut, "it does not answer");
        let (marker, hangs, turns) = (self.dir.join(MARKER), Arc::clone(&self.hangs), Arc::clone(&self.turn));
        let free = if hangs.load(Ordering::Relaxed) { Some(Arc::clone(&turns).try_acquire_owned().map_err(|_| in_vain())?) } else { None };
        let at_the_place = move || {
            let done = match marker.try_exists() {
                Ok(true) => work(),
                Ok(false) => {
                    Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no file `{MARKER}` in it; make one there, once the place is mounted")))
                }
                Err(err) => Err(err),
            };
            hangs.store(false, Ordering::Relaxed);
            done
        };
        let in_turn = async move {
            let turn = match free {
                Some(turn) => turn,
                None => turns.acquire_owned().await.map_err(io::Error::other)?,
            };
            // The turn is the thread's: it ends with the work, whoever still waits for that.
            let work = spawn_blocking(move || {
                let done = at_the_place();
                drop(turn);
                done
            });
            work.await.unwrap_or_else(|err| Err(io::Error::other(err)))
        };
        timeout(PATIENCE, in_turn).await.unwrap_or_else(|_| {
            self.hangs.store(true, Ordering::Relaxed);
            Err(in_vain())
        })
    }

    /// Says once for each organisation that its checkpoints are not copied, and once that they are again.
    fn tell<T>(&self, tenant: TenantId, outcome: io::Result<T>) -> Option<T> {
        let was_told = self.standing(tenant, |standing| std::mem::replace(&mut standing.is_told, outcome.is_err()));
        let dir = self.dir.display();
        match &outcome {
            Err(err) if !was_told => {
                error!(tenant.id = %tenant, error = %err, "CHECKPOINTS OF THE AUDIT LOG ARE NOT COPIED to `{dir}`; the log goes on without, and the newest is copied when that is there");
            }
            Ok(_) if was_told => info!(tenant.id = %tenant, "checkpoints of the audit log are copied to `{dir}` again"),
            Ok(_) | Err(_) => {}
        }
        outcome.ok()
    }

    /// What of an organisation's log was signed by what lies there: looked for once in the life of a process, as soon as the place answers.
    pub(super) async fn look(&self, tenant: TenantId, verifier: Verifier) {
        if self.standing(tenant, |standing| standing.found.is_some()) {
            return;
        }
        let log = self.log_of(tenant);
        let look = move || log.newest_kept(|note| verifier.open(note).ok().map(|checkpoint| Outside::of(checkpoint, log.path())));
        let found = self.reach(look).await;
        if let Some(found) = self.tell(tenant, found) {
            self.standing(tenant, |standing| standing.found = Some(found));
        }
    }

    /// The newest checkpoint that was found there.
    pub(super) fn found(&self, tenant: TenantId) -> Option<Outside> {
        self.standing(tenant, |standing| standing.found.clone().flatten())
    }

    /// Copies a checkpoint, unless it is there.
    pub(super) async fn keep(&self, tenant: TenantId, size: u64, note: &str) {
        if self.standing(tenant, |standing| standing.copied >= size) {
            return;
        }
        let (log, note) = (self.log_of(tenant), note.to_owned());
        let kept = self.reach(move || log.add_checkpoint(size, &note)).await;
        let kept = kept.and_then(|kept| match kept {
            Kept::Yes => Ok(()),
            Kept::Another => Err(io::Error::other(format!("another checkpoint of {size} entries lies there"))),
        });
        if self.tell(tenant, kept).is_some() {
            self.standing(tenant, |standing| standing.copied = size);
        }
    }
}

impl Sequencer {
    /// The same, which keeps each checkpoint in this directory too, each organisation's in one of its own. What lies there is held against the
    /// database like what lies in the log's directory.
    #[must_use]
    pub fn with_copies(mut self, dir: Option<PathBuf>) -> Self {
        self.copies = dir.map(|dir| Arc::new(Copies::new(dir)));
        self
    }

    /// The folders that hold checkpoints of an organisation outside the database, as far as they are there yet.
    pub fn checkpoints_of(&self, tenant: TenantId) -> Vec<PathBuf> {
        let logs = [Some(self.log_of(tenant)), self.copies.as_ref().map(|copies| copies.log_of(tenant))];
        logs.into_iter().flatten().map(|log| log.path().join("checkpoints")).filter(|dir: &PathBuf| Path::exists(dir)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn who_meets_another_at_the_place_waits_for_their_turn() {
        let dir = std::env::temp_dir().join(format!("stw-copies-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join(MARKER), "").expect("the marker");
        let copies = Copies::new(dir.clone());
        let (go, wait) = mpsc::channel::<()>();
        // The first stays there until the second has come.
        let (first, second, ()) = tokio::join!(copies.reach(move || wait.recv().map_err(io::Error::other)), copies.reach(|| Ok(())), async {
            go.send(()).expect("it waits");
        });
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        std::fs::remove_dir_all(&dir).expect("clean up");
    }
}
