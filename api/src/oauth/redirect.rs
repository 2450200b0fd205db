//! Where a code may be sent: exactly where the client's document says, over TLS or to a program on the person's own machine.

use http::Uri;

/// The longest redirect address, in bytes.
pub(super) const REDIRECT_BYTES_MAX: usize = 2_000;
/// The names a machine has for itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// A redirect address, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    /// The host, with its port where it has one.
    pub(super) authority: String,
    /// Whether it is the person's own machine.
    pub(super) is_local: bool,
}

/// Reads a redirect address; none for one that no code is sent to.
pub(super) fn read(text: &str) -> Option<Redirect> {
    let is_plain = text.len() <= REDIRECT_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>'));
    let uri: Uri = text.parse().ok().filter(|_| is_plain)?;
    let authority = uri.authority()?;
    let host = authority.host();
    let is_port = authority.as_str().len() == host.len() || authority.port_u16().is_some_and(|port| port > 0);
    if host.is_empty() || authority.as_str().contains('@') || !is_port {
        return None;
    }
    let is_local = match uri.scheme_str()? {
        "https" => false,
        "http" if LOOPBACK.contains(&host) => true,
        _ => return None,
    };
    Some(Redirect { authority: authority.as_str().to_owned(), is_local })
}

/// Whether an address is one that was named: letter for letter, but for the port of the person's own machine, which a program there is given
/// anew each time (RFC 8252, 7.3).
pub(super) fn is_named(named: &[String], asked: &str) -> bool {
    named.iter().any(|one| one == asked) || portless(asked).is_some_and(|asked| named.iter().any(|one| portless(one).as_ref() == Some(&asked)))
}

/// Host and rest of an address of the own machine.
fn portless(text: &str) -> Option<(&str, &str)> {
    read(text).filter(|redirect| redirect.is_local)?;
    let rest = text.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = LOOPBACK.into_iter().find(|host| authority.strip_prefix(host).is_some_and(|port| port.is_empty() || port.starts_with(':')))?;
    Some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_goes_over_tls_or_to_the_own_machine() {
        for wrong in [
            "",
            "http://app.example/back",
            "http://127.0.0.1.app.example/back",
            "http://127.0.0.2/back",
            "http://localhost@app.example/back",
            "https://user@app.example/back",
            "https://app.example/back#x",
            "https://app.example\\@evil.example/",
            "https://app.example/ back",
            "https://app.example:0/",
            "https://app.example:99999/",
            "app.example:/back",
            "javascript:alert(1)",
            "data:text/html,x",
            "//app.example/back",
            "/back",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        for (url, authority, is_local) in [
            ("https://app.example/back?a=1", "app.example", false),
            ("https://app.example:8443/back", "app.example:8443", false),
            ("http://127.0.0.1:53211/back", "127.0.0.1:53211", true),
            ("http://[::1]/back", "[::1]", true),
            ("http://localhost/", "localhost", true),
        ] {
            assert_eq!(read(url), Some(Redirect { authority: authority.to_owned(), is_local }), "{url}");
        }
    }

    #[test]
    fn an_address_is_the_named_one_letter_for_letter() {
        let named = ["https://app.example/back", "http://127.0.0.1/back", "http://localhost:1/x?y=1"].map(str::to_owned);
        for (asked, is) in [
            ("https://app.example/back", true),
            ("https://app.example/back/", false),
            ("https://app.example/back?x=1", false),
            ("https://app.example:443/back", false),
            ("https://APP.example/back", false),
            ("https://app.example/backs", false),
            ("https://evil.example/back", false),
            ("http://127.0.0.1/back", true),
            ("http://127.0.0.1:53211/back", true),
            ("http://127.0.0.1:53211/backs", false),
            ("http://127.0.0.1:x/back", false),
            ("http://127.0.0.1:0/back", false),
            // Another name of the same machine is another address.
            ("http://localhost:53211/back", false),
            ("http://[::1]:53211/back", false),
            ("http://localhost:2/x?y=1", true),
            ("http://localhost:2/x?y=2", false),
            ("http://localhost.evil.example:2/x?y=1", false),
            ("https://127.0.0.1:53211/back", false),
        ] {
            assert_eq!(is_named(&named, asked), is, "{asked}");
        }
    }
}
