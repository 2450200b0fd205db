//! Budgets. What may be spent is set aside before it is spent, by `Store::reserve`, in one statement that cannot overshoot.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{BudgetId, Micros, ReservationId, RunId};
use time::OffsetDateTime;

/// A budget as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetRow {
    /// Its id.
    pub budget_id: BudgetId,
    /// organisation, workspace, person, agent.
    pub scope: String,
    /// Which one: an id, or an agent's name.
    pub scope_id: String,
    /// day, month, total.
    pub period: String,
    /// The limit.
    pub cap: Micros,
    /// Spent in the current window.
    pub spent: Micros,
    /// Set aside now.
    pub reserved: Micros,
    /// When the window began.
    pub window_start: OffsetDateTime,
}

/// Makes a budget, or changes the limit of the one there is.
pub async fn put(tx: &mut Tx, id: BudgetId, scope: &str, scope_id: &str, period: &str, cap: Micros, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into budget (tenant_id, budget_id, scope, scope_id, period, cap_micros, window_start, created_at) values ($1, $2, $3, $4, $5, $6, $7, $7)
         on conflict (tenant_id, scope, scope_id, period) do update set cap_micros = excluded.cap_micros",
        tenant,
        id.uuid(),
        scope,
        scope_id,
        period,
        cap.0,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All budgets.
pub async fn list(tx: &mut Tx) -> Result<Vec<BudgetRow>, StoreError> {
    let rows = sqlx::query!(
        "select budget_id, scope, scope_id, period, cap_micros, spent_micros, reserved_micros, window_start from budget order by scope, scope_id, period"
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| BudgetRow {
            budget_id: BudgetId::from_uuid(row.budget_id),
            scope: row.scope,
            scope_id: row.scope_id,
            period: row.period,
            cap: Micros(row.cap_micros),
            spent: Micros(row.spent_micros),
            reserved: Micros(row.reserved_micros),
            window_start: row.window_start,
        })
        .collect())
}

/// The run a reservation belongs to, if it is still open.
pub async fn open_run(tx: &mut Tx, id: ReservationId) -> Result<Option<RunId>, StoreError> {
    let row = sqlx::query_scalar!("select run_id from reservation where reservation_id = $1 and state = 'open'", id.uuid()).fetch_optional(tx.conn()).await?;
    Ok(row.map(RunId::from_uuid))
}

/// Keeps a living run's reservations from expiring.
pub async fn extend(tx: &mut Tx, run: RunId, expires_at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update reservation set expires_at = $2 where run_id = $1 and state = 'open'", run.uuid(), expires_at).execute(tx.conn()).await?;
    Ok(())
}

/// Settles all that a run has set aside: what it cost so far and was not charged yet is spent, the rest is free again.
///
/// Safe to call at any time and again: it charges the difference to what was charged before.
pub async fn settle_run(tx: &mut Tx, run: RunId, cost_so_far: Micros, state: &str) -> Result<(), StoreError> {
    sqlx::query!("select settle_run($1, $2, $3)", run.uuid(), cost_so_far.0, state).execute(tx.conn()).await?;
    Ok(())
}
