//! Second factors: setting up, checking and removing one-time codes and the codes that stand in for them.
//!
//! The secret is shown once and sealed with the data key; a code counts once; recovery codes are stored as hashes.
//! Wrong codes at the door are counted with wrong passwords; within a session they are counted by themselves, and a password does not forgive them.

use super::error::PeopleError;
use super::passkeys::PASSKEYS_MAX;
use super::prove::{is_fresh, proven_lately, sign_in_anew};
use super::step_up::{require, require_to_remove};
use super::{failures, secret, totp};
use crate::error::OfficeError;
use crate::{Office, audit};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use steward_core::{Actor, ActorKind, AuthMethod, Digest, PersonId, Role, SessionId, TenantId};
use steward_store::{Store, StoreError, Tx, passkey, person, second_factor, session, tenant};
use time::{Duration, OffsetDateTime};

/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;
/// How long a secret waits for its first code, in minutes: one that somebody made and left would count for whoever kept it.
const ENROL_MINUTES: i64 = 15;
/// The longest code looked at, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// By what a second factor was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// A code of an app.
    Totp,
    /// A recovery code.
    Recovery,
    /// A passkey.
    Passkey,
}

impl Factor {
    /// The word used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Recovery => "recovery",
            Self::Passkey => "passkey",
        }
    }
}

/// What a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    /// Since when codes of an app count.
    pub totp_since: Option<OffsetDateTime>,
    /// Passkeys registered.
    pub passkeys: usize,
    /// Recovery codes left.
    pub recovery_left: i64,
}

impl Factors {
    /// What this person has.
    pub async fn of(tx: &mut Tx, person: PersonId) -> Result<Self, PeopleError> {
        let totp_since = second_factor::find_totp(tx, person).await?.and_then(|row| row.confirmed_at);
        let passkeys = passkey::list_of(tx, person, i64::try_from(PASSKEYS_MAX).unwrap_or(i64::MAX)).await?.len();
        Ok(Self { totp_since, passkeys, recovery_left: second_factor::count_recovery(tx, person).await? })
    }

    /// Whether there is a second factor at all.
    pub const fn is_there(&self) -> bool {
        self.totp_since.is_some() || self.passkeys > 0
    }

    /// What can be given for a grave decision. A recovery code only lets one in.
    pub fn for_step_up(&self) -> Vec<&'static str> {
        let passkey = (self.passkeys > 0).then_some(Factor::Passkey.name());
        self.totp_since.iter().map(|_| Factor::Totp.name()).chain(passkey).collect()
    }

    /// What can be given to sign in.
    pub fn for_sign_in(&self) -> Vec<&'static str> {
        let recovery = (self.recovery_left > 0).then_some(Factor::Recovery.name());
        self.for_step_up().into_iter().chain(recovery).collect()
    }
}

/// What is put into an app, shown once.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret in base32, for typing.
    pub secret: SecretString,
    /// The `otpauth://` address, for scanning.
    pub uri: SecretString,
}

/// The person behind a session, or at the terminal.
pub(super) fn someone(actor: &Actor) -> Result<(PersonId, Option<SessionId>), PeopleError> {
    match (actor.person, &actor.kind) {
        (Some(person), ActorKind::Person { session, .. }) => Ok((person, *session)),
        _ => Err(PeopleError::NotSignedIn),
    }
}

/// Whether one may set up another second factor, or make somebody who can decide: a stolen session alone does neither.
///
/// Whoever has one gave it for this; of the others, whoever has a password gave it in this session a moment ago, and whoever has neither signed
/// in a moment ago.
pub(super) async fn may_add(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), PeopleError> {
    let (id, _) = someone(tx.actor())?;
    if Factors::of(tx, id).await?.is_there() {
        return require(tx, office, bound).await;
    }
    if person::get(tx, id).await.map_err(PeopleError::missing("person"))?.has_password {
        proven_lately(tx, office).await?;
        return Ok(());
    }
    if is_fresh(tx, office).await? { Ok(()) } else { Err(PeopleError::NotFresh { way: sign_in_anew(&tx.actor().kind) }) }
}

/// Begins with one-time codes: makes a secret, which counts once a code of it was given.
pub async fn enrol_totp(tx: &mut Tx, office: &Office) -> Result<Enrolment, PeopleError> {
    let (id, _) = someone(tx.actor())?;
    let found = person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    if Factors::of(tx, id).await?.totp_since.is_some() {
        return Err(PeopleError::FactorTaken);
    }
    may_add(tx, office, "totp:add").await?;
    let bytes = secret::random_bytes::<{ totp::SECRET_BYTES }>()?;
    let sealed = office.personal.seal_secret(&sealed_for(tx.actor().tenant, id), &bytes)?;
    second_factor::put_totp(tx, id, &sealed, office.personal.key()?.name(), office.clock.now()).await?;
    audit::record(
        tx,
        office,
        audit::Entry { action: "factor.begin", object: id.to_string(), outcome: "done", detail: json!({ "factor": "totp" }), request_id: None },
    )
    .await?;
    let letters = totp::letters(&bytes);
    let issuer = format!("Steward: {}", tenant::get(tx).await?.name);
    let uri = totp::uri(&letters, &issuer, &found.email);
    Ok(Enrolment { secret: letters.into(), uri: uri.into() })
}

/// Makes the secret count by a code of it. The person's other sessions end; the answer is their recovery codes, shown once.
pub async fn confirm_totp(store: &Store, office: &Office, actor: &Actor, code: &SecretString) -> Result<Vec<SecretString>, PeopleError> {
    let (id, in_session) = someone(actor)?;
    let code = tidy(code)?;
    let mut tx = store.begin(actor).await?;
    let row = second_factor::find_totp(&mut tx, id).await?.ok_or_else(|| PeopleError::field("/code", "begin with `POST /api/v1/me/totp`"))?;
    tx.rollback().await?;
    if row.confirmed_at.is_some() {
        return Err(PeopleError::FactorTaken);
    }
    let now = office.clock.now();
    if row.made_at > now || row.made_at + Duration::minutes(ENROL_MINUTES) < now {
        return Err(PeopleError::field("/code", "this secret waited too long for its first code: begin anew with `POST /api/v1/me/totp`"));
    }
    let (counted, now) = (count(store, office, actor, id).await?, office.clock.now());
    let mut tx = store.begin(actor).await?;
    let secret = office.personal.open_secret(&sealed_for(actor.tenant, id), &row.sealed)?;
    let Some(step) = totp::step_of(&secret, &code, now) else {
        let detail = json!({ "factor": "totp" });
        audit::record(&mut tx, office, audit::Entry { action: "factor.add", object: id.to_string(), outcome: "refused", detail, request_id: None }).await?;
        tx.commit().await?;
        return Err(wrong());
    };
    if !second_factor::confirm_totp(&mut tx, id, step, now).await? {
        return Err(PeopleError::FactorTaken);
    }
    if let Some(session) = in_session {
        session::step_up(&mut tx, session, now).await?;
        session::revoke_others(&mut tx, id, session, now).await?;
    }
    let codes = put_codes(&mut tx, id, now).await?;
    audit::record(
        &mut tx,
        office,
        audit::Entry { action: "factor.add", object: id.to_string(), outcome: "done", detail: json!({ "factor": "totp" }), request_id: None },
    )
    .await?;
    tx.commit().await?;
    failures::forgive(store, counted).await?;
    Ok(codes)
}

/// Makes new recovery codes in place of the old ones, against a code of the app.
pub async fn new_recovery_codes(store: &Store, office: &Office, actor: &Actor, code: &SecretString) -> Result<Vec<SecretString>, PeopleError> {
    let (id, _) = someone(actor)?;
    check(store, office, actor, code).await?;
    let mut tx = store.begin(actor).await?;
    let codes = put_codes(&mut tx, id, office.clock.now()).await?;
    audit::record(
        &mut tx,
        office,
        audit::Entry { action: "factor.recovery_codes", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None },
    )
    .await?;
    tx.commit().await?;
    Ok(codes)
}

/// Removes one's own one-time codes, against a code: of the app, or a recovery code.
pub async fn remove_totp(store: &Store, office: &Office, actor: &Actor, code: &SecretString) -> Result<(), PeopleError> {
    let (id, _) = someone(actor)?;
    let by = check(store, office, actor, code).await?;
    let mut tx = store.begin(actor).await?;
    second_factor::remove_totp(&mut tx, id).await?;
    if !Factors::of(&mut tx, id).await?.is_there() {
        second_factor::remove_recovery(&mut tx, id).await?;
    }
    let detail = json!({ "factor": "totp", "by": by.name() });
    audit::record(&mut tx, office, audit::Entry { action: "factor.remove", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(tx.commit().await?)
}

/// Removes every second factor of somebody who lost theirs. Only an owner does; the person's sessions end.
pub async fn remove_all(tx: &mut Tx, office: &Office, id: PersonId) -> Result<(), OfficeError> {
    let actor = tx.actor();
    let ActorKind::Person { method, .. } = actor.kind else { return Err(OfficeError::Missing("person")) };
    if !actor.roles.contains(&Role::Owner) {
        return Err(OfficeError::Missing("person"));
    }
    person::get(tx, id).await.map_err(|err| match err {
        StoreError::Missing => OfficeError::Missing("person"),
        other => other.into(),
    })?;
    // Whoever may use the data directory can read the key that all secrets are sealed with: there a code would prove nothing more.
    if method != AuthMethod::Terminal {
        require_to_remove(tx, office, &format!("factors:{id}")).await?;
    }
    second_factor::remove_totp(tx, id).await?;
    passkey::remove_all(tx, id).await?;
    second_factor::remove_recovery(tx, id).await?;
    session::revoke_all(tx, id, office.clock.now()).await?;
    audit::record(
        tx,
        office,
        audit::Entry { action: "factor.remove", object: id.to_string(), outcome: "done", detail: json!({ "by": "owner" }), request_id: None },
    )
    .await?;
    Ok(())
}

/// Checks a code of the actor and uses it up. Wrong ones are counted.
pub(super) async fn check(store: &Store, office: &Office, actor: &Actor, code: &SecretString) -> Result<Factor, PeopleError> {
    let (id, _) = someone(actor)?;
    let mut tx = store.begin(actor).await?;
    let factors = Factors::of(&mut tx, id).await?;
    tx.rollback().await?;
    if !factors.is_there() {
        return Err(PeopleError::field("/code", "you have no second factor yet: set one up first"));
    }
    let counted = count(store, office, actor, id).await?;
    let factor = accept(store, office, actor, id, code).await?;
    failures::forgive(store, counted).await?;
    Ok(factor)
}

/// Uses up a code of this person: one of their app, or a recovery code. Counting the try is the caller's.
pub(super) async fn accept(store: &Store, office: &Office, actor: &Actor, id: PersonId, code: &SecretString) -> Result<Factor, PeopleError> {
    let code = tidy(code)?;
    let now = office.clock.now();
    let mut tx = store.begin(actor).await?;
    let row = second_factor::find_totp(&mut tx, id).await?.filter(|row| row.confirmed_at.is_some());
    let is_short = code.len() == totp::DIGITS;
    let factor = if is_short && let Some(row) = row {
        let secret = office.personal.open_secret(&sealed_for(actor.tenant, id), &row.sealed)?;
        let step = totp::step_of(&secret, &code, now);
        let is_new = if let Some(step) = step { second_factor::use_step(&mut tx, id, step).await? } else { false };
        is_new.then_some(Factor::Totp)
    } else {
        second_factor::use_recovery(&mut tx, id, &Digest::of(code.as_bytes()), now).await?.then_some(Factor::Recovery)
    };
    let (outcome, by) = factor.map_or(("refused", "none"), |factor| ("done", factor.name()));
    audit::record(&mut tx, office, audit::Entry { action: "factor.use", object: id.to_string(), outcome, detail: json!({ "factor": by }), request_id: None })
        .await?;
    tx.commit().await?;
    factor.ok_or_else(wrong)
}

/// Counted by itself and not with sign-ins: strangers who guess at an address keep nobody who is signed in from deciding.
async fn count(store: &Store, office: &Office, actor: &Actor, id: PersonId) -> Result<failures::Counted, PeopleError> {
    failures::count_within(store, office, actor.tenant, id, failures::Given::Code).await
}

/// Whether this can be a code of an app: six digits.
pub(super) fn is_of_an_app(code: &SecretString) -> bool {
    tidy(code).is_ok_and(|code| code.len() == totp::DIGITS && code.bytes().all(|letter| letter.is_ascii_digit()))
}

pub(super) async fn put_codes(tx: &mut Tx, id: PersonId, now: OffsetDateTime) -> Result<Vec<SecretString>, PeopleError> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| secret::recovery_code()).collect::<Result<_, _>>()?;
    let hashes: Vec<Digest> = codes.iter().map(|code| Digest::of(plain(code).as_bytes())).collect();
    second_factor::put_recovery(tx, id, &hashes, now).await?;
    Ok(codes.into_iter().map(SecretString::from).collect())
}

/// What a sealed secret for one-time codes is and whose.
pub(crate) fn sealed_for(tenant: TenantId, id: PersonId) -> String {
    format!("totp|{tenant}|{id}")
}

/// A code as it is compared: without the gaps that people type, in lower case.
fn tidy(code: &SecretString) -> Result<String, PeopleError> {
    let code = code.expose_secret();
    if code.len() > CODE_BYTES_MAX {
        return Err(wrong());
    }
    Ok(plain(code))
}

fn plain(code: &str) -> String {
    code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect::<String>().to_lowercase()
}

fn wrong() -> PeopleError {
    PeopleError::field("/code", "this code is wrong, old or was used: wait for the next one in your app, or give a recovery code")
}
