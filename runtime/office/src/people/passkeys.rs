//! Passkeys: registering, listing and removing them, signing in and giving a second factor with them.
//!
//! A challenge is made of the time, chance and a keyed digest over what it is for, so nothing is stored until it is answered; then it is
//! spent. One for a grave decision is bound to that decision: it answers nothing else.

use super::error::PeopleError;
use super::factors::{Factor, Factors, may_add, put_codes, someone};
use super::session::{self, SignedIn};
use super::sign_in::Attempt;
use super::step_up::{check_bound, note, require};
use super::webauthn::{self, ALGORITHMS, Assertion, PublicKey, Refused, Registration, RelyingParty};
use super::{actor, secret};
use crate::{Office, audit};
use secrecy::SecretString;
use serde_json::json;
use steward_core::{Actor, ActorKind, AuthMethod, Digest, PasskeyId, PersonId, TenantId};
use steward_store::passkey::{self, PasskeyRow};
use steward_store::step_up::StepUp;
use steward_store::{Store, StoreError, Tx, person, second_factor, session as sessions};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use uuid::Uuid;

/// How long a challenge can be answered, in seconds.
pub const CHALLENGE_SECONDS: i64 = 120;
/// The most passkeys of one person.
pub const PASSKEYS_MAX: usize = 20;
const NAME_LETTERS_MAX: usize = 100;
/// The purpose of a challenge's digest.
const PURPOSE: &str = "passkey/v1";
const TIME_BYTES: usize = 8;
const NONCE_BYTES: usize = 16;
const ID_BYTES: usize = 16;

/// What a challenge is for.
#[derive(Debug, Clone, Copy)]
enum Ceremony<'a> {
    /// Anybody who signs in.
    SignIn,
    /// A new passkey of somebody.
    Register(TenantId, PersonId),
    /// A grave decision of somebody.
    StepUp(TenantId, PersonId, &'a str),
}

/// What a browser needs to make a passkey. Bytes are base64url.
#[derive(Debug)]
pub struct Creation {
    /// The challenge.
    pub challenge: String,
    /// Whose it will be, as the device keeps it.
    pub user_handle: String,
    /// What the device shows: their address.
    pub user_name: String,
    /// What the device shows: their name.
    pub display_name: String,
    /// Passkeys that are there already.
    pub exclude: Vec<String>,
    /// Algorithms that are taken.
    pub algorithms: [i32; 3],
}

/// What a browser needs to ask for a passkey. Bytes are base64url.
#[derive(Debug)]
pub struct Request {
    /// The challenge.
    pub challenge: String,
    /// Which passkeys; any without it.
    pub credential_ids: Vec<String>,
}

/// A passkey that was registered.
#[derive(Debug)]
pub struct Registered {
    /// What is stored.
    pub passkey: PasskeyRow,
    /// Recovery codes, where there were none.
    pub recovery_codes: Option<Vec<SecretString>>,
}

/// The keyed digest over time, chance and purpose. What is for one thing passes for nothing else.
fn seal(office: &Office, head: &[u8], ceremony: Ceremony<'_>) -> Result<Digest, PeopleError> {
    let key = office.key.as_ref().ok_or_else(|| PeopleError::Secret("this process has no envelope key, so passkeys cannot be used here".to_owned()))?;
    let head = webauthn::encode(head);
    let content = match ceremony {
        Ceremony::SignIn => json!({ "head": head, "ceremony": "sign_in" }),
        Ceremony::Register(tenant, person) => json!({ "head": head, "ceremony": "register", "tenant": tenant, "person": person }),
        Ceremony::StepUp(tenant, person, bound) => json!({ "head": head, "ceremony": "step_up", "tenant": tenant, "person": person, "for": bound }),
    };
    key.seal(PURPOSE, &content).map_err(|err| PeopleError::Secret(err.to_string()))
}

fn make_challenge(office: &Office, ceremony: Ceremony<'_>) -> Result<String, PeopleError> {
    let mut challenge = office.clock.now_ms().to_be_bytes().to_vec();
    challenge.extend_from_slice(&secret::random_bytes::<NONCE_BYTES>()?);
    let seal = seal(office, &challenge, ceremony)?;
    challenge.extend_from_slice(seal.bytes());
    Ok(webauthn::encode(&challenge))
}

/// Whether the browser answered to one of our challenges for this, in time. Returns what to spend, and until when it would count.
fn own_challenge(office: &Office, client_data: &str, ceremony: Ceremony<'_>) -> Result<(Digest, OffsetDateTime), PeopleError> {
    let answered = webauthn::challenge(client_data).map_err(refused)?;
    let (head, given) = answered.split_at_checked(TIME_BYTES + NONCE_BYTES).ok_or_else(|| refused(Refused::Challenge))?;
    if !bool::from(seal(office, head, ceremony)?.bytes().as_slice().ct_eq(given)) {
        return Err(refused(Refused::Challenge));
    }
    let made_ms = head.first_chunk::<TIME_BYTES>().map_or(0, |bytes| i64::from_be_bytes(*bytes));
    let until_ms = made_ms.saturating_add(CHALLENGE_SECONDS * 1_000);
    let now_ms = office.clock.now_ms();
    if made_ms > now_ms || until_ms < now_ms {
        return Err(refused(Refused::Challenge));
    }
    let until = OffsetDateTime::from_unix_timestamp_nanos(i128::from(until_ms) * 1_000_000).map_err(|_| refused(Refused::Challenge))?;
    Ok((Digest::of(&answered), until))
}

/// People are told what to do; the reason is for whoever knows what it means.
fn refused(why: Refused) -> PeopleError {
    PeopleError::PasskeyRefused(why)
}

/// What a device keeps to say whose a passkey is: organisation and person.
fn handle_of(tenant: TenantId, person: PersonId) -> Vec<u8> {
    [tenant.uuid().into_bytes(), person.uuid().into_bytes()].concat()
}

fn read_handle(text: &str) -> Option<(TenantId, PersonId)> {
    let bytes = webauthn::decode(text, 2 * ID_BYTES).ok()?;
    let (tenant, person) = bytes.split_first_chunk::<ID_BYTES>()?;
    let person: [u8; ID_BYTES] = person.try_into().ok()?;
    Some((TenantId::from_uuid(Uuid::from_bytes(*tenant)), PersonId::from_uuid(Uuid::from_bytes(person))))
}

/// Begins with a new passkey.
pub async fn begin_passkey(tx: &mut Tx, office: &Office) -> Result<Creation, PeopleError> {
    let (id, _) = someone(tx.actor())?;
    let found = person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    let all = list_passkeys(tx).await?;
    if all.len() >= PASSKEYS_MAX {
        return Err(PeopleError::field("", format!("you have {PASSKEYS_MAX} passkeys: remove one first")));
    }
    may_add(tx, office, "passkey:add").await?;
    let tenant = tx.actor().tenant;
    Ok(Creation {
        challenge: make_challenge(office, Ceremony::Register(tenant, id))?,
        user_handle: webauthn::encode(&handle_of(tenant, id)),
        user_name: found.email,
        display_name: found.display_name,
        exclude: all.iter().map(|one| webauthn::encode(&one.credential_id)).collect(),
        algorithms: ALGORITHMS,
    })
}

/// Registers a passkey. The person's other sessions end; with their first second factor come recovery codes.
pub async fn add_passkey(tx: &mut Tx, office: &Office, party: &RelyingParty, name: &str, new: &Registration) -> Result<Registered, PeopleError> {
    let (id, in_session) = someone(tx.actor())?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LETTERS_MAX || name.chars().any(char::is_control) {
        return Err(PeopleError::field("/name", format!("give a name of 1 to {NAME_LETTERS_MAX} letters")));
    }
    let (challenge, until) = own_challenge(office, &new.client_data, Ceremony::Register(tx.actor().tenant, id))?;
    let (credential_id, key, counter) = webauthn::register(party, new).map_err(refused)?;
    if !passkey::spend_challenge(tx, &challenge, until).await? {
        return Err(refused(Refused::Challenge));
    }
    let now = office.clock.now();
    let had = Factors::of(tx, id).await?;
    let row = PasskeyRow {
        passkey_id: office.ids.make(),
        person_id: id,
        name: name.to_owned(),
        credential_id,
        algorithm: key.algorithm,
        public_key: key.bytes,
        counter,
        created_at: now,
        used_at: None,
    };
    passkey::insert(tx, &row).await.map_err(|err| match err {
        StoreError::Conflict { .. } => PeopleError::FactorTaken,
        other => other.into(),
    })?;
    if let Some(session) = in_session {
        sessions::step_up(tx, session, now).await?;
        sessions::revoke_others(tx, id, session, now).await?;
    }
    // A secret that waits for its first code would count without being asked for again, for whoever kept it.
    if had.totp_since.is_none() {
        second_factor::remove_totp(tx, id).await?;
    }
    let recovery_codes = if had.recovery_left == 0 { Some(put_codes(tx, id, now).await?) } else { None };
    let detail = json!({ "factor": "passkey", "passkey": row.passkey_id });
    audit::record(tx, office, audit::Entry { action: "factor.add", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(Registered { passkey: row, recovery_codes })
}

/// One's own passkeys, oldest first.
pub async fn list_passkeys(tx: &mut Tx) -> Result<Vec<PasskeyRow>, PeopleError> {
    let (id, _) = someone(tx.actor())?;
    Ok(passkey::list_of(tx, id, i64::try_from(PASSKEYS_MAX).unwrap_or(i64::MAX)).await?)
}

/// Removes one of one's own passkeys, with a second factor given for it. Recovery codes go with the last second factor.
pub async fn remove_passkey(tx: &mut Tx, office: &Office, passkey_id: PasskeyId) -> Result<(), PeopleError> {
    let (id, _) = someone(tx.actor())?;
    require(tx, office, &passkey_id.to_string()).await?;
    passkey::remove(tx, id, passkey_id).await.map_err(PeopleError::missing("passkey"))?;
    if !Factors::of(tx, id).await?.is_there() {
        second_factor::remove_recovery(tx, id).await?;
    }
    let detail = json!({ "factor": "passkey", "passkey": passkey_id });
    audit::record(tx, office, audit::Entry { action: "factor.remove", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(())
}

/// Begins a sign-in by passkey: any that the browser has for us.
pub fn begin_sign_in(office: &Office) -> Result<Request, PeopleError> {
    Ok(Request { challenge: make_challenge(office, Ceremony::SignIn)?, credential_ids: Vec::new() })
}

/// Signs in with a passkey, which is a second factor too: it is had, and its owner was recognised by the device.
pub async fn sign_in_by_passkey(store: &Store, office: &Office, party: &RelyingParty, said: &Assertion, from: Attempt<'_>) -> Result<SignedIn, PeopleError> {
    let (challenge, until) = own_challenge(office, &said.client_data, Ceremony::SignIn)?;
    let (tenant, id) = said.user_handle.as_deref().and_then(read_handle).ok_or_else(|| refused(Refused::Form))?;
    let session_id = office.ids.make();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    if !person::is_active(&mut tx, id).await? {
        return Err(PeopleError::SignInRefused);
    }
    let actor = actor::of(&mut tx, id, ActorKind::Person { session: Some(session_id), method: AuthMethod::Passkey }).await?;
    tx.rollback().await?;
    let mut tx = store.begin(&actor).await?;
    if let Err(err) = check(&mut tx, office, party, id, said, &challenge, until).await {
        tx.rollback().await?;
        // Nobody came in, so the entry is nobody's: it names whose passkey it was said to be.
        let entry = Tried { action: "session.create", object: id.to_string(), detail: json!({ "method": "passkey" }) };
        return Err(refused_on_record(store, office, &Actor::worker(tenant), entry, err).await);
    }
    let opened = session::open(&mut tx, office, session_id, AuthMethod::Passkey, from.user_agent, Some(Factor::Passkey)).await?;
    tx.commit().await?;
    Ok(opened)
}

/// What was tried with a passkey.
#[derive(Debug)]
pub struct Tried {
    /// As the log of what was done names it.
    pub action: &'static str,
    /// On what or whom.
    pub object: String,
    /// What else is told.
    pub detail: serde_json::Value,
}

/// Puts on record that a passkey was refused, and gives the refusal back. Other errors are given back alone.
pub async fn refused_on_record(store: &Store, office: &Office, actor: &Actor, tried: Tried, err: PeopleError) -> PeopleError {
    let PeopleError::PasskeyRefused(why) = &err else { return err };
    let Tried { action, object, mut detail } = tried;
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("why".to_owned(), json!(why.to_string()));
    }
    let written = async {
        let mut tx = store.begin(actor).await?;
        audit::record(&mut tx, office, audit::Entry { action, object, outcome: "refused", detail, request_id: None }).await?;
        tx.commit().await
    };
    // What cannot be put on record is no answer to give.
    match written.await {
        Ok(()) => err,
        Err(store) => store.into(),
    }
}

/// Begins giving a passkey for one thing, named as the refusal named it.
pub async fn begin_step_up(tx: &mut Tx, office: &Office, bound: &str) -> Result<Request, PeopleError> {
    check_bound(bound)?;
    let (id, _) = someone(tx.actor())?;
    let all = list_passkeys(tx).await?;
    if all.is_empty() {
        return Err(PeopleError::field("/for", "you have no passkey: give a code of your app, or register one"));
    }
    let challenge = make_challenge(office, Ceremony::StepUp(tx.actor().tenant, id, bound))?;
    Ok(Request { challenge, credential_ids: all.iter().map(|one| webauthn::encode(&one.credential_id)).collect() })
}

/// Takes a passkey for one thing. What was signed is a challenge made of that thing.
pub async fn step_up_by_passkey(tx: &mut Tx, office: &Office, party: &RelyingParty, bound: &str, said: &Assertion) -> Result<StepUp, PeopleError> {
    check_bound(bound)?;
    let (id, _) = someone(tx.actor())?;
    let (challenge, until) = own_challenge(office, &said.client_data, Ceremony::StepUp(tx.actor().tenant, id, bound))?;
    check(tx, office, party, id, said, &challenge, until).await?;
    note(tx, office, bound, Factor::Passkey.name()).await
}

/// Checks an assertion of this person's passkey, spends the challenge and notes the use.
async fn check(
    tx: &mut Tx,
    office: &Office,
    party: &RelyingParty,
    id: PersonId,
    said: &Assertion,
    challenge: &Digest,
    until: OffsetDateTime,
) -> Result<(), PeopleError> {
    let credential_id = webauthn::credential_id(&said.credential_id).map_err(refused)?;
    // Somebody else's passkey is as good as none.
    let row = passkey::lock_by_credential(tx, &credential_id).await?.filter(|row| row.person_id == id).ok_or_else(|| refused(Refused::Signature))?;
    let key = PublicKey { algorithm: row.algorithm, bytes: row.public_key };
    let counter = webauthn::assert(party, &key, row.counter, said).map_err(refused)?;
    if !passkey::spend_challenge(tx, challenge, until).await? {
        return Err(refused(Refused::Challenge));
    }
    passkey::used(tx, row.passkey_id, counter, office.clock.now()).await?;
    Ok(())
}
