//! Shows a standing grant.

use super::GrantView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GrantId;
use steward_office::grants;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a standing grant").answers::<GrantView>("200", "What it covers, how often it was used, and the rule it is.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GrantId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &GrantView::of(grants::get(&mut tx, id).await?))
}
