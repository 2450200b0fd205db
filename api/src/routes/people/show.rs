//! Shows one person.

use super::PersonView;
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::PersonId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a person and their roles").answers::<PersonView>("200", "The person.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>) -> Answer {
    let mut tx = caller.begin().await?;
    json(StatusCode::OK, &PersonView::from(people::describe(&mut tx, caller.office(), id).await?))
}
