//! Mail: one plain message to one person over one verified connection. What a header takes is never put together by hand.

use super::why::NotTold;
use super::words::Words;
use crate::site::Site;
use http::Uri;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError};
use lettre::{Address, AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use steward_office::notices::Tried;
use steward_store::notice::DueRow;
use tokio::time::timeout;

/// How long the server may take for one answer, and for the whole message, in seconds.
const ANSWER_SECONDS: u64 = 10;
const MESSAGE_SECONDS: u64 = 12;
/// Answers of a mail server that say that who sends is not let in: the operator's to mend, and nobody's message is lost for it.
const NOT_LET_IN: [u16; 4] = [530, 534, 535, 538];

/// How a connection is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// TLS by STARTTLS, and no message without it.
    StartTls,
    /// None: to this machine itself only.
    None,
}

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others.
    pub security: Security,
    /// The name it lets us in by.
    pub user: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// Who it is from.
    pub from: Mailbox,
    /// A file of certificates that count beside those of this machine.
    pub ca_file: Option<PathBuf>,
}

/// Why mail cannot be sent as configured.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The file of certificates cannot be read.
    #[error("`notices.mail.ca_file` names `{path}`, which cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It has none in it, or there is no TLS here.
    #[error("TLS with the mail server cannot be set up; `notices.mail.ca_file` is a file of certificates in PEM, if it is set")]
    Tls(#[source] SmtpError),
    /// The server does not answer as it should.
    #[error("the mail server does not answer as it should")]
    Server(#[source] SmtpError),
    /// It does not answer in time.
    #[error("the mail server does not answer in {MESSAGE_SECONDS} s")]
    Late,
}

/// Sends mail. Each message has a connection of its own.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What stands behind the `@` of a message's id.
    domain: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// Says that a program wrote it: nobody's absence note answers it (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mailer {
    /// Mail as configured. Nothing is connected yet.
    pub fn new(settings: &MailSettings, site: &Site) -> Result<Self, MailError> {
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::Wrapped => Tls::Wrapper(parameters(settings)?),
            Security::StartTls => Tls::Required(parameters(settings)?),
        };
        let domain = site.public_url().parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(ANSWER_SECONDS)))
            .hello_name(hello(&domain));
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from: settings.from.clone(), domain: domain.trim_matches(['[', ']']).to_owned() })
    }

    /// Whether the server answers, and lets us in.
    pub async fn look(&self) -> Result<(), MailError> {
        let looked = timeout(Duration::from_secs(MESSAGE_SECONDS), self.transport.test_connection()).await.map_err(|_elapsed| MailError::Late)?;
        looked.map(|_| ()).map_err(MailError::Server)
    }

    /// Sends one message.
    pub(crate) async fn send(&self, due: &DueRow, words: &Words) -> Tried {
        let Some(message) = self.message(due, words) else {
            return Tried::Refused(NotTold::Address.said(&[]));
        };
        match timeout(Duration::from_secs(MESSAGE_SECONDS), self.transport.send(message)).await {
            Err(_elapsed) => Tried::Failed { why: NotTold::MailLate.said(&[]), after_s: None },
            Ok(Ok(_)) => Tried::Taken,
            Ok(Err(err)) => tried(&err),
        }
    }

    /// The same id on every try: who gets a message twice, because a connection broke after it, can tell.
    fn message(&self, due: &DueRow, words: &Words) -> Option<Message> {
        let to: Address = due.email.parse().ok()?;
        let id = format!("<{}@{}>", due.notice_id, self.domain);
        let builder = Message::builder().from(self.from.clone()).to(Mailbox::new(None, to)).subject(words.subject.clone());
        let builder = builder.message_id(Some(id)).header(AutoSubmitted);
        let part = |kind: ContentType, text: String| SinglePart::builder().header(kind).header(ContentTransferEncoding::Base64).body(text);
        let parts = MultiPart::alternative().singlepart(part(ContentType::TEXT_PLAIN, plain(words))).singlepart(part(ContentType::TEXT_HTML, html(words)));
        builder.multipart(parts).ok()
    }
}

fn parameters(settings: &MailSettings) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|source| MailError::File { path: path.clone(), source })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(MailError::Tls)?);
    }
    builder.build().map_err(MailError::Tls)
}

/// How we greet: by our name, or by an address where we have none.
fn hello(domain: &str) -> ClientId {
    match domain.trim_matches(['[', ']']).parse() {
        Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(domain.to_owned()),
    }
}

/// What a failure means. The server's own words are not kept: they name addresses.
fn tried(err: &SmtpError) -> Tried {
    let code = err.status().map(u16::from);
    let failed = |why: NotTold, between: &[&str]| Tried::Failed { why: why.said(between), after_s: None };
    match code {
        Some(code) if NOT_LET_IN.contains(&code) => failed(NotTold::MailNotLetIn, &[code.to_string().as_str()]),
        Some(code) if err.is_permanent() => Tried::Refused(NotTold::MailRefused.said(&[code.to_string().as_str()])),
        Some(code) => failed(NotTold::MailLater, &[code.to_string().as_str()]),
        None if err.is_tls() || is_tls(err) => failed(NotTold::MailTls, &[]),
        None if err.is_timeout() => failed(NotTold::MailLate, &[]),
        None => failed(NotTold::MailBroken, &[]),
    }
}

/// Whether TLS lies below a broken connection.
fn is_tls(err: &SmtpError) -> bool {
    let mut below: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(err);
    while let Some(one) = below {
        let inner = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if one.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        below = one.source();
    }
    false
}

/// For programs that show text.
fn plain(words: &Words) -> String {
    let mut text = words.said.join("\n");
    let _ = write!(text, "\n\n{}\n{}\n\n-- \n{}\n{}\n", words.look, words.link, words.because, words.settings);
    text
}

/// The same with a link to press. No picture, no style, nothing from elsewhere.
fn html(words: &Words) -> String {
    let (language, direction) = (words.language, words.direction);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"{language}\" dir=\"{direction}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n",
        escaped(&words.subject)
    );
    for said in &words.said {
        let _ = writeln!(text, "<p>{}</p>", escaped(said));
    }
    let link = |url: &str| format!("<a href=\"{0}\" dir=\"ltr\">{0}</a>", escaped(url));
    let _ = writeln!(text, "<p>{}<br>{}</p>", escaped(words.look), link(&words.link));
    let _ = writeln!(text, "<hr>\n<p><small>{} {}</small></p>\n</body>\n</html>", escaped(words.because), link(&words.settings));
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::words::{of, tests::due};
    use super::*;

    fn mailer() -> Mailer {
        let settings = MailSettings {
            host: "127.0.0.1".to_owned(),
            port: 25,
            security: Security::None,
            user: None,
            password: None,
            from: "Steward <steward@home.example>".parse().expect("a mailbox"),
            ca_file: None,
        };
        Mailer::new(&settings, &site()).expect("a mailer")
    }

    fn site() -> Site {
        Site::new("https://steward.example", false).expect("a site")
    }

    #[test]
    fn an_address_that_is_more_than_one_address_gets_nothing() {
        for email in [
            "ben@home.example\r\nBcc: eve@else.example",
            "ben@home.example, eve@else.example",
            "ben@home.example\n",
            "<ben@home.example>",
            "ben",
            "@",
            "be n@home.example",
            "",
        ] {
            let due = DueRow { email: email.to_owned(), ..due() };
            assert!(mailer().message(&due, &of("en", &due, &site())).is_none(), "{email:?}");
        }
    }

    #[test]
    fn a_message_says_who_made_it_and_has_one_id() {
        let words = of("ar", &due(), &site());
        let bytes = mailer().message(&due(), &words).expect("a message").formatted();
        let text = String::from_utf8(bytes).expect("ASCII");
        assert!(text.is_ascii());
        for line in [
            "From: Steward <steward@home.example>",
            "To: ben@home.example",
            "Auto-Submitted: auto-generated",
            "Message-ID: <notice_00000000000000000000000001@steward.example>",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
        assert_eq!(text.matches("Content-Type: text/").count(), 2);
        let page = html(&words);
        assert!(page.contains("<html lang=\"ar\" dir=\"rtl\">") && page.contains("href=\"https://steward.example/holds/hold_"), "{page}");
        assert!(!page.contains("<img") && !page.contains("style"), "{page}");
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
