//! The journal of runs: events appended in numbered order, read back whole or from a number on.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::event::Recorded;
use steward_core::{Event, RunId, WorkspaceId};
use time::OffsetDateTime;

/// The text of an event, which every event has.
pub(crate) fn body(recorded: &Recorded) -> Result<&str, StoreError> {
    Some(recorded.text()).filter(|text| !text.is_empty()).ok_or(StoreError::Corrupt { what: "run_event.body" })
}

/// Appends events. The primary key refuses a number that exists.
pub async fn append(tx: &mut Tx, run: RunId, workspace: WorkspaceId, events: &[Recorded]) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let mut seqs = Vec::with_capacity(events.len());
    let mut times = Vec::with_capacity(events.len());
    let mut bodies = Vec::with_capacity(events.len());
    for recorded in events {
        seqs.push(i32::try_from(recorded.seq).map_err(|_| StoreError::Corrupt { what: "run_event.seq" })?);
        times
            .push(OffsetDateTime::from_unix_timestamp_nanos(i128::from(recorded.at_ms) * 1_000_000).map_err(|_| StoreError::Corrupt { what: "run_event.at" })?);
        bodies.push(body(recorded)?);
    }
    sqlx::query!(
        "insert into run_event (tenant_id, run_id, workspace_id, seq, at, body)
         select $1, $2, $3, seq, at, body from unnest($4::int[], $5::timestamptz[], $6::text[]) as new (seq, at, body)",
        tenant,
        run.uuid(),
        workspace.uuid(),
        &seqs,
        &times,
        &bodies as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Events after a number, in order, at most `most`.
pub async fn read(tx: &mut Tx, run: RunId, after: u32, most: i64) -> Result<Vec<Recorded>, StoreError> {
    let after = i32::try_from(after).unwrap_or(i32::MAX);
    let rows = sqlx::query!("select seq, at, body from run_event where run_id = $1 and seq > $2 order by seq limit $3", run.uuid(), after, most)
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter()
        .map(|row| {
            let event: Event = serde_json::from_str(&row.body).map_err(|_| StoreError::Corrupt { what: "run_event.body" })?;
            let at_ms = i64::try_from(row.at.unix_timestamp_nanos() / 1_000_000).map_err(|_| StoreError::Corrupt { what: "run_event.at" })?;
            Ok(Recorded::new(u32::try_from(row.seq).map_err(|_| StoreError::Corrupt { what: "run_event.seq" })?, at_ms, event))
        })
        .collect()
}

/// What each of these runs replied, if that stands among its last events, of which at most so many are looked at; in no order.
pub async fn replies(tx: &mut Tx, runs: &[RunId], last: i32) -> Result<Vec<(RunId, Event)>, StoreError> {
    let runs: Vec<uuid::Uuid> = runs.iter().map(|run| run.uuid()).collect();
    // Events beside a reply may carry whole results, and are left where they are. What a text says has its quotes escaped.
    let rows = sqlx::query!(
        r#"select run_event.run_id, body from run join run_event on run_event.tenant_id = run.tenant_id and run_event.run_id = run.run_id and seq > last_seq - $2
          where run.run_id = any($1) and body like '%"kind":"replied"%'"#,
        &runs,
        last,
    )
    .fetch_all(tx.conn())
    .await?;
    let read = |body: &str| -> Result<Event, StoreError> { serde_json::from_str(body).map_err(|_| StoreError::Corrupt { what: "run_event.body" }) };
    rows.into_iter().map(|row| Ok((RunId::from_uuid(row.run_id), read(&row.body)?))).collect()
}

/// An event exactly as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Whose.
    pub run: RunId,
    /// Its number.
    pub seq: u32,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// Its JSON text.
    pub body: String,
}

/// Events as they are stored, by run and number, in no order.
pub async fn stored(tx: &mut Tx, wanted: &[(RunId, u32)]) -> Result<Vec<Stored>, StoreError> {
    let runs: Vec<uuid::Uuid> = wanted.iter().map(|(run, _)| run.uuid()).collect();
    let seqs: Vec<i32> = wanted.iter().map(|(_, seq)| i32::try_from(*seq).unwrap_or(i32::MAX)).collect();
    let rows = sqlx::query!(
        "select run_event.run_id, run_event.seq, at, body from run_event join unnest($1::uuid[], $2::int[]) as wanted (run_id, seq) using (run_id, seq)",
        &runs,
        &seqs,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let at_ms = i64::try_from(row.at.unix_timestamp_nanos() / 1_000_000).map_err(|_| StoreError::Corrupt { what: "run_event.at" })?;
            let seq = u32::try_from(row.seq).map_err(|_| StoreError::Corrupt { what: "run_event.seq" })?;
            Ok(Stored { run: RunId::from_uuid(row.run_id), seq, at_ms, body: row.body })
        })
        .collect()
}
