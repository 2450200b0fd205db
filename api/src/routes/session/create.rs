//! Signs a browser in, by one-time link, by password, by passkey or by an OpenID provider's word.

use crate::auth::{Answer, Visit, json};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::me::Me;
use crate::routes::passkeys::{AssertionBody, party};
use http::{StatusCode, header};
use secrecy::SecretString;
use serde::Deserialize;
use steward_core::TenantId;
use steward_office::people::{self, Attempt, SignedIn};
use utoipa::ToSchema;

/// How to sign in: `{"link": …}`, `{"email": …, "password": …}`, `{"passkey": …}`, or `{"ticket": …}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// What stands after `#token=` in a one-time link.
    #[schema(value_type = Option<String>, example = "org_01k4….q8r…")]
    link: Option<SecretString>,
    /// The address.
    email: Option<String>,
    /// The password, at most 1,024 bytes.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    /// The code of a second factor, for who has one: six digits of the app, or a recovery code.
    #[schema(value_type = Option<String>, example = "081804", max_length = 64)]
    code: Option<SecretString>,
    /// What a passkey said to the challenge of `POST /api/v1/session/passkey`.
    passkey: Option<AssertionBody>,
    /// What `POST /api/v1/session/oidc/answer` gave.
    #[schema(value_type = Option<String>)]
    ticket: Option<SecretString>,
    /// Which organisation, for an address that is known in several with the same password; the first without it.
    #[schema(value_type = Option<String>, example = "org_01k4…")]
    organisation_id: Option<TenantId>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Sign in")
        .about("Sets the session cookie. Who has a second factor is answered with `second_factor_required` once the rest is right, and sends the same again with `code`. A wrong address and a wrong password are told alike. Five wrong tries in a quarter of an hour, per account and per network address, are answered with 429 until they lapse.")
        .body::<SignIn>()
        .answers::<Me>("201", "Signed in; the cookie is set.")
        .refuses("401", "The link is used or old, the address and password do not fit, or a second factor is needed too.")
        .refuses("403", "Sent by a page of another site.")
        .refuses("429", "Too many wrong tries; `Retry-After` says when the next is looked at.")
}

pub(crate) async fn handle(visit: Visit, Json(sign_in): Json<SignIn>) -> Answer {
    let from = Attempt { address: visit.address.as_deref(), user_agent: visit.user_agent.as_deref(), code: sign_in.code.as_ref() };
    let (store, office) = (&visit.state.store, &visit.office);
    let signed_in = match &sign_in {
        SignIn { passkey: Some(said), link: None, email: None, password: None, organisation_id: None, ticket: None, .. } => {
            let party = party(&visit.state.site)?;
            people::sign_in_by_passkey(store, office, &party, &said.clone().into(), from).await?
        }
        SignIn { ticket: Some(ticket), link: None, email: None, password: None, organisation_id: None, passkey: None, .. } => {
            people::sign_in_by_ticket(store, office, ticket, from).await?
        }
        SignIn { link: Some(link), email: None, password: None, organisation_id: None, passkey: None, ticket: None, .. } => {
            people::sign_in_by_link(store, office, link, from).await?
        }
        SignIn { link: None, email: Some(email), password: Some(password), organisation_id, passkey: None, ticket: None, .. } => {
            people::sign_in_by_password(store, office, &visit.state.passwords, email, password, *organisation_id, from).await?
        }
        _ => return Err(ApiError::field("", "give `link`, or `email` and `password`, or `passkey`, or `ticket`")),
    };
    greet(&visit, &signed_in).await
}

/// Answers with who was signed in, and the cookie.
pub(crate) async fn greet(visit: &Visit, signed_in: &SignedIn) -> Answer {
    let mut tx = visit.state.store.begin(&signed_in.actor).await?;
    let me = Me::of(&mut tx, &signed_in.actor).await?;
    let mut response = json(StatusCode::CREATED, &me)?;
    if let Some(cookie) = visit.state.site.cookie(&signed_in.secret) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
