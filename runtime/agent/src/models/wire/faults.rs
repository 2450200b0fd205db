//! From what HTTP says to what it means: the table of failures on the wire.

use super::Exchange;
use crate::models::error::Fault;
use crate::models::words::bounded;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::error::Error;
use steward_core::event::AskFailure;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// The longest wait a provider can ask for, in milliseconds.
const RETRY_AFTER_MS_MAX: u64 = 60 * 60 * 1000;
/// The form of a date in HTTP.
const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// No response at all.
pub(super) fn transport(error: &reqwest::Error, exchange: &Exchange) -> Fault {
    let host = &exchange.host;
    if error.is_timeout() {
        return Fault::new(AskFailure::Timeout, format!("does not take the connection in time; is `{host}` right and up?"));
    }
    let cause = root(error);
    if error.is_connect() {
        return Fault::new(AskFailure::Unreachable, format!("cannot be reached at `{host}`: {}", bounded(&cause, None)));
    }
    if error.is_builder() {
        return Fault::new(AskFailure::Refused, format!("cannot be asked at `{host}`: {}", bounded(&cause, None)));
    }
    Fault::new(AskFailure::Unreachable, format!("closed the connection before it answered: {}", bounded(&cause, None)))
}

fn root(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// A response that is no success.
pub(super) fn status(status: StatusCode, headers: &HeaderMap, text: &[u8], exchange: &Exchange) -> Fault {
    let failure = match status.as_u16() {
        408 => AskFailure::Timeout,
        429 => AskFailure::RateLimited,
        // Conflict and too early: the server asks for another try, as its own clients do.
        409 | 425 | 500.. => AskFailure::Server,
        _ => AskFailure::Refused,
    };
    let what = match failure {
        AskFailure::RateLimited => "asks to wait",
        AskFailure::Refused if status.is_redirection() => "answers that it is elsewhere; set base_url to where it is",
        AskFailure::Refused if status == StatusCode::UNAUTHORIZED && exchange.key.is_none() => {
            "wants a key and was sent none: api_key_env names no variable, or one that is not set or empty"
        }
        AskFailure::Refused if status == StatusCode::UNAUTHORIZED => "does not accept the key; check api_key_env",
        AskFailure::Refused => "refuses the request",
        _ => "fails",
    };
    let said = said(text, exchange);
    let message = if said.is_empty() { format!("{what} (HTTP {})", status.as_u16()) } else { format!("{what} (HTTP {}): `{said}`", status.as_u16()) };
    let retry_after_ms = retry_after(headers, exchange).or_else(|| retry_info(&serde_json::from_slice(text).unwrap_or_default()));
    Fault { failure, message, retry_after_ms }
}

/// What the provider says in an error body, in whatever form it says it. A web page says nothing.
fn said(text: &[u8], exchange: &Exchange) -> String {
    let secret = exchange.key.as_ref().map(|key| key.expose_secret());
    match serde_json::from_slice::<Value>(text) {
        Ok(body) => message_in(&body).map(|said| bounded(said, secret)).unwrap_or_default(),
        Err(_) => match std::str::from_utf8(text) {
            Ok(plain) if !plain.trim_start().starts_with('<') => bounded(plain, secret),
            _ => String::new(),
        },
    }
}

fn message_in(body: &Value) -> Option<&str> {
    ["/error/message", "/message", "/error", "/detail", "/errors/0/message", "/0/error/message"]
        .into_iter()
        .find_map(|pointer| body.pointer(pointer).and_then(Value::as_str).filter(|said| !said.trim().is_empty()))
}

/// An error that came with a status of success, or inside a stream.
pub(in crate::models) fn spoken_error(text: &[u8], exchange: &Exchange) -> Option<Fault> {
    // Nearly every answer is none, and reading each in full to find that out was a fiftieth of a run.
    const WORD: &[u8] = br#""error""#;
    if !text.windows(WORD.len()).any(|part| part == WORD) {
        return None;
    }
    let body: Value = serde_json::from_slice(text).ok()?;
    // A response of the responses API carries `"error": null`; an event of it may be the error itself.
    let error = match body.get("error") {
        Some(Value::Null) | None if body.get("type").and_then(Value::as_str) == Some("error") => &body,
        Some(Value::Null) | None => return None,
        Some(error) => error,
    };
    let code = |field: &str| match error.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (code, kind) = (code("code"), code("type"));
    let says = |word: &str| code.contains(word) || kind.contains(word);
    let failure = if says("rate_limit") || says("insufficient_quota") || says("429") {
        AskFailure::RateLimited
    } else if says("invalid")
        || says("context_length")
        || says("not_found")
        || says("authentication")
        || says("permission")
        || says("billing")
        || says("too_large")
        || (code.len() == 3 && code.starts_with('4'))
    {
        AskFailure::Refused
    } else {
        AskFailure::Server
    };
    let said = said(text, exchange);
    let said = if said.is_empty() { [kind.as_str(), code.as_str()].join(" ").trim().to_owned() } else { said };
    let message = format!("answers with an error: `{}`", bounded(&said, exchange.key.as_ref().map(|key| key.expose_secret())));
    Some(Fault { failure, message, retry_after_ms: retry_info(&body) })
}

/// An answer with more bytes than it may have.
pub(super) fn too_long(bytes_max: usize) -> Fault {
    Fault::new(AskFailure::TooLong, format!("answers with more than {bytes_max} bytes; it was stopped"))
}

/// How long to wait: milliseconds, seconds, or until a date.
fn retry_after(headers: &HeaderMap, exchange: &Exchange) -> Option<u64> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let ms = header("retry-after-ms").and_then(|text| text.parse::<u64>().ok());
    let wait = ms.or_else(|| header("retry-after").and_then(|text| seconds(text).or_else(|| until(text, exchange.clock.now_ms()))))?;
    Some(wait.min(RETRY_AFTER_MS_MAX))
}

/// How long to wait, where it stands in the error itself: Google says it there (`google.rpc.RetryInfo`), and in no header.
fn retry_info(body: &Value) -> Option<u64> {
    let details = ["/error/details", "/0/error/details"].into_iter().find_map(|pointer| body.pointer(pointer).and_then(Value::as_array))?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay").and_then(Value::as_str))?;
    Some(seconds(delay.strip_suffix('s')?)?.min(RETRY_AFTER_MS_MAX))
}

/// Whole seconds, or seconds with a fraction, as some gateways send them.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().ok()?;
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(whole.saturating_mul(1000).saturating_add(thousandths.parse().ok()?))
}

fn until(text: &str, now_ms: i64) -> Option<u64> {
    let date = time::PrimitiveDateTime::parse(text, HTTP_DATE).ok()?;
    let at_ms = OffsetDateTime::unix_timestamp(date.assume_utc()).checked_mul(1000)?;
    Some(u64::try_from(at_ms.saturating_sub(now_ms)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Clock;
    use time::macros::datetime;

    fn exchange() -> Exchange {
        Exchange::new(Some("s3cret".into()), Clock::manual(datetime!(2026-03-01 09:00:00 UTC)), "host".to_owned(), 10, false)
    }

    #[test]
    fn a_wait_is_read_in_every_form_and_bounded() {
        let check = |name: &'static str, text: &'static str, expect: Option<u64>| {
            let headers = [(http::HeaderName::from_static(name), http::HeaderValue::from_static(text))].into_iter().collect();
            assert_eq!(retry_after(&headers, &exchange()), expect, "{name}: {text}");
        };
        check("retry-after", "2", Some(2_000));
        check("retry-after", " 0 ", Some(0));
        check("retry-after", "1.5", Some(1_500));
        check("retry-after", "Sun, 01 Mar 2026 09:00:30 GMT", Some(30_000));
        check("retry-after", "Sun, 01 Mar 2026 08:00:00 GMT", Some(0));
        check("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", Some(RETRY_AFTER_MS_MAX));
        check("retry-after", "99999999999999999", Some(RETRY_AFTER_MS_MAX));
        check("retry-after-ms", "250", Some(250));
        check("retry-after", "-5", None);
        check("retry-after", "soon", None);
        check("retry-after", "1.x", None);
        check("x-other", "1", None);
    }

    #[test]
    fn a_wait_that_stands_in_the_error_is_read_where_no_header_says_one() {
        let body = |delay: &str| {
            let info = format!(r#"{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":{delay}}}"#);
            format!(r#"{{"error":{{"code":429,"message":"quota","details":[{{"@type":"type.googleapis.com/google.rpc.Help"}},{info}]}}}}"#)
        };
        let check = |text: &str, headers: &HeaderMap, expect: Option<u64>| {
            assert_eq!(status(StatusCode::TOO_MANY_REQUESTS, headers, text.as_bytes(), &exchange()).retry_after_ms, expect, "{text}");
        };
        let none = HeaderMap::new();
        check(&body("\"soon\""), &none, None);
        check(&body("7"), &none, None);
        check(&body("\"-1s\""), &none, None);
        check("not JSON", &none, None);
        check(&body("\"27s\""), &none, Some(27_000));
        check(&body("\"58.934310785s\""), &none, Some(58_934));
        check(&body("\"999999s\""), &none, Some(RETRY_AFTER_MS_MAX));
        check(&format!("[{}]", body("\"3s\"")), &none, Some(3_000));
        let header = [(http::header::RETRY_AFTER, http::HeaderValue::from_static("2"))].into_iter().collect();
        check(&body("\"27s\""), &header, Some(2_000));
        let midway = spoken_error(body("\"27s\"").as_bytes(), &exchange()).expect("an error");
        assert_eq!((midway.failure, midway.retry_after_ms), (AskFailure::RateLimited, Some(27_000)));
    }

    #[test]
    fn a_key_that_was_not_there_is_not_said_to_be_wrong() {
        let without = Exchange { key: None, ..exchange() };
        let fault = status(StatusCode::UNAUTHORIZED, &HeaderMap::new(), b"", &without);
        assert_eq!(fault.failure, AskFailure::Refused);
        assert_eq!(fault.message, "wants a key and was sent none: api_key_env names no variable, or one that is not set or empty (HTTP 401)");
    }

    #[test]
    fn a_status_becomes_the_failure_it_means() {
        let check = |code: u16, text: &str, failure: AskFailure, expect: &str| {
            let fault = status(StatusCode::from_u16(code).expect("a status"), &HeaderMap::new(), text.as_bytes(), &exchange());
            assert_eq!(fault.failure, failure, "{code}");
            assert_eq!(fault.message, expect, "{code}");
        };
        check(400, r#"{"error":{"message":"too many tools"}}"#, AskFailure::Refused, "refuses the request (HTTP 400): `too many tools`");
        check(401, r#"{"error":{"message":"bad key s3cret"}}"#, AskFailure::Refused, "does not accept the key; check api_key_env (HTTP 401): `bad key [key]`");
        check(302, "", AskFailure::Refused, "answers that it is elsewhere; set base_url to where it is (HTTP 302)");
        check(404, r#"{"detail":"no model"}"#, AskFailure::Refused, "refuses the request (HTTP 404): `no model`");
        check(408, "", AskFailure::Timeout, "fails (HTTP 408)");
        check(409, "", AskFailure::Server, "fails (HTTP 409)");
        check(429, r#"{"error":"slow down"}"#, AskFailure::RateLimited, "asks to wait (HTTP 429): `slow down`");
        check(500, "<html>oops</html>", AskFailure::Server, "fails (HTTP 500)");
        check(502, "bad gateway", AskFailure::Server, "fails (HTTP 502): `bad gateway`");
        check(529, r#"[{"error":{"message":"overloaded"}}]"#, AskFailure::Server, "fails (HTTP 529): `overloaded`");
    }

    #[test]
    fn an_error_with_a_good_status_is_an_error() {
        let check =
            |text: &str, expect: Option<AskFailure>| assert_eq!(spoken_error(text.as_bytes(), &exchange()).map(|fault| fault.failure), expect, "{text}");
        check(r#"{"error":{"message":"no","type":"invalid_request_error"}}"#, Some(AskFailure::Refused));
        check(r#"{"error":{"message":"no","code":400}}"#, Some(AskFailure::Refused));
        check(r#"{"error":{"message":"no","code":"rate_limit_exceeded"}}"#, Some(AskFailure::RateLimited));
        check(r#"{"type":"error","error":{"type":"billing_error","message":"no"}}"#, Some(AskFailure::Refused));
        check(r#"{"type":"error","error":{"type":"request_too_large","message":"no"}}"#, Some(AskFailure::Refused));
        check(r#"{"type":"error","error":{"type":"rate_limit_error","message":"no"}}"#, Some(AskFailure::RateLimited));
        check(r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#, Some(AskFailure::Server));
        check(r#"{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}"#, Some(AskFailure::Server));
        check(r#"{"error":"no"}"#, Some(AskFailure::Server));
        check(r#"{"type":"error","code":"server_error","message":"no"}"#, Some(AskFailure::Server));
        check(r#"{"error":null,"output":[]}"#, None);
        check(r#"{"choices":[]}"#, None);
    }
}
