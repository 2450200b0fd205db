//! `[notices]`: by which mail server people are told that something waits, in which language, and what else messages to browsers need.

use super::environment::Environment;
use super::network;
use super::reader::Reader;
use crate::notices::mail::{MailSettings, Security};
use lettre::message::Mailbox;
use secrecy::SecretString;
use steward_host::{Courier, PrivateHost};
use steward_office::notices::LANGUAGES;

/// How people are told.
#[derive(Debug, Clone)]
pub struct NoticesConfig {
    /// The language of whoever never said.
    pub language: String,
    /// The mail server; no mail without one.
    pub mail: Option<MailSettings>,
    /// Where makers of browsers find who runs this: a `mailto:` or `https:` address.
    pub contact: String,
    /// Addresses of the operator's own network to which messages for browsers may go.
    pub private: Vec<PrivateHost>,
}

/// What is said, over a site at `public_url`.
pub(super) fn read(r: &mut Reader, environment: &Environment, public_url: &str, owner_email: &str) -> NoticesConfig {
    let advice = format!("write one of {}", LANGUAGES.map(|one| format!("`{one}`")).join(", "));
    let language = r.parsed("notices.language", "en", &advice, |text| LANGUAGES.contains(&text).then(|| text.to_owned())).unwrap_or_default();
    let mail = mail(r, environment);
    let default = if public_url.starts_with("https://") { public_url.to_owned() } else { format!("mailto:{owner_email}") };
    let advice = "write where makers of browsers find you, for example `mailto:ops@example.com`";
    let contact = r.parsed("notices.push.contact", &default, advice, |text| {
        let plain = text.len() <= 300 && text.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && (text.starts_with("mailto:") || text.starts_with("https://"))).then(|| text.to_owned())
    });
    let private = r.tables("notices.push.private_hosts").iter().filter_map(|table| private_host(r, table)).collect();
    NoticesConfig { language, mail, contact: contact.unwrap_or(default), private }
}

fn mail(r: &mut Reader, environment: &Environment) -> Option<MailSettings> {
    let url = r.text("notices.mail.url", "");
    let user = r.text("notices.mail.user", "");
    let variable = r.text("notices.mail.password_env", "");
    let advice = "write who mail is from, for example `Steward <steward@example.com>`";
    let from = r.parsed("notices.mail.from", "", advice, |text| match text {
        "" => Some(None),
        text if text.chars().any(char::is_control) => None,
        text => text.parse::<Mailbox>().ok().map(Some),
    })?;
    let ca_file = r.path_or_none("notices.mail.ca_file");
    if url.is_empty() {
        for (key, is_set) in [("notices.mail.user", !user.is_empty()), ("notices.mail.from", from.is_some())] {
            if is_set {
                r.refuse(key, "set `notices.mail.url` too: without it no mail is sent");
            }
        }
        return None;
    }
    let Some((host, port, security)) = server(&url) else {
        r.refuse(
            "notices.mail.url",
            "write `smtps://host` for TLS from the first byte or `smtp://host` for STARTTLS, with `:port` where it is another, and no user; \
             `smtp+plain://127.0.0.1` is for this machine's own server, without TLS",
        );
        return None;
    };
    let Some(from) = from else {
        r.refuse("notices.mail.from", advice);
        return None;
    };
    let password = environment.text(&variable).filter(|_| !variable.is_empty()).map(SecretString::from);
    if !variable.is_empty() && password.is_none() {
        r.refuse("notices.mail.password_env", "there is no such variable: set it, or leave this out for a server that asks for no password");
    }
    if user.is_empty() != variable.is_empty() {
        r.refuse("notices.mail.user", "set `notices.mail.user` and `notices.mail.password_env` together, or neither");
    }
    Some(MailSettings { host, port, security, user: Some(user).filter(|user| !user.is_empty()), password, from, ca_file })
}

/// Host, port and security of a mail server's address.
fn server(url: &str) -> Option<(String, u16, Security)> {
    let (scheme, rest) = url.split_once("://")?;
    let (security, port) = match scheme {
        "smtps" => (Security::Wrapped, 465),
        "smtp" => (Security::StartTls, 587),
        "smtp+plain" => (Security::None, 25),
        _ => return None,
    };
    // Read as any address: a user, a path or a query has no place here.
    let uri: http::Uri = format!("http://{rest}").parse().ok()?;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return None;
    }
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let has_port = authority.as_str().len() > authority.host().len();
    if host.is_empty() || (has_port && authority.port_u16().is_none()) {
        return None;
    }
    let is_own = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
    (security != Security::None || is_own).then(|| (host, authority.port_u16().unwrap_or(port), security))
}

fn private_host(r: &mut Reader, table: &str) -> Option<PrivateHost> {
    r.know(table);
    network::read(r, table, "the browser's maker", "push.internal").map(|(host, networks)| Courier::private(host, networks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_reached_by_tls_or_is_this_machine() {
        for (url, expect) in [
            ("smtps://mail.example", Some(("mail.example", 465, Security::Wrapped))),
            ("smtp://mail.example:2525", Some(("mail.example", 2525, Security::StartTls))),
            ("smtp+plain://127.0.0.1", Some(("127.0.0.1", 25, Security::None))),
            ("smtp+plain://[::1]:2525", Some(("::1", 2525, Security::None))),
            ("smtp+plain://mail.example", None),
            ("smtp+plain://10.0.0.1", None),
            ("smtp://user:secret@mail.example", None),
            ("smtp://mail.example/x", None),
            ("smtp://mail.example?tls=no", None),
            ("smtp://", None),
            ("smtp://mail.example:99999", None),
            ("http://mail.example", None),
            ("mail.example", None),
        ] {
            let found = server(url);
            assert_eq!(found.as_ref().map(|(host, port, security)| (host.as_str(), *port, *security)), expect, "{url}");
        }
    }
}
