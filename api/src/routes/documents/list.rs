//! Lists documents.

use super::DocumentView;
use crate::auth::{Answer, Caller, json};
use crate::extract::{Query, page};
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use serde::Deserialize;
use steward_core::ConversationId;
use steward_office::documents;
use utoipa::IntoParams;

/// Which documents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only those given into this conversation.
    #[param(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("List documents")
        .about("One's own, and those for the workspaces one sees.")
        .query::<Wanted>()
        .answers_page::<DocumentView>("Documents, newest first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let page = page(wanted.limit, wanted.cursor.as_deref())?;
    let mut tx = caller.begin().await?;
    let rows = documents::list(&mut tx, wanted.conversation_id, &page).await?;
    let (rows, next) = page.cut(rows, |row| row.document_id.uuid());
    json(StatusCode::OK, &PageOf::new(rows, next, DocumentView::from))
}
