//! Ends all sessions of a person.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::PersonId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("End all sessions of a person")
        .about("As after a lost phone: whoever holds one of their sessions is out at once, and they sign in again as usual. Their tokens stay.")
        .answers_nothing("The sessions are over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::end_sessions(&mut tx, caller.office(), id).await?;
    caller.commit_empty(tx).await
}
