//! Puts a file in as a document.

use super::DocumentView;
use crate::auth::{Answer, Caller};
use crate::error::{ApiError, ProblemCode};
use crate::extract::{Bytes, Query};
use crate::openapi::Doc;
use crate::routes::records::workspace_for;
use http::StatusCode;
use serde::Deserialize;
use std::time::Duration;
use steward_core::{ConversationId, WorkspaceId};
use steward_office::OfficeError;
use steward_office::documents::{self, For, Place, ReadFile};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

/// What files are sent as.
const KINDS: [&str; 6] = ["application/octet-stream", "text/plain", "text/markdown", "text/csv", "application/json", "text/html"];
/// Files read at once: each may take a core for a second.
static READING: Semaphore = Semaphore::const_new(2);
/// Files that wait or are read: each is held in memory.
static WAITING: Semaphore = Semaphore::const_new(32);
/// How long one waits at most, in seconds.
const WAIT_SECONDS_MAX: u64 = 20;

/// For whom it is.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Readers {
    /// Whoever puts it in.
    #[default]
    Me,
    /// Whoever sees the workspace.
    Workspace,
}

/// What it is and where it goes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The file's name; its ending says what it is.
    name: Option<String>,
    /// Where; the conversation's workspace, or the only one that one sees, without it.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// The conversation it is given into, one of one's own. It goes along with a message only when the message names it.
    #[param(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    /// me, or workspace; me without it.
    #[serde(default, rename = "for")]
    #[param(inline)]
    readers: Readers,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Put a document in")
        .about(
            "Text, Markdown, CSV, JSON or HTML, at most 2 MiB, in UTF-8, UTF-16 or Windows-1252. The text is kept, in pieces; the file is not. \
             Of a page scripts and styles are left out. What a document says is text from outside, whoever puts it in.",
        )
        .query::<Wanted>()
        .body_bytes(&KINDS)
        .answers::<DocumentView>("201", "The document.")
        .refuses("409", "One has put in as many documents as one may, or as much; take one away first.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, bytes: Bytes) -> Answer {
    bytes.check_kind(&KINDS)?;
    let file = read(bytes, wanted.name.unwrap_or_default()).await?;
    let mut tx = caller.begin().await?;
    let given = match (wanted.workspace_id, wanted.conversation_id) {
        (None, Some(id)) => {
            let conversation = steward_office::conversations::get(&mut tx, id).await;
            Some(conversation.map_err(|_| ApiError::field("conversation_id", "there is no such conversation of yours"))?.workspace)
        }
        (given, _) => given,
    };
    let workspace = workspace_for(&mut tx, "workspace_id", given).await?;
    let readers = match wanted.readers {
        Readers::Me => For::Me,
        Readers::Workspace => For::Workspace,
    };
    let place = Place { workspace, conversation: wanted.conversation_id, readers };
    let row = documents::put(&mut tx, caller.office(), place, file).await.map_err(|err| match err {
        OfficeError::Invalid(message) => ApiError::field("conversation_id", message),
        other => other.into(),
    })?;
    caller.commit(tx, StatusCode::CREATED, &DocumentView::from(row)).await
}

/// Reads the file on a thread that may wait.
async fn read(bytes: Bytes, name: String) -> Result<ReadFile, ApiError> {
    let busy = || {
        let mut busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Busy, "many files are being read: send it again in a little while");
        busy.retry_after_s = Some(WAIT_SECONDS_MAX);
        busy
    };
    let _turn = WAITING.try_acquire().map_err(|_| busy())?;
    let place = tokio::time::timeout(Duration::from_secs(WAIT_SECONDS_MAX), READING.acquire()).await.map_err(|_| busy())?;
    let place = place.map_err(|_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Away, "the server is stopping"))?;
    let read = tokio::task::spawn_blocking(move || {
        // Held by the work and not by the request: who hangs up has not made room for another.
        let _place = place;
        documents::read(&bytes.bytes, &name, bytes.kind())
    })
    .await;
    Ok(read.map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Bug, "the file could not be read to its end");
        bug.source = Some(Box::new(err));
        bug
    })??)
}
