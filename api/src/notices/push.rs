//! Messages to browsers: sealed for the browser, signed by us, carried by its maker, who learns that there is one and how urgent.

use super::seal::seal;
use super::vapid::PushKey;
use super::why::NotTold;
use super::words::Words;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use std::sync::Arc;
use steward_host::{Courier, CourierError, Delivered, EgressOptions};
use steward_office::notices::Tried;
use steward_store::notice::{BrowserRow, DueRow};
use time::OffsetDateTime;

/// What text and padding have together, in bytes: all messages are equally long.
const PADDED_BYTES: usize = 1024;
/// The longest that a service may keep a message, in seconds.
const KEPT_SECONDS_MAX: i64 = 7 * 24 * 3600;

/// Sends messages to browsers.
#[derive(Debug)]
pub struct Pusher {
    key: Arc<PushKey>,
    contact: String,
    courier: Courier,
}

impl Pusher {
    /// One that signs with this key. `contact` is a `mailto:` or `https:` address at which makers of browsers find who runs this.
    pub fn new(key: Arc<PushKey>, contact: String, options: EgressOptions) -> Self {
        Self { key, contact, courier: Courier::new(options) }
    }

    /// Sends one message.
    pub(crate) async fn send(&self, due: &DueRow, browser: &BrowserRow, words: &Words, now: OffsetDateTime) -> Tried {
        let kept = (due.expires_at - now).whole_seconds().clamp(0, KEPT_SECONDS_MAX);
        let prepared = Courier::origin(&browser.endpoint).map_err(|err| err.to_string()).and_then(|origin| {
            let headers = self.headers(due, &origin, kept, now)?;
            let body = seal(text(due, words).as_bytes(), PADDED_BYTES, &browser.p256dh, &browser.auth).map_err(|err| err.to_string())?;
            Ok((origin, headers, body))
        });
        match prepared {
            Err(why) => Tried::Refused(why),
            Ok((origin, headers, body)) => {
                let brought = self.courier.post(&browser.endpoint, headers, body).await;
                tried(brought, origin.split("://").nth(1).unwrap_or_default())
            }
        }
    }

    fn headers(&self, due: &DueRow, origin: &str, kept: i64, now: OffsetDateTime) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        let authorization = self.key.authorization(origin, &self.contact, now).map_err(|err| err.to_string())?;
        // Whatever waits for the same thing in the same browser is replaced.
        let topic = URL_SAFE_NO_PAD.encode(due.matter.uuid().as_bytes());
        for (name, value) in [
            (AUTHORIZATION, authorization.as_str()),
            (CONTENT_ENCODING, "aes128gcm"),
            (HeaderName::from_static("ttl"), &kept.to_string()),
            (HeaderName::from_static("urgency"), "high"),
            (HeaderName::from_static("topic"), &topic),
        ] {
            let mut value = HeaderValue::from_str(value).map_err(|_| "a header cannot be written".to_owned())?;
            value.set_sensitive(name == AUTHORIZATION);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// What the page's worker shows. It builds no sentence itself.
fn text(due: &DueRow, words: &Words) -> String {
    json!({
        "title": words.subject, "body": words.said.join("\n"), "path": words.path, "tag": due.matter.to_string(), "lang": words.language, "dir": words.direction,
    })
    .to_string()
}

fn tried(brought: Result<Delivered, CourierError>, host: &str) -> Tried {
    match brought {
        Err(CourierError::Denied(why)) => Tried::Refused(why),
        Err(CourierError::Away(why)) => Tried::Failed { why, after_s: None },
        Ok(Delivered { status: 200..=299, .. }) => Tried::Taken,
        Ok(Delivered { status: 404 | 410, .. }) => Tried::Gone,
        Ok(Delivered { status: status @ (408 | 429 | 500..=599), retry_after_s }) => {
            Tried::Failed { why: NotTold::PushLater.said(&[host, status.to_string().as_str()]), after_s: retry_after_s }
        }
        // A redirect is none of these: a browser's maker takes messages where it says.
        Ok(Delivered { status, .. }) => Tried::Refused(NotTold::PushRefused.said(&[host, status.to_string().as_str()])),
    }
}

#[cfg(test)]
mod tests {
    use super::super::seal::TEXT_BYTES_MAX;
    use super::super::words::{of, tests::due};
    use super::*;
    use crate::site::Site;

    #[test]
    fn what_a_service_answers_is_told_apart() {
        let answered = |status, retry_after_s| tried(Ok(Delivered { status, retry_after_s }), "push.example");
        assert_eq!((answered(201, None), answered(404, None), answered(410, None)), (Tried::Taken, Tried::Gone, Tried::Gone));
        for (status, expect) in [(429, Some(30)), (503, None)] {
            assert_eq!(answered(status, expect), Tried::Failed { why: format!("`push.example` asks to try later ({status})"), after_s: expect });
        }
        for status in [301, 307, 400, 401, 403, 413] {
            assert_eq!(answered(status, None), Tried::Refused(format!("`push.example` refuses the message ({status})")));
        }
    }

    #[test]
    fn the_longest_message_fits_and_says_no_more_than_mail() {
        let site = Site::new("https://steward.example", false).expect("a site");
        for language in steward_office::notices::LANGUAGES {
            let due = DueRow { tool: Some("a".repeat(500)), ..due() };
            let said = text(&due, &of(language, &due, &site));
            assert!(said.len() <= PADDED_BYTES && PADDED_BYTES < TEXT_BYTES_MAX, "{language}: {}", said.len());
        }
    }
}
