//! Proposes that a label of a prompt points to another version.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::label_moves::propose;
use crate::openapi::Doc;
use crate::routes::changes::{ChangeDetail, detail};
use http::StatusCode;
use serde::Deserialize;
use steward_office::OfficeError;
use utoipa::ToSchema;

/// Which label is to point where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLabelMove {
    #[schema(example = "assistant")]
    name: String,
    #[schema(example = "production")]
    label: String,
    /// One that is installed.
    version: u32,
    /// Why, for whoever decides.
    reason: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Propose to move a label of a prompt")
        .about("It waits for an owner who did not propose it. Runs that began before keep the version they were pinned to.")
        .body::<NewLabelMove>()
        .answers::<ChangeDetail>("201", "The proposal, with how the texts differ.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewLabelMove>) -> Answer {
    let mut tx = caller.begin().await?;
    let wanted = (new.name.as_str(), new.label.as_str(), new.version);
    let row = propose(&mut tx, caller.office(), &caller.state().prompts, wanted, &new.reason).await.map_err(|err| match err {
        OfficeError::Invalid(message) if message.contains("version") => ApiError::field("/version", message),
        OfficeError::Invalid(message) if message.starts_with("name a prompt") => ApiError::field("/label", message),
        OfficeError::Invalid(message) => ApiError::field("/reason", message),
        other => other.into(),
    })?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::CREATED, &shown).await
}
