//! Runs that wait because a budget has no room: what they need, and what people said.

pub(crate) mod allow;
pub(crate) mod break_glass;
pub(crate) mod list;
pub(crate) mod refuse;
pub(crate) mod review;
pub(crate) mod show;

use crate::error::ApiError;
use serde::{Deserialize, Serialize};
use steward_core::{BudgetHoldId, NoRoom, PersonId, RunId, WorkspaceId};
use steward_office::OfficeError;
use steward_store::budget_hold::BudgetHoldRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A run that waits for room in a budget. Amounts are millionths of a US dollar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BudgetHoldView {
    #[schema(value_type = String, example = "bhold_01k4…")]
    budget_hold_id: BudgetHoldId,
    /// held, allowed, refused, expired, cancelled.
    state: String,
    #[schema(value_type = String)]
    run_id: RunId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// Whom the agent acts for.
    #[schema(value_type = String)]
    person_id: PersonId,
    agent: String,
    /// Before which step it waits.
    step: u32,
    /// What the next answer may cost: the least that lets the run go on.
    need_micros: i64,
    /// What the run had cost by then.
    cost_micros: i64,
    /// Which limit has no room.
    why: String,
    /// The same as a code: budget, run (what the run itself may cost), run_over (the time for which a person let it cost more is over); null for
    /// other words.
    #[schema(value_type = Option<String>, example = "budget")]
    limit: Option<NoRoom>,
    /// By how much the run may go on.
    allowed_micros: Option<i64>,
    /// Until when, if not for as long as it lasts.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    allowed_until: Option<OffsetDateTime>,
    /// Whether somebody without the role for it let the run go on.
    broke_glass: bool,
    #[schema(value_type = Option<String>)]
    decided_by: Option<PersonId>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<OffsetDateTime>,
    reason: Option<String>,
    /// What a review of a broken glass found: justified, not_justified; absent until there was one.
    review: Option<String>,
    #[schema(value_type = Option<String>)]
    reviewed_by: Option<PersonId>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    reviewed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    held_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

impl From<BudgetHoldRow> for BudgetHoldView {
    fn from(row: BudgetHoldRow) -> Self {
        Self {
            budget_hold_id: row.budget_hold_id,
            state: row.state,
            run_id: row.run,
            workspace_id: row.workspace,
            person_id: row.person,
            agent: row.agent,
            step: row.step,
            need_micros: row.need.0,
            cost_micros: row.cost.0,
            limit: NoRoom::of_words(&row.why),
            why: row.why,
            allowed_micros: row.allowed.map(|amount| amount.0),
            allowed_until: row.allowed_until,
            broke_glass: row.broke_glass,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            reason: row.reason,
            review: row.review,
            reviewed_by: row.reviewed_by,
            reviewed_at: row.reviewed_at,
            held_at: row.held_at,
            expires_at: row.expires_at,
        }
    }
}

/// By how much a run may go on, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowance {
    /// Millionths of a US dollar beyond what the run has cost; at least `need_micros`.
    #[schema(minimum = 1)]
    amount_micros: i64,
    /// In words.
    #[serde(default)]
    reason: String,
}

/// What is wrong with an amount or a reason is wrong with one of two fields.
fn about(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) if message.starts_with("the next answer") => ApiError::field("/amount_micros", message),
        OfficeError::Invalid(message) => ApiError::field("/reason", message),
        other => other.into(),
    }
}
