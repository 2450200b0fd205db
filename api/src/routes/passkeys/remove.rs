//! Removes one of one's own passkeys.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::PasskeyId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Remove one of one's own passkeys")
        .about("Takes a second factor for this, the passkey itself for example. The recovery codes go with the last second factor.")
        .answers_nothing("It opens nothing any more.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PasskeyId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::remove_passkey(&mut tx, caller.office(), id).await?;
    caller.commit_empty(tx).await
}
