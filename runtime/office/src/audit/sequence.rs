//! Gives committed entries their places, signs the tree, and puts it outside the database.
//!
//! First the database, then the files: places and signed checkpoint are committed together, and only a committed checkpoint is ever shown.
//! A pass that was killed is taken up by the next one; no size is signed twice. A database that is behind the files, or says something else
//! than them, is not signed any further.

use super::files::{Kept, LogDir};
use super::note::Signer;
use super::tree::{Edge, TILE};
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use steward_core::{Actor, Clock, Digest, HasKind, Kind, TenantId};
use steward_store::audit_log::{self, CheckpointRow};
use steward_store::{Store, StoreError, Tx};

/// Entries read together: a whole number of tiles.
const ROWS_AT_ONCE: i64 = 16 * TILE as i64;
/// Hashes read together.
const LEAVES_AT_ONCE: i64 = 65_536;
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
        Self { signer: Arc::new(signer), dir: dir.into(), clock }
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
        let mut tx = store.begin(&actor).await?;
        if !audit_log::lock(&mut tx).await? {
            return Ok(None);
        }
        let edge = self.show(&mut tx, tenant).await?;
        let last = audit_log::latest(&mut tx).await?;
        let (added, horizon) = audit_log::place(&mut tx, edge.size(), last.map_or(0, |row| row.horizon)).await?;
        if added == 0 {
            tx.rollback().await?;
            return Ok(Some(Passed { size: edge.size(), added }));
        }
        let size = edge.size() + added;
        let grown = grow(&mut tx, edge, size).await?;
        let root = grown.root();
        let note = self.signer.sign(tenant, size, &root);
        audit_log::insert_checkpoint(&mut tx, &CheckpointRow { tree_size: size, root, note, horizon, signed_at: self.clock.now() }).await?;
        tx.commit().await?;
        // From here on the checkpoint is true and may be seen; whoever dies before this is done leaves it to the next pass.
        let mut tx = store.begin(&actor).await?;
        if audit_log::lock(&mut tx).await? {
            self.show(&mut tx, tenant).await?;
        }
        tx.rollback().await?;
        Ok(Some(Passed { size, added }))
    }

    /// Brings the files to where the database is, and returns the edge of that tree. Never the other way round.
    async fn show(&self, tx: &mut Tx, tenant: TenantId) -> Result<Edge, SequenceError> {
        let log = self.log_of(tenant);
        let dir = log.path().to_path_buf();
        let failed = |source| SequenceError::File { dir: dir.clone(), source };
        let verifier = self.signer.verifier(tenant);
        let kept = log.checkpoints().map_err(failed)?;
        // What does not carry our signature says nothing.
        let outside = kept.iter().filter_map(|(_, note)| verifier.open(note).ok()).max_by_key(|checkpoint| checkpoint.size);
        let last = audit_log::latest(tx).await?;
        let (shown, database) = (outside.as_ref().map_or(0, |checkpoint| checkpoint.size), last.as_ref().map_or(0, |row| row.tree_size));
        if shown > database {
            return Err(SequenceError::Behind { dir, outside: shown, database });
        }
        let mut edge = Edge::default();
        if let Some(checkpoint) = outside {
            if audit_log::checkpoint_of(tx, shown).await?.is_none_or(|row| row.root != checkpoint.root) {
                return Err(SequenceError::Differs { dir, size: shown });
            }
            // Tiles that were lost or damaged are built anew from the database, and compared with what was signed.
            edge = log.edge(shown).map_err(failed)?.filter(|edge| edge.root() == checkpoint.root).unwrap_or_default();
        }
        loop {
            let pending = audit_log::checkpoints(tx, edge.size(), CHECKPOINTS_AT_ONCE).await?;
            let Some(latest) = pending.last() else { return Ok(edge) };
            let roots: Vec<(u64, Digest)> = pending.iter().map(|row| (row.tree_size, row.root)).collect();
            edge = write(tx, &log, edge, &roots).await?;
            log.write_edge(&edge).map_err(failed)?;
            for row in &pending {
                if log.keep_checkpoint(row.tree_size, &row.note).map_err(failed)? == Kept::Another {
                    return Err(SequenceError::Differs { dir, size: row.tree_size });
                }
            }
            log.show_checkpoint(&latest.note).map_err(failed)?;
        }
    }
}

/// Writes entries and full tiles up to the last of these sizes, and compares every root on the way.
async fn write(tx: &mut Tx, log: &LogDir, mut edge: Edge, roots: &[(u64, Digest)]) -> Result<Edge, SequenceError> {
    let failed = |source| SequenceError::File { dir: log.path().to_path_buf(), source };
    let differs = |size| SequenceError::Differs { dir: log.path().to_path_buf(), size };
    let mut due = roots.iter().peekable();
    let target = roots.last().map_or(0, |(size, _)| *size);
    let mut next = edge.size() / TILE as u64 * TILE as u64;
    while next < target {
        let rows = audit_log::entries(tx, next, ROWS_AT_ONCE.min(i64::try_from(target - next).unwrap_or(i64::MAX))).await?;
        if rows.is_empty() {
            return Err(differs(target));
        }
        for file in rows.chunks(TILE) {
            let mut entries = Vec::with_capacity(file.len());
            for (index, canon, leaf) in file {
                let (Some(canon), true) = (canon, *index == next) else { return Err(differs(next + 1)) };
                next += 1;
                entries.push(canon.clone());
                if *index < edge.size() {
                    continue;
                }
                edge.push(*leaf, &mut |level, number, hashes: &[Digest]| log.write_tile(level, number, hashes)).map_err(failed)?;
                if let Some((size, root)) = due.next_if(|(size, _)| *size == edge.size())
                    && edge.root() != *root
                {
                    return Err(differs(*size));
                }
            }
            log.write_entries((next - 1) / TILE as u64, &entries).map_err(failed)?;
        }
    }
    Ok(edge)
}

/// Writes an organisation's log into another directory: entries, tiles, and every checkpoint. Returns how many entries it has.
pub async fn export(tx: &mut Tx, log: &LogDir) -> Result<u64, SequenceError> {
    let failed = |source| SequenceError::File { dir: log.path().to_path_buf(), source };
    let mut edge = Edge::default();
    loop {
        let pending = audit_log::checkpoints(tx, edge.size(), CHECKPOINTS_AT_ONCE).await?;
        let Some(latest) = pending.last() else { return Ok(edge.size()) };
        let roots: Vec<(u64, Digest)> = pending.iter().map(|row| (row.tree_size, row.root)).collect();
        edge = write(tx, log, edge, &roots).await?;
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
