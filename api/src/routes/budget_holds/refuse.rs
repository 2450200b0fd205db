//! Does not let a run go on beyond its budgets: it stops and says why.

use super::{BudgetHoldView, about};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::BudgetHoldId;
use steward_office::budgets::holds;
use utoipa::ToSchema;

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    /// In words for whoever the agent acts for.
    #[serde(default)]
    reason: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Do not let a run go on beyond its budgets")
        .body::<Refusal>()
        .answers::<BudgetHoldView>("200", "The run stops and says why.")
        .refuses("409", "It is already decided, or its time is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<BudgetHoldId>, Json(refusal): Json<Refusal>) -> Answer {
    let mut tx = caller.begin().await?;
    holds::refuse(&mut tx, caller.office(), id, &refusal.reason).await.map_err(about)?;
    let now = BudgetHoldView::from(holds::get(&mut tx, caller.office(), id).await?);
    let answer = caller.commit(tx, StatusCode::OK, &now).await?;
    caller.state().live.wake();
    Ok(answer)
}
