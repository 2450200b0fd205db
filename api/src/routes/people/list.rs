//! Lists the people of the organisation.

use super::PersonView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("List people and their roles").query::<PageQuery>().answers_page::<PersonView>("People, in the order they came.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<PageQuery>) -> Answer {
    let mut tx = caller.begin().await?;
    let (rows, next) = people::list(&mut tx, caller.office(), &query.page()?).await?;
    json(StatusCode::OK, &PageOf::new(rows, next, PersonView::from))
}
