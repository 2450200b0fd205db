//! Removes the second factors of somebody who lost theirs.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::PersonId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Remove a person's second factors")
        .about("For who lost app and recovery codes. Their sessions end. An owner who has a second factor gives it for this.")
        .answers_nothing("There is none any more.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::remove_factors(&mut tx, caller.office(), id).await?;
    caller.commit_empty(tx).await
}
