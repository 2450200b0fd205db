//! Sets one's own password. Every session ends; this one goes on under a new secret.

use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::me::Me;
use crate::routes::session::create::greet;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use steward_office::people::{self, PasswordChange};
use utoipa::ToSchema;

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The password so far; needed when there is one and the session was opened with it.
    #[schema(value_type = Option<String>)]
    current: Option<SecretString>,
    /// The password from now on: at least 12 letters, at most 1,024 bytes.
    #[schema(value_type = String, min_length = 12, max_length = 1024)]
    new: SecretString,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Set one's own password")
        .about("Ends every session of the person and sets the cookie of a new one.")
        .body::<NewPassword>()
        .answers::<Me>("200", "The password is set; the cookie is new.")
        .refuses("429", "Too many wrong current passwords.")
}

pub(crate) async fn handle(caller: Caller, Json(change): Json<NewPassword>) -> Answer {
    let change = PasswordChange { current: change.current, new: change.new };
    let (state, visit) = (caller.state(), caller.visit());
    let signed_in = people::change_password(&state.store, caller.office(), &state.passwords, caller.actor(), &change, visit.user_agent.as_deref()).await?;
    let mut response = greet(visit, &signed_in).await?;
    *response.status_mut() = StatusCode::OK;
    Ok(response)
}
