//! Seals personal details: ChaCha20-Poly1305 under a key for each subject, which is itself sealed under the installation's data key.
//!
//! The log commits to the sealed bytes, never to the text: short texts could be guessed from a hash. A sealed text opens only for the
//! organisation, subject and entry it was sealed for. Keys are not shown, printed or compared here.

use rand::TryRngCore as _;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use secrecy::zeroize::Zeroizing;
use std::fmt;
use std::iter;
use std::mem;
use std::str::FromStr;
use steward_core::{AuditId, ContactId, PersonId, TenantId};
use steward_store::data_key::DataKeyNames;

const KEY_BYTES: usize = 32;
const NAME_BYTES: usize = 8;
/// The form of what is sealed; another form begins with another byte.
const FORM: u8 = 1;

/// Whom personal details are about: who asks to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Somebody who can sign in.
    Person(PersonId),
    /// Somebody known.
    Contact(ContactId),
}

/// A text that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a person nor a contact; give an id such as `person_01h2xcejqtf2nbrexx3vqjhp41`")]
pub struct SubjectError(String);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => id.fmt(f),
            Self::Contact(id) => id.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;
    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let person = text.parse().map(Self::Person).ok();
        person.or_else(|| text.parse().map(Self::Contact).ok()).ok_or_else(|| SubjectError(text.chars().take(64).collect()))
    }
}

/// What could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no chance to be had.
    #[error("the system gives no random bytes")]
    Chance,
    /// It was sealed for something else, with another key, or was changed.
    #[error("it was not sealed with this key for this entry")]
    Other,
}

/// The installation's key: it seals the keys of subjects, and the few secrets that are kept to be used and never shown again.
#[derive(Clone)]
pub struct DataKey {
    key: LessSafeKey,
    name: String,
    mac: hmac::Key,
    /// The one before it, if there was one: what that one sealed still opens.
    former: Option<Box<DataKey>>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// The key of one organisation's secrets.
pub(crate) struct OrganisationKey {
    key: LessSafeKey,
}

/// The key of one subject.
pub struct SubjectKey {
    key: LessSafeKey,
    tenant: TenantId,
    subject: Subject,
}

fn key_of(bytes: &[u8; KEY_BYTES]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&CHACHA20_POLY1305, bytes).map(LessSafeKey::new).map_err(|_| SealError::Other)
}

fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|_| SealError::Chance)?;
    Ok(bytes)
}

fn seal(key: &LessSafeKey, about: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let mut body = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut body).map_err(|_| SealError::Other)?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
    sealed.push(FORM);
    sealed.extend_from_slice(&nonce);
    sealed.append(&mut body);
    Ok(sealed)
}

fn open(key: &LessSafeKey, about: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, body) = sealed.strip_prefix(&[FORM]).and_then(|rest| rest.split_first_chunk::<NONCE_LEN>()).ok_or(SealError::Other)?;
    let mut body = body.to_vec();
    let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(about), &mut body).map_err(|_| SealError::Other)?;
    Ok(plain.to_vec())
}

impl DataKey {
    /// From 32 secret bytes.
    pub fn from_secret(secret: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        Ok(Self { key: key_of(secret)?, name: name_of(secret), mac: hmac::Key::new(hmac::HMAC_SHA256, secret), former: None })
    }

    /// The same key, come in the place of another: what that one sealed still opens, and nothing is sealed with it any more.
    #[must_use]
    pub fn after(self, former: Self) -> Self {
        Self { former: Some(Box::new(former)), ..self }
    }

    /// The same after several, of which the newest comes first.
    pub fn after_all(self, formers: &[[u8; KEY_BYTES]]) -> Result<Self, SealError> {
        let mut older: Option<Self> = None;
        for secret in formers.iter().rev() {
            let key = Self::from_secret(secret)?;
            older = Some(match older {
                Some(older) => key.after(older),
                None => key,
            });
        }
        Ok(match older {
            Some(older) => self.after(older),
            None => self,
        })
    }

    /// Whether there was another one before it, which still opens what it sealed.
    pub fn has_former(&self) -> bool {
        !self.names().former.is_empty()
    }

    /// Whether this very key stands among those before it: who meant to change it has put no other in its place.
    pub fn is_former_too(&self) -> bool {
        iter::successors(self.former.as_deref(), |key| key.former.as_deref()).any(|key| key.name == self.name)
    }

    /// What this key and those before it are called.
    pub(crate) fn names(&self) -> DataKeyNames {
        let formers = iter::successors(self.former.as_deref(), |key| key.former.as_deref());
        // One that is before itself by mistake wraps nothing anew.
        DataKeyNames { now: self.name.clone(), former: formers.map(|key| key.name.clone()).filter(|name| *name != self.name).collect() }
    }

    /// What the key is called where something is wrapped with it: sixteen hexadecimal digits that say nothing of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A digest of something secret that nobody makes, and so nobody guesses by, without this key.
    pub(crate) fn tag(&self, secret: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(b"steward/secret-tag/v1\0");
        context.update(secret);
        context.sign().as_ref().to_vec()
    }

    fn open(&self, about: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.opened_by(about, sealed).map(|(mut plain, _)| mem::take(&mut *plain))
    }

    /// A new key for an organisation's secrets, and the form in which it is kept.
    pub(crate) fn make_for(&self, tenant: TenantId) -> Result<(OrganisationKey, Vec<u8>), SealError> {
        let secret: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(random()?);
        let wrapped = self.seal_secret(&of_organisation(tenant), secret.as_slice())?;
        Ok((OrganisationKey { key: key_of(&secret)? }, wrapped))
    }

    /// The key of an organisation's secrets from the form in which it is kept.
    pub(crate) fn unwrap_for(&self, tenant: TenantId, wrapped: &[u8]) -> Result<OrganisationKey, SealError> {
        let secret = Zeroizing::new(self.open_secret(&of_organisation(tenant), wrapped)?);
        let secret: &[u8; KEY_BYTES] = secret.as_slice().try_into().map_err(|_| SealError::Other)?;
        Ok(OrganisationKey { key: key_of(secret)? })
    }

    /// That form of the same key, wrapped with this data key.
    pub(crate) fn rewrap_for(&self, tenant: TenantId, wrapped: &[u8]) -> Result<Vec<u8>, SealError> {
        let about = of_organisation(tenant);
        let secret = Zeroizing::new(self.open_secret(&about, wrapped)?);
        self.seal_secret(&about, &secret)
    }

    /// The form of a subject's key in which it is kept, wrapped with this data key, and the name of the one that it was wrapped with.
    pub(crate) fn rewrap(&self, tenant: TenantId, subject: Subject, wrapped: &[u8]) -> Result<(Vec<u8>, &str), SealError> {
        self.anew(&wrapping(tenant, subject), wrapped)
    }

    /// A secret that was sealed for this, sealed with this data key, and the name of the one that it was sealed with.
    pub(crate) fn reseal(&self, about: &str, sealed: &[u8]) -> Result<(Vec<u8>, &str), SealError> {
        self.anew(&secret_about(about), sealed)
    }

    fn anew(&self, about: &str, sealed: &[u8]) -> Result<(Vec<u8>, &str), SealError> {
        let (plain, opened_by) = self.opened_by(about, sealed)?;
        Ok((seal(&self.key, about, &plain)?, opened_by))
    }

    /// What was sealed, and the name of the key that it opened with.
    fn opened_by(&self, about: &str, sealed: &[u8]) -> Result<(Zeroizing<Vec<u8>>, &str), SealError> {
        match open(&self.key, about, sealed) {
            Ok(plain) => Ok((Zeroizing::new(plain), self.name())),
            Err(err) => self.former.as_ref().map_or(Err(err), |former| former.opened_by(about, sealed)),
        }
    }

    /// One that nobody else has and that is gone with the process.
    pub fn passing() -> Result<Self, SealError> {
        Self::from_secret(&random()?)
    }

    /// A new key for a subject, and the form in which it is kept.
    pub fn make(&self, tenant: TenantId, subject: Subject) -> Result<(SubjectKey, Vec<u8>), SealError> {
        let secret: [u8; KEY_BYTES] = random()?;
        let wrapped = seal(&self.key, &wrapping(tenant, subject), &secret)?;
        Ok((SubjectKey { key: key_of(&secret)?, tenant, subject }, wrapped))
    }

    /// Seals a secret. `about` says what it is and whose: it opens for nothing else.
    pub fn seal_secret(&self, about: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.key, &secret_about(about), plain)
    }

    /// Opens a secret that was sealed for this.
    pub fn open_secret(&self, about: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.open(&secret_about(about), sealed)
    }

    /// The key of a subject from the form in which it is kept.
    pub fn unwrap(&self, tenant: TenantId, subject: Subject, wrapped: &[u8]) -> Result<SubjectKey, SealError> {
        let secret: [u8; KEY_BYTES] = self.open(&wrapping(tenant, subject), wrapped)?.try_into().map_err(|_| SealError::Other)?;
        Ok(SubjectKey { key: key_of(&secret)?, tenant, subject })
    }
}

impl OrganisationKey {
    /// Seals a value. `about` says what it is and whose: it opens for nothing else.
    pub(crate) fn seal(&self, about: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.key, about, plain)
    }

    /// Opens a value that was sealed for this.
    pub(crate) fn open(&self, about: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.key, about, sealed)
    }
}

fn of_organisation(tenant: TenantId) -> String {
    format!("key of secrets|{tenant}")
}

/// A name of a key that does not tell it: a keyed hash of a fixed text, cut short.
fn name_of(secret: &[u8; KEY_BYTES]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"steward/data-key-name/v1");
    tag.as_ref().iter().take(NAME_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

fn secret_about(about: &str) -> String {
    format!("steward/secret/v1|{about}")
}

fn wrapping(tenant: TenantId, subject: Subject) -> String {
    format!("steward/personal-key/v1|{tenant}|{subject}")
}

impl SubjectKey {
    /// Seals the details of one entry.
    pub fn seal(&self, entry: AuditId, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.key, &self.about(entry), plain)
    }

    /// Opens the details of one entry.
    pub fn open(&self, entry: AuditId, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.key, &self.about(entry), sealed)
    }

    fn about(&self, entry: AuditId) -> String {
        format!("steward/audit-personal/v1|{}|{}|{entry}", self.tenant, self.subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Ids;

    #[test]
    fn what_was_sealed_for_something_else_or_changed_does_not_open() {
        let ids = Ids::counter();
        let (tenant, other_tenant): (TenantId, TenantId) = (ids.make(), ids.make());
        let (subject, other) = (Subject::Person(ids.make()), Subject::Contact(ids.make()));
        let (entry, other_entry): (AuditId, AuditId) = (ids.make(), ids.make());
        let data = DataKey::from_secret(&[7; 32]).expect("key");
        let (key, wrapped) = data.make(tenant, subject).expect("key");
        let sealed = key.seal(entry, b"lena@partner.example").expect("sealed");
        assert!(!sealed.windows(4).any(|bytes| bytes == b"lena"));
        for wrong in [
            DataKey::from_secret(&[8; 32]).expect("key").unwrap(tenant, subject, &wrapped).err(),
            data.unwrap(other_tenant, subject, &wrapped).err(),
            data.unwrap(tenant, other, &wrapped).err(),
            key.open(other_entry, &sealed).err(),
            key.open(entry, &sealed[..sealed.len() - 1]).err(),
            key.open(entry, &[]).err(),
            data.make(tenant, subject).expect("another").0.open(entry, &sealed).err(),
        ] {
            assert_eq!(wrong, Some(SealError::Other));
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(entry, &changed).is_err(), "byte {at}");
        }
        assert_eq!(data.unwrap(tenant, subject, &wrapped).expect("key").open(entry, &sealed).expect("opened"), b"lena@partner.example");
        assert_ne!(key.seal(entry, b"same").expect("sealed"), key.seal(entry, b"same").expect("sealed"), "equal texts do not look equal");
        assert_eq!(wrapped.len(), 61, "what the table takes");
        let secret = data.seal_secret("totp|one", &[1; 20]).expect("sealed");
        assert_eq!(data.open_secret("totp|two", &secret), Err(SealError::Other), "a secret of somebody else");
        assert_eq!(data.unwrap(tenant, subject, &secret).err(), Some(SealError::Other), "a secret is no key");
        assert_eq!((secret.len(), data.open_secret("totp|one", &secret)), (49, Ok(vec![1; 20])));
    }

    #[test]
    fn what_a_former_key_sealed_opens_with_the_new_one_and_not_the_other_way_about() {
        let ids = Ids::counter();
        let (tenant, other): (TenantId, TenantId) = (ids.make(), ids.make());
        let subject = Subject::Person(ids.make());
        let key = |byte: u8| DataKey::from_secret(&[byte; 32]).expect("key");
        let (before, now) = (key(7), key(8).after(key(7)));
        let (_, of_subject) = before.make(tenant, subject).expect("key");
        let (organisation, wrapped) = before.make_for(tenant).expect("key");
        let sealed = organisation.seal("about", b"canary").expect("sealed");
        for (data, of, about) in [(&key(8), tenant, "about"), (&before, other, "about"), (&before, tenant, "another")] {
            let opened = data.unwrap_for(of, &wrapped).and_then(|key| key.open(about, &sealed));
            assert_eq!(opened.err(), Some(SealError::Other), "{about}");
        }
        assert!(now.unwrap(tenant, subject, &of_subject).is_ok());
        assert_eq!(now.unwrap_for(tenant, &wrapped).expect("key").open("about", &sealed), Ok(b"canary".to_vec()));
        // Wrapped anew it needs the former key no more, and that one opens it no more.
        let anew = now.rewrap_for(tenant, &wrapped).expect("wrapped");
        assert_eq!(key(8).unwrap_for(tenant, &anew).expect("key").open("about", &sealed), Ok(b"canary".to_vec()));
        assert_eq!(before.unwrap_for(tenant, &anew).err(), Some(SealError::Other));
        assert_eq!((anew.len(), wrapped.len()), (61, 61), "what the table takes");
        for (data, alone) in [(now.clone(), key(8)), (key(9).after(now.clone()), key(9)), (before.clone(), key(7))] {
            let (anew, opened_by) = data.rewrap(tenant, subject, &of_subject).expect("wrapped");
            assert_eq!((anew.len(), opened_by, anew == of_subject), (61, before.name(), false));
            assert!(alone.unwrap(tenant, subject, &anew).is_ok());
        }
        let (codes, about) = (before.seal_secret("totp|one", &[1; 20]).expect("sealed"), "totp|one");
        let (anew, opened_by) = now.reseal(about, &codes).expect("sealed");
        assert_eq!((opened_by, key(8).open_secret(about, &anew), before.open_secret(about, &anew)), (before.name(), Ok(vec![1; 20]), Err(SealError::Other)));
        assert_eq!(now.reseal("totp|two", &codes).err(), Some(SealError::Other), "somebody else's");
        assert_eq!(key(8).rewrap(tenant, subject, &of_subject).err(), Some(SealError::Other), "without the former key");
        let names = key(9).after_all(&[[8; 32], [7; 32], [9; 32]]).expect("keys").names();
        assert_eq!((names.now.as_str(), names.former), (key(9).name(), vec![key(8).name().to_owned(), key(7).name().to_owned()]));
        assert_eq!((now.name(), now.name().len()), (key(8).name(), 16));
        assert_ne!(now.name(), before.name());
    }

    #[test]
    fn subjects_are_people_and_contacts() {
        for bad in ["", "person_", "run_01h2xcejqtf2nbrexx3vqjhp41", "lena@partner.example"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
        for good in ["person_01h2xcejqtf2nbrexx3vqjhp41", "contact_01h2xcejqtf2nbrexx3vqjhp41"] {
            assert_eq!(good.parse::<Subject>().expect(good).to_string(), good);
        }
    }
}
