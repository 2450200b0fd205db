//! Giving a second factor anew, for exactly one thing: an envelope, a grant. Good for five minutes and one use.
//!
//! Who has a second factor needs it for grave decisions; who has none decides as before, unless everybody has to have one.

use super::error::PeopleError;
use super::factors::{self, Factor, Factors, someone};
use crate::error::OfficeError;
use crate::{Office, audit};
use secrecy::SecretString;
use serde_json::json;
use steward_core::Effect;
use steward_core::limits::STEP_UP_MINUTES;
use steward_store::step_up::{self, StepUp};
use steward_store::{Store, StoreError, Tx, session};
use time::Duration;

/// The longest name of what a second factor is given for, in bytes.
const BOUND_BYTES_MAX: usize = 100;

/// Effects whose approval needs a second factor given anew.
pub const GRAVE: [Effect; 4] = [Effect::Money, Effect::Credential, Effect::Member, Effect::Admin];

/// Takes a code for one thing, named as the refusal named it.
pub async fn step_up(store: &Store, office: &Office, actor: &steward_core::Actor, bound: &str, code: &SecretString) -> Result<StepUp, PeopleError> {
    check_bound(bound)?;
    let (_, _) = someone(actor)?;
    match factors::check(store, office, actor, code).await? {
        Factor::Totp => {
            let mut tx = store.begin(actor).await?;
            let given = note(&mut tx, office, bound, "totp").await?;
            tx.commit().await?;
            Ok(given)
        }
        Factor::Recovery => Err(PeopleError::field("/code", "a recovery code only lets you in: with it, set up your second factor anew")),
    }
}

fn check_bound(bound: &str) -> Result<(), PeopleError> {
    if bound.is_empty() || bound.len() > BOUND_BYTES_MAX || !bound.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(PeopleError::field("/for", "give what the refusal named in `step_up.for`"));
    }
    Ok(())
}

/// Writes down that a second factor was given for something.
async fn note(tx: &mut Tx, office: &Office, bound: &str, method: &'static str) -> Result<StepUp, PeopleError> {
    let (person_id, session_id) = someone(tx.actor())?;
    let at = office.clock.now();
    let given = StepUp {
        step_up_id: office.ids.make(),
        person_id,
        session_id,
        bound: bound.to_owned(),
        method,
        at,
        expires_at: at + Duration::minutes(STEP_UP_MINUTES),
    };
    step_up::insert(tx, &given).await?;
    if let Some(session) = session_id {
        session::step_up(tx, session, at).await?;
    }
    let detail = json!({ "for": bound, "factor": method });
    audit::record(tx, office, audit::Entry { action: "session.step_up", object: given.step_up_id.to_string(), outcome: "done", detail, request_id: None })
        .await?;
    Ok(given)
}

/// Uses up a second factor that the transaction's person gave for this. Refused when they have one and did not give it.
pub async fn spend(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), OfficeError> {
    let (person, session) = someone(tx.actor()).map_err(|err| OfficeError::Denied(err.to_string()))?;
    let factors = Factors::of(tx, person).await.map_err(of_people)?;
    if !factors.is_there() {
        return if office.requires_second_factor { Err(OfficeError::NoSecondFactor) } else { Ok(()) };
    }
    match step_up::spend(tx, person, session, bound, office.clock.now()).await? {
        Some(_) => Ok(()),
        None => Err(OfficeError::StepUp { bound: bound.to_owned(), factors: factors.for_step_up() }),
    }
}

fn of_people(err: PeopleError) -> OfficeError {
    match err {
        PeopleError::Store(err) => err.into(),
        other => OfficeError::Store(StoreError::Outside(other.to_string())),
    }
}

/// Whether a session of this person may do more than set up a second factor.
pub async fn may_work(tx: &mut Tx, office: &Office) -> Result<bool, PeopleError> {
    if !office.requires_second_factor {
        return Ok(true);
    }
    match someone(tx.actor())?.1 {
        Some(session) => Ok(session::stepped_up_at(tx, session).await?.is_some()),
        None => Ok(true),
    }
}
