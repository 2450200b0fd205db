//! What people say of themselves: what they are called, how they read, by whose clock.

use super::error::PeopleError;
use super::invitation::check_name;
use crate::{Office, audit};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};
use std::str::FromStr as _;
use steward_core::ActorKind;
use steward_store::{Tx, person};

const LOCALE_BYTES_MAX: usize = 35;

/// What is to be otherwise; what is none stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// What they are called.
    pub display_name: Option<String>,
    /// How they read: a BCP 47 tag, such as `de-CH`.
    pub locale: Option<String>,
    /// By whose clock: an IANA name, such as `Europe/Zurich`.
    pub time_zone: Option<String>,
}

/// Changes what the caller says of themselves. Runs that began before go on as they began.
///
/// # Errors
/// For whoever is no person here, and for a name, tag or zone that is none.
pub async fn change_profile(tx: &mut Tx, office: &Office, change: ProfileChange) -> Result<(), PeopleError> {
    let id = match (&tx.actor().kind, tx.actor().person) {
        (ActorKind::Person { .. }, Some(id)) => id,
        _ => return Err(PeopleError::NotSignedIn),
    };
    let display_name = change.display_name.as_deref().map(|name| check_name("/display_name", name)).transpose()?;
    let locale = change.locale.as_deref().map(check_locale).transpose()?;
    let time_zone = change.time_zone.as_deref().map(check_zone).transpose()?;
    let before = person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    let mut changed = Map::new();
    for (field, was, now) in [
        ("display_name", Some(&before.display_name), &display_name),
        ("locale", before.locale.as_ref(), &locale),
        ("time_zone", before.time_zone.as_ref(), &time_zone),
    ] {
        if let Some(now) = now.as_ref().filter(|now| was != Some(*now)) {
            changed.insert(field.to_owned(), Value::from(now.as_str()));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    person::set_profile(tx, id, display_name.as_deref(), locale.as_deref(), time_zone.as_deref()).await?;
    // What somebody is called is theirs, and is sealed as such.
    let detail = json!({ "fields": changed.keys().collect::<Vec<_>>() });
    let entry = audit::Entry { action: "person.profile", object: id.to_string(), outcome: "done", detail, request_id: None };
    audit::record_about(tx, office, entry, audit::seal::Subject::Person(id), &Value::Object(changed)).await?;
    Ok(())
}

/// A language with what narrows it down, each part of letters and digits.
fn check_locale(text: &str) -> Result<String, PeopleError> {
    let mut parts = text.split('-');
    let is_language = parts.next().is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|letter| letter.is_ascii_alphabetic()));
    let is_narrowed = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    if is_language && is_narrowed && text.len() <= LOCALE_BYTES_MAX {
        return Ok(text.to_owned());
    }
    Err(PeopleError::field("/locale", "give a language such as `en`, `pt-BR` or `zh-Hant-TW`"))
}

fn check_zone(text: &str) -> Result<String, PeopleError> {
    let zone = Tz::from_str(text).map_err(|_| PeopleError::field("/time_zone", "is no time zone; give a name such as `Europe/Berlin` or `UTC`"))?;
    Ok(zone.name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag_and_a_zone_is_one_that_there_is() {
        for bad in ["", "e", "de_CH", "de-", "-de", "de--CH", "deutschland", "d3", "de-Schweizerdeutsch", "de CH", "de\0", &format!("de{}", "-ab".repeat(12))] {
            assert!(check_locale(bad).is_err(), "{bad:?}");
        }
        for good in ["en", "es-419", "zh-Hant-TW", "ne"] {
            assert_eq!(check_locale(good).expect(good), good);
        }
        for bad in ["", "Mars/Base", "Europe", "europe/berlin", "+02:00", "../etc/passwd"] {
            assert!(check_zone(bad).is_err(), "{bad:?}");
        }
        for good in ["UTC", "Asia/Kathmandu", "Asia/Katmandu", "America/Argentina/Buenos_Aires"] {
            assert_eq!(check_zone(good).expect(good), good);
        }
    }
}
