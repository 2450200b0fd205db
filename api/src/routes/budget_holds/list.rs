//! Lists runs that wait for room in a budget.

use super::BudgetHoldView;
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_office::budgets::holds;
use utoipa::IntoParams;

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only these: held, allowed, refused, expired, cancelled.
    state: Option<String>,
    /// Only those for which the glass was broken and that nobody has reviewed.
    #[serde(default)]
    unreviewed: bool,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The states there are.
const STATES: [&str; 5] = ["held", "allowed", "refused", "expired", "cancelled"];

pub(crate) fn doc() -> Doc {
    Doc::new("List runs that wait for room in a budget").query::<Wanted>().answers_page::<BudgetHoldView>("Waiting runs, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    if wanted.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::field("state", format!("give one of {}", STATES.join(", "))));
    }
    let mut tx = caller.begin().await?;
    let rows = holds::list(&mut tx, caller.office(), wanted.state.as_deref(), wanted.unreviewed, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.budget_hold_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, BudgetHoldView::from))
}
