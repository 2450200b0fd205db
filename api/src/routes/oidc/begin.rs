//! Begins a sign-in at an OpenID provider.

use super::{provider, redirect_uri, set_cookie};
use crate::auth::{Answer, Visit, json};
use crate::openapi::Doc;
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderVisit {
    /// The provider's page; it sends the browser back to `/sign-in` with `code` and `state`.
    url: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Begin a sign-in at the OpenID provider")
        .about("Sets a cookie that binds the answer to this browser for ten minutes. Nothing is stored until then.")
        .answers::<ProviderVisit>("201", "Where the browser goes.")
        .refuses("409", "No provider is configured here.")
        .refuses("503", "The provider cannot be asked now.")
}

pub(crate) async fn handle(visit: Visit) -> Answer {
    let begun = provider(&visit)?.begin(&redirect_uri(&visit)).await?;
    let mut response = json(StatusCode::CREATED, &ProviderVisit { url: begun.url })?;
    if let Some(cookie) = set_cookie(&visit, Some(&begun.cookie)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
