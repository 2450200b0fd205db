//! One message to one address that somebody else gave: the same gate as for plugins, without a manifest.
//!
//! The address is read in one form only, must be `https` with a name for its host, and is dialled as it was checked. There is no redirect,
//! no secret of ours and no cookie; of what comes back the status counts, and how long to wait.

use super::rule::Scheme;
use super::target::Target;
use super::wire::Intake;
use super::{Dialer, EgressOptions, Failed, Network, PrivateHost, Refusal};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use http_body_util::Full;
use std::time::Duration;
use tokio::time::timeout;

/// The largest body that is sent, in bytes.
pub const COURIER_BYTES_MAX: usize = 4096;
/// The longest answer that is read, in bytes; nothing of it counts.
const ANSWER_BYTES_MAX: u64 = 16 << 10;
/// How long it may take, in milliseconds.
const MESSAGE_MS: u64 = 10_000;
/// Whom the operator's exceptions are for, where plugins have their name.
const NAME: &str = "notices";

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The status.
    pub status: u16,
    /// After how many seconds to come back, if that was said.
    pub retry_after_s: Option<u64>,
}

/// Why a message was not brought. The texts name the host and nothing else of the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CourierError {
    /// It may not be brought there.
    #[error("{0}")]
    Denied(String),
    /// It could not be brought there now.
    #[error("{0}")]
    Away(String),
}

/// Brings messages.
#[derive(Debug)]
pub struct Courier {
    dialer: Dialer,
}

impl Courier {
    /// One that reaches the public internet, and of this network what the operator names.
    pub fn new(options: EgressOptions) -> Self {
        Self { dialer: Dialer::new(options) }
    }

    /// An exception of the operator's: what a host may stand for in their own network.
    pub fn private(host: String, networks: Vec<Network>) -> PrivateHost {
        PrivateHost { plugin: NAME.to_owned(), host, networks }
    }

    /// Whether a message could be brought to an address, as far as it shows by itself. Returns `https://host[:port]`.
    pub fn origin(url: &str) -> Result<String, CourierError> {
        let target = read(url)?;
        Ok(format!("{}://{}", target.scheme, target.authority()))
    }

    /// Brings a message.
    pub async fn post(&self, url: &str, mut headers: HeaderMap, body: Vec<u8>) -> Result<Delivered, CourierError> {
        let target = read(url)?;
        if body.len() > COURIER_BYTES_MAX {
            return Err(CourierError::Denied(format!("a message has at most {COURIER_BYTES_MAX} bytes")));
        }
        let wrong = || CourierError::Denied("the address is none".to_owned());
        headers.insert(HOST, HeaderValue::from_str(&target.authority()).map_err(|_| wrong())?);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("steward/", env!("CARGO_PKG_VERSION"))));
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/octet-stream"));
        let length = HeaderValue::from_str(&body.len().to_string()).map_err(|_| wrong())?;
        headers.insert(http::header::CONTENT_LENGTH, length);
        let mut request = http::Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = target.path_and_query().parse().map_err(|_| wrong())?;
        *request.headers_mut() = headers;
        let brought = timeout(Duration::from_millis(MESSAGE_MS), Box::pin(self.bring(&target, request))).await;
        brought.unwrap_or_else(|_elapsed| Err(CourierError::Away(format!("`{}` did not answer in time", target.host))))
    }

    async fn bring(&self, target: &Target, request: http::Request<Full<Bytes>>) -> Result<Delivered, CourierError> {
        let addresses = self.dialer.addresses(NAME, NAME, target, None).await.map_err(|why| told(why, target))?;
        let mut received = 0;
        let answer =
            self.dialer.exchange(target, &addresses, request, Intake { most: ANSWER_BYTES_MAX, call_most: u64::MAX, call: &mut received, run: None }).await;
        let answer = answer.map_err(|Failed { why, .. }| told(why, target))?;
        let retry_after_s = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok(Delivered { status: answer.status, retry_after_s })
    }
}

fn read(url: &str) -> Result<Target, CourierError> {
    let target = Target::parse(url).map_err(CourierError::Denied)?;
    match target.scheme {
        Scheme::Https => Ok(target),
        Scheme::Http => Err(CourierError::Denied("the address must begin with `https://`".to_owned())),
    }
}

fn told(why: Refusal, target: &Target) -> CourierError {
    match why {
        Refusal::Denied(_) => {
            let host = &target.host;
            CourierError::Denied(format!(
                "`{host}` has an address that is not of the public internet; whoever runs Steward may name it under [[notices.push.private_hosts]]"
            ))
        }
        Refusal::TooLarge(why) | Refusal::TooMany(why) | Refusal::Unreachable(why) => CourierError::Away(why),
        Refusal::Timeout => CourierError::Away(format!("`{}` did not answer in time", target.host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_with_a_name() {
        for wrong in [
            "http://push.example/a",
            "https://127.0.0.1/a",
            "https://[::1]/a",
            "https://user@push.example/",
            "ftp://push.example/",
            "https://push.example/../a",
            "",
        ] {
            assert!(matches!(Courier::origin(wrong), Err(CourierError::Denied(_))), "{wrong}");
        }
        for (url, origin) in [
            ("https://fcm.googleapis.com/fcm/send/dJ3:APA91b-x_y", "https://fcm.googleapis.com"),
            ("https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2fx%3d", "https://wns2-par02p.notify.windows.com"),
            ("https://push.example:8443/a", "https://push.example:8443"),
        ] {
            assert_eq!(Courier::origin(url).as_deref(), Ok(origin));
        }
    }
}
