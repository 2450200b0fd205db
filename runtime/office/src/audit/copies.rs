//! Checkpoints kept a second time, where whoever has the database and the log's own directory cannot write.

use super::files::{Kept, LogDir};
use super::sequence::{CHECKPOINTS_AT_ONCE, SequenceError, Sequencer};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use steward_core::TenantId;
use steward_store::{Tx, audit_log};
use tracing::error;

/// Where checkpoints are kept a second time.
#[derive(Debug, Clone)]
pub(super) struct Copies {
    dir: PathBuf,
    /// Whether it was told that they cannot be kept there now.
    is_told: Arc<AtomicBool>,
}

impl Sequencer {
    /// The same, which keeps every checkpoint in this directory too, each organisation's in one of its own: a place that whoever has the database
    /// and the log's own directory cannot write. What lies there is held against the database like what lies in the log's directory. While it
    /// cannot be reached the log goes on without, and what is missing there is made up for.
    #[must_use]
    pub fn with_copies(mut self, dir: Option<PathBuf>) -> Self {
        self.copies = dir.map(|dir| Copies { dir, is_told: Arc::default() });
        self
    }

    /// Where an organisation's checkpoints are kept a second time.
    pub fn copies_of(&self, tenant: TenantId) -> Option<LogDir> {
        self.copies.as_ref().map(|copies| LogDir::new(copies.dir.join(tenant.to_string())))
    }

    /// The folders that hold checkpoints of an organisation outside the database, as far as they are there yet.
    pub fn checkpoints_of(&self, tenant: TenantId) -> Vec<PathBuf> {
        let logs = [Some(self.log_of(tenant)), self.copies_of(tenant)];
        logs.into_iter().flatten().map(|log| log.path().join("checkpoints")).filter(|dir| dir.exists()).collect()
    }

    /// The size of the newest copy, 0 where there is none, if the database has the same; none where there are no copies or they cannot be read.
    pub(super) async fn check_copies(&self, tx: &mut Tx, tenant: TenantId) -> Result<Option<u64>, SequenceError> {
        let Some(copies) = self.copies_of(tenant) else { return Ok(None) };
        let dir = copies.path().to_path_buf();
        // The place itself is the operator's to make: one that is not mounted is not made up here.
        let is_there = |copies: &LogDir| copies.path().parent().map_or(Ok(()), |place| std::fs::read_dir(place).map(drop));
        let newest = match is_there(&copies).and_then(|()| copies.latest()) {
            Ok(newest) => newest,
            Err(err) => {
                self.tell_of_copies(&err);
                return Ok(None);
            }
        };
        // What does not carry our signature says nothing.
        let Some(newest) = newest.and_then(|note| self.signer().verifier(tenant).open(&note).ok()) else { return Ok(Some(0)) };
        let database = audit_log::latest(tx).await?.map_or(0, |row| row.tree_size);
        if newest.size > database {
            return Err(SequenceError::Behind { dir, outside: newest.size, database });
        }
        match audit_log::checkpoint_of(tx, newest.size).await? {
            Some(row) if row.root == newest.root => Ok(Some(newest.size)),
            Some(_) | None => Err(SequenceError::Differs { dir, size: newest.size }),
        }
    }

    /// Copies the checkpoints after one size, up to another.
    pub(super) async fn copy(&self, tx: &mut Tx, tenant: TenantId, mut copied: u64, size: u64) -> Result<(), SequenceError> {
        let Some(copies) = self.copies_of(tenant) else { return Ok(()) };
        while copied < size {
            let pending = audit_log::checkpoints(tx, copied, CHECKPOINTS_AT_ONCE).await?;
            let Some(last) = pending.last() else { break };
            for row in &pending {
                match copies.keep_checkpoint(row.tree_size, &row.note) {
                    Ok(Kept::Yes) => {}
                    Ok(Kept::Another) => return Err(SequenceError::Differs { dir: copies.path().to_path_buf(), size: row.tree_size }),
                    Err(err) => {
                        self.tell_of_copies(&err);
                        return Ok(());
                    }
                }
            }
            if let Err(err) = copies.show_checkpoint(&last.note) {
                self.tell_of_copies(&err);
                return Ok(());
            }
            copied = last.tree_size;
        }
        if let Some(copies) = &self.copies {
            copies.is_told.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Says once that checkpoints cannot be kept a second time, until they can again.
    fn tell_of_copies(&self, err: &io::Error) {
        let Some(copies) = &self.copies else { return };
        if !copies.is_told.swap(true, Ordering::Relaxed) {
            error!(error = %err, "CHECKPOINTS OF THE AUDIT LOG ARE NOT COPIED to `{}`; the log goes on without, and they are copied when that is there", copies.dir.display());
        }
    }
}
