//! Where people reach this server, and what follows from it: the cookie, the origins that may change things, the links.

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Write as _;
use steward_office::people::{RelyingParty, SESSION_HOURS};

/// Why an address cannot be the public one.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` cannot be the public address: give `https://host`, or `http://` with 127.0.0.1, [::1] or localhost")]
pub struct SiteError(String);

/// The public face of the server.
#[derive(Debug, Clone)]
pub struct Site {
    public_url: String,
    origins: Vec<String>,
    is_https: bool,
    /// Whether the last `X-Forwarded-For` entry is the client's address: only behind a proxy that sets it.
    trusts_forwarded: bool,
}

/// The names one machine has for itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl Site {
    /// Reads a public address. Plain HTTP is taken on the machine's own addresses only: elsewhere a session could be read on the way.
    pub fn new(public_url: &str, trusts_forwarded: bool) -> Result<Self, SiteError> {
        let refuse = || SiteError(public_url.chars().take(200).collect());
        let public_url = public_url.trim_end_matches('/');
        let uri: http::Uri = public_url.parse().map_err(|_| refuse())?;
        let (scheme, authority) = (uri.scheme_str().ok_or_else(refuse)?, uri.authority().ok_or_else(refuse)?);
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(refuse());
        }
        let is_loopback = LOOPBACK.contains(&authority.host());
        let is_https = scheme == "https";
        let is_safe = is_https || (scheme == "http" && is_loopback);
        if !is_safe {
            return Err(refuse());
        }
        let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
        // A browser that was sent to `localhost` says so in its origin; it is the same machine.
        let hosts: Vec<&str> = if is_loopback { LOOPBACK.to_vec() } else { vec![authority.host()] };
        let origins = hosts.into_iter().map(|host| format!("{scheme}://{}{port}", host.to_ascii_lowercase())).collect();
        Ok(Self { public_url: public_url.to_owned(), origins, is_https, trusts_forwarded })
    }

    /// The public address without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Whether people come by HTTPS.
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the proxy's word about the client's address counts.
    pub const fn trusts_forwarded(&self) -> bool {
        self.trusts_forwarded
    }

    /// Whether a page of this origin is ours.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own.eq_ignore_ascii_case(origin))
    }

    /// The hosts under which requests come in: the public one, and those the machine has for itself, which no page can make its own.
    pub fn hosts(&self) -> Vec<String> {
        let own = self.origins.iter().filter_map(|origin| origin.parse::<http::Uri>().ok()?.host().map(str::to_owned));
        let mut hosts: Vec<String> = own.chain(LOOPBACK.map(str::to_owned)).map(|host| host.trim_matches(['[', ']']).to_owned()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// The origins of our own pages, each with its port.
    pub fn origins_with_port(&self) -> Vec<String> {
        let usual = if self.is_https { 443 } else { 80 };
        let has_port = |origin: &str| origin.parse::<http::Uri>().is_ok_and(|uri| uri.port().is_some());
        self.origins.iter().map(|origin| if has_port(origin) { origin.clone() } else { format!("{origin}:{usual}") }).collect()
    }

    /// For which domain passkeys are kept. None where people come by a bare address: browsers keep passkeys for names only.
    pub fn relying_party(&self) -> Option<RelyingParty> {
        let host = |origin: &str| origin.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        // On the machine itself the pages are at `localhost` too, which is a name.
        let names = self.origins.iter().filter(|origin| host(origin).is_some_and(|host| host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_err()));
        let origins: Vec<String> = names.cloned().collect();
        Some(RelyingParty { id: host(origins.first()?)?, origins })
    }

    /// The session cookie's name. The `__Host-` prefix makes browsers refuse it without HTTPS, so plain HTTP on loopback has another.
    pub const fn cookie_name(&self) -> &'static str {
        if self.is_https { "__Host-stw" } else { "stw" }
    }

    /// The `Set-Cookie` value that signs a browser in.
    pub fn cookie(&self, secret: &SecretString) -> Option<HeaderValue> {
        self.cookie_header(secret.expose_secret(), SESSION_HOURS * 3600)
    }

    /// The `Set-Cookie` value that signs a browser out.
    pub fn no_cookie(&self) -> Option<HeaderValue> {
        self.cookie_header("", 0)
    }

    fn cookie_header(&self, value: &str, age_s: i64) -> Option<HeaderValue> {
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}", self.cookie_name());
        if self.is_https {
            let _ = write!(text, "; Secure");
        }
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The address that signs in with a one-time link. The secret stands in the fragment, which browsers send to no server.
    pub fn sign_in_link(&self, secret: &SecretString) -> String {
        format!("{}/sign-in#token={}", self.public_url, secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_would_send_sessions_in_the_clear_are_refused() {
        for bad in [
            "",
            "example.org",
            "ftp://example.org",
            "http://example.org",
            "http://10.0.0.1:7700",
            "https://user@example.org",
            "https://example.org/x",
            "http://127.0.0.1.example.org",
        ] {
            assert!(Site::new(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_cookie_follows_the_address() {
        let secret = SecretString::from("s");
        let cookie = |url: &str| Site::new(url, false).expect("site").cookie(&secret).expect("cookie").to_str().expect("text").to_owned();
        assert_eq!(cookie("https://steward.example.org"), "__Host-stw=s; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure");
        assert_eq!(cookie("http://127.0.0.1:7700/"), "stw=s; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200");
    }

    #[test]
    fn passkeys_are_for_names_only() {
        let party = |url: &str| Site::new(url, false).expect("site").relying_party().map(|party| (party.id, party.origins));
        assert_eq!(party("https://10.0.0.1"), None);
        assert_eq!(party("https://[2001:db8::1]:8443"), None);
        assert_eq!(party("http://127.0.0.1:7700"), Some(("localhost".to_owned(), vec!["http://localhost:7700".to_owned()])));
        assert_eq!(party("https://Steward.example.org"), Some(("steward.example.org".to_owned(), vec!["https://steward.example.org".to_owned()])));
    }

    #[test]
    fn only_our_own_origin_is_ours() {
        let site = Site::new("http://127.0.0.1:7700", false).expect("site");
        for (origin, is_own) in [
            ("http://127.0.0.1:7700", true),
            ("http://localhost:7700", true),
            ("http://[::1]:7700", true),
            ("http://127.0.0.1", false),
            ("http://127.0.0.1:7701", false),
            ("https://127.0.0.1:7700", false),
            ("http://127.0.0.1:7700.example.org", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(site.is_own_origin(origin), is_own, "{origin}");
        }
        let site = Site::new("https://Steward.example.org", false).expect("site");
        assert!(site.is_own_origin("https://steward.example.org") && !site.is_own_origin("http://localhost"));
    }
}
