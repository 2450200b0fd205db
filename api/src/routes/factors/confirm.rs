//! Makes one-time codes count, by one of them.

use super::{Code, RecoveryCodes};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Confirm one-time codes")
        .about("From now on signing in asks for a code, and so do approvals of what moves money, touches keys, lets people in or changes Steward. One's other sessions end.")
        .body::<Code>()
        .answers::<RecoveryCodes>("200", "They count; these codes stand in for a lost app.")
        .refuses("409", "Codes of an app count already.")
        .refuses("429", "Too many wrong codes.")
}

pub(crate) async fn handle(caller: Caller, Json(given): Json<Code>) -> Answer {
    let codes = people::confirm_totp(&caller.state().store, caller.office(), caller.actor(), &given.code).await?;
    let tx = caller.begin().await?;
    caller.commit_secret(tx, StatusCode::OK, &RecoveryCodes::of(&codes), &RecoveryCodes::shown_before()).await
}
