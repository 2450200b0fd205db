//! Signing in at an OpenID provider.

pub(crate) mod answer;
pub(crate) mod begin;
pub(crate) mod show;

use crate::auth::Visit;
use crate::error::{ApiError, ProblemCode};
use crate::oidc::{Oidc, VISIT_MS};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};

/// The provider; refused where none is configured.
fn provider(visit: &Visit) -> Result<&Oidc, ApiError> {
    let none = || ApiError::new(StatusCode::CONFLICT, ProblemCode::Conflict, "no provider is configured here: sign in by link, password or passkey");
    visit.state.oidc.as_ref().ok_or_else(none)
}

/// Where a provider sends a browser back to: the page takes the answer out of its address and sends it here.
fn redirect_uri(visit: &Visit) -> String {
    format!("{}/sign-in", visit.state.site.public_url())
}

fn cookie_name(visit: &Visit) -> &'static str {
    if visit.state.site.is_https() { "__Host-stw-oidc" } else { "stw-oidc" }
}

/// The cookie that holds what a sign-in was begun with; none takes it away.
fn set_cookie(visit: &Visit, value: Option<&SecretString>) -> Option<HeaderValue> {
    let (value, age_s) = value.map_or(("", 0), |value| (value.expose_secret(), VISIT_MS / 1_000));
    let secure = if visit.state.site.is_https() { "; Secure" } else { "" };
    // Lax: a browser that comes back from the provider has it.
    let mut header = HeaderValue::from_str(&format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}", cookie_name(visit))).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn cookie(visit: &Visit, headers: &HeaderMap) -> Option<SecretString> {
    let pairs = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let found = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == cookie_name(visit));
    found.map(|(_, value)| SecretString::from(value)).filter(|value| !value.expose_secret().is_empty())
}
