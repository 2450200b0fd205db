//! What a manifest lets its plugin ask: scheme, host, port, methods, paths, and the secret that the host adds there.

use super::target::Target;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Host;

/// Rules of one manifest, methods and paths of one rule.
pub(crate) const RULES_MAX: usize = 20;
const PARTS_MAX: usize = 20;
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const PATH_BYTES_MAX: usize = 200;
const TEMPLATE_BYTES_MAX: usize = 200;

/// How a host is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// With TLS, whose certificate is verified.
    #[default]
    Https,
    /// In the clear: only at addresses that the operator names.
    Http,
}

impl Scheme {
    /// The port where none is said.
    pub(crate) const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }

    const fn is_usual(&self) -> bool {
        matches!(self, Self::Https)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Https => "https",
            Self::Http => "http",
        })
    }
}

/// One entry under `[egress] allow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressRule {
    /// `https` where none is said.
    #[serde(default, skip_serializing_if = "Scheme::is_usual")]
    pub scheme: Scheme,
    /// One name in lower case, non-ASCII letters as punycode. Never an address, never a pattern.
    pub host: String,
    /// The scheme's own where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// In capitals.
    pub methods: Vec<String>,
    /// From the root. A part that is `*` is any one part; as the last it is all that follows.
    pub paths: Vec<String>,
    /// What the host adds to requests that this rule lets through, and to no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<EgressSecret>,
}

/// A header with a secret's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressSecret {
    /// The header's name.
    pub header: String,
    /// Its value, with `{{name}}` where the secret of that name goes.
    pub value: String,
}

/// A template, cut: each text with the name of the secret that follows it, and the rest.
pub(crate) struct Template<'a> {
    pub(crate) parts: Vec<(&'a str, &'a str)>,
    pub(crate) rest: &'a str,
}

impl EgressSecret {
    /// The template cut at its placeholders.
    pub(crate) fn parts(&self) -> Result<Template<'_>, String> {
        let broken = || format!("secret `{}` must have `{{{{name}}}}` where the secret goes, a name of lower-case letters, digits and `_`", self.header);
        let (mut parts, mut rest) = (Vec::new(), self.value.as_str());
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or_else(broken)?;
            if !crate::manifest::is_name(name) {
                return Err(broken());
            }
            parts.push((before, name));
            rest = after;
        }
        if parts.is_empty() || self.value.replace("{{", "").replace("}}", "").contains(['{', '}']) { Err(broken()) } else { Ok(Template { parts, rest }) }
    }

    /// The names of the secrets in it.
    pub fn names(&self) -> Vec<&str> {
        self.parts().map(|template| template.parts.into_iter().map(|(_, name)| name).collect()).unwrap_or_default()
    }
}

impl EgressRule {
    /// Its port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.scheme.port())
    }

    /// Where its secret goes: scheme, host, port and header, as `https://api.example.com:443 authorization`. None where it names none.
    pub fn secret_origin(&self) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(format!("{}://{}:{} {}", self.scheme, self.host, self.port(), secret.header.to_ascii_lowercase()))
    }

    /// What is wrong with it, and what to write.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { host, port, methods, paths, secret, .. } = self;
        if host.contains('*') {
            return Err(format!("host `{host}`: write one host an entry; there are no patterns of hosts"));
        }
        match Host::parse(host) {
            Ok(Host::Domain(normal)) if normal == *host && !host.ends_with('.') => {}
            Ok(Host::Domain(normal)) => return Err(format!("host `{host}`: write it as `{}`", normal.trim_end_matches('.'))),
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => {
                return Err(format!("host `{host}` is an address; write a name, and have the operator name addresses of their own network in `steward.toml`"));
            }
            Err(_) => return Err(format!("host `{host}` is no name of a host; write it like `api.example.com`, without scheme, port and path")),
        }
        if *port == Some(0) {
            return Err(format!("host `{host}`: port 0 is none"));
        }
        if methods.is_empty() || methods.len() > METHODS.len() || methods.iter().any(|method| !METHODS.contains(&method.as_str())) {
            return Err(format!("host `{host}`: methods are a list of {}", METHODS.join(", ")));
        }
        if paths.is_empty() || paths.len() > PARTS_MAX {
            return Err(format!("host `{host}`: name 1 to {PARTS_MAX} paths, such as `/v1/*`"));
        }
        for path in paths {
            let plain = path.starts_with('/') && path.len() <= PATH_BYTES_MAX && !path.contains(['?', '#', '{', '}']) && super::target::is_plain_path(path);
            let stars = path.split('/').all(|part| part == "*" || !part.contains('*'));
            if !plain || !stars || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(format!(
                    "host `{host}`: path `{path}` must begin with `/`, without `..`, `..;`, `//`, `?`, `%2e` and `%3b`; `*` stands for a whole part"
                ));
            }
        }
        let Some(secret) = secret else { return Ok(()) };
        let is_plain = |name: &str| !super::headers::is_connections(name) && !super::headers::is_override(name);
        let is_header = secret.header.parse::<http::HeaderName>().is_ok() && is_plain(&secret.header);
        if !is_header {
            return Err(format!("host `{host}`: `{}` is no header that a secret can be in", secret.header));
        }
        if secret.value.len() > TEMPLATE_BYTES_MAX || !secret.value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(format!("host `{host}`: the value of `{}` must be printable, at most {TEMPLATE_BYTES_MAX} letters", secret.header));
        }
        secret.parts().map(|_| ()).map_err(|problem| format!("host `{host}`: {problem}"))
    }

    fn is_origin(&self, target: &Target) -> bool {
        self.scheme == target.scheme && self.host == target.host && self.port() == target.port
    }

    fn has_path(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| fits(pattern, path))
    }
}

/// As people read it when they accept the plugin.
impl fmt::Display for EgressRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}://{}", self.methods.join(", "), self.scheme, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, " {}", self.paths.join(", "))?;
        if let Some(secret) = &self.secret {
            write!(f, " with `{}` in `{}`", secret.names().join("`, `"), secret.header)?;
        }
        Ok(())
    }
}

/// The first rule that lets this request through, or why none does. The text names nothing but what the asker gave.
pub(crate) fn find<'a>(rules: &'a [EgressRule], method: &str, target: &Target) -> Result<&'a EgressRule, String> {
    let mut here = rules.iter().filter(|rule| rule.is_origin(target)).peekable();
    if here.peek().is_none() {
        return Err(match rules.iter().find(|rule| rule.host == target.host) {
            Some(rule) => format!("`{}` is allowed at `{}://{}:{}` only", target.host, rule.scheme, rule.host, rule.port()),
            None => format!("`{}` is no host that tool.toml allows", target.host),
        });
    }
    let mut by_method = here.filter(|rule| rule.methods.iter().any(|one| one == method)).peekable();
    if by_method.peek().is_none() {
        return Err(format!("tool.toml allows no `{method}` at `{}`", target.host));
    }
    by_method.find(|rule| rule.has_path(&target.path)).ok_or_else(|| format!("tool.toml does not allow this path of `{}`", target.host))
}

/// Whether a path is one that the pattern stands for.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let mut patterns = pattern.split('/').peekable();
    while let Some(wanted) = patterns.next() {
        let Some(part) = parts.next() else { return false };
        if wanted == "*" && patterns.peek().is_none() {
            return true;
        }
        if wanted != "*" && wanted != part {
            return false;
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> EgressRule {
        toml::from_str(text).expect("a rule")
    }

    #[test]
    fn a_pattern_stands_for_whole_parts() {
        for (pattern, path, expect) in [
            ("/v1/*", "/v1/a", true),
            ("/v1/*", "/v1/a/b", true),
            ("/v1/*", "/v1/", true),
            ("/v1/*", "/v1", false),
            ("/v1/*", "/v10/a", false),
            ("/v1/*", "/V1/a", false),
            ("/v1/*/notes", "/v1/a/notes", true),
            ("/v1/*/notes", "/v1/a/b/notes", false),
            ("/v1/*/notes", "/v1/a/notes/b", false),
            ("/", "/", true),
            ("/", "/a", false),
            ("/*", "/a/b", true),
            ("/v1/admin", "/v1/%61dmin", false),
        ] {
            assert_eq!(fits(pattern, path), expect, "{pattern} {path}");
        }
    }

    #[test]
    fn rules_that_are_not_right_say_what_to_write() {
        let with = |host: &str, methods: &str, paths: &str| format!("host = \"{host}\"\nmethods = [{methods}]\npaths = [{paths}]");
        let secret =
            |header: &str, value: &str| format!("{}\nsecret = {{ header = \"{header}\", value = \"{value}\" }}", with("a.example", "\"GET\"", "\"/\""));
        for (text, expect) in [
            (with("*", "\"GET\"", "\"/\""), "no patterns of hosts"),
            (with("*.example.com", "\"GET\"", "\"/\""), "no patterns of hosts"),
            (with("127.0.0.1", "\"GET\"", "\"/\""), "is an address"),
            (with("0x7f.1", "\"GET\"", "\"/\""), "is an address"),
            (with("[::1]", "\"GET\"", "\"/\""), "is an address"),
            (with("API.example.com", "\"GET\"", "\"/\""), "write it as `api.example.com`"),
            (with("api.example.com.", "\"GET\"", "\"/\""), "write it as `api.example.com`"),
            (with("b\u{fc}cher.example", "\"GET\"", "\"/\""), "write it as `xn--bcher-kva.example`"),
            (with("a.example/path", "\"GET\"", "\"/\""), "no name of a host"),
            (with("u@a.example", "\"GET\"", "\"/\""), "no name of a host"),
            (with("a.example:80", "\"GET\"", "\"/\""), "no name of a host"),
            (with("", "\"GET\"", "\"/\""), "no name of a host"),
            (with("a.example", "", "\"/\""), "methods are a list of"),
            (with("a.example", "\"get\"", "\"/\""), "methods are a list of"),
            (with("a.example", "\"CONNECT\"", "\"/\""), "methods are a list of"),
            (with("a.example", "\"GET\"", ""), "name 1 to 20 paths"),
            (with("a.example", "\"GET\"", "\"v1\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"/a/../b\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"//a\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"/a/..;/b\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"/a%3Bb\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"/%2E%2e/a\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"/v*\""), "must begin with `/`"),
            (with("a.example", "\"GET\"", "\"/a?b\""), "must begin with `/`"),
            (format!("port = 0\n{}", with("a.example", "\"GET\"", "\"/\"")), "port 0"),
            (secret("Host", "{{key_one}}"), "no header that a secret can be in"),
            (secret("a b", "{{key_one}}"), "no header that a secret can be in"),
            (secret("X-HTTP-Method-Override", "{{key_one}}"), "no header that a secret can be in"),
            (secret("X_Original_URL", "{{key_one}}"), "no header that a secret can be in"),
            (secret("X-Key", "plain"), "must have `{{name}}`"),
            (secret("X-Key", "{{key"), "must have `{{name}}`"),
            (secret("X-Key", "{{Key One}}"), "must have `{{name}}`"),
            (secret("X-Key", "{{{key_one}}}"), "must have `{{name}}`"),
            (secret("X-Key", "\\u000a{{key_one}}"), "must be printable"),
        ] {
            let refused = rule(&text).check().expect_err(&text);
            assert!(refused.contains(expect), "{text}: {refused}");
        }
        assert!(rule(&secret("Authorization", "Bearer {{key_one}}")).check().is_ok());
        assert_eq!(rule(&secret("X-Key", "{{one}}:{{two}}")).secret.expect("secret").names(), ["one", "two"]);
        assert_eq!(rule(&secret("X-Key", "{{one}}")).to_string(), "GET https://a.example / with `one` in `X-Key`");
    }
}
