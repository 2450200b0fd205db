//! Gives a program a token for a code, or another for the secret that renews it.

use super::refused;
use crate::auth::{Answer, Visit, json};
use crate::error::ApiError;
use crate::extract::Bytes;
use crate::oauth::form_of;
use crate::openapi::Doc;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use steward_core::Scope;
use steward_office::people::{self, ACCESS_SECONDS, ClientGrant, CodeExchange, OauthError, Renewal};
use utoipa::ToSchema;

/// What such a request says it is.
const FORM: &str = "application/x-www-form-urlencoded";

/// What a program brings.
#[derive(Debug, Deserialize)]
struct Brought {
    grant_type: Option<String>,
    client_id: Option<String>,
    code: Option<SecretString>,
    code_verifier: Option<SecretString>,
    redirect_uri: Option<String>,
    refresh_token: Option<SecretString>,
    resource: Option<String>,
    scope: Option<String>,
    client_secret: Option<serde::de::IgnoredAny>,
}

/// What a program is given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientTokenView {
    /// A token for `/mcp` alone.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// For how many seconds.
    expires_in: i64,
    /// Renews it, once.
    refresh_token: String,
    /// What it may be used for.
    scope: String,
}

impl From<ClientGrant> for ClientTokenView {
    fn from(grant: ClientGrant) -> Self {
        Self {
            access_token: grant.access.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: ACCESS_SECONDS,
            refresh_token: grant.renewal.expose_secret().to_owned(),
            scope: grant.scopes.into_iter().map(Scope::name).collect::<Vec<_>>().join(" "),
        }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("Give a client a token")
        .about(
            "For `grant_type=authorization_code` with `code`, `redirect_uri`, `client_id` and `code_verifier`, or for `grant_type=refresh_token` with \
             `refresh_token` and `client_id`. A code and a refresh token are good once; one that comes twice ends the token it stands for. \
             Five wrong tries in a quarter of an hour from one network address, and the next is answered with 429.",
        )
        .body_bytes(&[FORM])
        .answers::<ClientTokenView>("200", "A token of an hour, and what renews it once.")
        .answers_as("400", "application/json", "What is wrong, as `error` and `error_description` (RFC 6749, 5.2).")
        .refuses("429", "Too many wrong tries; `Retry-After` says when the next is looked at.")
}

pub(crate) async fn handle(visit: Visit, body: Bytes) -> Answer {
    body.check_kind(&[FORM])?;
    let Some(brought) = std::str::from_utf8(&body.bytes).ok().and_then(|text| form_of::<Brought>(text).ok()) else {
        return wrong("invalid_request", "send a form in which nothing comes twice");
    };
    if brought.client_secret.is_some() {
        return wrong("invalid_client", "clients have no secret here; leave client_secret out");
    }
    let Some(client_id) = &brought.client_id else { return wrong("invalid_request", "client_id is missing") };
    let (store, office) = (&visit.state.store, &visit.office);
    let address = visit.address.as_deref();
    let resource = brought.resource.as_deref();
    let given = match brought.grant_type.as_deref() {
        Some("authorization_code") => {
            let (Some(code), Some(redirect_uri), Some(verifier)) = (&brought.code, &brought.redirect_uri, &brought.code_verifier) else {
                return wrong("invalid_request", "give code, redirect_uri and code_verifier");
            };
            if !is_verifier(verifier.expose_secret()) {
                return wrong("invalid_request", "code_verifier has 43 to 128 letters of A-Z a-z 0-9 - . _ ~");
            }
            people::exchange_code(store, office, CodeExchange { code, client_id, redirect_uri, verifier, resource, address }).await
        }
        Some("refresh_token") => {
            let Some(secret) = &brought.refresh_token else { return wrong("invalid_request", "refresh_token is missing") };
            let Ok(scopes) = brought.scope.as_deref().map(scopes_of).transpose() else { return wrong("invalid_scope", "there is no such scope") };
            people::renew_token(store, office, Renewal { secret, client_id, resource, scopes: scopes.as_ref(), address }).await
        }
        Some(_) => return wrong("unsupported_grant_type", "only authorization_code and refresh_token are taken"),
        None => return wrong("invalid_request", "grant_type is missing"),
    };
    match given {
        Ok(grant) => json(StatusCode::OK, &ClientTokenView::from(grant)),
        Err(err @ OauthError::Grant) => wrong("invalid_grant", &err.to_string()),
        Err(err @ OauthError::Resource) => wrong("invalid_target", &err.to_string()),
        Err(err @ OauthError::Scope) => wrong("invalid_scope", &err.to_string()),
        Err(OauthError::People(err)) => Err(ApiError::from(err)),
    }
}

fn wrong(error: &str, description: &str) -> Answer {
    refused(StatusCode::BAD_REQUEST, error, description)
}

/// Whether a text can be a verifier (RFC 7636, 4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

fn scopes_of(text: &str) -> Result<BTreeSet<Scope>, String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect()
}
