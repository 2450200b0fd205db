//! Who one is to a registry: a token, a name and a password, or nobody; and what a registry asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fmt;

/// Who one is to a registry.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nobody.
    #[default]
    Anonymous,
    /// A name and a password, which are also shown to the registry's own issuer of tokens.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token, as it is.
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic",
            Self::Token(_) => "Token",
        })
    }
}

impl Credentials {
    /// What a configuration of Docker (`config.json`) says of a registry; nobody where it says nothing.
    ///
    /// # Errors
    /// When it says something that cannot be used here.
    pub fn from_docker(config: &str, registry: &str) -> Result<Self, String> {
        let config: Value = serde_json::from_str(config).map_err(|err| format!("it is not JSON: {err}"))?;
        let Some(entry) = config.get("auths").and_then(|auths| auths.get(registry)) else {
            let helped = config.get("credHelpers").and_then(|helpers| helpers.get(registry)).is_some() || config.get("credsStore").is_some();
            return match helped {
                true => Err(format!(
                    "it keeps the password of `{registry}` in a helper program; set STEWARD_REGISTRY_USER and STEWARD_REGISTRY_PASSWORD, or STEWARD_REGISTRY_TOKEN"
                )),
                false => Ok(Self::Anonymous),
            };
        };
        let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(token) = text("registrytoken") {
            return Ok(Self::Token(token.to_owned()));
        }
        let broken = || format!("what it says of `{registry}` is no user and password; sign in anew with `docker login {registry}`");
        let Some(auth) = text("auth") else { return Err(broken()) };
        let decoded = STANDARD.decode(auth).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(broken)?;
        let (user, password) = decoded.split_once(':').ok_or_else(broken)?;
        Ok(Self::Basic { user: user.to_owned(), password: password.to_owned() })
    }

    /// The value of the header `authorization`, where there is one without asking for a token first.
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Anonymous => None,
            Self::Basic { user, password } => Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))),
            Self::Token(token) => Some(format!("Bearer {token}")),
        }
    }
}

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

impl Challenge {
    /// Reads `www-authenticate`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut rest) = (None, None, rest.trim());
        while let Some((key, after)) = rest.split_once('=') {
            let (value, left) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_once(',').map_or((after, ""), |(value, left)| (value, left)),
            };
            match key.trim().to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value.to_owned()),
                "service" => service = Some(value.to_owned()),
                _ => {}
            }
            rest = left.trim_start_matches([',', ' ']);
        }
        realm.map(|realm| Self::Bearer { realm, service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_asks_for_is_read() {
        let bearer = |realm: &str, service: Option<&str>| Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) });
        for (text, expect) in [
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            ("Bearer realm=\"https://a.example/t\",service=\"s\",scope=\"repository:a:pull,push\"", bearer("https://a.example/t", Some("s"))),
            ("Bearer scope=\"a,b\", realm=\"https://a.example/t\"", bearer("https://a.example/t", None)),
            ("bearer realm=https://a.example/t,service=s", bearer("https://a.example/t", Some("s"))),
            ("Bearer service=\"s\"", None),
            ("Bearer realm=\"cut", None),
            ("Negotiate", None),
            ("", None),
        ] {
            assert_eq!(Challenge::parse(text), expect, "{text}");
        }
    }

    #[test]
    fn what_docker_knows_is_used() {
        let of = |config: &str| Credentials::from_docker(config, "r.example");
        assert_eq!(of("{}"), Ok(Credentials::Anonymous));
        let basic = Credentials::Basic { user: "me".to_owned(), password: "a:b".to_owned() };
        assert_eq!(of(&format!("{{\"auths\":{{\"r.example\":{{\"auth\":\"{}\"}}}}}}", STANDARD.encode("me:a:b"))), Ok(basic));
        assert_eq!(of("{\"auths\":{\"r.example\":{\"registrytoken\":\"t\"}}}"), Ok(Credentials::Token("t".to_owned())));
        for wrong in [
            "",
            "{\"auths\":{\"r.example\":{}}}",
            "{\"auths\":{\"r.example\":{\"auth\":\"?\"}}}",
            "{\"credsStore\":\"desktop\"}",
            "{\"credHelpers\":{\"r.example\":\"x\"}}",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
