//! Letting people in: a person, roles, and a one-time link.

use super::LINK_HOURS;
use super::error::PeopleError;
use super::factors::Factors;
use super::roles::{Grant, check_grants, made_of};
use super::secret;
use super::step_up::require_for_authority;
use crate::{Office, audit};
use secrecy::SecretString;
use serde_json::json;
use steward_core::PersonId;
use steward_store::membership::{self, Membership};
use steward_store::{StoreError, Tx, person, sign_in_link};
use time::Duration;

const NAME_LETTERS_MAX: usize = 200;
const EMAIL_BYTES_MAX: usize = 320;

/// Whom to let in, as what.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Their address.
    pub email: String,
    /// What they are called.
    pub display_name: String,
    /// Their roles; at least one.
    pub grants: Vec<Grant>,
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct Invited {
    /// Who.
    pub person: PersonId,
    /// The secret of their one-time link; it is stored as a hash and cannot be shown again.
    pub link: SecretString,
}

/// Makes a person with roles and a link.
pub async fn invite(tx: &mut Tx, office: &Office, invitation: &Invitation) -> Result<Invited, PeopleError> {
    let email = check_email("/email", &invitation.email)?;
    let display_name = check_name("/display_name", &invitation.display_name)?;
    check_grants(tx, &invitation.grants).await?;
    require_for_authority(tx, office, &made_of(&("person", &email, &invitation.grants))).await?;
    let (id, now) = (office.ids.make(), office.clock.now());
    person::insert(tx, id, &email, &display_name, now).await.map_err(|err| match err {
        StoreError::Conflict { .. } => PeopleError::EmailTaken,
        other => PeopleError::Store(other),
    })?;
    for grant in &invitation.grants {
        membership::insert(tx, &office.ids, Membership { person_id: id, workspace_id: grant.workspace, role: grant.role }, now).await?;
    }
    let link = link_for(tx, office, id).await?;
    let detail = json!({ "grants": invitation.grants });
    let entry = audit::Entry { action: "person.invite", object: id.to_string(), outcome: "done", detail, request_id: None };
    audit::record_about(tx, office, entry, audit::seal::Subject::Person(id), &json!({ "email": email, "display_name": display_name })).await?;
    Ok(Invited { person: id, link })
}

/// Makes another link for somebody who cannot get in; links made earlier stop working.
pub async fn new_link(tx: &mut Tx, office: &Office, id: PersonId) -> Result<SecretString, PeopleError> {
    let found = person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    if found.disabled_at.is_some() {
        return Err(PeopleError::field("/person_id", "this account is disabled: enable it first"));
    }
    // Where there is a second factor, a link alone opens nothing.
    if !Factors::of(tx, id).await?.is_there() {
        require_for_authority(tx, office, &made_of(&("link", id))).await?;
    }
    let link = link_for(tx, office, id).await?;
    audit::record(tx, office, audit::Entry { action: "link.create", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(link)
}

/// A link of a person, voiding their earlier ones.
pub(super) async fn link_for(tx: &mut Tx, office: &Office, id: PersonId) -> Result<SecretString, PeopleError> {
    let (link, hash) = secret::make(tx.actor().tenant)?;
    let now = office.clock.now();
    sign_in_link::void_all(tx, id, now).await?;
    sign_in_link::insert(tx, office.ids.make(), id, &hash, now, now + Duration::hours(LINK_HOURS)).await?;
    Ok(link)
}

/// An address to sign in with: ASCII, in lower case, one `@` with something on both sides.
pub(super) fn check_email(path: &str, text: &str) -> Result<String, PeopleError> {
    let email = text.trim().to_lowercase();
    let halves = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let printable = email.bytes().all(|letter| letter.is_ascii_graphic());
    if halves && printable && email.len() <= EMAIL_BYTES_MAX {
        Ok(email)
    } else {
        Err(PeopleError::field(path, "give an e-mail address like `name@example.org`"))
    }
}

/// What nobody sees, or what turns the direction of what stands around it: no name has it, so that none looks like another's. What joins letters
/// and parts them is part of names in Persian and Nepali.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// A name of 1 to 200 letters without control characters and without marks that nobody sees. Such marks at its ends are left away with the space
/// there: contacts of telephones and programs of mail put them around names that are copied.
pub(super) fn check_name(path: &str, text: &str) -> Result<String, PeopleError> {
    let name = text.trim_matches(|letter: char| letter.is_whitespace() || is_unseen(letter));
    if name.is_empty() || name.chars().count() > NAME_LETTERS_MAX {
        return Err(PeopleError::field(path, format!("give a name of 1 to {NAME_LETTERS_MAX} letters")));
    }
    if let Some(letter) = name.chars().find(|letter| letter.is_control() || is_unseen(*letter)) {
        let problem = format!("the name has a character that nobody sees in it (U+{:04X}); take it out, or type the name anew", u32::from(letter));
        return Err(PeopleError::field(path, problem));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_sign_in_are_refused() {
        for bad in ["", "@", "a@", "@b", "a b@c.org", "a@b@c", "ä@b.org", "a@b\n", "a@b\0.org", &format!("{}@b.org", "a".repeat(400))] {
            let result = check_email("/email", bad);
            assert!(bad.ends_with('\n') || result.is_err(), "{bad:?}");
        }
        assert_eq!(check_email("/email", " Ada@Example.ORG ").expect("address"), "ada@example.org");
    }

    #[test]
    fn names_that_cannot_be_shown_are_refused() {
        let check = |bad: &str, expect: &str| {
            let refused = check_name("/name", bad).expect_err(bad).to_string();
            assert!(refused.contains(expect), "{bad:?}: {refused}");
        };
        for bad in ["", "  ", "\u{200e}\u{feff}", &"x".repeat(201)] {
            check(bad, "give a name of 1 to 200 letters");
        }
        for (bad, letter) in [("a\0b", "U+0000"), ("a\nb", "U+000A"), ("A\u{202e}da", "U+202E"), ("A\u{200b}da", "U+200B"), ("Ada\0", "U+0000")] {
            check(bad, &format!("a character that nobody sees in it ({letter})"));
        }
        assert_eq!(check_name("/name", " Zoë 😀 ").expect("name"), "Zoë 😀");
        for pasted in ["\u{200e}Ada Lovelace", "\u{202a}Ada Lovelace\u{202c}", "\u{feff} Ada Lovelace \u{200b}\n"] {
            assert_eq!(check_name("/name", pasted).expect("name"), "Ada Lovelace", "{pasted:?}");
        }
        assert_eq!(check_name("/name", "क्\u{200d}ष").expect("name"), "क्\u{200d}ष");
    }
}
