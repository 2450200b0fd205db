//! Takes a token back that a program does not need any more (RFC 7009).

use super::refused;
use crate::auth::{Answer, Visit, json};
use crate::error::ApiError;
use crate::extract::Bytes;
use crate::oauth::form_of;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use steward_office::people::{self, OauthError, Revocation};

/// What such a request says it is.
const FORM: &str = "application/x-www-form-urlencoded";

/// What a program brings. What kind of secret it is can be read off it, so no hint is needed.
#[derive(Debug, Deserialize)]
struct Brought {
    token: Option<SecretString>,
    client_id: Option<String>,
    client_secret: Option<serde::de::IgnoredAny>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Give a client's token back")
        .about(
            "Revocation (RFC 7009): `token`, which is the token or the refresh token, and `client_id`. Either ends both, and the sessions of the token \
             with it. One that nobody has, or that is another client's, is answered in the same way.",
        )
        .body_bytes(&[FORM])
        .answers_as("200", "application/json", "It does not count any more, or never did; an empty object.")
        .answers_as("400", "application/json", "What is wrong, as `error` and `error_description` (RFC 6749, 5.2).")
}

pub(crate) async fn handle(visit: Visit, body: Bytes) -> Answer {
    body.check_kind(&[FORM])?;
    let wrong = |error: &str, description: &str| refused(StatusCode::BAD_REQUEST, error, description);
    let Some(brought) = std::str::from_utf8(&body.bytes).ok().and_then(|text| form_of::<Brought>(text).ok()) else {
        return wrong("invalid_request", "send a form in which nothing comes twice");
    };
    if brought.client_secret.is_some() {
        return wrong("invalid_client", "clients have no secret here; leave client_secret out");
    }
    let (Some(secret), Some(client_id)) = (&brought.token, &brought.client_id) else { return wrong("invalid_request", "give token and client_id") };
    match people::give_back_token(&visit.state.store, &visit.office, Revocation { secret, client_id }).await {
        Ok(()) => json(StatusCode::OK, &json!({})),
        Err(OauthError::People(err)) => Err(ApiError::from(err)),
        Err(err @ (OauthError::Grant | OauthError::Resource | OauthError::Scope)) => wrong("invalid_request", &err.to_string()),
    }
}
