//! The audit log: every change writes one entry in its own transaction, or does not happen.
//!
//! An entry is canonical JSON (RFC 8785); its leaf is SHA-256 over a zero byte and those bytes, as RFC 6962 makes leaves.
//! Nothing secret and no personal text belongs in `detail`: ids, digests, names of rules and tools.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use steward_core::{Actor, Digest, Ids, RunId, canonical_json};
use steward_store::audit::AuditRow;
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

/// Numbers this process's entries. Gaps show that a row was removed, or that a transaction was rolled back:
/// the number is taken inside the transaction and a rolled-back one is told by its absence from the journal.
#[derive(Debug, Clone)]
pub struct Writer {
    id: Uuid,
    seq: Arc<AtomicI64>,
}

impl Writer {
    /// A writer of its own for this process.
    pub fn new(ids: &Ids) -> Self {
        Self { id: ids.make::<RunId>().uuid(), seq: Arc::new(AtomicI64::new(0)) }
    }
}

/// What to write down.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// What was done, `noun.verb`.
    pub action: &'a str,
    /// To what.
    pub object: String,
    /// How it went: done, refused, attempted, failed.
    pub outcome: &'a str,
    /// Ids, digests and names that say more.
    pub detail: serde_json::Value,
    /// The HTTP request, if any.
    pub request_id: Option<String>,
}

impl Writer {
    /// Makes the row of an entry at a time, for the actor whose transaction it will be part of.
    pub fn row(&self, actor: &Actor, ids: &Ids, at: OffsetDateTime, entry: &Entry<'_>) -> Result<AuditRow, StoreError> {
        let audit_id = ids.make();
        let writer_seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
        let canon = canonical_json(&serde_json::json!({
            "v": 1,
            "tenant": actor.tenant,
            "id": audit_id,
            "writer": self.id.to_string(),
            "writer_seq": writer_seq,
            "at_ms": i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX),
            "actor": { "kind": actor.kind_name(), "person": actor.person },
            "action": entry.action,
            "object": entry.object,
            "outcome": entry.outcome,
            "request_id": entry.request_id,
            "detail": entry.detail,
        }))
        .map_err(|_| StoreError::Corrupt { what: "audit detail" })?;
        let leaf = leaf_of(&canon);
        Ok(AuditRow {
            audit_id,
            writer_id: self.id,
            writer_seq,
            at,
            actor_kind: actor.kind_name().to_owned(),
            person: actor.person,
            action: entry.action.to_owned(),
            object: entry.object.clone(),
            outcome: entry.outcome.to_owned(),
            request_id: entry.request_id.clone(),
            canon,
            leaf,
        })
    }
}

/// The leaf hash of an entry's bytes (RFC 6962, section 2.1).
pub fn leaf_of(canon: &[u8]) -> Digest {
    let mut bytes = Vec::with_capacity(canon.len() + 1);
    bytes.push(0);
    bytes.extend_from_slice(canon);
    Digest::of(&bytes)
}

/// Writes an entry in this transaction.
pub async fn record(tx: &mut Tx, office: &crate::Office, mut entry: Entry<'_>) -> Result<(), StoreError> {
    entry.request_id = entry.request_id.or_else(|| office.request_id.clone());
    let row = office.audit.row(tx.actor(), &office.ids, office.clock.now(), &entry)?;
    steward_store::audit::insert(tx, &row).await
}
