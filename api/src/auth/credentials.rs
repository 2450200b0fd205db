//! What a request brings to prove who asks, and whether a page of another site may have sent it.

use crate::error::{ApiError, ProblemCode};
use crate::site::Site;
use http::{HeaderMap, Method, header};
use secrecy::SecretString;
use steward_office::Office;
use steward_office::people::{Bearer, PeopleError, actor_of_session, actor_of_token};
use steward_store::Store;

/// The longest credential looked at, in bytes.
const CREDENTIAL_BYTES_MAX: usize = 512;

/// Proof of who asks.
#[derive(Debug)]
pub(super) enum Credentials {
    /// None.
    None,
    /// A session's secret, sent by a browser on its own: a page of another site can make it do so.
    Cookie(SecretString),
    /// An API token, put there by a program.
    Bearer(SecretString),
}

impl Credentials {
    /// What the headers bring. A token counts before a cookie.
    pub(super) fn of(headers: &HeaderMap, site: &Site) -> Self {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        if let Some(token) = bearer {
            return Self::Bearer(bounded(token));
        }
        session_in(headers, site).map_or(Self::None, Self::Cookie)
    }

    /// Who is behind the proof, in a request to `resource`, where that is an address clients are given tokens for.
    pub(super) async fn bearer(&self, store: &Store, office: &Office, resource: Option<&str>) -> Result<Bearer, PeopleError> {
        match self {
            Self::None => Err(PeopleError::NotSignedIn),
            Self::Cookie(secret) => Ok(Bearer { actor: actor_of_session(store, office, secret).await?, agent: None }),
            Self::Bearer(token) => actor_of_token(store, office, token, resource).await,
        }
    }
}

/// The session's secret among the cookies, if there is one.
pub(super) fn session_in(headers: &HeaderMap, site: &Site) -> Option<SecretString> {
    let wanted = site.cookie_name();
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let found = cookies.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == wanted);
    found.map(|(_, value)| bounded(value))
}

/// What is too long to be ours is as good as empty.
fn bounded(text: &str) -> SecretString {
    SecretString::from(if text.len() <= CREDENTIAL_BYTES_MAX { text } else { "" })
}

/// Content types a form of any site can send without asking first.
const FORM_TYPES: [&str; 3] = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];

/// Refuses a change that a page of another site may have made a browser send.
///
/// With a cookie the browser must say that the page is ours. Without one there is nothing to misuse but signing in itself:
/// there a foreign origin is refused, and none at all is a program.
pub(super) fn check_origin(method: &Method, headers: &HeaderMap, site: &Site, by_cookie: bool) -> Result<(), ApiError> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or_default());
    let origin = text(header::ORIGIN);
    let is_foreign_fetch = text(http::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site != "same-origin");
    let is_foreign = match origin {
        Some(origin) => !site.is_own_origin(origin),
        None => by_cookie,
    };
    let is_form = by_cookie
        && text(header::CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            FORM_TYPES.iter().any(|form| form.eq_ignore_ascii_case(kind))
        });
    if is_foreign || is_foreign_fetch || is_form {
        return Err(ApiError::new(
            http::StatusCode::FORBIDDEN,
            ProblemCode::CrossSite,
            "this did not come from a page of this server: open Steward itself, or use an API token",
        ));
    }
    Ok(())
}
