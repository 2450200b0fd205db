//! Budgets: what agents may spend on models.

pub(crate) mod list;
pub(crate) mod put;

use serde::Serialize;
use steward_core::BudgetId;
use steward_store::budget::BudgetRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A budget with what is spent of it. Amounts are millionths of a US dollar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BudgetView {
    #[schema(value_type = String, example = "budget_01k4…")]
    budget_id: BudgetId,
    /// organisation, workspace, person, agent.
    scope: String,
    /// Which one: an id, or an agent's name.
    scope_id: String,
    /// day, month, total.
    period: String,
    cap_micros: i64,
    /// Spent since `window_start`.
    spent_micros: i64,
    /// Set aside for runs under way.
    reserved_micros: i64,
    /// When the current window began, as of the last run that fell under it.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    window_start: OffsetDateTime,
}

impl From<BudgetRow> for BudgetView {
    fn from(row: BudgetRow) -> Self {
        Self {
            budget_id: row.budget_id,
            scope: row.scope,
            scope_id: row.scope_id,
            period: row.period,
            cap_micros: row.cap.0,
            spent_micros: row.spent.0,
            reserved_micros: row.reserved.0,
            window_start: row.window_start,
        }
    }
}
