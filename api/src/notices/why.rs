//! Why a message did not arrive: written down in words, and told apart by a code for readers of other languages.

use serde::Serialize;

/// What stood against a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotTold {
    /// No mail server is configured.
    NoMailServer,
    /// This process cannot sign messages to browsers.
    NoPushKey,
    /// The person's address is none.
    Address,
    /// The mail server did not answer in time.
    MailLate,
    /// The mail server does not let us in.
    MailNotLetIn,
    /// The mail server refuses the address or the message.
    MailRefused,
    /// The mail server asks to come back.
    MailLater,
    /// TLS with the mail server failed.
    MailTls,
    /// No connection with the mail server, or it broke.
    MailBroken,
    /// The service of the browser's maker did not answer in time.
    PushLate,
    /// The service of the browser's maker refuses the message.
    PushRefused,
    /// The service of the browser's maker asks to come back.
    PushLater,
}

impl NotTold {
    /// All of them.
    const ALL: [Self; 12] = [
        Self::NoMailServer,
        Self::NoPushKey,
        Self::Address,
        Self::MailLate,
        Self::MailNotLetIn,
        Self::MailRefused,
        Self::MailLater,
        Self::MailTls,
        Self::MailBroken,
        Self::PushLate,
        Self::PushRefused,
        Self::PushLater,
    ];

    /// Its words; between two of these stands what differs from one message to the next: the host, and then the number that came back.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::NoMailServer => &["no mail server is configured any more: set `notices.mail.url`"],
            Self::NoPushKey => &["this process has no push key: see `steward doctor`"],
            Self::Address => &["the person's address is none that mail can be sent to"],
            Self::MailLate => &["the mail server did not answer in time"],
            Self::MailNotLetIn => &["the mail server does not let us in (", "): check `notices.mail.user` and its password"],
            Self::MailRefused => &["the mail server refuses the address or the message (", ")"],
            Self::MailLater => &["the mail server asks to try later (", ")"],
            Self::MailTls => &["TLS with the mail server failed: is its certificate for this name and from somebody known?"],
            Self::MailBroken => &["the connection with the mail server failed or broke"],
            Self::PushLate => &["`", "` did not answer in time"],
            Self::PushRefused => &["`", "` refuses the message (", ")"],
            Self::PushLater => &["`", "` asks to try later (", ")"],
        }
    }

    /// As it is written down, with what stands between its words.
    pub(crate) fn said(self, between: &[&str]) -> String {
        let mut said = String::new();
        for (at, words) in self.words().iter().enumerate() {
            said.push_str(words);
            said.push_str(between.get(at).copied().unwrap_or_default());
        }
        said
    }

    /// What is written down in these words; none for others.
    pub(crate) fn of_words(written: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| is_made_of(one.words(), written))
    }
}

fn is_made_of(words: &[&str], written: &str) -> bool {
    let Some((first, others)) = words.split_first() else { return false };
    let Some(mut left) = written.strip_prefix(first) else { return false };
    for part in others {
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    left.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_known_by_its_own_words_only() {
        for other in ["", "`push.example`", "the mail server", "the mail server did not answer in time, again", "`push.example` refuses the message", "late"] {
            assert_eq!(NotTold::of_words(other), None, "{other}");
        }
        for one in NotTold::ALL {
            // Of one gap it is the number, of two the host and the number.
            let between: &[&str] = if one.words().len() > 2 { &["push.example", "429"] } else { &["535"] };
            let gaps = one.words().len().saturating_sub(1);
            let said = one.said(between.get(..gaps).unwrap_or_default());
            assert_eq!(NotTold::of_words(&said), Some(one), "{said}");
        }
        // As the courier says it, which knows of no notices.
        assert_eq!(NotTold::of_words("`push.example` did not answer in time"), Some(NotTold::PushLate));
        assert_eq!(serde_json::to_value(NotTold::MailNotLetIn).expect("JSON"), "mail_not_let_in");
    }
}
