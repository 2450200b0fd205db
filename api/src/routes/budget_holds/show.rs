//! Shows a run that waits for room in a budget.

use super::BudgetHoldView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::BudgetHoldId;
use steward_office::budgets::holds;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a run that waits for room in a budget").answers::<BudgetHoldView>("200", "What it needs, and what was said.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<BudgetHoldId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &BudgetHoldView::from(holds::get(&mut tx, caller.office(), id).await?))
}
