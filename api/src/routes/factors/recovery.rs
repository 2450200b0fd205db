//! Makes new recovery codes.

use super::{Code, RecoveryCodes};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Make new recovery codes")
        .about("The old ones stop working.")
        .body::<Code>()
        .answers::<RecoveryCodes>("200", "Ten new codes, shown once.")
        .refuses("429", "Too many wrong codes.")
}

pub(crate) async fn handle(caller: Caller, Json(given): Json<Code>) -> Answer {
    let codes = people::new_recovery_codes(&caller.state().store, caller.office(), caller.actor(), &given.code).await?;
    let tx = caller.begin().await?;
    caller.commit_secret(tx, StatusCode::OK, &RecoveryCodes::of(&codes), &RecoveryCodes::shown_before()).await
}
