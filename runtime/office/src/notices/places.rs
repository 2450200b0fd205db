//! Where a person is told: by mail or not, in which language, and in which of their browsers. Each is their own to say.

use super::Channels;
use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use serde_json::json;
use steward_core::{ActorKind, NoticeId, PersonId, PushSubscriptionId};
use steward_store::notice::{self, Matter, NewNotice, NoticeRow};
use steward_store::notice_wish::{self, NoticeWish};
use steward_store::push_subscription::{self, PushSubscriptionRow};
use steward_store::{StoreError, Tx, person};
use time::Duration;

/// The most browsers of one person.
pub const PLACES_MAX: usize = 10;
/// The languages that messages are written in.
pub const LANGUAGES: [&str; 4] = ["en", "es", "ar", "ne"];
const NAME_LETTERS_MAX: usize = 100;
const ENDPOINT_BYTES_MAX: usize = 2000;
/// Bytes of a point of P-256, and the first of an uncompressed one.
const POINT_BYTES: usize = 65;
const UNCOMPRESSED: u8 = 4;
const AUTH_BYTES: usize = 16;
/// Messages that a person is shown.
const SHOWN: i64 = 5;
/// Tests within an hour, and how long one is worth sending, in minutes.
const TESTS_MAX: i64 = 10;
const TEST_MINUTES: i64 = 30;

/// A browser as it says it can be told.
#[derive(Debug, Clone)]
pub struct Place {
    /// What to call it.
    pub name: String,
    /// Where its maker takes messages.
    pub endpoint: String,
    /// Its public key.
    pub p256dh: Vec<u8>,
    /// What only it and we know.
    pub auth: Vec<u8>,
}

/// How a person is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Their mail address.
    pub email: String,
    /// Whether they want mail.
    pub mail: bool,
    /// In which language, if they said.
    pub language: Option<String>,
    /// Their newest messages.
    pub newest: Vec<NoticeRow>,
}

/// The person in a session; nobody else is told anything.
fn someone(tx: &Tx) -> Result<PersonId, OfficeError> {
    match (&tx.actor().kind, tx.actor().person) {
        (ActorKind::Person { session: Some(_), .. }, Some(person)) => Ok(person),
        _ => Err(OfficeError::Denied("only a person in a browser session may do this; a token never does".to_owned())),
    }
}

/// How the caller is told.
pub async fn settings(tx: &mut Tx) -> Result<Settings, OfficeError> {
    let id = someone(tx)?;
    let wish = notice_wish::find(tx, id).await?.unwrap_or(NoticeWish { mail: true, language: None });
    let email = person::get(tx, id).await?.email;
    Ok(Settings { email, mail: wish.mail, language: wish.language, newest: notice::list(tx, Some(id), SHOWN).await? })
}

/// Says whether the caller wants mail, and in which language they read.
pub async fn set_wish(tx: &mut Tx, office: &Office, mail: bool, language: Option<String>) -> Result<(), OfficeError> {
    let id = someone(tx)?;
    if let Some(language) = language.as_deref().filter(|language| !LANGUAGES.contains(language)) {
        return Err(OfficeError::Invalid(format!("`{}` is no language that messages are written in; give one of {}", short(language), LANGUAGES.join(", "))));
    }
    let wish = NoticeWish { mail, language };
    if notice_wish::find(tx, id).await?.as_ref() == Some(&wish) {
        return Ok(());
    }
    notice_wish::put(tx, id, &wish, office.clock.now()).await?;
    let detail = json!({ "mail": wish.mail, "language": wish.language });
    Ok(audit::record(tx, office, Entry { action: "notice.wish", object: id.to_string(), outcome: "done", detail, request_id: None }).await?)
}

/// The caller's browsers, oldest first.
pub async fn list_places(tx: &mut Tx) -> Result<Vec<PushSubscriptionRow>, OfficeError> {
    let id = someone(tx)?;
    Ok(push_subscription::list_of(tx, id, i64::try_from(PLACES_MAX).unwrap_or(i64::MAX)).await?)
}

/// Adds the browser that the caller is in, or says anew what it is called and sealed for.
pub async fn add_place(tx: &mut Tx, office: &Office, place: Place) -> Result<PushSubscriptionRow, OfficeError> {
    let id = someone(tx)?;
    let name = place.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_LETTERS_MAX || name.chars().any(char::is_control) {
        return Err(OfficeError::Invalid(format!("`name` has 1 to {NAME_LETTERS_MAX} letters and no control characters")));
    }
    if place.endpoint.len() > ENDPOINT_BYTES_MAX {
        return Err(OfficeError::Invalid(format!("`endpoint` has at most {ENDPOINT_BYTES_MAX} bytes")));
    }
    if place.p256dh.len() != POINT_BYTES || place.p256dh.first() != Some(&UNCOMPRESSED) {
        return Err(OfficeError::Invalid(format!("`p256dh` is an uncompressed point of P-256: {POINT_BYTES} bytes")));
    }
    if place.auth.len() != AUTH_BYTES {
        return Err(OfficeError::Invalid(format!("`auth` has {AUTH_BYTES} bytes")));
    }
    let others = list_places(tx).await?;
    if others.iter().filter(|other| other.endpoint != place.endpoint).count() >= PLACES_MAX {
        return Err(OfficeError::Conflict(format!("you are told in {PLACES_MAX} browsers already: remove one first")));
    }
    let row = PushSubscriptionRow {
        push_subscription_id: office.ids.make(),
        person: id,
        name,
        endpoint: place.endpoint,
        p256dh: place.p256dh,
        auth: place.auth,
        created_at: office.clock.now(),
        used_at: None,
    };
    push_subscription::insert(tx, &row).await?;
    let detail = json!({ "push_subscription_id": row.push_subscription_id });
    audit::record(tx, office, Entry { action: "push.add", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(row)
}

/// Removes one of the caller's browsers.
pub async fn remove_place(tx: &mut Tx, office: &Office, place: PushSubscriptionId) -> Result<(), OfficeError> {
    let id = someone(tx)?;
    push_subscription::remove(tx, id, place).await.map_err(|err| match err {
        StoreError::Missing => OfficeError::Missing("browser"),
        other => OfficeError::Store(other),
    })?;
    let detail = json!({ "push_subscription_id": place });
    Ok(audit::record(tx, office, Entry { action: "push.remove", object: id.to_string(), outcome: "done", detail, request_id: None }).await?)
}

/// Sends the caller a message everywhere they want to be told, to see whether it arrives. Returns how many were made.
pub async fn test(tx: &mut Tx, office: &Office, channels: Channels) -> Result<usize, OfficeError> {
    let id = someone(tx)?;
    let now = office.clock.now();
    if notice::tests_since(tx, id, now - Duration::hours(1)).await? >= TESTS_MAX {
        return Err(OfficeError::Conflict(format!("you sent yourself {TESTS_MAX} tests within the hour: wait, and look at what became of them")));
    }
    let wants_mail = notice_wish::find(tx, id).await?.is_none_or(|wish| wish.mail);
    let mut places = Vec::new();
    if channels.mail && wants_mail {
        places.push(None);
    }
    if channels.push {
        places.extend(list_places(tx).await?.into_iter().map(|row| Some(row.push_subscription_id)));
    }
    if places.is_empty() {
        return Err(OfficeError::Conflict("there is nowhere to tell you: turn on messages in this browser, or mail".to_owned()));
    }
    let matter = Matter::Test(office.ids.make::<NoticeId>());
    for browser in &places {
        let expires_at = now + Duration::minutes(TEST_MINUTES);
        let new = NewNotice { notice_id: office.ids.make(), person: id, browser: *browser, matter, tool: None, expires_at };
        notice::insert(tx, &new, now).await?;
    }
    let detail = json!({ "notices": places.len() });
    audit::record(tx, office, Entry { action: "notice.test", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(places.len())
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}
