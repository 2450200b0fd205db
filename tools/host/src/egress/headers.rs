//! Headers of a request that leaves and of a response that comes back: what a plugin may set, what the host sets, what is left out.

use super::rule::{EgressRule, Template};
use super::target::Target;
use crate::mcp::Secret;
use http::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use std::collections::BTreeMap;

/// Headers of a plugin's request, and bytes of all of them.
const HEADERS_MAX: usize = 32;
const HEADER_BYTES_MAX: usize = 8 << 10;
/// Who asks, as the other side is told where the plugin says nothing.
const AGENT: &str = concat!("steward/", env!("CARGO_PKG_VERSION"));
/// What belongs to the connection, or would have the body come compressed or in pieces, in which nothing secret is found.
const CONNECTIONS: [&str; 19] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "if-range",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
];
/// What many servers, and what stands before them, take for another method, another path or another asker than the request has: by the whole
/// name, by how it begins or by how it ends. Nobody knows all of them, so whole families are refused.
const OVERRIDES: [&str; 12] = [
    "base-url",
    "client-ip",
    "front-end-https",
    "path-info",
    "request-uri",
    "x-base-url",
    "x-host",
    "x-method",
    "x-method-override",
    "x-real-ip",
    "x-request-uri",
    "x-url-scheme",
];
const OVERRIDES_BEGIN: [&str; 13] = [
    "remote-",
    "script-",
    "x-arr-",
    "x-envoy-",
    "x-forwarded-",
    "x-http-",
    "x-original-",
    "x-override-",
    "x-path-",
    "x-proxy",
    "x-remote-",
    "x-rewrite-",
    "x-script-",
];
const OVERRIDES_END: [&str; 6] = ["-client-ip", "-clientip", "-connecting-ip", "-originating-ip", "-socketip", "-user-ip"];
/// Credentials are the manifest's to name and the host's to fill in.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "cookie2"];
/// What a request keeps that was redirected to another host: anything else may be a credential.
const HARMLESS: [&str; 4] = ["accept", "accept-language", "content-type", "user-agent"];

/// Whether a header is the connection's and not a plugin's.
pub(crate) fn is_connections(name: &str) -> bool {
    CONNECTIONS.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// A header's name as servers read it that hand it on as a variable (CGI, WSGI): to them `X_Method` and `x-method` are one.
fn as_variable(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }).collect()
}

/// Whether a header may have a server answer another request than the one that was judged.
pub(crate) fn is_override(name: &str) -> bool {
    let name = as_variable(name);
    OVERRIDES.contains(&name.as_str()) || OVERRIDES_BEGIN.iter().any(|begin| name.starts_with(begin)) || OVERRIDES_END.iter().any(|end| name.ends_with(end))
}

/// What a plugin asks to have set, checked once.
pub(crate) fn of_plugin(asked: &[(String, String)], rule: &EgressRule) -> Result<HeaderMap, String> {
    let bytes: usize = asked.iter().map(|(name, value)| name.len() + value.len()).sum();
    if asked.len() > HEADERS_MAX || bytes > HEADER_BYTES_MAX {
        return Err(format!("at most {HEADERS_MAX} headers of {HEADER_BYTES_MAX} bytes together are sent"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) else {
            return Err("a header's name or value is none".to_owned());
        };
        let read = as_variable(name.as_str());
        if is_connections(&read) {
            return Err(format!("the header `{name}` is the host's to set; leave it out"));
        }
        if is_override(&read) {
            return Err(format!(
                "the header `{name}` has servers read another method, path or asker than the request has; leave it out and ask with that method at that path, which tool.toml must allow"
            ));
        }
        if CREDENTIALS.contains(&read.as_str()) || rule.secret.as_ref().is_some_and(|secret| read == as_variable(&secret.header)) {
            return Err(format!("the header `{name}` is for credentials, which tool.toml names under `secret` and the host fills in"));
        }
        headers.append(name, value);
    }
    Ok(headers)
}

/// The headers of one request: the plugin's, the host's, and the rule's secret unless the request was redirected away from where it began.
pub(crate) fn of_request(
    plugins: &HeaderMap,
    rule: &EgressRule,
    secrets: &BTreeMap<String, Secret>,
    target: &Target,
    is_away: bool,
) -> Result<HeaderMap, String> {
    let mut headers = plugins.clone();
    if is_away {
        let lost: Vec<HeaderName> = headers.keys().filter(|name| !HARMLESS.contains(&name.as_str())).cloned().collect();
        for name in lost {
            headers.remove(name);
        }
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(HOST, target.authority().parse().map_err(|_| "the host is none".to_owned())?);
    let Some(secret) = rule.secret.as_ref().filter(|_| !is_away) else { return Ok(headers) };
    // Where it may not be another's by then: the rule of the path that a redirect leads to names its own.
    let Template { parts, rest } = secret.parts()?;
    let mut value = String::new();
    for (before, name) in parts {
        let missing = || {
            format!(
                "the secret `{name}` is not set, or not for where this plugin goes now; an owner sets it in the settings, or whoever runs Steward under [[plugins.secrets]]"
            )
        };
        value.push_str(before);
        value.push_str(secrets.get(name).ok_or_else(missing)?.expose());
    }
    value.push_str(rest);
    let broken = || format!("the secret for `{}` is no value of a header", secret.header);
    let name: HeaderName = secret.header.parse().map_err(|_| broken())?;
    let mut value: HeaderValue = value.parse().map_err(|_| broken())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(headers)
}

/// What a plugin is given of a response's headers.
pub(crate) fn of_response(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, _)| !is_connections(name.as_str()) && !name.as_str().starts_with("set-cookie"));
    kept.map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_take_for_another_request_is_refused_by_family() {
        for name in [
            "X-HTTP-Method",
            "X-HTTP-Method-Override",
            "x_http_host_override",
            "X-HTTP-Path-Override",
            "X-Http-DestinationURL",
            "X-Method-Override",
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-Forwarded-Host",
            "X-Proxy-URL",
            "X-ProxyUser-Ip",
            "Base-URL",
            "Request-URI",
            "X-Request-URI",
            "X-Path-Info",
            "X-Script-Name",
            "Script_Name",
            "Client-IP",
            "True-Client-IP",
            "X-Cluster-Client-IP",
            "Fastly-Client-IP",
            "X-Azure-ClientIP",
            "X-Azure-SocketIP",
            "CF-Connecting-IP",
            "X-Originating-IP",
            "X-Real-IP",
            "X-Remote-IP",
            "X-Remote-Addr",
            "X-Remote-User",
            "Remote-User",
            "X-ARR-SSL",
            "X-Envoy-Original-Path",
        ] {
            assert!(is_override(name), "{name}");
        }
        for name in ["accept", "content-type", "if-none-match", "x-api-key", "x-request-id", "x-http", "idempotency-key", "x-github-api-version", "prefer"] {
            assert!(!is_override(name), "{name}");
        }
    }
}
