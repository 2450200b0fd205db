//! Lists the API tokens of a person.

use crate::auth::{Answer, Caller, json};
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use crate::routes::tokens::TokenView;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_core::PersonId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("List the API tokens of a person").query::<PageQuery>().answers_page::<TokenView>("Tokens, revoked ones included, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>, Query(query): Query<PageQuery>) -> Answer {
    let mut tx = caller.begin().await?;
    people::describe(&mut tx, caller.office(), id).await?;
    let (rows, next) = people::list_tokens(&mut tx, id, &query.page()?).await?;
    json(StatusCode::OK, &PageOf::new(rows, next, TokenView::from))
}
