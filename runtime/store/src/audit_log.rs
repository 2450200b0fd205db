//! The audit log as a tree: places given to committed entries, and what was signed about them. Nothing here hashes or signs.

use crate::audit::AuditRow;
use crate::error::StoreError;
use crate::tx::Tx;
use futures_util::TryStreamExt as _;
use steward_core::{AuditId, Digest, PersonId};
use time::OffsetDateTime;

/// What was signed about a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// How many entries.
    pub tree_size: u64,
    /// Their root.
    pub root: Digest,
    /// The signed note.
    pub note: String,
    /// Entries of transactions older than this have their place.
    pub horizon: i64,
    /// When.
    pub signed_at: OffsetDateTime,
}

/// A place in the tree with the entry that stands there, if it does.
#[derive(Debug)]
pub struct Placed {
    /// The place.
    pub tree_index: u64,
    /// Which entry.
    pub audit_id: AuditId,
    /// Its hash when it got its place.
    pub leaf: Digest,
    /// The entry now.
    pub entry: Option<AuditRow>,
}

fn digest(bytes: Vec<u8>, what: &'static str) -> Result<Digest, StoreError> {
    bytes.try_into().map(Digest::from_bytes).map_err(|_| StoreError::Corrupt { what })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64, what: &'static str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Corrupt { what })
}

/// Whether nobody else orders this organisation's entries until the transaction ends.
pub async fn lock(tx: &mut Tx) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let got = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('steward audit log ' || $1::uuid::text, 0)) as "got!""#, tenant)
        .fetch_one(tx.conn())
        .await?;
    Ok(got)
}

/// Signed statements about trees larger than `after`, smallest first.
pub async fn checkpoints(tx: &mut Tx, after: u64, most: i64) -> Result<Vec<CheckpointRow>, StoreError> {
    let rows = sqlx::query!(
        "select tree_size, root, note, horizon, signed_at from audit_checkpoint where tree_size > $1 order by tree_size limit $2",
        signed(after),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| checkpoint((row.tree_size, row.root, row.note, row.horizon, row.signed_at))).collect()
}

/// Signed statements about trees smaller than `before`, largest first.
pub async fn newest_checkpoints(tx: &mut Tx, before: u64, most: i64) -> Result<Vec<CheckpointRow>, StoreError> {
    let rows = sqlx::query!(
        "select tree_size, root, note, horizon, signed_at from audit_checkpoint where tree_size < $1 order by tree_size desc limit $2",
        signed(before),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| checkpoint((row.tree_size, row.root, row.note, row.horizon, row.signed_at))).collect()
}

/// The signed statement about a tree of this size.
pub async fn checkpoint_of(tx: &mut Tx, size: u64) -> Result<Option<CheckpointRow>, StoreError> {
    let row = sqlx::query!("select tree_size, root, note, horizon, signed_at from audit_checkpoint where tree_size = $1", signed(size))
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| checkpoint((row.tree_size, row.root, row.note, row.horizon, row.signed_at))).transpose()
}

/// The signed statement about the largest tree.
pub async fn latest(tx: &mut Tx) -> Result<Option<CheckpointRow>, StoreError> {
    let row = sqlx::query!("select tree_size, root, note, horizon, signed_at from audit_checkpoint order by tree_size desc limit 1")
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| checkpoint((row.tree_size, row.root, row.note, row.horizon, row.signed_at))).transpose()
}

fn checkpoint((size, root, note, horizon, signed_at): (i64, Vec<u8>, String, i64, OffsetDateTime)) -> Result<CheckpointRow, StoreError> {
    let what = "audit_checkpoint";
    Ok(CheckpointRow { tree_size: unsigned(size, what)?, root: digest(root, what)?, note, horizon, signed_at })
}

/// Writes down a signed statement.
pub async fn insert_checkpoint(tx: &mut Tx, row: &CheckpointRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into audit_checkpoint (tenant_id, tree_size, root, note, horizon, signed_at) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        signed(row.tree_size),
        row.root.bytes().as_slice(),
        row.note,
        row.horizon,
        row.signed_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An entry that has no place yet.
#[derive(Debug)]
pub struct Fresh {
    /// Which.
    pub audit_id: AuditId,
    /// Its hash.
    pub leaf: Digest,
    /// Its exact bytes.
    pub canon: Vec<u8>,
}

/// What [`fresh`] found.
#[derive(Debug)]
pub struct Found {
    /// Entries in the order of their places; none when they are more than was asked for.
    pub entries: Option<Vec<Fresh>>,
    /// Entries of transactions older than this are among them or have their place.
    pub horizon: i64,
    /// Where the search began; for [`place_all`].
    pub from: i64,
}

/// Committed entries that have no place, in the order in which they get one, if they are no more than `most` with at most `bytes` together.
/// They are all that one snapshot shows: whoever sees a writer's entry sees the ones before it, so a tree of all of them has no gap.
pub async fn fresh(tx: &mut Tx, horizon: i64, most: usize, bytes: usize) -> Result<Found, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    // Taken before the entries are looked at, so that none can slip in between.
    let now = sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "xmin!""#).fetch_one(tx.conn()).await?;
    // A restored database counts its transactions anew: then everything is looked at.
    let from = if now < horizon { 0 } else { horizon };
    let mut rows = sqlx::query!(
        "select audit_id, leaf, canon, written_xid from audit_event
          where tenant_id = $1 and written_xid >= $2
            and not exists (select from audit_index where audit_index.tenant_id = $1 and audit_index.audit_id = audit_event.audit_id)
          limit $3",
        tenant,
        from,
        i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)
    )
    .fetch(tx.conn());
    let (mut entries, mut taken) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        taken += row.canon.len();
        if entries.len() == most || taken > bytes {
            return Ok(Found { entries: None, horizon: now, from });
        }
        let fresh = Fresh { audit_id: AuditId::from_uuid(row.audit_id), leaf: digest(row.leaf, "audit_event.leaf")?, canon: row.canon };
        entries.push((row.written_xid, fresh));
    }
    // All of them are here: ordered in the database, their bytes would go through a file on its disk.
    entries.sort_unstable_by_key(|(written, entry)| (*written, entry.audit_id.uuid()));
    Ok(Found { entries: Some(entries.into_iter().map(|(_, entry)| entry).collect()), horizon: now, from })
}

/// Gives these entries the places after the first `size`, in this order.
pub async fn place(tx: &mut Tx, size: u64, entries: &[Fresh]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let ids: Vec<_> = entries.iter().map(|entry| entry.audit_id.uuid()).collect();
    let leaves: Vec<&[u8]> = entries.iter().map(|entry| entry.leaf.bytes().as_slice()).collect();
    sqlx::query!(
        "insert into audit_index (tenant_id, tree_index, audit_id, leaf)
         select $1, $2 + place - 1, audit_id, leaf from unnest($3::uuid[], $4::bytea[]) with ordinality as new (audit_id, leaf, place)",
        tenant,
        signed(size),
        &ids,
        &leaves as &[&[u8]]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives every committed entry of transactions from `from` on that has none a place after the first `size`, however many there are. Returns how
/// many. As [`fresh`] and [`place`] do, without the entries ever leaving the database.
pub async fn place_all(tx: &mut Tx, size: u64, from: i64) -> Result<u64, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let done = sqlx::query!(
        "insert into audit_index (tenant_id, tree_index, audit_id, leaf)
         select $1, $2 + row_number() over (order by written_xid, audit_id) - 1, audit_id, leaf
           from audit_event
          where tenant_id = $1 and written_xid >= $3
            and not exists (select from audit_index where audit_index.tenant_id = $1 and audit_index.audit_id = audit_event.audit_id)",
        tenant,
        signed(size),
        from
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Hashes by place, from one on.
pub async fn leaves(tx: &mut Tx, from: u64, most: i64) -> Result<Vec<Digest>, StoreError> {
    let rows = sqlx::query_scalar!("select leaf from audit_index where tree_index >= $1 order by tree_index limit $2", signed(from), most)
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter().map(|leaf| digest(leaf, "audit_index.leaf")).collect()
}

/// Exact bytes by place with their hashes, from one on. No bytes where the entry is gone.
pub async fn entries(tx: &mut Tx, from: u64, most: i64) -> Result<Vec<(u64, Option<Vec<u8>>, Digest)>, StoreError> {
    let rows = sqlx::query!(
        r#"select tree_index, audit_event.canon as "canon?", audit_index.leaf
             from audit_index left join audit_event using (tenant_id, audit_id)
            where tree_index >= $1 order by tree_index limit $2"#,
        signed(from),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok((unsigned(row.tree_index, "audit_index.tree_index")?, row.canon, digest(row.leaf, "audit_index.leaf")?))).collect()
}

/// Places and the rows that stand there, from one on.
pub async fn placed(tx: &mut Tx, from: u64, most: i64) -> Result<Vec<Placed>, StoreError> {
    let rows = sqlx::query!(
        r#"select tree_index, audit_index.audit_id, audit_index.leaf as place_leaf, writer_id as "writer_id?", writer_seq as "writer_seq?", at as "at?",
                  actor_kind as "actor_kind?", person_id as "person_id?", action as "action?", object as "object?", outcome as "outcome?",
                  request_id as "request_id?", canon as "canon?", audit_event.leaf as "leaf?"
             from audit_index left join audit_event using (tenant_id, audit_id)
            where tree_index >= $1 order by tree_index limit $2"#,
        signed(from),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let audit_id = AuditId::from_uuid(row.audit_id);
            let entry = match (row.writer_id, row.writer_seq, row.at, row.actor_kind, row.action, row.object, row.outcome, row.canon, row.leaf) {
                (Some(writer_id), Some(writer_seq), Some(at), Some(actor_kind), Some(action), Some(object), Some(outcome), Some(canon), Some(leaf)) => {
                    let (person, leaf) = (row.person_id.map(PersonId::from_uuid), digest(leaf, "audit_event.leaf")?);
                    let request_id = row.request_id;
                    Some(AuditRow { audit_id, writer_id, writer_seq, at, actor_kind, person, action, object, outcome, request_id, canon, leaf, large: None })
                }
                _ => None,
            };
            let tree_index = unsigned(row.tree_index, "audit_index.tree_index")?;
            Ok(Placed { tree_index, audit_id, leaf: digest(row.place_leaf, "audit_index.leaf")?, entry })
        })
        .collect()
}

/// How many committed entries wait for their place.
pub async fn waiting(tx: &mut Tx) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from audit_event
            where not exists (select from audit_index where audit_index.tenant_id = audit_event.tenant_id and audit_index.audit_id = audit_event.audit_id)"#
    )
    .fetch_one(tx.conn())
    .await?;
    unsigned(count, "count")
}

/// Keeps a detail that is too long for its entry. The same bytes are kept once.
pub async fn keep_object(tx: &mut Tx, digest: Digest, body: &[u8]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!("insert into audit_object (tenant_id, digest, body) values ($1, $2, $3) on conflict do nothing", tenant, digest.bytes().as_slice(), body)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Of the details that are kept under these digests those that are there, and whether each has its digest still.
pub async fn kept_objects(tx: &mut Tx, digests: &[Digest]) -> Result<Vec<(Digest, bool)>, StoreError> {
    let wanted: Vec<&[u8]> = digests.iter().map(|digest| digest.bytes().as_slice()).collect();
    let rows = sqlx::query!(r#"select digest, sha256(body) = digest as "is_whole!" from audit_object where digest = any ($1)"#, &wanted as &[&[u8]])
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter().map(|row| Ok((digest(row.digest, "audit_object.digest")?, row.is_whole))).collect()
}
