//! Takes a second factor anew, for exactly one thing.

use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use steward_office::people;
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
    #[schema(value_type = String, example = "081804", max_length = 64)]
    code: SecretString,
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
    let step_up = people::step_up(&caller.state().store, caller.office(), caller.actor(), &given.bound, &given.code).await?;
    let tx = caller.begin().await?;
    caller.commit(tx, StatusCode::CREATED, &SteppedUp { expires_at: step_up.expires_at }).await
}
