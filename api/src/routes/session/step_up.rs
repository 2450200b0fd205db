//! Takes a second factor anew, for exactly one thing.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::passkeys::{AssertionBody, party};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use steward_office::people::{self, Tried};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A second factor, and what it is given for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// What the refusal named in `step_up.for`: an envelope's id, for example.
    #[serde(rename = "for")]
    #[schema(max_length = 100, example = "env_5f3a…")]
    bound: String,
    /// Six digits of the app.
    #[schema(value_type = Option<String>, example = "081804", max_length = 64)]
    code: Option<SecretString>,
    /// What a passkey said to the challenge of `POST /api/v1/session/step-up/passkey` for the same thing.
    passkey: Option<AssertionBody>,
}

/// Until when it can be used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SteppedUp {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Give a second factor anew")
        .about("For one thing, within five minutes, once. A request that needs it is refused with `step_up_required` and says for what; after this the same request is sent again.")
        .body::<Given>()
        .answers::<SteppedUp>("201", "It can be used now.")
        .refuses("429", "Too many wrong codes.")
}

pub(crate) async fn handle(caller: Caller, Json(given): Json<Given>) -> Answer {
    let (tx, step_up) = match (given.code, given.passkey) {
        (Some(code), None) => {
            let step_up = people::step_up(&caller.state().store, caller.office(), caller.actor(), &given.bound, &code).await?;
            (caller.begin().await?, step_up)
        }
        (None, Some(said)) => {
            let mut tx = caller.begin().await?;
            let party = party(&caller.state().site)?;
            match people::step_up_by_passkey(&mut tx, caller.office(), &party, &given.bound, &said.into()).await {
                Ok(step_up) => (tx, step_up),
                Err(err) => {
                    tx.rollback().await?;
                    let detail = json!({ "for": people::envelope_of(&given.bound), "factor": "passkey" });
                    let tried = Tried { action: "session.step_up", object: caller.person()?.to_string(), detail };
                    return Err(people::refused_on_record(&caller.state().store, caller.office(), caller.actor(), tried, err).await.into());
                }
            }
        }
        _ => return Err(ApiError::field("", "give `code` or `passkey`")),
    };
    caller.commit(tx, StatusCode::CREATED, &SteppedUp { expires_at: step_up.expires_at }).await
}
