//! Lists what was said in one of one's own conversations.

use super::MessageView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use crate::routes::{PageOf, PageQuery};
use http::StatusCode;
use steward_core::ConversationId;
use steward_office::conversations;

pub(crate) fn doc() -> Doc {
    Doc::new("List the messages of a conversation").query::<PageQuery>().answers_page::<MessageView>("Messages, oldest first.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ConversationId>, Query(query): Query<PageQuery>) -> Answer {
    let page = query.page()?;
    let mut tx = caller.begin().await?;
    let rows = conversations::messages(&mut tx, id, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.message_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, MessageView::from))
}
