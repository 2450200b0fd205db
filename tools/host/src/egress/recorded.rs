//! Answers from a recording, and what goes into one: what a plugin asks others passes the same gate, and then leaves this process no more, or
//! leaves it and is told to whoever writes it down.
//!
//! For cases of the plugin kit. Where an answer is recorded the name is not looked up, so what it stands for is not judged; all else is.

use super::target::Target;
use super::wire::{Answer, Failed, Intake};
use super::{Egress, Refusal, headers};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use std::fmt;
use std::sync::Arc;

/// Who answers what plugins ask others.
#[derive(Clone, Default)]
pub enum Answers {
    /// Whoever is there.
    #[default]
    Network,
    /// A recording: nothing leaves this process.
    Recorded(Arc<dyn Recorded>),
    /// Whoever is there, and somebody writes it down.
    Witnessed(Arc<dyn Witness>),
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "Network",
            Self::Recorded(_) => "Recorded",
            Self::Witnessed(_) => "Witnessed",
        })
    }
}

/// A request as it would have left, with `[name]` in the place of each secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// In capitals.
    pub method: String,
    /// In its normal form.
    pub url: String,
    /// Names in lower case, with those that the host adds.
    pub headers: Vec<(String, String)>,
    /// What would have been sent.
    pub body: Vec<u8>,
}

/// An answer as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What answers in the place of the network.
pub trait Recorded: Send + Sync {
    /// The answer to a request that the manifest allows; none where nobody answers, as when a host is not reached.
    fn answer(&self, request: SentRequest) -> Option<RecordedAnswer>;
}

/// What is told of each exchange with others, without the secrets that went along.
pub trait Witness: Send + Sync {
    /// A request that left, and what came back as the plugin is given it; none where nothing did.
    fn saw(&self, request: SentRequest, answer: Option<RecordedAnswer>);
}

impl Egress {
    /// A request as it leaves, with `[name]` in the place of each secret.
    fn sent(&self, method: &http::Method, target: &Target, headers: &HeaderMap, body: &Bytes) -> SentRequest {
        let text = |value: &HeaderValue| self.scrubber.text(String::from_utf8_lossy(value.as_bytes()).into_owned());
        let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let url = self.scrubber.text(format!("{}://{}{}", target.scheme, target.authority(), target.path_and_query()));
        let body = self.scrubber.clean(body).unwrap_or_else(|| body.to_vec());
        SentRequest { method: method.to_string(), url, headers, body }
    }

    /// What a witness is told that left, where there is one.
    pub(super) fn to_witness(&self, method: &http::Method, target: &Target, headers: &HeaderMap, body: &Bytes) -> Option<(Arc<dyn Witness>, SentRequest)> {
        let Answers::Witnessed(witness) = &self.dialer.options.answers else { return None };
        Some((Arc::clone(witness), self.sent(method, target, headers, body)))
    }

    /// What a witness is told that came back. A redirect is an answer like any other.
    pub(super) fn seen(&self, answer: &Answer) -> RecordedAnswer {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(|value| ("location".to_owned(), value.to_owned()));
        let given = headers::of_response(&answer.headers).into_iter().filter(|(name, _)| name != "location").chain(location);
        let headers = given.map(|(name, value)| (self.scrubber.text(name), self.scrubber.text(value))).collect();
        RecordedAnswer { status: answer.status, headers, body: self.scrubber.clean(&answer.body).unwrap_or_else(|| answer.body.clone()) }
    }

    /// Asks the recording what it would have asked the network.
    pub(super) fn recall(
        &self,
        recorded: &dyn Recorded,
        method: &http::Method,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        mut intake: Intake<'_>,
    ) -> Result<Answer, Failed> {
        let sent = self.sent(method, target, headers, body);
        let away = |why: String| Failed { why: Refusal::Unreachable(why), sent: true };
        let given = recorded.answer(sent).ok_or_else(|| away(format!("`{}` is not reached", target.host)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in given.headers {
            let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) else {
                return Err(away(format!("`{}` answered with a header that is none", target.host)));
            };
            headers.append(name, value);
        }
        intake.take_headers(&target.host, &headers)?;
        intake.take(&target.host, 0, given.body.len())?;
        Ok(Answer { status: given.status, headers, body: given.body })
    }
}
