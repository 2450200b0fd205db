//! Proves anew who is there, by password: for what a stolen session must not be enough for.

use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use secrecy::SecretString;
use serde::Deserialize;
use steward_office::people;
use utoipa::ToSchema;

/// A proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    /// One's password.
    #[schema(value_type = String, max_length = 1024)]
    password: SecretString,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Prove anew who is there")
        .about("The session remembers it for four hours. Breaking the glass needs it.")
        .body::<Proof>()
        .answers_nothing("It is remembered.")
        .refuses("429", "Too many wrong passwords.")
}

pub(crate) async fn handle(caller: Caller, Json(proof): Json<Proof>) -> Answer {
    let state = caller.state();
    people::prove(&state.store, caller.office(), &state.passwords, caller.actor(), &proof.password).await?;
    let tx = caller.begin().await?;
    caller.commit_empty(tx).await
}
