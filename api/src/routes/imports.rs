//! What imports of contacts and of companies have in common: what is asked for, how a file is read, and how the report is shown.

pub(crate) mod view;

use crate::error::ApiError;
use crate::extract::Bytes;
use http::StatusCode;
use serde::Deserialize;
use steward_core::WorkspaceId;
use steward_office::import::{ImportError, ImportFile};
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

/// Reads the file on a thread that may wait.
pub(crate) async fn read<R: Send + 'static>(
    bytes: Bytes,
    name: Option<String>,
    read: fn(&[u8], &str) -> Result<ImportFile<R>, ImportError>,
) -> Result<ImportFile<R>, ApiError> {
    let _place = READING.acquire().await.map_err(|_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "away", "the server is stopping"))?;
    let read = tokio::task::spawn_blocking(move || read(&bytes.bytes, &name.unwrap_or_default())).await;
    Ok(read.map_err(|err| {
        let mut bug = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the file could not be read to its end");
        bug.source = Some(Box::new(err));
        bug
    })??)
}
