//! Removes one's own one-time codes.

use super::Code;
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Remove one-time codes")
        .about("Takes a code of the app or a recovery code. Whoever has neither asks an owner.")
        .body::<Code>()
        .answers_nothing("They count no more, and the recovery codes neither.")
        .refuses("429", "Too many wrong codes.")
}

pub(crate) async fn handle(caller: Caller, Json(given): Json<Code>) -> Answer {
    people::remove_totp(&caller.state().store, caller.office(), caller.actor(), &given.code).await?;
    let tx = caller.begin().await?;
    caller.commit_empty(tx).await
}
