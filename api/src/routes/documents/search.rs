//! Looks for words in documents.

use super::{ChunkView, DocumentView};
use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::Query;
use crate::openapi::Doc;
use crate::routes::PageOf;
use crate::routes::records::workspace_for;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_core::{DocumentId, WorkspaceId};
use steward_office::OfficeError;
use steward_office::documents::{self, HITS_MAX};
use utoipa::{IntoParams, ToSchema};

/// What to look for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Words; a piece that holds more of them, and more often, comes first.
    q: Option<String>,
    /// Only this document.
    #[param(value_type = Option<String>)]
    document_id: Option<DocumentId>,
    /// Which workspace; the only one that one sees without it.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
}

/// Pieces of one document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentFound {
    document: DocumentView,
    /// The best first.
    chunks: Vec<ChunkView>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Look for words in documents")
        .about("By words as they are written, without their endings and without meaning; at most 20 pieces, on one page.")
        .query::<Wanted>()
        .answers_page::<DocumentFound>("Documents in the order of their best pieces.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>) -> Answer {
    let Some(words) = wanted.q.filter(|words| !words.trim().is_empty()) else {
        return Err(ApiError::field("q", "say what to look for: words that stand in the document"));
    };
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "workspace_id", wanted.workspace_id).await?;
    let found = documents::search(&mut tx, workspace, &words, wanted.document_id, HITS_MAX).await.map_err(|err| match err {
        OfficeError::Invalid(message) => ApiError::field("q", message),
        OfficeError::Missing(_) => ApiError::field("document_id", "there is no such document in this workspace, or you may not read it"),
        other => other.into(),
    })?;
    let show = |found: documents::Found| DocumentFound { document: found.document.into(), chunks: found.chunks.into_iter().map(ChunkView::from).collect() };
    json(StatusCode::OK, &PageOf::new(found, None, show))
}
