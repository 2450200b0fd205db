//! One registry, asked: within bounds, over TLS unless it is this machine, with credentials for itself and for nobody else.

use super::auth::{Challenge, Credentials};
use super::reference::{Reference, is_loopback};
use crate::error::KitError;
use reqwest::header::{AUTHORIZATION, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use std::time::Duration;

/// How long a registry may take to accept a connection, and to say anything at all, in seconds.
const CONNECT_S: u64 = 10;
const SILENCE_S: u64 = 60;
/// Redirects of one request.
const REDIRECTS_MAX: usize = 5;
/// What is read of a token's answer and of an error, in bytes.
const TOKEN_BYTES_MAX: usize = 64 << 10;
const PROBLEM_LETTERS_MAX: usize = 200;

/// A registry and one path in it.
pub(super) struct Client {
    inner: reqwest::Client,
    base: Url,
    registry: String,
    repository: String,
    actions: &'static str,
    credentials: Credentials,
    /// What was asked for and given.
    authorization: Option<String>,
}

/// An answer, its body not read yet.
pub(super) struct Answer {
    response: Response,
    registry: String,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// Whether a place may be asked that a registry sends us to: over TLS; on this machine without, but by a registry of this machine only.
fn may_ask(url: &Url, base: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && base.scheme() == "http" && url.host_str().is_some_and(is_loopback))
}

impl Client {
    pub(super) fn new(reference: &Reference, credentials: &Credentials, actions: &'static str) -> Result<Self, KitError> {
        // Installed once; that another was there before is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scheme = if reference.is_here() { "http" } else { "https" };
        let base = format!("{scheme}://{}/v2/{}/", reference.registry, reference.repository);
        let base: Url = base.parse().map_err(|_| KitError::said(format!("`{}` is no host", reference.registry)))?;
        let from = base.clone();
        let follow = redirect::Policy::custom(move |attempt| match attempt.previous().len() <= REDIRECTS_MAX && may_ask(attempt.url(), &from) {
            true => attempt.follow(),
            false => attempt.stop(),
        });
        let inner = reqwest::Client::builder()
            .user_agent(concat!("steward/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(CONNECT_S))
            .read_timeout(Duration::from_secs(SILENCE_S))
            .redirect(follow)
            // Credentials are for the registry: a variable of the environment leads them nowhere else.
            .no_proxy()
            .build()
            .map_err(|err| KitError::said(format!("no request can be made: {err}")))?;
        let Reference { registry, repository, .. } = reference.clone();
        Ok(Self { inner, base, registry, repository, actions, credentials: credentials.clone(), authorization: credentials.header() })
    }

    /// A place in the repository.
    pub(super) fn url(&self, path: &str) -> Result<Url, KitError> {
        // Relative paths with a colon would be read as a scheme.
        self.base.join(&format!("./{path}")).map_err(|_| KitError::said(format!("`{path}` is no place in a registry")))
    }

    /// Asks, and once more when the registry says how it wants to be asked.
    pub(super) async fn send(&mut self, method: Method, url: &Url, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Result<Answer, KitError> {
        let answer = self.once(method.clone(), url, headers, body.clone()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !self.is_own(url) {
            return Ok(answer);
        }
        let asked = answer.response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).and_then(Challenge::parse);
        match asked {
            Some(Challenge::Bearer { realm, service }) if !matches!(self.credentials, Credentials::Token(_)) => {
                self.authorization = Some(format!("Bearer {}", self.token(&realm, service.as_deref()).await?));
                self.once(method, url, headers, body).await
            }
            Some(_) | None => Ok(answer),
        }
    }

    async fn once(&self, method: Method, url: &Url, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Result<Answer, KitError> {
        if !may_ask(url, &self.base) {
            return Err(KitError::said(format!("`{}` sends to `{url}`, which is not over TLS", self.registry)));
        }
        let mut request = self.inner.request(method, url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // Credentials are for whom they are of.
        if let Some(authorization) = self.authorization.as_ref().filter(|_| self.is_own(url)) {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.map_err(|err| self.away(&err))?;
        Ok(Answer { response, registry: self.registry.clone() })
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Asks the issuer that the registry names for a token.
    async fn token(&self, realm: &str, service: Option<&str>) -> Result<String, KitError> {
        let mut url: Url = realm.parse().map_err(|_| KitError::said(format!("`{}` names no place where tokens are given", self.registry)))?;
        if !may_ask(&url, &self.base) {
            return Err(KitError::said(format!("`{}` wants the password sent to `{realm}`, which is not over TLS", self.registry)));
        }
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service)));
        url.query_pairs_mut().append_pair("scope", &format!("repository:{}:{}", self.repository, self.actions));
        let mut request = self.inner.get(url);
        if let Some(authorization) = self.credentials.header() {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = request.send().await.map_err(|err| self.away(&err))?;
        let answer = Answer { response, registry: self.registry.clone() }.expect(&[StatusCode::OK], "give a token")?;
        let token: Token =
            serde_json::from_slice(&answer.body(TOKEN_BYTES_MAX).await?).map_err(|_| KitError::said(format!("`{}` gave no token", self.registry)))?;
        token.token.or(token.access_token).ok_or_else(|| KitError::said(format!("`{}` gave no token", self.registry)))
    }

    fn away(&self, err: &reqwest::Error) -> KitError {
        let mut cause: &dyn std::error::Error = err;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        KitError::said(format!("the registry `{}` is not reached: {cause}", self.registry))
    }
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The answer, if it is one of these.
    pub(super) fn expect(self, good: &[StatusCode], what: &str) -> Result<Self, KitError> {
        let status = self.status();
        if good.contains(&status) {
            return Ok(self);
        }
        let registry = &self.registry;
        Err(KitError::said(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
                "the registry `{registry}` does not {what} to you ({status}); set STEWARD_REGISTRY_USER and STEWARD_REGISTRY_PASSWORD, or STEWARD_REGISTRY_TOKEN, or sign in with `docker login {registry}`"
            ),
            _ => format!("the registry `{registry}` does not {what}: it answers {status}"),
        }))
    }

    /// Where an upload goes on.
    pub(super) fn location(&self, from: &Url) -> Result<Url, KitError> {
        let location = self.response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let to = location.and_then(|location| from.join(location).ok());
        to.ok_or_else(|| KitError::said(format!("the registry `{}` does not say where an upload goes on", self.registry)))
    }

    /// The body, of at most so many bytes.
    pub(super) async fn body(mut self, most: usize) -> Result<Vec<u8>, KitError> {
        let mut bytes = Vec::new();
        loop {
            match self.response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > most => {
                    return Err(KitError::said(format!("the registry `{}` gives more than the {most} bytes that it should", self.registry)));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes),
                Err(err) => {
                    let why: String = err.to_string().chars().take(PROBLEM_LETTERS_MAX).collect();
                    return Err(KitError::said(format!("the registry `{}` broke off: {why}", self.registry)));
                }
            }
        }
    }
}
