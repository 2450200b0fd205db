//! Shows one contact.

use super::ContactView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::ContactId;
use steward_office::crm;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a contact").answers::<ContactView>("200", "The contact.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ContactId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &ContactView::from(crm::get_contact(&mut tx, id).await?))
}
