//! Sends a held action back with guidance: the agent proposes again.

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

/// How it should be done instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guidance {
    /// For the agent, in the person's words, 1 to 2000 bytes.
    #[schema(min_length = 1, max_length = 2000)]
    guidance: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Send a held action back")
        .about("The agent is told in these words how it should be done, and may propose another call. This held action is over: its envelope cannot be approved any more.")
        .body::<Guidance>()
        .answers::<HoldDetail>("200", "The held action as it is now.")
        .refuses("409", "It is already decided, one has decided before, or its time is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<HoldId>, Json(wanted): Json<Guidance>) -> Answer {
    let mut tx = caller.begin().await?;
    holds::revise(&mut tx, caller.office(), id, &wanted.guidance).await.map_err(about_guidance)?;
    let now = HoldDetail::read(&mut tx, id, caller.office().clock.now()).await?;
    let answer = caller.commit(tx, StatusCode::OK, &now).await?;
    caller.state().live.wake();
    Ok(answer)
}

/// What is wrong with a request is wrong with its only field.
fn about_guidance(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/guidance", message),
        other => other.into(),
    }
}
