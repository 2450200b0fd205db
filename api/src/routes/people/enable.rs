//! Lets a person in again.

use super::PersonView;
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::PersonId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Let a person in again").about("With the roles they had; sessions and tokens stay ended.").answers::<PersonView>("200", "The person.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::enable(&mut tx, caller.office(), id).await?;
    let person = PersonView::from(people::describe(&mut tx, caller.office(), id).await?);
    caller.commit(tx, StatusCode::OK, &person).await
}
