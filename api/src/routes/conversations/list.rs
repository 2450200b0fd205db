//! Lists one's own conversations.

use super::ConversationView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_office::conversations;

pub(crate) fn doc() -> Doc {
    Doc::new("List one's own conversations").query::<PageQuery>().answers_page::<ConversationView>("Conversations, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<PageQuery>) -> Answer {
    let page = query.page()?;
    let mut tx = caller.begin().await?;
    let rows = conversations::list(&mut tx, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.conversation_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, ConversationView::from))
}
