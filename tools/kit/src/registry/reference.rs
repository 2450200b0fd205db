//! What a plugin is called in a registry: `host[:port]/path[:tag][@sha256:…]`.

use super::{ALGORITHM, named};
use std::fmt;
use std::str::FromStr;
use steward_core::Digest;

/// The longest reference that is read, in bytes.
const BYTES_MAX: usize = 512;

/// A name in a registry. The digest, where there is one, is what counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host and port.
    pub registry: String,
    /// The path in it.
    pub repository: String,
    /// A name that may stand for another plugin tomorrow.
    pub tag: Option<String>,
    /// A name that cannot.
    pub digest: Option<Digest>,
}

impl Reference {
    /// Whether the registry is on this machine, where it is spoken to without TLS.
    pub fn is_here(&self) -> bool {
        is_loopback(self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host))
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{}` must be `host/path:tag` or `host/path@sha256:…`, for example `registry.example.com/tools/weather:1.0.0`",
                text.chars().take(200).collect::<String>()
            )
        };
        if text.len() > BYTES_MAX {
            return Err(refuse());
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.strip_prefix(ALGORITHM).and_then(|hex| hex.parse::<Digest>().ok()).ok_or_else(refuse)?)),
            None => (text, None),
        };
        let (registry, path) = name.split_once('/').ok_or_else(refuse)?;
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.to_owned())),
            None => (path, None),
        };
        let host_letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':' | '[' | ']');
        let named = registry.contains(['.', ':']) || registry == "localhost";
        let part = |part: &str| {
            let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '.' | '_' | '-');
            let ends = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            part.chars().all(inner) && part.starts_with(ends) && part.ends_with(ends)
        };
        let tag_letters = |tag: &String| {
            !tag.is_empty()
                && tag.len() <= 128
                && !tag.starts_with(['.', '-'])
                && tag.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-'))
        };
        match named && registry.chars().all(host_letters) && repository.split('/').all(part) && tag.as_ref().is_none_or(tag_letters) {
            true => Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest }),
            false => Err(refuse()),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.map_or(Ok(()), |digest| write!(f, "@{}", named(&digest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_reference_is_refused() {
        let digest = Digest::of(b"x");
        for wrong in [
            "",
            "weather",
            "tools/weather",
            "registry.example.com",
            "registry.example.com/",
            "registry.example.com/Tools",
            "registry.example.com/../tools",
            "registry.example.com/a//b",
            "registry.example.com/a:",
            "registry.example.com/a:..",
            "registry.example.com/a@sha256:12",
            "registry.example.com/a@md5:12",
            "user@registry.example.com/a",
            "https://registry.example.com/a",
            "registry.example.com/a?b=c",
            "registry.example.com/a b",
        ] {
            assert!(wrong.parse::<Reference>().is_err(), "{wrong}");
        }
        for right in [
            "registry.example.com/a",
            "localhost/a:1",
            "127.0.0.1:5000/tools/a_b:v1.0-x",
            &format!("[::1]:5000/a@sha256:{digest}"),
            &format!("r.example/a:1@sha256:{digest}"),
        ] {
            assert_eq!(right.parse::<Reference>().expect("a reference").to_string(), right);
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for (text, here) in [
            ("localhost/a", true),
            ("localhost:5000/a", true),
            ("127.0.0.1:5000/a", true),
            ("127.9.9.9:5000/a", true),
            ("[::1]:5000/a", true),
            ("localhost.example.com/a", false),
            ("127.0.0.1.example.com/a", false),
            ("10.0.0.1:5000/a", false),
            ("registry.example.com:443/a", false),
        ] {
            assert_eq!(text.parse::<Reference>().expect(text).is_here(), here, "{text}");
        }
    }
}
