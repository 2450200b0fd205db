//! Shows one's own second factors.

use super::FactorsView;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_office::people::Factors;

pub(crate) fn doc() -> Doc {
    Doc::new("See one's own second factors").answers::<FactorsView>("200", "What there is; no secret is among it.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let mut tx = caller.begin().await?;
    let factors = Factors::of(&mut tx, caller.person()?).await?;
    json(StatusCode::OK, &FactorsView::of(&factors, caller.office().requires_second_factor))
}
