//! Passwords: Argon2id, a bounded number of hashes at once, and the same cost whether or not the person exists.

use super::error::PeopleError;
use super::prove::{is_fresh, sign_in_anew};
use super::session::{self, SignedIn};
use super::{actor, failures};
use crate::{Office, audit};
use argon2::password_hash::{Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// What hashes are computed in, one piece for each at once. Used again: given back to the system it would mostly stay with the threads
    /// that had it, and sixty-four sign-ins at once left 600 MiB behind.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    /// A hash that no password has, checked when there is no account to check.
    decoy: Arc<str>,
    worked: Arc<AtomicU64>,
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
        let memory = Arc::new(Mutex::new(Vec::new()));
        let worked = Arc::<AtomicU64>::default();
        let decoy = with_memory(&memory, |memory| hash_now(&argon, memory, &worked, &random::<32>()?))?.into();
        Ok(Self { argon, at_once: Arc::new(Semaphore::new(at_once.max(1))), memory, decoy, worked })
    }

    /// How much was hashed so far, in KiB times passes. What is the same for two passwords took the same, however busy the machine is.
    pub fn worked(&self) -> u64 {
        self.worked.load(Ordering::Relaxed)
    }

    /// The string to store for a password.
    pub(super) async fn hash(&self, password: &SecretString) -> Result<String, PeopleError> {
        let (argon, worked, password) = (self.argon.clone(), Arc::clone(&self.worked), password.clone());
        self.bounded(move |memory| hash_now(&argon, memory, &worked, password.expose_secret().as_bytes())).await
    }

    /// Checks a password against a stored string; without one, does the same work and finds it wrong.
    pub(super) async fn check(&self, stored: Option<String>, password: &SecretString) -> Result<Checked, PeopleError> {
        let (password, decoy, worked) = (password.clone(), Arc::clone(&self.decoy), Arc::clone(&self.worked));
        self.bounded(move |memory| {
            let parsed = PasswordHash::new(stored.as_deref().unwrap_or(&decoy)).map_err(|err| PeopleError::Secret(err.to_string()))?;
            let (params, algorithm, version) = parameters(&parsed).map_err(|err| PeopleError::Secret(err.to_string()))?;
            let is_weak = params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES;
            let salt = parsed.salt.ok_or_else(|| PeopleError::Secret("a stored hash has no salt".to_owned()))?;
            let computed = compute(&Argon2::new(algorithm, version, params), memory, &worked, password.expose_secret().as_bytes(), salt)?;
            // Compared in constant time: `Output` does so.
            let matches = parsed.hash == Some(computed);
            Ok(Checked { is_right: matches && stored.is_some(), is_weak })
        })
        .await
    }

    async fn bounded<T: Send + 'static>(&self, work: impl FnOnce(&mut Vec<Block>) -> Result<T, PeopleError> + Send + 'static) -> Result<T, PeopleError> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(|err| PeopleError::Secret(err.to_string()))?;
        let memory = Arc::clone(&self.memory);
        // The permit moves into the work: whoever stops waiting does not free it early.
        let done = tokio::task::spawn_blocking(move || {
            let result = with_memory(&memory, work);
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

/// Works with a piece of memory that nobody else uses meanwhile.
fn with_memory<T>(all: &Mutex<Vec<Vec<Block>>>, work: impl FnOnce(&mut Vec<Block>) -> T) -> T {
    let mut memory = all.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
    let result = work(&mut memory);
    all.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    result
}

fn compute(argon: &Argon2<'_>, memory: &mut Vec<Block>, worked: &AtomicU64, password: &[u8], salt: Salt<'_>) -> Result<Output, PeopleError> {
    let failed = |err: argon2::password_hash::Error| PeopleError::Secret(err.to_string());
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes).map_err(failed)?;
    let params = argon.params();
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::default());
    }
    // Counted where it is done, so that what is left out is not.
    worked.fetch_add(u64::from(params.m_cost()) * u64::from(params.t_cost()), Ordering::Relaxed);
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    Output::init_with(length, |out| Ok(argon.hash_password_into_with_memory(password, salt, out, memory.as_mut_slice())?)).map_err(failed)
}

/// What a stored hash was made with.
fn parameters(stored: &PasswordHash<'_>) -> Result<(Params, Algorithm, Version), argon2::password_hash::Error> {
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or(Version::V0x13);
    Ok((Params::try_from(stored)?, Algorithm::try_from(stored.algorithm)?, version))
}

fn hash_now(argon: &Argon2<'_>, memory: &mut Vec<Block>, worked: &AtomicU64, password: &[u8]) -> Result<String, PeopleError> {
    let failed = |err: argon2::password_hash::Error| PeopleError::Secret(err.to_string());
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(failed)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon.params()).map_err(failed)?,
        salt: Some(salt.as_salt()),
        hash: Some(compute(argon, memory, worked, password, salt.as_salt())?),
    };
    Ok(hash.to_string())
}

/// Refuses what is too long to hash. Says so of any text, known account or not.
pub(super) fn check_length(path: &str, password: &SecretString) -> Result<(), PeopleError> {
    if password.expose_secret().len() > PASSWORD_BYTES_MAX {
        return Err(PeopleError::field(path, format!("a password has at most {PASSWORD_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// How whoever lost their password sets another. Who came by a link has no other door, and stays in until there is one.
const fn way_without(method: AuthMethod) -> &'static str {
    if matches!(method, AuthMethod::Link) {
        "ask an owner for another link (or `steward link`) and set a new one within ten minutes of opening it; stay signed in until you have it"
    } else {
        "set a new one within ten minutes of signing in by a link"
    }
}

/// A change of one's own password.
#[derive(Debug)]
pub struct PasswordChange {
    /// The password so far. Needed when there is one and the session was not opened by a link some minutes ago.
    pub current: Option<SecretString>,
    /// The password from now on.
    pub new: SecretString,
}

/// Changes the actor's password, ends all their sessions and opens a new one.
///
/// # Errors
/// Refused without the password so far, and where there is none, unless the person signed in some minutes ago: with a password of its own a
/// session that was stolen would prove to be its owner's.
pub async fn change_password(
    store: &Store,
    office: &Office,
    passwords: &Passwords,
    actor: &Actor,
    change: &PasswordChange,
    user_agent: Option<&str>,
) -> Result<SignedIn, PeopleError> {
    let (Some(id), ActorKind::Person { method, session: in_session }) = (actor.person, &actor.kind) else { return Err(PeopleError::NotSignedIn) };
    check_length("/new", &change.new)?;
    if change.new.expose_secret().chars().count() < PASSWORD_LETTERS_MIN {
        return Err(PeopleError::field("/new", format!("a password has at least {PASSWORD_LETTERS_MIN} letters")));
    }
    let mut tx = store.begin(actor).await?;
    let found = person::get(&mut tx, id).await.map_err(PeopleError::missing("person"))?;
    let stored = person::password_hash(&mut tx, id).await?;
    // The session that follows knows of the second factor what this one knew.
    let stepped_up_at = if let Some(session) = in_session { sessions::stepped_up_at(&mut tx, *session).await? } else { None };
    let is_fresh = is_fresh(&mut tx, office).await?;
    tx.rollback().await?;
    if change.new.expose_secret().eq_ignore_ascii_case(&found.email) {
        return Err(PeopleError::field("/new", "a password is not one's address"));
    }
    if stored.is_none() && !is_fresh {
        return Err(PeopleError::field("/new", format!("you signed in more than ten minutes ago: {}", sign_in_anew(&actor.kind))));
    }
    // Only a link stands in for a lost password, and while it is new; what it opens is then still a session of a link, which proves none.
    let is_lost = stored.is_some() && *method == AuthMethod::Link && is_fresh;
    if stored.is_some() && !is_lost {
        let Some(current) = &change.current else {
            return Err(PeopleError::field("/current", format!("give your current password; if you lost it, {}", way_without(*method))));
        };
        check_length("/current", current)?;
        // Not counted with sign-ins: who is at the door keeps nobody from this, and this forgives nothing that was tried there.
        let counted = failures::count_within(store, office, actor.tenant, id, failures::Given::Password).await?;
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
    let method = if is_lost { AuthMethod::Link } else { AuthMethod::Password };
    let mut opened = session::open(&mut tx, office, session_id, method, user_agent, None).await?;
    if let Some(at) = stepped_up_at {
        sessions::step_up(&mut tx, session_id, at).await?;
    }
    opened.actor = actor::of(&mut tx, id, ActorKind::Person { session: Some(session_id), method }).await?;
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
    async fn no_account_takes_as_much_work_as_a_wrong_password() {
        let passwords = Passwords::new(1).expect("argon");
        let stored = passwords.hash(&"correct horse battery".into()).await.expect("hash");
        let work = async |stored: Option<String>| {
            let before = passwords.worked();
            passwords.check(stored, &"another horse altogether".into()).await.expect("check");
            passwords.worked() - before
        };
        let whole = u64::from(MEMORY_KIB) * u64::from(PASSES);
        assert_eq!((work(Some(stored)).await, work(None).await), (whole, whole));
    }

    #[tokio::test]
    async fn hashes_are_those_of_the_library_and_memory_of_before_changes_none() {
        use argon2::PasswordVerifier as _;
        let passwords = Passwords::new(1).expect("argon");
        for password in ["first of two passwords", "second of two passwords"] {
            let stored = passwords.hash(&password.into()).await.expect("hash");
            let parsed = PasswordHash::new(&stored).expect("a PHC string");
            passwords.argon.verify_password(password.as_bytes(), &parsed).expect("the library agrees");
            assert!(passwords.check(Some(stored), &password.into()).await.expect("check").is_right);
        }
        assert_eq!(passwords.memory.lock().expect("memory").len(), 1, "one piece for each at once");
    }

    #[tokio::test]
    async fn a_hash_of_weaker_parameters_is_told_apart() {
        let passwords = Passwords::new(1).expect("argon");
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).expect("params"));
        let stored = hash_now(&weak, &mut Vec::new(), &AtomicU64::default(), b"an older password").expect("hash");
        assert_eq!(passwords.check(Some(stored), &"an older password".into()).await.expect("check"), Checked { is_right: true, is_weak: true });
    }
}
