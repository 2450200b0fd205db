//! Shows one of one's own conversations.

use super::ConversationView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::ConversationId;
use steward_office::conversations;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a conversation").answers::<ConversationView>("200", "The conversation.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ConversationId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &ConversationView::from(conversations::get(&mut tx, id).await?))
}
