//! Lists budgets.

use super::BudgetView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_office::budgets;

pub(crate) fn doc() -> Doc {
    Doc::new("List budgets").answers_page::<BudgetView>("All budgets, by scope.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let rows = budgets::list(&mut tx).await?;
    json(StatusCode::OK, &PageOf::new(rows, None, BudgetView::from))
}
