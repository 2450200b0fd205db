//! The transport under the client library: it sends one request, once, and bounds everything that comes back.
//!
//! The library's own retries are not part of it, because the driver decides on those. What is not an answer (a status, an HTML
//! page, an error body, a broken stream) becomes a [`Fault`] here, in the [`Exchange`] of that one request.

mod body;
mod faults;
mod scan;

pub(super) use faults::spoken_error;

use super::error::Fault;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use body::Watched;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use secrecy::SecretString;
use serde::de::IgnoredAny;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use steward_core::Clock;
use steward_core::event::AskFailure;

/// The longest error body that is read, in bytes.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// What one request is sent under, and what became of it on the wire.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The key, which no message may repeat.
    pub(super) key: Option<SecretString>,
    /// For a Retry-After that is a date.
    pub(super) clock: Clock,
    /// Where it goes, for messages.
    pub(super) host: String,
    /// The longest answer, in bytes on the wire.
    pub(super) bytes_max: usize,
    /// Whether a stream was asked for.
    pub(super) streamed: bool,
    answered: AtomicBool,
    refused: AtomicBool,
    ended: AtomicBool,
    fault: Mutex<Option<Fault>>,
}

impl Exchange {
    pub(super) fn new(key: Option<SecretString>, clock: Clock, host: String, bytes_max: usize, streamed: bool) -> Self {
        Self {
            key,
            clock,
            host,
            bytes_max,
            streamed,
            answered: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            fault: Mutex::new(None),
        }
    }

    /// Whether the model began to answer: from then on the provider charges.
    pub(super) fn answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    /// Whether nobody took the question: no connection, or a status that is no success.
    pub(super) fn refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// Whether the answer's bytes came to their end.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// What went wrong on the wire, if anything.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps the first fault and returns an error that only stops the library.
    fn fail(&self, fault: Fault) -> OpenAIError {
        let mut kept = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert(fault);
        OpenAIError::InvalidArgument("see the exchange".to_owned())
    }
}

/// The one HTTP client, with the exchange of one request.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) http: reqwest::Client,
    pub(super) exchange: Arc<Exchange>,
}

impl tower::Service<HttpRequestFactory> for Wire {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let Self { http, exchange } = self.clone();
        Box::pin(async move {
            let mut request = factory.build().await?;
            // Nothing is sent twice, so nobody keeps the question while its answer is waited for: neither the library for another try
            // nor the client, which keeps what can be cloned.
            drop(factory);
            if let Some(body) = request.body_mut().take() {
                *request.body_mut() = Some(reqwest::Body::wrap(body));
            }
            let response = http.execute(request).await.map_err(|error| {
                exchange.refused.store(true, Ordering::Release);
                exchange.fail(faults::transport(&error, &exchange))
            })?;
            let status = response.status();
            if !status.is_success() {
                exchange.refused.store(true, Ordering::Release);
                let headers = response.headers().clone();
                let text = collect(response.into(), ERROR_BYTES_MAX).await.unwrap_or_default();
                return Err(exchange.fail(faults::status(status, &headers, &text, &exchange)));
            }
            let kind = response.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
            if kind.starts_with("text/html") {
                return Err(exchange.fail(Fault::new(AskFailure::Malformed, "answered with a web page; is base_url right?")));
            }
            if exchange.streamed && !kind.starts_with("application/json") {
                exchange.answered.store(true, Ordering::Release);
                let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
                let watched = reqwest::Body::wrap(Watched::new(body, exchange));
                return Ok(http::Response::from_parts(parts, watched).into());
            }
            let whole = whole(response, &exchange).await.map_err(|fault| exchange.fail(fault))?;
            exchange.answered.store(true, Ordering::Release);
            exchange.ended.store(true, Ordering::Release);
            // An endpoint that does not stream answers a streamed question whole: to the library it is a stream of one event.
            let body = if exchange.streamed { [b"data: ", one_line(&whole).as_slice(), b"\n\n"].concat().into() } else { whole };
            Ok(http::Response::new(reqwest::Body::from(body)).into())
        })
    }
}

/// A whole JSON answer, bounded; an error in it is a fault.
async fn whole(response: reqwest::Response, exchange: &Exchange) -> Result<Bytes, Fault> {
    let text = match collect(response.into(), exchange.bytes_max).await {
        Ok(text) => text,
        // It began to answer, so that the question at least is charged; how much of an answer there would have been nobody knows.
        Err(cut) => {
            exchange.answered.store(true, Ordering::Release);
            return Err(match cut {
                Cut::TooLong => faults::too_long(exchange.bytes_max),
                Cut::Broken => Fault::new(AskFailure::CutOff, "broke off in the middle of its answer"),
            });
        }
    };
    if std::str::from_utf8(&text).is_err() || serde_json::from_slice::<IgnoredAny>(&text).is_err() {
        return Err(Fault::new(AskFailure::Malformed, "answered with something that is no JSON; is base_url right?"));
    }
    match spoken_error(&text, exchange) {
        Some(fault) => Err(fault),
        None => Ok(text),
    }
}

/// JSON has no line ends inside its strings, so that those between its parts can go.
fn one_line(json: &[u8]) -> Vec<u8> {
    json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}

enum Cut {
    TooLong,
    Broken,
}

async fn collect(mut body: reqwest::Body, bytes_max: usize) -> Result<Bytes, Cut> {
    let mut text = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Cut::Broken)?.into_data() else { continue };
        if text.len() + data.len() > bytes_max {
            return Err(Cut::TooLong);
        }
        text.extend_from_slice(&data);
    }
    Ok(text.freeze())
}
