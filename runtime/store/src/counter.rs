//! Counters of the rules: read before a decision, and compared and moved in the commit that writes it.

use crate::error::StoreError;
use crate::tx::{Store, workspaces};
use serde::Serialize;
use steward_core::{Actor, CallId, RunId};
use time::OffsetDateTime;

/// A counter to be read: what it counts, what counts together, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is counted.
    pub counter: String,
    /// What counts together.
    pub part: String,
    /// Since when.
    pub since: OffsetDateTime,
}

/// A counter as it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stood {
    /// The number.
    pub amount: i64,
    /// How often the counter had moved.
    pub version: i64,
}

/// A decision was made on this counter as it stood then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CounterCheck {
    /// What is counted.
    pub counter: String,
    /// What counts together.
    pub part: String,
    /// How often it had moved.
    pub version: i64,
}

/// What an allowed call adds to a counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CounterAdd {
    /// What is counted.
    pub counter: String,
    /// What counts together.
    pub part: String,
    /// The call.
    pub call_id: CallId,
    /// How much.
    pub amount: i64,
}

impl Store {
    /// The counters as they stand, without this call, in one round trip.
    pub async fn count_now(&self, actor: &Actor, wanted: &[Wanted], run: RunId, call: CallId) -> Result<Vec<Stood>, StoreError> {
        let counters: Vec<String> = wanted.iter().map(|one| one.counter.clone()).collect();
        let parts: Vec<String> = wanted.iter().map(|one| one.part.clone()).collect();
        let since: Vec<OffsetDateTime> = wanted.iter().map(|one| one.since).collect();
        let mut line = self.lines.take().await?;
        let rows = sqlx::query!(
            r#"select amount as "amount!", version as "version!" from count_now($1, $2, $3, $4, $5, $6, $7)"#,
            actor.tenant.uuid(),
            workspaces(actor),
            &counters,
            &parts,
            &since,
            run.uuid(),
            call.to_string(),
        )
        .fetch_all(&mut line.conn)
        .await;
        let rows = line.done(rows)?;
        Ok(rows.into_iter().map(|row| Stood { amount: row.amount, version: row.version }).collect())
    }
}
