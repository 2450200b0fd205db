//! What is asked of the provider over HTTP: who it is, its keys, a token for a code. Bounded in time and bytes; no redirect is followed.

use super::letters::one;
use super::{OidcError, OidcSettings, encoded, is_safe};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use steward_office::people::ProviderKey;

/// How long an answer may take, in milliseconds.
const ANSWER_MS: u64 = 10_000;
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// The most keys that are looked at.
const KEYS_MAX: usize = 100;

/// What a provider says of itself.
#[derive(Debug, Clone)]
pub(super) struct Provider {
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    /// Where it says of somebody what their token does not.
    userinfo_endpoint: Option<String>,
    pub(super) keys: Vec<ProviderKey>,
}

/// The same, with when it was asked, Unix milliseconds.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) provider: Provider,
    pub(super) at_ms: i64,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    /// A key of a kind that is not known here is left out, not the others with it.
    keys: Vec<serde_json::Value>,
}

/// What a code was worth.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    /// Opens what the provider says beside it; used once and kept nowhere.
    access_token: Option<SecretString>,
}

/// What a provider says of somebody beside their token.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<serde_json::Value>,
}

/// The one client. It repeats nothing, follows nothing, and takes no proxy from the environment.
pub(super) fn client(encrypted: bool) -> Result<reqwest::Client, reqwest::Error> {
    // Whoever installed a provider first wins; all of them do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .timeout(Duration::from_millis(ANSWER_MS))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .user_agent(concat!("steward/", env!("CARGO_PKG_VERSION")));
    if !encrypted {
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

fn away(what: &str, why: impl std::fmt::Display) -> OidcError {
    OidcError::Away(format!("{what}: {why}"))
}

/// A whole answer, with whether it is a good one.
async fn read(request: reqwest::RequestBuilder, what: &str) -> Result<(http::StatusCode, Vec<u8>), OidcError> {
    let mut response = request.header(header::ACCEPT, "application/json").send().await.map_err(|err| away(what, err.without_url()))?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|err| away(what, err.without_url()))? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(away(what, format!("the answer has more than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    Ok((response.status(), body))
}

async fn json<T: DeserializeOwned>(request: reqwest::RequestBuilder, what: &str) -> Result<T, OidcError> {
    let (status, body) = read(request, what).await?;
    if !status.is_success() {
        return Err(away(what, format!("it answered {status}")));
    }
    serde_json::from_slice(&body).map_err(|_| away(what, "the answer is not of the form it must have"))
}

/// Asks a provider who it is, and for its keys.
pub(super) async fn provider(http: &reqwest::Client, issuer: &str) -> Result<Provider, OidcError> {
    let what = "its description";
    let found: Discovery = json(http.get(format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))), what).await?;
    if found.issuer != issuer {
        return Err(away(
            what,
            format!("it calls itself `{}`, not `{issuer}`: write the issuer as it does", found.issuer.chars().take(200).collect::<String>()),
        ));
    }
    if ![&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri].into_iter().all(|url| is_safe(url)) {
        return Err(away(what, "it names an address that is not encrypted"));
    }
    let keys: KeySet = json(http.get(&found.jwks_uri), "its keys").await?;
    let keys = keys.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok()).collect();
    let Discovery { authorization_endpoint, token_endpoint, userinfo_endpoint, .. } = found;
    // Nobody needs it who is bound already.
    let userinfo_endpoint = userinfo_endpoint.filter(|url| is_safe(url));
    Ok(Provider { authorization_endpoint, token_endpoint, userinfo_endpoint, keys })
}

/// Takes a code to the provider and brings its word on who it is.
pub(super) async fn token(
    http: &reqwest::Client,
    provider: &Provider,
    settings: &OidcSettings,
    code: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Result<Tokens, OidcError> {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri), ("code_verifier", verifier)];
    let mut request = http.post(&provider.token_endpoint).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    match &settings.client_secret {
        Some(secret) => {
            let pair = format!("{}:{}", one(&settings.client_id), one(secret.expose_secret()));
            request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        }
        None => form.push(("client_id", &settings.client_id)),
    }
    let (status, body) = read(request.body(encoded(&form)), "its token").await?;
    if status.is_client_error() {
        return Err(OidcError::Code);
    }
    if !status.is_success() {
        return Err(away("its token", format!("it answered {status}")));
    }
    serde_json::from_slice(&body).map_err(|_| away("its token", "the answer has no `id_token`"))
}

/// Somebody's address as the provider has verified it, where it does not stand in their token: providers that keep to the letter say it
/// here only (OpenID Connect Core 5.4). It counts only of whom the token is, whose name was signed. Whoever is bound already needs none, so
/// that a provider that does not tell it keeps nobody out.
pub(super) async fn verified_email(http: &reqwest::Client, provider: &Provider, tokens: &Tokens, subject: &str) -> Result<Option<String>, OidcError> {
    let (Some(url), Some(token)) = (&provider.userinfo_endpoint, &tokens.access_token) else { return Ok(None) };
    let what = "what it says of the person";
    let said: UserInfo = match json(http.get(url).bearer_auth(token.expose_secret()), what).await {
        Ok(said) => said,
        Err(err) => {
            tracing::warn!(error = crate::cli::chain(&err), "the provider does not say whose address it is; only who is known already can sign in");
            return Ok(None);
        }
    };
    if said.sub != subject {
        return Err(away(what, "it is of somebody else"));
    }
    let is_verified = said.email_verified == Some(serde_json::Value::Bool(true));
    Ok(said.email.filter(|_| is_verified))
}
