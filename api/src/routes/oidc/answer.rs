//! Takes the answer of an OpenID provider, and gives a ticket to sign in with.

use super::{cookie, provider, redirect_uri, set_cookie};
use crate::auth::{Answer, Visit, json};
use crate::extract::Json;
use crate::oidc::OidcError;
use crate::openapi::Doc;
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use steward_office::people;
use utoipa::ToSchema;

/// What stood in the address to which the provider sent the browser back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderAnswer {
    /// The code.
    #[schema(value_type = String, max_length = 4096)]
    code: SecretString,
    /// The state.
    #[schema(max_length = 256)]
    state: String,
    /// The issuer, if the provider named itself.
    iss: Option<String>,
}

/// A way in, once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketView {
    /// Send it to `POST /api/v1/session` within five minutes; with `code` where a second factor is asked for.
    ticket: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Take the OpenID provider's answer")
        .about("The code is taken to the provider, and what it says of the person is checked: signature, issuer, audience, time, and that it is for the sign-in that this browser began. Whom it is here was bound at their first sign-in; before that it is who has the address that the provider has verified. Nobody is made by signing in.")
        .body::<ProviderAnswer>()
        .answers::<TicketView>("201", "A ticket.")
        .refuses("403", "The answer belongs to no sign-in of this browser, is not taken, or names nobody who is known here.")
        .refuses("409", "No provider is configured here.")
        .refuses("503", "The provider cannot be asked now.")
}

pub(crate) async fn handle(visit: Visit, headers: HeaderMap, Json(said): Json<ProviderAnswer>) -> Answer {
    let begun = cookie(&visit, &headers).ok_or(OidcError::NotBegun)?;
    let identity = provider(&visit)?.finish(&begun, &said.state, said.iss.as_deref(), said.code.expose_secret(), &redirect_uri(&visit)).await?;
    let ticket = people::ticket_for(&visit.state.store, &visit.office, identity).await?;
    let mut response = json(StatusCode::CREATED, &TicketView { ticket: ticket.expose_secret().to_owned() })?;
    // What was begun is over.
    if let Some(cookie) = set_cookie(&visit, None) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
