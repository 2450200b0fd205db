//! Shows a held action, whole.

use super::HoldDetail;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::HoldId;
use steward_office::holds;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a held action").answers::<HoldDetail>("200", "What exactly waits, where it came from, and what people said.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<HoldId>) -> Answer {
    let mut tx = caller.begin().await?;
    let (row, said) = holds::get(&mut tx, id).await?;
    let last = holds::last_similar(&mut tx, &row).await?;
    let serves = holds::serves(&mut tx, &row).await?;
    let next = holds::edited_into(&mut tx, &row).await?;
    let steps = holds::escalate::steps_of(&mut tx, id).await?;
    let tool = caller.state().host.specs().into_iter().find(|tool| tool.name == row.tool);
    let detail = HoldDetail::of((row, said), caller.office().clock.now())?.beside(last).escalated(steps);
    json(StatusCode::OK, &detail.with_roles(tool.as_ref()).serving(serves).edited_into(next))
}
