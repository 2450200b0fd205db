//! Passwords: Argon2id, a bounded number of hashes at once, and the same cost whether or not the person exists.

use super::error::PeopleError;
use super::session::{self, SignedIn};
use super::{actor, failures};
use crate::{Office, audit};
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::sync::Arc;
use steward_core::{Actor, ActorKind, AuthMethod};
use steward_store::{Store, person, session as sessions};
use tokio::sync::Semaphore;

/// The longest password, in bytes; longer ones are refused before any hashing.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// The shortest password, in letters.
pub const PASSWORD_LETTERS_MIN: usize = 12;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hashing of passwords. Cheap to clone; all clones share the bound.
#[derive(Debug, Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    at_once: Arc<Semaphore>,
    /// A hash that no password has, checked when there is no account to check.
    decoy: Arc<str>,
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) is_right: bool,
    /// The stored hash is weaker than what is made today.
    pub(super) is_weak: bool,
}

impl Passwords {
    /// At most `at_once` hashes are computed at a time; each takes 19 MiB.
    pub fn new(at_once: usize) -> Result<Self, PeopleError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|err| PeopleError::Secret(err.to_string()))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_now(&argon, &random::<32>()?)?.into();
        Ok(Self { argon, at_once: Arc::new(Semaphore::new(at_once.max(1))), decoy })
    }

    /// The string to store for a password.
    pub(super) async fn hash(&self, password: &SecretString) -> Result<String, PeopleError> {
        let (argon, password) = (self.argon.clone(), password.clone());
        self.bounded(move || hash_now(&argon, password.expose_secret().as_bytes())).await
    }

    /// Checks a password against a stored string; without one, does the same work and finds it wrong.
    pub(super) async fn check(&self, stored: Option<String>, password: &SecretString) -> Result<Checked, PeopleError> {
        let (argon, password, decoy) = (self.argon.clone(), password.clone(), Arc::clone(&self.decoy));
        self.bounded(move || {
            let parsed = PasswordHash::new(stored.as_deref().unwrap_or(&decoy)).map_err(|err| PeopleError::Secret(err.to_string()))?;
            let matches = argon.verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
            let is_weak = Params::try_from(&parsed).is_ok_and(|params| params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES);
            Ok(Checked { is_right: matches && stored.is_some(), is_weak })
        })
        .await
    }

    async fn bounded<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, PeopleError> + Send + 'static) -> Result<T, PeopleError> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(|err| PeopleError::Secret(err.to_string()))?;
        // The permit moves into the work: whoever stops waiting does not free it early.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|err| PeopleError::Secret(err.to_string()))?
    }
}

fn random<const N: usize>() -> Result<[u8; N], PeopleError> {
    let mut bytes = [0; N];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|err| PeopleError::Secret(err.to_string()))?;
    Ok(bytes)
}

fn hash_now(argon: &Argon2<'_>, password: &[u8]) -> Result<String, PeopleError> {
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(|err| PeopleError::Secret(err.to_string()))?;
    Ok(argon.hash_password(password, &salt).map_err(|err| PeopleError::Secret(err.to_string()))?.to_string())
}

/// Refuses what is too long to hash. Says so of any text, known account or not.
pub(super) fn check_length(path: &str, password: &SecretString) -> Result<(), PeopleError> {
    if password.expose_secret().len() > PASSWORD_BYTES_MAX {
        return Err(PeopleError::field(path, format!("a password has at most {PASSWORD_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// A change of one's own password.
#[derive(Debug)]
pub struct PasswordChange {
    /// The password so far. Needed when there is one and the session was not opened by a link.
    pub current: Option<SecretString>,
    /// The password from now on.
    pub new: SecretString,
}

/// Changes the actor's password, ends all their sessions and opens a new one.
pub async fn change_password(
    store: &Store,
    office: &Office,
    passwords: &Passwords,
    actor: &Actor,
    change: &PasswordChange,
    user_agent: Option<&str>,
) -> Result<SignedIn, PeopleError> {
    let (Some(id), ActorKind::Person { method, .. }) = (actor.person, &actor.kind) else { return Err(PeopleError::NotSignedIn) };
    check_length("/new", &change.new)?;
    if change.new.expose_secret().chars().count() < PASSWORD_LETTERS_MIN {
        return Err(PeopleError::field("/new", format!("a password has at least {PASSWORD_LETTERS_MIN} letters")));
    }
    let mut tx = store.begin(actor).await?;
    let found = person::get(&mut tx, id).await.map_err(PeopleError::missing("person"))?;
    let stored = person::password_hash(&mut tx, id).await?;
    tx.rollback().await?;
    if change.new.expose_secret().eq_ignore_ascii_case(&found.email) {
        return Err(PeopleError::field("/new", "a password is not one's address"));
    }
    if stored.is_some() && *method == AuthMethod::Password {
        let Some(current) = &change.current else { return Err(PeopleError::field("/current", "give your current password")) };
        check_length("/current", current)?;
        let counted = failures::count(store, office, actor.tenant, &found.email, None).await?;
        if !passwords.check(stored, current).await?.is_right {
            return Err(PeopleError::field("/current", "this is not your current password"));
        }
        failures::forgive(store, counted).await?;
    }
    let hash = passwords.hash(&change.new).await?;
    let session_id = office.ids.make();
    let mut tx = store.begin(actor).await?;
    person::set_password_hash(&mut tx, id, &hash).await?;
    sessions::revoke_all(&mut tx, id, office.clock.now()).await?;
    audit::record(
        &mut tx,
        office,
        audit::Entry { action: "person.set_password", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None },
    )
    .await?;
    let mut opened = session::open(&mut tx, office, session_id, AuthMethod::Password, user_agent).await?;
    opened.actor = actor::of(&mut tx, id, ActorKind::Person { session: Some(session_id), method: AuthMethod::Password }).await?;
    tx.commit().await?;
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wrong_password_and_no_account_are_both_wrong() {
        let passwords = Passwords::new(1).expect("argon");
        let stored = passwords.hash(&"correct horse 😀 battery\0".into()).await.expect("hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let wrong = Checked { is_right: false, is_weak: false };
        assert_eq!(passwords.check(Some(stored.clone()), &"correct horse 😀 battery".into()).await.expect("check"), wrong);
        assert_eq!(passwords.check(None, &"correct horse 😀 battery\0".into()).await.expect("check"), wrong);
        assert_eq!(passwords.check(Some(stored), &"correct horse 😀 battery\0".into()).await.expect("check"), Checked { is_right: true, is_weak: false });
    }

    #[tokio::test]
    async fn a_hash_of_weaker_parameters_is_told_apart() {
        let passwords = Passwords::new(1).expect("argon");
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).expect("params"));
        let stored = hash_now(&weak, b"an older password").expect("hash");
        assert_eq!(passwords.check(Some(stored), &"an older password".into()).await.expect("check"), Checked { is_right: true, is_weak: true });
    }
}
