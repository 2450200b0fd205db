//! Lists one's own API tokens.

use super::TokenView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("List one's own API tokens").query::<PageQuery>().answers_page::<TokenView>("Tokens, revoked ones included, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<PageQuery>) -> Answer {
    let mut tx = caller.begin().await?;
    let (rows, next) = people::list_tokens(&mut tx, caller.person()?, &query.page()?).await?;
    json(StatusCode::OK, &PageOf::new(rows, next, TokenView::from))
}
