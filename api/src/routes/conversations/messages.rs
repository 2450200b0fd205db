//! Lists what was said in one of one's own conversations.

use super::{AttachmentView, MessageView};
use crate::auth::{Answer, Caller, json};
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use crate::routes::{Order, OrderedQuery, PageOf};
use http::StatusCode;
use steward_core::{ConversationId, MessageId, RunId};
use steward_office::{conversations, documents, schedules};
use steward_store::conversation::Message;

pub(crate) fn doc() -> Doc {
    Doc::new("List the messages of a conversation").query::<OrderedQuery>().answers_page::<MessageView>("Messages, in the order asked for.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ConversationId>, Query(query): Query<OrderedQuery>) -> Answer {
    let page = query.page()?;
    let mut tx = caller.begin().await?;
    let rows = match query.order {
        Order::Oldest => conversations::messages(&mut tx, id, &page).await?,
        Order::Newest => conversations::newest_messages(&mut tx, id, &page).await?,
    };
    let (rows, next) = page.cut(rows, |row| row.message_id.uuid());
    let ids: Vec<MessageId> = rows.iter().map(|row| row.message_id).collect();
    let along = documents::of_messages(&mut tx, &ids).await?;
    let runs: Vec<RunId> = rows.iter().filter(|row| !row.by_agent).filter_map(|row| row.run).collect();
    let said = schedules::of_runs(&mut tx, &runs).await?;
    let behind = conversations::behind(&mut tx, &rows).await?;
    let show = |row: Message| {
        let own = along.iter().filter(|(message, _)| *message == row.message_id);
        let attachments = own.map(|(_, document)| AttachmentView::from(document.clone())).collect();
        // The answer is the agent's.
        let by = said.iter().find(|(run, _)| !row.by_agent && row.run == Some(*run)).map(|(_, schedule)| *schedule);
        let behind = row.run.filter(|_| row.by_agent).and_then(|run| behind.get(&run).cloned());
        MessageView::of(row, by, attachments, behind)
    };
    json(StatusCode::OK, &PageOf::new(rows, next, show))
}
