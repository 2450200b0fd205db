//! Signs a browser out.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::openapi::Doc;
use http::header;
use steward_core::ActorKind;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Sign out").answers_nothing("The session is over; the cookie is taken back.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let ActorKind::Person { session: Some(session), .. } = caller.actor().kind else { return Err(ApiError::not_signed_in()) };
    let mut tx = caller.begin().await?;
    people::revoke_session(&mut tx, caller.office(), caller.person()?, session).await?;
    let mut response = caller.commit_empty(tx).await?;
    if let Some(cookie) = caller.state().site.no_cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
