//! Says of a broken glass whether it was justified.

use super::BudgetHoldView;
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::BudgetHoldId;
use steward_office::budgets::holds;
use utoipa::ToSchema;

/// What was found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    /// Whether it was justified.
    justified: bool,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Review a broken glass")
        .about("By somebody else than who broke it; once.")
        .body::<Finding>()
        .answers::<BudgetHoldView>("200", "It is reviewed.")
        .refuses("409", "There is nothing to review, or it is reviewed already.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<BudgetHoldId>, Json(finding): Json<Finding>) -> Answer {
    let mut tx = caller.begin().await?;
    holds::review(&mut tx, caller.office(), id, finding.justified).await?;
    let now = BudgetHoldView::from(holds::get(&mut tx, caller.office(), id).await?);
    caller.commit(tx, StatusCode::OK, &now).await
}
