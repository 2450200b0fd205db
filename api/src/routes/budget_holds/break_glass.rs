//! Lets a run go on without being the one to decide: by little, for a short time, loud in the log, and reviewed.

use super::{Allowance, BudgetHoldView, about};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::{BudgetHoldId, Micros};
use steward_office::budgets::holds;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Break the glass: let a run go on without being the one to decide")
        .about("For emergencies. Needs the password given within four hours (`POST /api/v1/session/prove`) and a reason; bounded in amount and time; somebody else reviews it.")
        .body::<Allowance>()
        .answers::<BudgetHoldView>("200", "The run goes on, and the override waits for its review.")
        .refuses("409", "It is already decided, or its time is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<BudgetHoldId>, Json(amount): Json<Allowance>) -> Answer {
    let mut tx = caller.begin().await?;
    // What is not there is missing, whoever proved what.
    holds::get(&mut tx, caller.office(), id).await?;
    let proven = people::proven(&mut tx, caller.office()).await?;
    holds::break_glass(&mut tx, caller.office(), id, Micros(amount.amount_micros), &amount.reason, proven).await.map_err(about)?;
    let now = BudgetHoldView::from(holds::get(&mut tx, caller.office(), id).await?);
    let answer = caller.commit(tx, StatusCode::OK, &now).await?;
    caller.state().live.wake();
    Ok(answer)
}
