//! What a refusal at `/mcp` says to a program that could get a token by itself: where to read on (RFC 9728), and what it lacks (RFC 6750).

use super::RESOURCE_METADATA;
use crate::site::Site;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use steward_core::Scope;

/// Names the way to a token in a refusal. `came_with_token` says whether the request had one.
pub(crate) fn say_where(response: &mut Response, site: &Site, came_with_token: bool) {
    let why = match (response.status(), came_with_token) {
        (StatusCode::UNAUTHORIZED, false) => "",
        (StatusCode::UNAUTHORIZED, true) => "error=\"invalid_token\", ",
        (StatusCode::FORBIDDEN, true) => "error=\"insufficient_scope\", ",
        _ => return,
    };
    let scopes = Scope::ALL.map(Scope::name).join(" ");
    let text = format!("Bearer {why}resource_metadata=\"{}{RESOURCE_METADATA}\", scope=\"{scopes}\"", site.public_url());
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
}
