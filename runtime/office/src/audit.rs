//! The audit log: every change writes one entry in its own transaction, or does not happen.
//!
//! An entry is canonical JSON (RFC 8785); its leaf is SHA-256 over a zero byte and those bytes, as RFC 6962 makes leaves.
//! Committed entries get their place in the organisation's tree by [`sequence`], which signs what it built; [`verify`] checks it without
//! a server or a database, [`live`] checks the database itself.
//! Nothing secret and no personal text belongs in `detail`: ids, digests, names of rules and tools. What is personal is sealed beside it.

pub mod bound;
mod copies;
pub mod files;
pub mod live;
pub mod note;
pub mod personal;
pub mod report;
pub mod seal;
pub mod sequence;
pub mod tree;
pub mod verify;

pub use copies::MARKER as COPIES_MARKER;

use seal::Subject;
use sha2::{Digest as _, Sha256};
use steward_core::{Actor, ActorKind, AuditId, Digest, Ids, RunId, TenantId, canonical_value};
use steward_store::audit::AuditRow;
use steward_store::audit_writer::{Lane, Lanes, Place};
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;

/// The longest entry in bytes. A detail that would make it longer is kept beside the log, and the entry names its digest.
pub const ENTRY_BYTES_MAX: usize = 60_000;

/// Numbers this process's entries without gaps, in lanes: one for each transaction under way.
#[derive(Debug, Clone)]
pub struct Writer {
    lanes: Lanes,
}

impl Writer {
    /// A writer of its own for this process.
    pub fn new(ids: &Ids) -> Self {
        Self { lanes: Lanes::new(ids.make::<RunId>().uuid()) }
    }

    /// A lane for one transaction of this organisation that is not a [`Tx`].
    pub fn lane(&self, tenant: TenantId) -> Lane {
        self.lanes.take(tenant)
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

/// Who acts, in what capacity, and by which session, token or run; of a session also how it was opened.
fn said_of(actor: &Actor) -> serde_json::Value {
    let (kind, person) = (actor.kind_name(), actor.person);
    match &actor.kind {
        ActorKind::Person { session, method } => serde_json::json!({ "kind": kind, "person": person, "session": session, "method": method.name() }),
        ActorKind::Token { token, .. } => serde_json::json!({ "kind": kind, "person": person, "token": token }),
        ActorKind::Agent { run, agent } => serde_json::json!({ "kind": kind, "person": person, "run": run, "agent": agent }),
        ActorKind::Worker => serde_json::json!({ "kind": kind, "person": person }),
    }
}

impl Writer {
    /// Makes the row of an entry at a time and place, for the actor whose transaction it will be part of.
    pub fn row(&self, actor: &Actor, ids: &Ids, at: OffsetDateTime, place: Place, entry: &Entry<'_>) -> Result<AuditRow, StoreError> {
        Self::row_with(actor, ids.make(), at, place, entry, None)
    }

    /// The same with an id that is known already, and the digest of what was sealed for it.
    fn row_with(actor: &Actor, audit_id: AuditId, at: OffsetDateTime, place: Place, entry: &Entry<'_>, sealed: Option<Digest>) -> Result<AuditRow, StoreError> {
        let bytes_of = |detail: &serde_json::Value| {
            let mut said = serde_json::json!({
                "v": 1,
                "tenant": actor.tenant,
                "id": audit_id,
                "writer": place.writer_id.to_string(),
                "writer_seq": place.writer_seq,
                "at_ms": at_ms(at),
                "actor": said_of(actor),
                "action": entry.action,
                "object": entry.object,
                "outcome": entry.outcome,
                "request_id": entry.request_id,
                "detail": detail,
            });
            if let (Some(sealed), Some(said)) = (sealed, said.as_object_mut()) {
                said.insert("sealed".to_owned(), serde_json::json!(sealed));
            }
            canonical_value(&said).map_err(|_| StoreError::Corrupt { what: "audit detail" })
        };
        let (mut canon, mut large) = (bytes_of(&entry.detail)?, None);
        if canon.len() > ENTRY_BYTES_MAX {
            let body = canonical_value(&entry.detail).map_err(|_| StoreError::Corrupt { what: "audit detail" })?;
            let digest = Digest::of(&body);
            canon = bytes_of(&serde_json::json!({ "kept_as": digest, "bytes": body.len() }))?;
            large = Some((digest, body));
        }
        Ok(AuditRow {
            audit_id,
            writer_id: place.writer_id,
            writer_seq: place.writer_seq,
            at,
            actor_kind: actor.kind_name().to_owned(),
            person: actor.person,
            action: entry.action.to_owned(),
            object: entry.object.clone(),
            outcome: entry.outcome.to_owned(),
            request_id: entry.request_id.clone(),
            leaf: leaf_of(&canon),
            canon,
            large,
        })
    }
}

pub(crate) fn at_ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The leaf hash of an entry's bytes (RFC 6962, section 2.1).
pub fn leaf_of(canon: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(canon);
    Digest::from_bytes(hash.finalize().into())
}

/// Writes an entry in this transaction.
pub async fn record(tx: &mut Tx, office: &crate::Office, mut entry: Entry<'_>) -> Result<(), StoreError> {
    entry.request_id = entry.request_id.or_else(|| office.request_id.clone());
    let place = tx.audit_place(&office.audit.lanes);
    let row = office.audit.row(tx.actor(), &office.ids, office.clock.now(), place, &entry)?;
    steward_store::audit::insert(tx, &row).await
}

/// Writes an entry with personal details of somebody. They are sealed: whoever is to be forgotten is, and the log stays as it was signed.
/// Gives the entry's id, by which [`personal::opened`] finds the details again.
pub async fn record_about(
    tx: &mut Tx,
    office: &crate::Office,
    mut entry: Entry<'_>,
    subject: Subject,
    details: &serde_json::Value,
) -> Result<AuditId, StoreError> {
    entry.request_id = entry.request_id.or_else(|| office.request_id.clone());
    let (audit_id, now) = (office.ids.make(), office.clock.now());
    let sealed = office.personal.seal(tx, subject, now, audit_id, details).await?;
    let place = tx.audit_place(&office.audit.lanes);
    let row = Writer::row_with(tx.actor(), audit_id, now, place, &entry, sealed.as_deref().map(Digest::of))?;
    steward_store::audit::insert(tx, &row).await?;
    if let Some(sealed) = sealed {
        steward_store::audit_personal::insert(tx, audit_id, &subject.to_string(), &sealed).await?;
    }
    Ok(audit_id)
}
