//! The ways out by which people are told that something waits: mail, and messages to their browsers.
//!
//! Both say that something waits, which tool it is, until when and where to look, in the reader's language; never what is to be done, for
//! whom, or with which words. Nothing here decides who is told: that is `office::notices`.

pub mod mail;
pub mod push;
mod seal;
mod vapid;
mod why;
mod words;

pub use mail::{MailError, MailSettings, Mailer, Security};
pub use push::Pusher;
pub use seal::{SealError, seal};
pub use vapid::{PushKey, PushKeyError};
pub(crate) use why::NotTold;

use crate::config::Config;
use crate::site::Site;
use std::sync::Arc;
use steward_host::EgressOptions;
use steward_office::notices::{Channels, Tried};
use steward_store::notice::DueRow;
use time::OffsetDateTime;

/// What the server says of it to people: which ways there are.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// Whether mail is set up.
    pub mail: bool,
    /// What a browser subscribes with, as base64url; none where messages to browsers cannot be signed.
    pub push_key: Option<String>,
}

impl Ways {
    /// As the rules know them.
    pub const fn channels(&self) -> Channels {
        Channels { mail: self.mail, push: self.push_key.is_some() }
    }
}

/// Sends messages.
#[derive(Debug)]
pub struct Sender {
    mail: Option<Mailer>,
    push: Option<Pusher>,
    site: Site,
    /// For whoever never said.
    language: String,
}

impl Sender {
    /// What sends as configured. Without a key no message goes to browsers.
    pub fn of(config: &Config, key: Option<Arc<PushKey>>) -> Result<Self, MailError> {
        let notices = &config.notices;
        let mail = notices.mail.as_ref().map(|settings| Mailer::new(settings, &config.server.site)).transpose()?;
        let options = EgressOptions { private: notices.private.clone(), ..EgressOptions::default() };
        let push = key.map(|key| Pusher::new(key, notices.contact.clone(), options));
        Ok(Self::made(mail, push, config.server.site.clone(), &notices.language))
    }

    /// Of these parts.
    pub fn made(mail: Option<Mailer>, push: Option<Pusher>, site: Site, language: &str) -> Self {
        Self { mail, push, site, language: language.to_owned() }
    }

    /// Which ways there are.
    pub fn channels(&self) -> Channels {
        Channels { mail: self.mail.is_some(), push: self.push.is_some() }
    }

    /// Sends one message, and says what came of it.
    pub async fn send(&self, due: &DueRow, now: OffsetDateTime) -> Tried {
        let language = due.language.as_deref().unwrap_or(&self.language);
        let words = words::of(language, due, &self.site);
        match (&due.browser, &self.mail, &self.push) {
            (None, Some(mail), _) => mail.send(due, &words).await,
            (Some(browser), _, Some(push)) => push.send(due, browser, &words, now).await,
            // It was made when there was such a way, and there may be one again.
            (None, None, _) => Tried::Failed { why: NotTold::NoMailServer.said(&[]), after_s: None },
            (Some(_), _, None) => Tried::Failed { why: NotTold::NoPushKey.said(&[]), after_s: None },
        }
    }
}
