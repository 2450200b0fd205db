//! Begins giving a passkey for one thing.

use super::{PasskeyRequest, party};
use crate::auth::{Answer, Caller, json};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_office::people;
use utoipa::ToSchema;

/// What it is given for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Purpose {
    /// What the refusal named in `step_up.for`.
    #[serde(rename = "for")]
    #[schema(max_length = 100, example = "env_5f3a…")]
    bound: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Begin giving a passkey for one thing")
        .about("The challenge is made of that thing, so what the passkey signs is good for nothing else. The answer of the browser goes to `POST /api/v1/session/step-up` within two minutes.")
        .body::<Purpose>()
        .answers::<PasskeyRequest>("201", "What the browser is asked with.")
        .refuses("409", "People come here by a bare address, for which browsers keep no passkeys.")
}

pub(crate) async fn handle(caller: Caller, Json(purpose): Json<Purpose>) -> Answer {
    let party = party(&caller.state().site)?;
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let request = people::begin_step_up(&mut tx, caller.office(), &purpose.bound).await?;
    json(StatusCode::CREATED, &PasskeyRequest::of(request, party))
}
