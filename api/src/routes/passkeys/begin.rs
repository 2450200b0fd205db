//! Begins with a new passkey.

use super::party;
use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_office::people::{self, CHALLENGE_SECONDS};
use utoipa::ToSchema;

/// What `navigator.credentials.create` is asked with. Bytes are base64url.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyCreation {
    challenge: String,
    /// The domain that the passkey is kept for.
    rp_id: String,
    /// `user.id`.
    user_handle: String,
    /// `user.name`.
    user_name: String,
    /// `user.displayName`.
    display_name: String,
    /// Passkeys that are there already.
    exclude: Vec<String>,
    /// COSE numbers of the algorithms that are taken.
    algorithms: Vec<i32>,
    /// How long the challenge can be answered.
    timeout_ms: i64,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Begin with a new passkey")
        .about(
            "The answer of the browser goes to `POST /api/v1/me/passkeys` within two minutes. Ask for `residentKey` and `userVerification`: both are required.",
        )
        .answers::<PasskeyCreation>("201", "What the browser is asked with.")
        .refuses(
            "403",
            "A second factor is there and was not given for this (`step_up_required`), or the password was not given within ten minutes (`not_proven`), or there is none and the session is older than that (`not_fresh`).",
        )
        .refuses("409", "People come here by a bare address, for which browsers keep no passkeys.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let party = party(&caller.state().site)?;
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let made = people::begin_passkey(&mut tx, caller.office()).await?;
    tx.commit().await?;
    let answer = PasskeyCreation {
        challenge: made.challenge,
        rp_id: party.id,
        user_handle: made.user_handle,
        user_name: made.user_name,
        display_name: made.display_name,
        exclude: made.exclude,
        algorithms: made.algorithms.to_vec(),
        timeout_ms: CHALLENGE_SECONDS * 1_000,
    };
    json(StatusCode::CREATED, &answer)
}
