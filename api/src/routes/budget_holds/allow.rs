//! Lets a run go on beyond its budgets, by an amount.

use super::{Allowance, BudgetHoldView, about};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::{BudgetHoldId, Micros};
use steward_office::budgets::holds;

pub(crate) fn doc() -> Doc {
    Doc::new("Let a run go on beyond its budgets, by an amount")
        .body::<Allowance>()
        .answers::<BudgetHoldView>("200", "The run goes on.")
        .refuses("409", "It is already decided, or its time is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<BudgetHoldId>, Json(amount): Json<Allowance>) -> Answer {
    let mut tx = caller.begin().await?;
    holds::allow(&mut tx, caller.office(), id, Micros(amount.amount_micros), &amount.reason).await.map_err(about)?;
    let now = BudgetHoldView::from(holds::get(&mut tx, caller.office(), id).await?);
    let answer = caller.commit(tx, StatusCode::OK, &now).await?;
    caller.state().live.wake();
    Ok(answer)
}
