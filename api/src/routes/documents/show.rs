//! Shows a document with its text, piece by piece.

use super::{ChunkView, DocumentView};
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Id, Query};
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::DocumentId;
use steward_core::limits::{PAGE_DEFAULT, PAGE_MAX};
use steward_office::documents;
use utoipa::{IntoParams, ToSchema};

/// Which pieces.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The first piece, from 1; the first of all without it.
    #[param(minimum = 1)]
    from: Option<u32>,
    /// Most pieces, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A document with pieces of its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentText {
    document: DocumentView,
    chunks: Vec<ChunkView>,
    /// Give it as `from` to read on; null at the end.
    next: Option<i32>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Show a document").query::<Wanted>().answers::<DocumentText>("200", "The document, with pieces of its text in their order.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DocumentId>, Query(wanted): Query<Wanted>) -> Answer {
    let limit = wanted.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("give 1 to {PAGE_MAX}")));
    }
    let from = wanted.from.unwrap_or(1);
    if from == 0 {
        return Err(ApiError::field("from", "pieces are counted from 1"));
    }
    let mut tx = caller.begin().await?;
    let (document, chunks, more) = documents::get(&mut tx, id, from, limit).await?;
    let next = chunks.last().filter(|_| more).map(|last| last.number + 1);
    json(StatusCode::OK, &DocumentText { document: document.into(), chunks: chunks.into_iter().map(ChunkView::from).collect(), next })
}
