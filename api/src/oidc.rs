//! Signing in at an OpenID provider: authorization code with PKCE, as a client of the provider that the configuration names.
//!
//! What binds an answer to a browser is one random value in a cookie of it: state, nonce and PKCE's verifier are made of that, so nothing is
//! kept here in between. What the provider says of a person is checked in the office; here it is only fetched.

mod fetch;
mod letters;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fetch::{Fetched, Provider};
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, MutexGuard, PoisonError};
use steward_core::{Clock, HasKind, Kind};
use steward_office::people::{Expected, IdTokenError, Identity, verify_id_token};
use subtle::ConstantTimeEq as _;

pub(crate) use letters::encoded;

/// How long somebody may take at the provider, in milliseconds.
pub const VISIT_MS: i64 = 10 * 60 * 1_000;
/// How long what the provider says of itself is used, in milliseconds.
const KNOWN_MS: i64 = 60 * 60 * 1_000;
/// How soon it is asked anew for a key that is not among those known, in milliseconds.
const AGAIN_MS: i64 = 60 * 1_000;
/// How soon a provider that did not answer is asked again, in milliseconds: strangers who knock do not make us knock there.
const REST_MS: i64 = 2_000;
/// The longest code, in bytes.
const CODE_BYTES_MAX: usize = 4 * 1024;
const SECRET_BYTES: usize = 32;

/// The provider as it is configured.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// Its address, as it calls itself.
    pub issuer: String,
    /// This installation's id there.
    pub client_id: String,
    /// This installation's secret there, if it has one.
    pub client_secret: Option<SecretString>,
    /// What people call it.
    pub name: String,
}

/// Why a sign-in did not come about.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The answer belongs to no sign-in that this browser began, or to one of long ago.
    #[error("this answer belongs to no sign-in that was begun in this browser within the last ten minutes: begin again")]
    NotBegun,
    /// The provider does not take the code.
    #[error("the provider did not take the code: begin again")]
    Code,
    /// What the provider said of the person is not taken.
    #[error("what the provider said is not taken: {0}")]
    Token(#[from] IdTokenError),
    /// The provider cannot be reached, or says something that it must not.
    #[error("the provider cannot be asked: {0}")]
    Away(String),
    /// There is no chance to be had.
    #[error("the system gives no random bytes")]
    Chance,
}

impl HasKind for OidcError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotBegun | Self::Code | Self::Token(_) => Kind::Denied,
            Self::Away(_) => Kind::Away,
            Self::Chance => Kind::Bug,
        }
    }
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What its cookie holds until it is back.
    pub cookie: SecretString,
}

/// The client of one provider.
#[derive(Debug)]
pub struct Oidc {
    settings: OidcSettings,
    http: reqwest::Client,
    clock: Clock,
    known: Mutex<Known>,
}

/// What the provider said of itself, and when it last did not answer, Unix milliseconds.
#[derive(Debug, Default)]
struct Known {
    fetched: Option<Fetched>,
    silent_at_ms: Option<i64>,
}

/// Whether an address is safe to send a secret to: encrypted, or on this machine.
pub(crate) fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && !url.contains('#');
    plain
        && !host.is_empty()
        && (uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && matches!(host, "127.0.0.1" | "localhost" | "[::1]")))
}

/// What is made of the cookie's value for one purpose. None tells anything of the others, or of the value.
fn derived(purpose: &str, cookie: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("steward/oidc/v1\0{purpose}\0{cookie}")))
}

impl Oidc {
    /// Makes the client. Nothing is connected to yet.
    pub fn new(settings: OidcSettings, clock: Clock) -> Result<Self, OidcError> {
        let http = fetch::client(settings.issuer.starts_with("https://")).map_err(|err| OidcError::Away(err.to_string()))?;
        Ok(Self { settings, http, clock, known: Mutex::default() })
    }

    /// What people call the provider.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// What the provider says of itself; asked anew after an hour, or at once for a key that is not known, but not all the time.
    async fn provider(&self, anew: bool) -> Result<Provider, OidcError> {
        let now = self.clock.now_ms();
        {
            let known = self.known();
            let age = |at_ms: i64| now.saturating_sub(at_ms);
            if let Some(fetched) = known.fetched.as_ref().filter(|fetched| (0..if anew { AGAIN_MS } else { KNOWN_MS }).contains(&age(fetched.at_ms))) {
                return Ok(fetched.provider.clone());
            }
            if known.silent_at_ms.is_some_and(|at_ms| (0..REST_MS).contains(&age(at_ms))) {
                return Err(OidcError::Away("it did not answer a moment ago".to_owned()));
            }
        }
        match fetch::provider(&self.http, &self.settings.issuer).await {
            Ok(provider) => {
                *self.known() = Known { fetched: Some(Fetched { provider: provider.clone(), at_ms: now }), silent_at_ms: None };
                Ok(provider)
            }
            Err(err) => {
                self.known().silent_at_ms = Some(now);
                Err(err)
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a sign-in that comes back to `redirect_uri`.
    pub async fn begin(&self, redirect_uri: &str) -> Result<Begun, OidcError> {
        let provider = self.provider(false).await?;
        let mut secret = [0; SECRET_BYTES];
        rand::rngs::OsRng.try_fill_bytes(&mut secret).map_err(|_| OidcError::Chance)?;
        let cookie = format!("{}.{}", self.clock.now_ms(), URL_SAFE_NO_PAD.encode(secret));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(derived("verifier", &cookie)));
        let asked = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid email profile"),
            ("state", &derived("state", &cookie)),
            ("nonce", &derived("nonce", &cookie)),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let joint = if provider.authorization_endpoint.contains('?') { '&' } else { '?' };
        Ok(Begun { url: format!("{}{joint}{}", provider.authorization_endpoint, encoded(&asked)), cookie: SecretString::from(cookie) })
    }

    /// Takes the answer with which the browser came back, and finds out who it is.
    pub async fn finish(&self, cookie: &SecretString, state: &str, issuer: Option<&str>, code: &str, redirect_uri: &str) -> Result<Identity, OidcError> {
        let cookie = cookie.expose_secret();
        let begun: i64 = cookie.split('.').next().and_then(|text| text.parse().ok()).ok_or(OidcError::NotBegun)?;
        let age = self.clock.now_ms().saturating_sub(begun);
        let is_own = bool::from(derived("state", cookie).as_bytes().ct_eq(state.as_bytes()));
        // An answer of another provider would have its code sent to this one (RFC 9207).
        let is_from_there = issuer.is_none_or(|issuer| issuer == self.settings.issuer);
        if !is_own || !(0..=VISIT_MS).contains(&age) || !is_from_there || code.is_empty() || code.len() > CODE_BYTES_MAX {
            return Err(OidcError::NotBegun);
        }
        let provider = self.provider(false).await?;
        let verifier = derived("verifier", cookie);
        let tokens = fetch::token(&self.http, &provider, &self.settings, code, redirect_uri, &verifier).await?;
        let nonce = derived("nonce", cookie);
        let expected = Expected { issuer: &self.settings.issuer, client_id: &self.settings.client_id, nonce: &nonce, now_ms: self.clock.now_ms() };
        let mut identity = match verify_id_token(&tokens.id_token, &provider.keys, expected) {
            // Providers change their keys: those of now are asked for once.
            Err(IdTokenError::UnknownKey) => verify_id_token(&tokens.id_token, &self.provider(true).await?.keys, expected)?,
            other => other?,
        };
        if identity.verified_email.is_none() {
            identity.verified_email = fetch::verified_email(&self.http, &provider, &tokens, &identity.subject).await?;
        }
        Ok(identity)
    }
}
