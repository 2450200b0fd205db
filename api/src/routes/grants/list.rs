//! Lists standing grants.

use super::GrantView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_office::grants;

pub(crate) fn doc() -> Doc {
    Doc::new("List standing grants")
        .query::<PageQuery>()
        .answers_page::<GrantView>("Grants, newest first: those that count, and those that are used up, over or taken back.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<PageQuery>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let rows = grants::list(&mut tx, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.grant_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, GrantView::of))
}
