//! What imports of contacts and of companies have in common: what is asked for, how a file is read and taken, and how the report is shown.

pub(crate) mod view;

use self::view::ImportView;
use crate::auth::{Answer, Caller, json};
use crate::error::{ApiError, ProblemCode};
use crate::extract::Bytes;
use crate::routes::records::{integrity_of, workspace_for};
use http::StatusCode;
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::import::{AnyFile, Subject};
use tokio::sync::Semaphore;
use utoipa::IntoParams;

/// Files read at once: each may take a core and some hundred megabytes for seconds.
static READING: Semaphore = Semaphore::const_new(2);

/// What to do with the file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// True only says what an import would do.
    #[serde(default)]
    pub(crate) preview: bool,
    /// The file's name, for the record; its ending helps to tell formats apart.
    pub(crate) file_name: Option<String>,
    /// Where; the only workspace one sees without it.
    #[param(value_type = Option<String>)]
    pub(crate) workspace_id: Option<WorkspaceId>,
}

/// Imports the body as a file of one of these kinds, all or nothing, or says what an import would do.
pub(crate) async fn take(caller: Caller, wanted: Wanted, body: Bytes, subject: Subject, kinds: &[&str]) -> Answer {
    body.check_kind(kinds)?;
    let file = read(body, subject, wanted.file_name.unwrap_or_default()).await?;
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "workspace_id", wanted.workspace_id).await?;
    if wanted.preview {
        let plan = file.preview(&mut tx, workspace).await?;
        return json(StatusCode::OK, &ImportView::from(plan));
    }
    let report = file.run(&mut tx, caller.office(), workspace, integrity_of(&caller)).await?;
    caller.commit(tx, StatusCode::CREATED, &ImportView::from(report)).await
}

/// Reads the file on a thread that may wait.
async fn read(body: Bytes, subject: Subject, name: String) -> Result<AnyFile, ApiError> {
    let _place = READING.acquire().await.map_err(|_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Away, "the server is stopping"))?;
    let read = tokio::task::spawn_blocking(move || AnyFile::read(subject, &body.bytes, &name)).await;
    Ok(read.map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Bug, "the file could not be read to its end");
        bug.source = Some(Box::new(err));
        bug
    })??)
}
