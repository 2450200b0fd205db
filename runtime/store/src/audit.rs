//! The audit log's rows: inserted, listed, never changed.

use crate::audit_log;
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{AuditId, Digest, PersonId, RunId};
use time::OffsetDateTime;
use uuid::Uuid;

/// One entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub audit_id: AuditId,
    /// The lane of a process that wrote it.
    pub writer_id: Uuid,
    /// Its place among that lane's entries, from 1 without gaps.
    pub writer_seq: i64,
    /// When.
    pub at: OffsetDateTime,
    /// In what capacity: person, token, agent, worker.
    pub actor_kind: String,
    /// The person, if any.
    pub person: Option<PersonId>,
    /// What was done, for example `hold.approve`.
    pub action: String,
    /// To what, for example a hold's id.
    pub object: String,
    /// How it went: done, refused, attempted.
    pub outcome: String,
    /// The HTTP request, if any.
    pub request_id: Option<String>,
    /// The exact bytes the leaf is made of.
    pub canon: Vec<u8>,
    /// SHA-256 of a zero byte and `canon`.
    pub leaf: Digest,
    /// A detail too long for the entry, which names it by this digest. Written, never read back with the row.
    pub large: Option<(Digest, Vec<u8>)>,
}

/// Writes one entry.
pub async fn insert(tx: &mut Tx, row: &AuditRow) -> Result<(), StoreError> {
    if let Some((digest, body)) = &row.large {
        audit_log::keep_object(tx, *digest, body).await?;
    }
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, person_id, action, object, outcome, request_id, canon, leaf)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        row.audit_id.uuid(),
        row.writer_id,
        row.writer_seq,
        row.at,
        row.actor_kind,
        row.person.map(PersonId::uuid),
        row.action,
        row.object,
        row.outcome,
        row.request_id,
        row.canon,
        row.leaf.bytes().as_slice(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which entries; none of it means all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditFilter<'a> {
    /// Only this action, or those that begin with what stands before a `*` at its end.
    pub action: Option<&'a str>,
    /// Only what this person did.
    pub person: Option<PersonId>,
    /// Only what was done to this run and in it.
    pub run: Option<RunId>,
    /// Not before.
    pub from: Option<OffsetDateTime>,
    /// Before.
    pub to: Option<OffsetDateTime>,
}

// An entry is about a run when its object is the run or begins with the run and a slash: all of these stand between the run and the run with
// the letter after the slash, in the order of the index.

/// Ids grow with time, and so does a run's log: entries of before this long ahead of the run are not looked at, whatever the clocks said.
const CLOCKS_APART_MS: u128 = 24 * 60 * 60 * 1_000;
/// Bits of an id below its milliseconds.
const CHANCE_BITS: u32 = 80;

/// The smallest id that an entry about a run can have.
fn first_of(run: RunId) -> Uuid {
    let ms = run.uuid().as_u128() >> CHANCE_BITS;
    Uuid::from_u128(ms.saturating_sub(CLOCKS_APART_MS) << CHANCE_BITS)
}

struct Stored {
    audit_id: Uuid,
    writer_id: Uuid,
    writer_seq: i64,
    at: OffsetDateTime,
    actor_kind: String,
    person_id: Option<Uuid>,
    action: String,
    object: String,
    outcome: String,
    request_id: Option<String>,
    canon: Vec<u8>,
    leaf: Vec<u8>,
}

impl TryFrom<Stored> for AuditRow {
    type Error = StoreError;
    fn try_from(row: Stored) -> Result<Self, StoreError> {
        Ok(Self {
            audit_id: AuditId::from_uuid(row.audit_id),
            writer_id: row.writer_id,
            writer_seq: row.writer_seq,
            at: row.at,
            actor_kind: row.actor_kind,
            person: row.person_id.map(PersonId::from_uuid),
            action: row.action,
            object: row.object,
            outcome: row.outcome,
            request_id: row.request_id,
            canon: row.canon,
            leaf: Digest::from_bytes(row.leaf.try_into().map_err(|_| StoreError::Corrupt { what: "audit_event.leaf" })?),
            large: None,
        })
    }
}

/// Entries, oldest first.
pub async fn list(tx: &mut Tx, page: &Page, filter: AuditFilter<'_>) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select audit_id, writer_id, writer_seq, at, actor_kind, person_id, action, object, outcome, request_id, canon, leaf
           from audit_event
          where ($1::uuid is null or audit_id > $1) and ($2::text is null or action = $2 or (right($2, 1) = '*' and starts_with(action, left($2, -1))))
            and ($3::text is null or (object collate "C" >= $3 and object collate "C" < $3 || '0' and (object = $3 or starts_with(object, $3 || '/'))))
            and ($4::uuid is null or audit_id >= $4) and ($6::timestamptz is null or at >= $6) and ($7::timestamptz is null or at < $7) and ($8::uuid is null or person_id = $8)
          order by audit_id limit $5"#,
        page.after_uuid(),
        filter.action,
        filter.run.map(|run| run.to_string()),
        filter.run.map(first_of),
        page.fetch(),
        filter.from,
        filter.to,
        filter.person.map(PersonId::uuid),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(AuditRow::try_from).collect()
}

/// Entries, newest first; the page after one holds what is older.
pub async fn list_newest(tx: &mut Tx, page: &Page, filter: AuditFilter<'_>) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select audit_id, writer_id, writer_seq, at, actor_kind, person_id, action, object, outcome, request_id, canon, leaf
           from audit_event
          where ($1::uuid is null or audit_id < $1) and ($2::text is null or action = $2 or (right($2, 1) = '*' and starts_with(action, left($2, -1))))
            and ($3::text is null or (object collate "C" >= $3 and object collate "C" < $3 || '0' and (object = $3 or starts_with(object, $3 || '/'))))
            and ($4::uuid is null or audit_id >= $4) and ($6::timestamptz is null or at >= $6) and ($7::timestamptz is null or at < $7) and ($8::uuid is null or person_id = $8)
          order by audit_id desc limit $5"#,
        page.after_uuid(),
        filter.action,
        filter.run.map(|run| run.to_string()),
        filter.run.map(first_of),
        page.fetch(),
        filter.from,
        filter.to,
        filter.person.map(PersonId::uuid),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(AuditRow::try_from).collect()
}

/// One entry.
pub async fn find(tx: &mut Tx, id: AuditId) -> Result<Option<AuditRow>, StoreError> {
    let row = sqlx::query_as!(
        Stored,
        "select audit_id, writer_id, writer_seq, at, actor_kind, person_id, action, object, outcome, request_id, canon, leaf
           from audit_event where audit_id = $1",
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(AuditRow::try_from).transpose()
}

/// The exact bytes of the entries of one action about these objects, in no order. Reads the whole log: for checks, not for requests.
pub async fn of_objects(tx: &mut Tx, action: &str, objects: &[String]) -> Result<Vec<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar!("select canon from audit_event where action = $1 and object = any ($2)", action, objects).fetch_all(tx.conn()).await?)
}

/// Where an entry stands in the record: by its number in the tree, and after all that have one by its transaction. It only grows, whatever any
/// clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPlace {
    /// Its number; the largest there can be while it waits for one.
    tree_index: i64,
    /// The transaction that wrote it.
    written_xid: i64,
    /// Of two that one transaction wrote.
    audit_id: Uuid,
}

fn record_place(tree_index: Option<i64>, written_xid: i64, audit_id: Uuid) -> RecordPlace {
    RecordPlace { tree_index: tree_index.unwrap_or(i64::MAX), written_xid, audit_id }
}

/// The exact bytes of the entries of these actions about these objects, each with its place, in no order. Reads the whole log: for checks, not for
/// requests.
pub async fn placed_of(tx: &mut Tx, actions: &[String], objects: &[String]) -> Result<Vec<(RecordPlace, Vec<u8>)>, StoreError> {
    let rows = sqlx::query!(
        r#"select audit_event.audit_id, canon, written_xid, tree_index as "tree_index?"
             from audit_event left join audit_index using (tenant_id, audit_id)
            where action = any ($1) and object = any ($2)"#,
        actions,
        objects
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (record_place(row.tree_index, row.written_xid, row.audit_id), row.canon)).collect())
}

/// The exact bytes of the entries of an action about objects of one kind, which begin with this and an underscore, each with its place, in no order.
pub async fn placed_of_kind(tx: &mut Tx, action: &str, kind: &str) -> Result<Vec<(RecordPlace, Vec<u8>)>, StoreError> {
    // Behind the underscore comes the backquote: all objects of the kind stand between the two in the index.
    let rows = sqlx::query!(
        r#"select audit_event.audit_id, canon, written_xid, tree_index as "tree_index?"
             from audit_event left join audit_index using (tenant_id, audit_id)
            where object collate "C" >= $2::text || '_' and object collate "C" < $2::text || '`' and action = $1"#,
        action,
        kind
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (record_place(row.tree_index, row.written_xid, row.audit_id), row.canon)).collect())
}

/// The place of one entry; none where there is no such entry.
pub async fn place_of(tx: &mut Tx, audit: AuditId) -> Result<Option<RecordPlace>, StoreError> {
    let row = sqlx::query!(
        r#"select written_xid, tree_index as "tree_index?"
             from audit_event left join audit_index using (tenant_id, audit_id)
            where audit_event.audit_id = $1"#,
        audit.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| record_place(row.tree_index, row.written_xid, audit.uuid())))
}

/// What these actions were done to, each once, sorted. Reads the whole log: for checks, not for requests.
pub async fn objects_of(tx: &mut Tx, actions: &[String]) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!("select distinct object from audit_event where action = any ($1) order by object", actions).fetch_all(tx.conn()).await?)
}

/// The exact bytes of the newest entry of an action about an object.
pub async fn newest_of(tx: &mut Tx, action: &str, object: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let found =
        sqlx::query_scalar!(r#"select canon from audit_event where object collate "C" = $2 and action = $1 order by audit_id desc limit 1"#, action, object);
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Waits until nobody else does what this names for the organisation, and keeps others from it until the transaction ends. What the one before
/// wrote is seen by the statements after this one.
pub async fn alone(tx: &mut Tx, what: &str) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('steward once ' || $1::text || ' ' || $2::uuid::text, 0))", what, tenant)
        .execute(tx.conn())
        .await?;
    Ok(())
}
