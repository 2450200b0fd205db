//! How one is told that something waits, and what could not be told to anybody.

pub(crate) mod dead;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod test;

use crate::error::ApiError;
use crate::notices::{NotTold, Ways};
use serde::Serialize;
use steward_core::{NoticeId, PersonId};
use steward_office::notices;
use steward_store::Tx;
use steward_store::notice::NoticeRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// How one is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticesView {
    /// Whether a mail server is set up here.
    mail_available: bool,
    /// Whether one wants mail.
    mail: bool,
    /// Where mail goes.
    email: String,
    /// In which language; null where one never said, and the installation's counts.
    #[schema(example = "en")]
    language: Option<String>,
    /// What a browser subscribes with (`applicationServerKey`), base64url; null where there are no messages to browsers.
    push_key: Option<String>,
    /// One's newest messages, newest first.
    newest: Vec<NoticeView>,
}

/// A message that something waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeView {
    #[schema(value_type = String, example = "notice_01k4…")]
    notice_id: NoticeId,
    #[schema(value_type = String)]
    person_id: PersonId,
    /// mail, push.
    channel: String,
    /// hold, budget_hold, change, test.
    matter: &'static str,
    /// The id of what it is about.
    matter_id: String,
    /// waiting, sent, moot (nobody needs it any more), dead (given up).
    state: String,
    tries: u16,
    /// What stood against it, the last time.
    why: Option<String>,
    /// The same as a code: no_mail_server, no_push_key, address, mail_late, mail_not_let_in, mail_refused, mail_later, mail_tls, mail_broken,
    /// push_late, push_refused, push_later; null for other words.
    #[schema(value_type = Option<String>, example = "mail_late")]
    reason: Option<NotTold>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    made_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<OffsetDateTime>,
}

impl From<NoticeRow> for NoticeView {
    fn from(row: NoticeRow) -> Self {
        Self {
            notice_id: row.notice_id,
            person_id: row.person,
            channel: row.channel,
            matter: row.matter.name(),
            matter_id: row.matter.to_string(),
            state: row.state,
            tries: row.tries,
            reason: row.why.as_deref().and_then(NotTold::of_words),
            why: row.why,
            made_at: row.made_at,
            done_at: row.done_at,
        }
    }
}

impl NoticesView {
    async fn of(tx: &mut Tx, ways: &Ways) -> Result<Self, ApiError> {
        let found = notices::settings(tx).await?;
        Ok(Self {
            mail_available: ways.mail,
            mail: found.mail,
            email: found.email,
            language: found.language,
            push_key: ways.push_key.clone(),
            newest: found.newest.into_iter().map(NoticeView::from).collect(),
        })
    }
}
