//! Where a request goes: one text, read once, in one normal form. What could be read in two ways is refused and not mended.

use super::rule::Scheme;
use std::net::IpAddr;
use url::{Host, Url};

/// The longest address of a request, in bytes.
const URL_BYTES_MAX: usize = 8 << 10;

/// An address in its normal form: what is compared is what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    /// In lower case, as punycode, without a dot at its end.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: String,
    query: Option<String>,
}

impl Target {
    /// Reads an address; what is wrong with it is said without repeating it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > URL_BYTES_MAX {
            return Err(format!("the address is longer than {URL_BYTES_MAX} bytes"));
        }
        if text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '\\') {
            return Err("the address has white space, control characters or `\\`".to_owned());
        }
        if text.contains('#') {
            return Err("the address has a fragment, which nobody else is told; leave it out".to_owned());
        }
        let (scheme, rest) = text.split_once("://").ok_or("the address must begin with `https://`")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err("the address must begin with `https://`".to_owned()),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains(['@', '%']) {
            return Err("the address has a user or an encoded host in it; write the host alone".to_owned());
        }
        if authority.is_empty() {
            return Err("the host is none".to_owned());
        }
        if !is_plain_path(path.split('?').next().unwrap_or_default()) {
            return Err(
                "the path has `.`, `..` or nothing between two `/` or before a `;`, or an encoded `.`, `/`, `\\` or `;` in it; write it plainly".to_owned()
            );
        }
        let url = Url::parse(text).map_err(|_| "the address is none")?;
        // What is asked is the normal form, in which a letter may have become three.
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(format!("the address is longer than {URL_BYTES_MAX} bytes"));
        }
        let Some(Host::Domain(host)) = url.host() else {
            return Err("the host is an address; only hosts that tool.toml names are asked".to_owned());
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        if host.is_empty() || host.ends_with('.') || host.parse::<IpAddr>().is_ok() {
            return Err("the host is none".to_owned());
        }
        let port = url.port().unwrap_or_else(|| scheme.port());
        Ok(Self { scheme, host: host.to_owned(), port, path: url.path().to_owned(), query: url.query().map(str::to_owned) })
    }

    /// Where a redirect from here goes. It is read as any other address.
    pub(crate) fn follow(&self, location: &str) -> Result<Self, String> {
        let location = location.split('#').next().unwrap_or_default();
        let origin = format!("{}://{}:{}", self.scheme, self.host, self.port);
        if location.starts_with("//") {
            return Self::parse(&format!("{}:{location}", self.scheme));
        }
        if location.starts_with('/') {
            return Self::parse(&format!("{origin}{location}"));
        }
        if location.starts_with('?') {
            return Self::parse(&format!("{origin}{}{location}", self.path));
        }
        if location.split(['/', '?']).next().is_some_and(|first| first.contains(':')) {
            return Self::parse(location);
        }
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Self::parse(&format!("{origin}{folder}/{location}"))
    }

    /// Whether both are at the same scheme, host and port.
    pub(crate) fn is_same_origin(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }

    /// What stands in the first line of a request.
    pub(crate) fn path_and_query(&self) -> String {
        self.query.as_ref().map_or_else(|| self.path.clone(), |query| format!("{}?{query}", self.path))
    }

    /// What stands in the header `host`.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.port() { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Whether a path is read in one way only: nothing in it goes up, is empty, or becomes a dot, a slash or a `;` by decoding, once or twice. What
/// stands behind a `;` some servers take off a part before they go by it, so `..;a` is one that goes up.
pub(crate) fn is_plain_path(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hidden = ["%2e", "%2f", "%3b", "%5c", "%00", "%25"].into_iter().any(|code| lower.contains(code));
    let is_plain = |part: &str| match part.split_once(';') {
        Some((name, _)) => !matches!(name, "" | "." | ".."),
        None => !matches!(part, "." | ".."),
    };
    !hidden && !path.contains("//") && path.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        // Short as it is written, and too long as it would be asked.
        assert!(Target::parse(&format!("https://a.example/{}", ">".repeat(3000))).is_err());
        for wrong in [
            "",
            "https://",
            "https:///a",
            "https:a.example/",
            "//a.example/",
            "a.example",
            "ftp://a.example/",
            "file:///etc/passwd",
            "javascript://a.example/",
            "https://u@a.example/",
            "https://u:p@a.example/",
            "https://a.example@b.example/",
            "https://a.example%2f@b.example/",
            "https://a%2eexample/",
            "https://a.example\\@b.example/",
            "https://a.example/\\b",
            "https://a.example/ b",
            "https://a.example/\tb",
            "https://a.example/\u{0}",
            "https://a.example\n.b.example/",
            "https://a.example/a/../b",
            "https://a.example/..",
            "https://a.example/./a",
            "https://a.example//a",
            "https://a.example/a//",
            "https://a.example/a/..;/b",
            "https://a.example/a/..;x=y/b",
            "https://a.example/a/..;",
            "https://a.example/a/.;/b",
            "https://a.example/a/;/b",
            "https://a.example/;x/b",
            "https://a.example/a/..%3b/b",
            "https://a.example/a%3Bx/b",
            "https://a.example/%2e%2E;/b",
            "https://a.example/%2e%2E/b",
            "https://a.example/a%2fb",
            "https://a.example/a%5Cb",
            "https://a.example/%252e%252e/b",
            "https://a.example/a%00",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://127.0.0.1./",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://a.example../",
            "https://./",
            "https://a.example:99999/",
            "https://a.example:x/",
            "https://a.example/#b",
            "https://a b/",
            "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
        ] {
            let found = Target::parse(wrong);
            assert!(found.is_err(), "{wrong:?}: {found:?}");
        }
        assert!(Target::parse(&format!("https://a.example/{}", "a".repeat(URL_BYTES_MAX))).is_err());
    }

    #[test]
    fn one_host_has_one_form() {
        for (text, host, port) in [
            ("https://api.example.com", "api.example.com", 443),
            ("HTTPS://API.Example.COM./v1?q=a//b/../c", "api.example.com", 443),
            ("https://api.example.com:443/", "api.example.com", 443),
            ("https://b\u{fc}cher.example/", "xn--bcher-kva.example", 443),
            ("https://\u{ff41}pi.example.com/", "api.example.com", 443),
            ("http://api.example.com:8080/", "api.example.com", 8080),
            // A part with something behind a `;` is that part, and behind the `?` nothing is a part.
            ("https://api.example.com/a;x=1/b;?q=/..;/", "api.example.com", 443),
        ] {
            let target = Target::parse(text).expect(text);
            assert_eq!((target.host.as_str(), target.port), (host, port), "{text}");
        }
        let target = Target::parse("https://a.example/v1/\u{e4}?q=\u{e4} ".trim()).expect("target");
        assert_eq!(target.path_and_query(), "/v1/%C3%A4?q=%C3%A4");
    }

    #[test]
    fn a_redirect_is_read_like_any_address() {
        let from = Target::parse("https://a.example/v1/people?q=1").expect("target");
        for (location, expect) in [
            ("/v2", Some("https a.example 443 /v2")),
            ("other?x#y", Some("https a.example 443 /v1/other?x")),
            ("?page=2", Some("https a.example 443 /v1/people?page=2")),
            ("//b.example/c", Some("https b.example 443 /c")),
            ("http://b.example/c", Some("http b.example 80 /c")),
            ("http://169.254.169.254/latest", None),
            ("//[::1]/", None),
            ("../v2", None),
            ("..;/v2", None),
            ("/v1/..;/v2", None),
            ("javascript:alert(1)", None),
            ("https://u:p@a.example/", None),
            ("/\\b.example", None),
        ] {
            let found = from.follow(location).ok().map(|to| format!("{} {} {} {}", to.scheme, to.host, to.port, to.path_and_query()));
            assert_eq!(found.as_deref(), expect, "{location}");
        }
    }
}
