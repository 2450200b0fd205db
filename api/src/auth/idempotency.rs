//! `Idempotency-Key`: the same key with the same request gets the same answer and no second effect; with another request it is refused.

use super::Access;
use crate::error::{ApiError, ProblemCode};
use crate::router::Route;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use steward_core::{Actor, Digest, EnvelopeKey, PersonId};
use steward_store::{Store, Tx, idempotency};
use time::OffsetDateTime;

/// The request's header.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_BYTES_MAX: usize = 200;
/// POSTs of somebody signed in of which no answer is kept: a repeat asks for another challenge, or reads again, or has a key of its own in
/// what it sends.
const KEPT_NOWHERE: [&str; 4] = ["mcp::post", "passkeys::begin", "passkeys::step_up", "policies::backtest"];

/// Whether a route takes a key: with it a repeat gets the same answer.
pub(crate) fn takes_key(route: &Route) -> bool {
    route.method == Method::POST && route.access != Access::Public && !KEPT_NOWHERE.contains(&route.name)
}

/// A key and the request it stands for.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    key: String,
    digest: Digest,
}

impl Claim {
    /// The claim of a POST with a key. What is stored of the request is keyed: a plain digest would let whoever reads it guess at a
    /// password in it much quicker than at its slow hash.
    pub(super) fn of(route: &Route, uri: &Uri, headers: &HeaderMap, body: &Bytes, seal: Option<&EnvelopeKey>) -> Result<Option<Self>, ApiError> {
        let Some(key) = headers.get(KEY).filter(|_| takes_key(route)) else { return Ok(None) };
        let key = key.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
        let key = key.ok_or_else(|| ApiError::field("Idempotency-Key", format!("give 1 to {KEY_BYTES_MAX} visible ASCII letters")))?;
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        let digest = Digest::of_parts([route.method.as_str().as_bytes(), target.as_bytes(), body.as_ref()]);
        let digest = seal.map_or(digest, |seal| seal.seal_bytes("idempotency/v1", digest.bytes()));
        Ok(Some(Self { key: key.to_owned(), digest }))
    }

    /// The answer given before, if any.
    pub(super) async fn answer(&self, store: &Store, actor: &Actor, person: PersonId) -> Result<Option<Response>, ApiError> {
        let mut tx = store.begin(actor).await?;
        let Some(found) = idempotency::find(&mut tx, person, &self.key).await? else { return Ok(None) };
        if found.request_digest != self.digest {
            return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Conflict, "this Idempotency-Key was used for another request: use a new one"));
        }
        let status = found.status.and_then(|status| u16::try_from(status).ok()).and_then(|status| StatusCode::from_u16(status).ok());
        let (Some(status), Some(body)) = (status, found.body) else { return Ok(None) };
        let is_empty = body.is_empty();
        let mut response = (status, body).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        if !is_empty {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(Some(response))
    }

    /// Takes the key for a transaction; waits for another request that holds it, and leaves the answering to that one.
    pub(super) async fn take(&self, tx: &mut Tx, person: PersonId, at: OffsetDateTime) -> Result<(), ApiError> {
        if idempotency::claim(tx, person, &self.key, &self.digest, at).await? {
            return Ok(());
        }
        let detail = "the same request was answered just now: repeat this one to get its answer";
        let mut busy = ApiError::new(StatusCode::CONFLICT, ProblemCode::InProgress, detail);
        busy.retry_after_s = Some(1);
        Err(busy)
    }

    /// Remembers the answer in the transaction that took the key.
    pub(super) async fn remember(&self, tx: &mut Tx, person: PersonId, status: StatusCode, body: &str) -> Result<(), ApiError> {
        idempotency::finish(tx, person, &self.key, i16::try_from(status.as_u16()).unwrap_or(i16::MAX), body).await?;
        Ok(())
    }
}
