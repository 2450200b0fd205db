//! The journal of runs: events appended in numbered order, read back whole or from a number on.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::event::Recorded;
use steward_core::{Event, RunId, WorkspaceId};
use time::OffsetDateTime;

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
        bodies.push(serde_json::to_string(&recorded.event).map_err(|_| StoreError::Corrupt { what: "run_event.body" })?);
    }
    sqlx::query!(
        "insert into run_event (tenant_id, run_id, workspace_id, seq, at, body)
         select $1, $2, $3, seq, at, body from unnest($4::int[], $5::timestamptz[], $6::text[]) as new (seq, at, body)",
        tenant,
        run.uuid(),
        workspace.uuid(),
        &seqs,
        &times,
        &bodies,
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
            Ok(Recorded { seq: u32::try_from(row.seq).map_err(|_| StoreError::Corrupt { what: "run_event.seq" })?, at_ms, event })
        })
        .collect()
}
