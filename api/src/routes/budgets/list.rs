//! Lists budgets.

use super::BudgetView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use steward_office::budgets;

pub(crate) fn doc() -> Doc {
    Doc::new("List budgets").query::<KeyedQuery>().answers_page::<BudgetView>("Budgets, by scope.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let page = query.page::<(String, String, String)>()?;
    let mut tx = caller.begin().await?;
    let (rows, next) = page.cut(budgets::list(&mut tx).await?, |row| (row.scope.clone(), row.scope_id.clone(), row.period.clone()));
    json(StatusCode::OK, &PageOf::keyed(rows, next, BudgetView::from))
}
