//! Shows one deal.

use super::DealView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::DealId;
use steward_office::crm;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a deal").answers::<DealView>("200", "The deal.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<DealId>) -> Answer {
    let mut tx = caller.begin().await?;
    let deal = crm::get_deal(&mut tx, id).await?;
    json(StatusCode::OK, &DealView::of_one(&mut tx, deal).await?)
}
