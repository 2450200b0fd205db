//! Shows one action.

use super::ActionView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::DecisionId;
use steward_office::actions;

pub(crate) fn doc() -> Doc {
    Doc::new("Show an action").answers::<ActionView>("200", "What the agent wanted, and what the gate said.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DecisionId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = actions::get(&mut tx, id).await?;
    json(StatusCode::OK, &ActionView::from(row))
}
