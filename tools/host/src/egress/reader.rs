//! One document from one address that somebody else gave: the same gate as for plugins, without a manifest.
//!
//! The address is read in one form only, must be `https` with a name for its host, and is dialled as it was checked. No redirect is followed,
//! nothing of ours is sent along, and what comes is bounded in bytes and time.

use super::rule::Scheme;
use super::target::Target;
use super::wire::Intake;
use super::{Dialer, EgressOptions, Failed, Network, PrivateHost, Refusal};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use http_body_util::Full;
use std::time::Duration;
use tokio::time::timeout;

/// How long it may take, in milliseconds.
const READ_MS: u64 = 5_000;
/// Whom the operator's exceptions are for, where plugins have their name.
const NAME: &str = "clients";

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The status.
    pub status: u16,
    /// What it says it is, in lower case, without parameters.
    pub kind: String,
    /// All of it.
    pub body: Vec<u8>,
}

/// Why a document was not read. The texts name the host and nothing else of the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// It may not be read from there.
    #[error("{0}")]
    Denied(String),
    /// It could not be read now.
    #[error("{0}")]
    Away(String),
}

/// Reads documents.
#[derive(Debug)]
pub struct Reader {
    dialer: Dialer,
}

impl Reader {
    /// One that reaches the public internet, and of this network what the operator names.
    pub fn new(options: EgressOptions) -> Self {
        Self { dialer: Dialer::new(options) }
    }

    /// An exception of the operator's: what a host may stand for in their own network.
    pub fn private(host: String, networks: Vec<Network>) -> PrivateHost {
        PrivateHost { plugin: NAME.to_owned(), host, networks }
    }

    /// The host of an address from which a document could be read, as far as it shows by itself.
    pub fn host(url: &str) -> Result<String, ReaderError> {
        read(url).map(|target| target.host)
    }

    /// Reads the document at an address, of at most so many bytes, for somebody: names that are not found keep nobody else's waiting.
    pub async fn get(&self, url: &str, bytes_max: u64, asker: &str) -> Result<Document, ReaderError> {
        let target = read(url)?;
        let wrong = || ReaderError::Denied("the address is none".to_owned());
        let mut request = http::Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = target.path_and_query().parse().map_err(|_| wrong())?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(&target.authority()).map_err(|_| wrong())?);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("steward/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let brought = timeout(Duration::from_millis(READ_MS), Box::pin(self.bring(&target, request, bytes_max, asker))).await;
        brought.unwrap_or_else(|_elapsed| Err(ReaderError::Away(format!("`{}` did not answer in time", target.host))))
    }

    async fn bring(&self, target: &Target, request: http::Request<Full<Bytes>>, bytes_max: u64, asker: &str) -> Result<Document, ReaderError> {
        let addresses = self.dialer.addresses(NAME, asker, target, None).await.map_err(|why| told(why, target))?;
        let mut received = 0;
        let answer = self.dialer.exchange(target, &addresses, request, Intake { most: bytes_max, call_most: u64::MAX, call: &mut received, run: None }).await;
        let answer = answer.map_err(|Failed { why, .. }| told(why, target))?;
        if answer.headers.get(CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(ReaderError::Away(format!("`{}` answered compressed, though it was asked not to", target.host)));
        }
        let kind = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Ok(Document { status: answer.status, kind, body: answer.body })
    }
}

fn read(url: &str) -> Result<Target, ReaderError> {
    let target = Target::parse(url).map_err(ReaderError::Denied)?;
    match target.scheme {
        Scheme::Https => Ok(target),
        Scheme::Http => Err(ReaderError::Denied("the address must begin with `https://`".to_owned())),
    }
}

fn told(why: Refusal, target: &Target) -> ReaderError {
    match why {
        Refusal::Denied(_) => {
            let host = &target.host;
            ReaderError::Denied(format!(
                "`{host}` has an address that is not of the public internet; whoever runs Steward may name it under [[oauth.private_hosts]]"
            ))
        }
        Refusal::TooLarge(why) | Refusal::TooMany(why) | Refusal::Unreachable(why) => ReaderError::Away(why),
        Refusal::Timeout => ReaderError::Away(format!("`{}` did not answer in time", target.host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_at_a_name_and_encrypted() {
        for wrong in [
            "http://app.example/client.json",
            "https://127.0.0.1/client.json",
            "https://[::1]/client.json",
            "https://user@app.example/client.json",
            "https://app.example/a/../client.json",
            "https://app.example/client.json#x",
            "file:///etc/passwd",
            "",
        ] {
            assert!(matches!(Reader::host(wrong), Err(ReaderError::Denied(_))), "{wrong}");
        }
        assert_eq!(Reader::host("https://App.example:8443/client.json?x=1").as_deref(), Ok("app.example"));
    }

    #[cfg(feature = "testing")]
    #[tokio::test]
    async fn names_that_are_not_found_for_one_keep_no_other_waiting() {
        use super::super::{MadeUp, Resolver};
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::sync::{Arc, Mutex, mpsc};
        const SLOW: usize = 8;
        let (release, held) = mpsc::channel::<()>();
        let looked = Arc::new(AtomicUsize::new(0));
        let (held, counted) = (Mutex::new(held), Arc::clone(&looked));
        let resolver = Resolver::Made(MadeUp(Arc::new(move |host: &str| {
            if host.starts_with("slow") {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = held.lock().expect("the line").recv();
            }
            Vec::new()
        })));
        let reader = Arc::new(Reader::new(EgressOptions { resolver, ..EgressOptions::default() }));
        for at in 0..SLOW {
            let reader = Arc::clone(&reader);
            tokio::spawn(async move { reader.get(&format!("https://slow{at}.example/client.json"), 1_000, "ada").await });
        }
        while looked.load(Ordering::SeqCst) < SLOW {
            tokio::task::yield_now().await;
        }
        let found = reader.get("https://fast.example/client.json", 1_000, "lena").await;
        assert!(matches!(&found, Err(ReaderError::Away(why)) if why.contains("has no address")), "{found:?}");
        drop(release);
    }
}
