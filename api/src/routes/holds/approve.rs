//! Approves a held action, for exactly the envelope that was shown.

use super::HoldDetail;
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::{EnvelopeId, HoldId};
use steward_office::holds;
use utoipa::ToSchema;

/// What is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// The `envelope_id` that was shown.
    #[schema(value_type = String, example = "env_5f3a…")]
    envelope_id: EnvelopeId,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Approve a held action")
        .about("Counts for exactly this envelope, once a person. When the approvals suffice, its state is `approved` and the run goes on; else it is still `held`.")
        .body::<Approval>()
        .answers::<HoldDetail>("200", "The held action as it is now.")
        .refuses("403", "Your role does not suffice, it is left to others, or your second factor is to be given for this envelope first (`step_up_required`).")
        .refuses("409", "Another envelope waits, it is already decided, one has decided before, or its time is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<HoldId>, Json(approval): Json<Approval>) -> Answer {
    let mut tx = caller.begin().await?;
    holds::approve(&mut tx, caller.office(), id, approval.envelope_id).await?;
    let now = HoldDetail::read(&mut tx, id, caller.office().clock.now()).await?;
    let answer = caller.commit(tx, StatusCode::OK, &now).await?;
    caller.state().live.wake();
    Ok(answer)
}
