//! Budgets and reservations. What may be spent is set aside before it is spent, in one statement that cannot overshoot.

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

/// Sets an amount aside in every budget that applies. False when one of them has no room: the caller rolls back.
///
/// A window that is over starts anew in the same statement. Rows are locked in a fixed order, so two runs never wait on each other in a ring.
pub async fn reserve(
    tx: &mut Tx,
    id: ReservationId,
    run: RunId,
    scopes: &[(&str, String)],
    amount: Micros,
    at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let (kinds, names): (Vec<String>, Vec<String>) = scopes.iter().map(|(kind, name)| ((*kind).to_owned(), name.clone())).unzip();
    let row = sqlx::query!(
        r#"with applicable as (
             select budget.budget_id,
                    case period when 'day' then date_trunc('day', $4::timestamptz at time zone 'UTC') at time zone 'UTC'
                                when 'month' then date_trunc('month', $4::timestamptz at time zone 'UTC') at time zone 'UTC'
                                else window_start end as current_start
               from budget join unnest($1::text[], $2::text[]) as wanted (scope, scope_id) using (scope, scope_id)
              order by budget.budget_id for update of budget),
           taken as (
             update budget set
                spent_micros = case when budget.window_start < applicable.current_start then 0 else budget.spent_micros end,
                window_start = greatest(budget.window_start, applicable.current_start),
                reserved_micros = budget.reserved_micros + $3
               from applicable
              where budget.budget_id = applicable.budget_id
                and (case when budget.window_start < applicable.current_start then 0 else budget.spent_micros end) + budget.reserved_micros + $3 <= budget.cap_micros
             returning budget.budget_id)
           select (select count(*) from applicable) as "applicable!", (select count(*) from taken) as "taken!",
                  (select coalesce(array_agg(budget_id), '{}') from taken) as "budgets!""#,
        &kinds,
        &names,
        amount.0,
        at,
    )
    .fetch_one(tx.conn())
    .await?;
    if row.applicable != row.taken {
        return Ok(false);
    }
    sqlx::query!(
        "insert into reservation (tenant_id, reservation_id, run_id, amount_micros, state, budgets, created_at, expires_at) values ($1, $2, $3, $4, 'open', $5, $6, $7)",
        tenant,
        id.uuid(),
        run.uuid(),
        amount.0,
        &row.budgets,
        at,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Settles all that a run has set aside: what it cost so far and was not charged yet is spent, the rest is free again.
///
/// Safe to call at any time and again: it charges the difference to what was charged before.
pub async fn settle_run(tx: &mut Tx, run: RunId, cost_so_far: Micros, state: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "with open as (
           select reservation_id, amount_micros, budgets from reservation where run_id = $1 and state = 'open' order by reservation_id for update),
         charged as (select coalesce(sum(spent_micros), 0)::bigint as already from reservation where run_id = $1 and state <> 'open'),
         due as (select greatest($2 - already, 0) as amount from charged),
         first as (select reservation_id, budgets from open order by reservation_id limit 1),
         free as (
           select one.budget_id, sum(open.amount_micros)::bigint as amount from open, unnest(open.budgets) as one (budget_id) group by one.budget_id),
         moved as (
           update budget set reserved_micros = greatest(budget.reserved_micros - free.amount, 0),
                             spent_micros = budget.spent_micros + case when budget.budget_id = any (first.budgets) then due.amount else 0 end
             from free, first, due where budget.budget_id = free.budget_id)
         update reservation set state = $3,
                spent_micros = case when reservation.reservation_id = (select reservation_id from first) then (select amount from due) else 0 end
           from open where reservation.reservation_id = open.reservation_id",
        run.uuid(),
        cost_so_far.0,
        state,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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
