//! Imports contacts from a file, all or nothing, or says what an import would do.

mod view;

use crate::auth::{Answer, Caller, json};
use crate::error::ApiError;
use crate::extract::{Bytes, Query};
use crate::openapi::Doc;
use crate::routes::records::{integrity_of, workspace_for};
use http::StatusCode;
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::import::{self, ImportFile};
use tokio::sync::Semaphore;
use utoipa::IntoParams;
use view::ImportView;

/// What files are sent as. Not what a form of another site could send.
const KINDS: [&str; 5] = ["text/csv", "text/vcard", "text/x-vcard", "application/vnd.ms-excel", "application/octet-stream"];
/// Files read at once: each may take a core and some hundred megabytes for seconds.
static READING: Semaphore = Semaphore::const_new(2);

/// What to do with the file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// True only says what an import would do.
    #[serde(default)]
    preview: bool,
    /// The file's name, for the record; its ending helps to tell formats apart.
    file_name: Option<String>,
    /// Where; the only workspace one sees without it.
    #[param(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Import contacts from a file")
        .about(
            "Google or Outlook CSV, other CSV with a header, vCard 2.1 to 4.0, at most 64 MiB and 200,000 rows. \
             All or nothing; a row that cannot be taken is refused with its number and the reason. The same file again changes nothing.",
        )
        .query::<Wanted>()
        .body_bytes(&KINDS)
        .answers::<ImportView>("201", "What was done.")
        .answers::<ImportView>("200", "What would be done, with `preview=true`.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, bytes: Bytes) -> Answer {
    bytes.check_kind(&KINDS)?;
    let file = read(bytes, wanted.file_name.unwrap_or_default()).await?;
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "workspace_id", wanted.workspace_id).await?;
    if wanted.preview {
        let plan = import::preview(&mut tx, workspace, &file).await?;
        return json(StatusCode::OK, &ImportView::from(plan));
    }
    let report = import::run(&mut tx, caller.office(), workspace, &file, integrity_of(&caller)).await?;
    caller.commit(tx, StatusCode::CREATED, &ImportView::from(report)).await
}

/// Reads the file on a thread that may wait.
async fn read(bytes: Bytes, name: String) -> Result<ImportFile, ApiError> {
    let _place = READING.acquire().await.map_err(|_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "away", "the server is stopping"))?;
    let read = tokio::task::spawn_blocking(move || import::read(&bytes.bytes, &name)).await;
    Ok(read.map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the file could not be read to its end");
        bug.source = Some(Box::new(err));
        bug
    })??)
}
