//! Shows one company.

use super::CompanyView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::CompanyId;
use steward_office::crm;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a company").answers::<CompanyView>("200", "The company.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<CompanyId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &CompanyView::from(crm::get_company(&mut tx, id).await?))
}
