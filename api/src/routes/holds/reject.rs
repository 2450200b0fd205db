//! Refuses a held action. One refusal is enough.

use super::HoldDetail;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::HoldId;
use steward_office::{OfficeError, holds};
use utoipa::ToSchema;

/// Why not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejection {
    /// For the agent, at most 2000 bytes; may be empty.
    #[schema(max_length = 2000)]
    reason: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Reject a held action")
        .about("The agent is told the reason, and the run goes on without the action. For whoever could help to approve it.")
        .body::<Rejection>()
        .answers::<HoldDetail>("200", "The held action as it is now.")
        .refuses("409", "It is already decided, one has decided before, or its time is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<HoldId>, Json(rejection): Json<Rejection>) -> Answer {
    let mut tx = caller.begin().await?;
    holds::reject(&mut tx, caller.office(), id, &rejection.reason).await.map_err(about_reason)?;
    let now = HoldDetail::read(&mut tx, id, caller.office().clock.now()).await?;
    let answer = caller.commit(tx, StatusCode::OK, &now).await?;
    caller.state().live.wake();
    Ok(answer)
}

/// What is wrong with a rejection is wrong with its only field.
fn about_reason(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/reason", message),
        other => other.into(),
    }
}
