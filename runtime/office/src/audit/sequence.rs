//! Gives committed entries their places, signs the tree, and puts it outside the database.
//!
//! First the database, then the files: places and signed checkpoint are committed together, and only a committed checkpoint is ever shown.
//! A pass that was killed is taken up by the next one; no size is signed twice. A database that is behind the files, or says something else
//! than them, is not signed any further.

use super::copies::Copies;
use super::files::{Kept, LogDir};
use super::note::{Checkpoint, Signer};
use super::tree::{Edge, TILE};
use crate::progress::Told;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use steward_core::{Actor, Clock, Digest, HasKind, Kind, TenantId};
use steward_store::audit_log::{self, CheckpointRow};
use steward_store::{Store, StoreError, Tx};

/// Entries read together: a whole number of tiles.
const ROWS_AT_ONCE: u64 = 16 * TILE as u64;
/// Hashes read together.
const LEAVES_AT_ONCE: i64 = 65_536;
/// Entries that are held in memory from their places to their files, and their bytes.
const HELD_MOST: usize = 65_536;
const HELD_BYTES: usize = 32 << 20;
/// Checkpoints read together.
const CHECKPOINTS_AT_ONCE: i64 = 1024;

/// Why a log does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// The database does.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files do.
    #[error("the audit log in `{dir}` cannot be written")]
    File {
        /// Where.
        dir: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database knows less than was signed.
    #[error(
        "the database holds {database} signed audit entries and `{dir}` shows that {outside} were signed: the database was set back, and nothing more is signed; \
         restore a newer copy, or keep the directory as evidence and name another"
    )]
    Behind {
        /// Where the checkpoints lie.
        dir: PathBuf,
        /// The signed size outside.
        outside: u64,
        /// The signed size in the database.
        database: u64,
    },
    /// The database says something else than was signed.
    #[error("the database's audit log of {size} entries is not the one that was signed (`{dir}`); nothing more is signed: run `steward audit verify`")]
    Differs {
        /// Where the checkpoints lie.
        dir: PathBuf,
        /// The size.
        size: u64,
    },
}

impl HasKind for SequenceError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(err) => err.kind(),
            Self::File { .. } => Kind::Away,
            Self::Behind { .. } | Self::Differs { .. } => Kind::Conflict,
        }
    }
}

/// What orders and signs the logs of all organisations.
#[derive(Debug, Clone)]
pub struct Sequencer {
    signer: Arc<Signer>,
    dir: PathBuf,
    clock: Clock,
    /// What was seen outside, by organisation.
    known: Arc<Mutex<HashMap<TenantId, Known>>>,
    pub(super) copies: Option<Arc<Copies>>,
}

/// A tree of which a checkpoint that carries our signature was seen outside the database.
#[derive(Debug, Clone)]
pub(super) struct Outside {
    size: u64,
    root: Digest,
    /// Where.
    dir: PathBuf,
}

/// The largest tree that was seen outside, and when the folder of checkpoints had changed last.
#[derive(Debug, Clone)]
struct Known {
    newest: Outside,
    changed: Option<SystemTime>,
}

impl Outside {
    pub(super) fn of(checkpoint: Checkpoint, dir: &Path) -> Self {
        Self { size: checkpoint.size, root: checkpoint.root, dir: dir.to_path_buf() }
    }
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The size of the log now.
    pub size: u64,
    /// Entries that got their place.
    pub added: u64,
}

impl Sequencer {
    /// Signs with `signer`, and writes each organisation's log into a directory of its own under `dir`.
    pub fn new(signer: Signer, dir: impl Into<PathBuf>, clock: Clock) -> Self {
        Self { signer: Arc::new(signer), dir: dir.into(), clock, copies: None, known: Arc::default() }
    }

    /// Where an organisation's log lies.
    pub fn log_of(&self, tenant: TenantId) -> LogDir {
        LogDir::new(self.dir.join(tenant.to_string()))
    }

    /// What signs.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// One pass over an organisation's log. None when somebody else is at it.
    pub async fn pass(&self, store: &Store, tenant: TenantId) -> Result<Option<Passed>, SequenceError> {
        let actor = Actor::worker(tenant);
        if let Some(copies) = &self.copies {
            copies.look(tenant, self.signer.verifier(tenant)).await;
        }
        let mut tx = store.begin(&actor).await?;
        if !audit_log::lock(&mut tx).await? {
            return Ok(None);
        }
        let edge = self.show(&mut tx, tenant, Held::default()).await?;
        let last = audit_log::latest(&mut tx).await?;
        let size = edge.size();
        let found = audit_log::fresh(&mut tx, last.as_ref().map_or(0, |row| row.horizon), HELD_MOST, HELD_BYTES).await?;
        let (grown, held) = match found.entries {
            Some(entries) if entries.is_empty() => {
                tx.rollback().await?;
                if let (Some(copies), Some(row)) = (&self.copies, &last) {
                    copies.keep(tenant, row.tree_size, &row.note).await;
                }
                return Ok(Some(Passed { size, added: 0 }));
            }
            Some(entries) => {
                audit_log::place(&mut tx, size, &entries).await?;
                let mut grown = edge;
                for entry in &entries {
                    let Ok(()) = grown.push(entry.leaf, &mut |_, _, _: &[Digest]| Ok::<(), Infallible>(()));
                }
                (grown, Held { from: size, entries: entries.into_iter().map(|entry| (entry.canon, entry.leaf)).collect() })
            }
            // They get their places where they lie, and are read in pieces afterwards.
            None => {
                let added = audit_log::place_all(&mut tx, size, found.from).await?;
                (grow(&mut tx, edge, size + added).await?, Held::default())
            }
        };
        let (size, added) = (grown.size(), grown.size() - size);
        let root = grown.root();
        let note = self.signer.sign(tenant, size, &root);
        let row = CheckpointRow { tree_size: size, root, note, horizon: found.horizon, signed_at: self.clock.now() };
        audit_log::insert_checkpoint(&mut tx, &row).await?;
        tx.commit().await?;
        // From here on the checkpoint is true and may be seen; whoever dies before this is done leaves it to the next pass.
        let mut tx = store.begin(&actor).await?;
        if audit_log::lock(&mut tx).await? {
            self.show(&mut tx, tenant, held).await?;
            self.remember(tenant, Outside { size, root, dir: self.log_of(tenant).path().to_path_buf() });
        }
        tx.rollback().await?;
        if let Some(copies) = &self.copies {
            copies.keep(tenant, size, &row.note).await;
        }
        Ok(Some(Passed { size, added }))
    }

    /// Brings the files to where the database is, and returns the edge of that tree. Never the other way round. What is `held` of the entries
    /// is not read again.
    async fn show(&self, tx: &mut Tx, tenant: TenantId, mut held: Held) -> Result<Edge, SequenceError> {
        let log = self.log_of(tenant);
        let dir = log.path().to_path_buf();
        let failed = |source| SequenceError::File { dir: dir.clone(), source };
        let outside = self.outside(&log, tenant).map_err(failed)?;
        let last = audit_log::latest(tx).await?;
        let database = last.as_ref().map_or(0, |row| row.tree_size);
        // What lies in the second place counts for itself: a log that was set back may have outgrown it since.
        if let Some(copied) = self.copies.as_ref().and_then(|copies| copies.found(tenant)).filter(|copied| copied.size <= database)
            && audit_log::checkpoint_of(tx, copied.size).await?.is_none_or(|row| row.root != copied.root)
        {
            return Err(SequenceError::Differs { dir: copied.dir, size: copied.size });
        }
        let mut edge = Edge::default();
        if let Some(Outside { size: shown, root, dir: seen }) = outside {
            if shown > database {
                return Err(SequenceError::Behind { dir: seen, outside: shown, database });
            }
            if audit_log::checkpoint_of(tx, shown).await?.is_none_or(|row| row.root != root) {
                return Err(SequenceError::Differs { dir: seen, size: shown });
            }
            // Tiles that were lost or damaged are built anew from the database, and compared with what was signed.
            edge = log.edge(shown).map_err(failed)?.filter(|edge| edge.root() == root).unwrap_or_default();
        }
        loop {
            let pending = audit_log::checkpoints(tx, edge.size(), CHECKPOINTS_AT_ONCE).await?;
            let Some(latest) = pending.last() else { return Ok(edge) };
            let roots: Vec<(u64, Digest)> = pending.iter().map(|row| (row.tree_size, row.root)).collect();
            edge = write(tx, &log, edge, &roots, &mut held, &mut |_| ()).await?;
            log.write_edge(&edge).map_err(failed)?;
            for row in &pending {
                if log.keep_checkpoint(row.tree_size, &row.note).map_err(failed)? == Kept::Another {
                    return Err(SequenceError::Differs { dir, size: row.tree_size });
                }
            }
            log.show_checkpoint(&latest.note).map_err(failed)?;
        }
    }

    /// The largest tree of which the files or the copies hold, or once held, a checkpoint that carries our signature; what does not carry it
    /// says nothing. All that were ever kept are looked through only when somebody else put one there: a year has millions of them.
    fn outside(&self, log: &LogDir, tenant: TenantId) -> io::Result<Option<Outside>> {
        let verifier = self.signer.verifier(tenant);
        let open = |note: &str| verifier.open(note).ok().map(|checkpoint| Outside::of(checkpoint, log.path()));
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        let changed = log.checkpoints_changed();
        let (known, is_as_known) = known.map_or((None, false), |known| (Some(known.newest), known.changed == changed));
        let kept = if is_as_known { None } else { log.newest_kept(open)? };
        let shown = log.latest()?.and_then(|note| open(&note));
        let copied = self.copies.as_ref().and_then(|copies| copies.found(tenant));
        let newest = [known, kept, shown, copied].into_iter().flatten().max_by_key(|outside| outside.size);
        if let Some(newest) = &newest {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, Known { newest: newest.clone(), changed });
        }
        Ok(newest)
    }

    /// What this process itself has just put outside, while nobody else may.
    fn remember(&self, tenant: TenantId, outside: Outside) {
        let changed = self.log_of(tenant).checkpoints_changed();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, Known { newest: outside, changed });
    }
}

/// Entries that were just given their places, so that they need not be read again.
#[derive(Debug, Default)]
struct Held {
    from: u64,
    entries: VecDeque<(Vec<u8>, Digest)>,
}

impl Held {
    /// The entry at this place, once.
    fn take(&mut self, index: u64) -> Option<(Vec<u8>, Digest)> {
        if index != self.from {
            return None;
        }
        self.from += 1;
        self.entries.pop_front()
    }
}

/// Writes entries and full tiles up to the last of these sizes, and compares every root on the way.
async fn write(
    tx: &mut Tx,
    log: &LogDir,
    mut edge: Edge,
    roots: &[(u64, Digest)],
    held: &mut Held,
    told: &mut (dyn FnMut(u64) + Send),
) -> Result<Edge, SequenceError> {
    let failed = |source| SequenceError::File { dir: log.path().to_path_buf(), source };
    let differs = |size| SequenceError::Differs { dir: log.path().to_path_buf(), size };
    let mut due = roots.iter().peekable();
    let target = roots.last().map_or(0, |(size, _)| *size);
    let mut next = edge.size() / TILE as u64 * TILE as u64;
    while next < target {
        let mut rows = read(tx, next, (target - next).min(ROWS_AT_ONCE), held).await?.into_iter().peekable();
        if rows.peek().is_none() {
            return Err(differs(target));
        }
        while rows.peek().is_some() {
            let mut entries = Vec::with_capacity(TILE);
            for (index, canon, leaf) in rows.by_ref().take(TILE) {
                let (Some(canon), true) = (canon, index == next) else { return Err(differs(next + 1)) };
                next += 1;
                entries.push(canon);
                if index < edge.size() {
                    continue;
                }
                edge.push(leaf, &mut |level, number, hashes: &[Digest]| log.write_tile(level, number, hashes)).map_err(failed)?;
                if let Some((size, root)) = due.next_if(|(size, _)| *size == edge.size())
                    && edge.root() != *root
                {
                    return Err(differs(*size));
                }
            }
            log.write_entries((next - 1) / TILE as u64, &entries).map_err(failed)?;
            told(next);
        }
    }
    Ok(edge)
}

/// At most `most` entries by place from `next` on: those that are held from memory, those before them from the database.
async fn read(tx: &mut Tx, next: u64, most: u64, held: &mut Held) -> Result<Vec<(u64, Option<Vec<u8>>, Digest)>, StoreError> {
    // Somebody else was quicker with them.
    while held.from < next && held.take(held.from).is_some() {}
    let before = if held.entries.is_empty() { most } else { most.min(held.from.saturating_sub(next)) };
    let mut rows = if before == 0 { Vec::new() } else { audit_log::entries(tx, next, i64::try_from(before).unwrap_or(i64::MAX)).await? };
    for index in next + before..next + most {
        let Some((canon, leaf)) = held.take(index) else { break };
        rows.push((index, Some(canon), leaf));
    }
    Ok(rows)
}

/// Writes an organisation's log into another directory: entries, tiles, and every checkpoint. Returns how many entries it has.
pub async fn export(tx: &mut Tx, log: &LogDir) -> Result<u64, SequenceError> {
    export_telling(tx, log, &mut |_, _| ()).await
}

/// The same, which tells how many entries were written.
pub async fn export_telling(tx: &mut Tx, log: &LogDir, told: Told<'_>) -> Result<u64, SequenceError> {
    let all = audit_log::latest(tx).await?.map_or(0, |row| row.tree_size);
    let failed = |source| SequenceError::File { dir: log.path().to_path_buf(), source };
    let mut edge = Edge::default();
    loop {
        let pending = audit_log::checkpoints(tx, edge.size(), CHECKPOINTS_AT_ONCE).await?;
        let Some(latest) = pending.last() else { return Ok(edge.size()) };
        let roots: Vec<(u64, Digest)> = pending.iter().map(|row| (row.tree_size, row.root)).collect();
        edge = write(tx, log, edge, &roots, &mut Held::default(), &mut |done| told(done, all.max(done))).await?;
        log.write_edge(&edge).map_err(failed)?;
        for row in &pending {
            log.keep_checkpoint(row.tree_size, &row.note).map_err(failed)?;
        }
        log.show_checkpoint(&latest.note).map_err(failed)?;
    }
}

/// The edge grown to a size by the hashes in the database.
async fn grow(tx: &mut Tx, mut edge: Edge, size: u64) -> Result<Edge, SequenceError> {
    while edge.size() < size {
        let leaves = audit_log::leaves(tx, edge.size(), LEAVES_AT_ONCE).await?;
        if leaves.is_empty() {
            return Err(StoreError::Corrupt { what: "audit_index" }.into());
        }
        for leaf in leaves {
            let Ok(()) = edge.push(leaf, &mut |_, _, _: &[Digest]| Ok::<(), Infallible>(()));
        }
    }
    Ok(edge)
}
