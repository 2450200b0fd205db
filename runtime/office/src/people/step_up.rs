//! Giving a second factor anew, for exactly one thing: an envelope, a grant. Good for five minutes and one use.
//!
//! Who has a second factor needs it for grave decisions; who has none decides as before, unless everybody has to have one.

use super::error::PeopleError;
use super::factors::{self, Factor, Factors, someone};
use super::prove::{Proven, proven, proven_lately};
use crate::audit::seal::Subject;
use crate::error::OfficeError;
use crate::{Office, audit};
use secrecy::SecretString;
use serde_json::json;
use steward_core::limits::STEP_UP_MINUTES;
use steward_core::{ActorKind, AuthMethod, Effect, EnvelopeId};
use steward_store::step_up::{self, StepUp};
use steward_store::{Store, Tx, session};
use time::Duration;

/// The longest name of what a second factor is given for, in bytes.
const BOUND_BYTES_MAX: usize = 100;

/// Effects whose approval needs a second factor given anew.
pub const GRAVE: [Effect; 4] = [Effect::Money, Effect::Credential, Effect::Member, Effect::Admin];

/// Takes a code for one thing, named as the refusal named it.
pub async fn step_up(store: &Store, office: &Office, actor: &steward_core::Actor, bound: &str, code: &SecretString) -> Result<StepUp, PeopleError> {
    check_bound(bound)?;
    let (_, _) = someone(actor)?;
    // Looked at before it is checked: a recovery code that does not count here is not used up here.
    if !factors::is_of_an_app(code) {
        return Err(only_of_an_app());
    }
    match factors::check(store, office, actor, code).await? {
        Factor::Totp => {
            let mut tx = store.begin(actor).await?;
            let given = note(&mut tx, office, bound, "totp").await?;
            tx.commit().await?;
            Ok(given)
        }
        Factor::Recovery | Factor::Passkey => Err(only_of_an_app()),
    }
}

fn only_of_an_app() -> PeopleError {
    PeopleError::field("/code", "give the six digits of your app; a recovery code only lets you in: with it, set up your second factor anew")
}

pub(super) fn check_bound(bound: &str) -> Result<(), PeopleError> {
    if bound.is_empty() || bound.len() > BOUND_BYTES_MAX || !bound.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(PeopleError::field("/for", "give what the refusal named in `step_up.for`"));
    }
    Ok(())
}

/// Writes down that a second factor was given for something.
pub(super) async fn note(tx: &mut Tx, office: &Office, bound: &str, method: &'static str) -> Result<StepUp, PeopleError> {
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
    let mut entry = audit::Entry {
        action: "session.step_up",
        object: given.step_up_id.to_string(),
        outcome: "done",
        detail: json!({ "factor": method }),
        request_id: None,
    };
    if let Some(envelope) = envelope_of(bound) {
        entry.detail = json!({ "for": envelope, "factor": method });
        audit::record(tx, office, entry).await?;
    } else {
        audit::record_about(tx, office, entry, Subject::Person(person_id), &json!({ "for": bound })).await?;
    }
    Ok(given)
}

/// The envelope that a second factor is given for, which the log names in clear. Whatever else it is given for is what the client said, or a
/// digest over an address that could be tried out: that is sealed.
pub fn envelope_of(bound: &str) -> Option<EnvelopeId> {
    bound.parse().ok()
}

/// What became of a second factor that was to be given.
enum Spent {
    /// It was given, and is used up.
    Given,
    /// It was not given; these can be.
    Missing(Vec<&'static str>),
    /// There is none.
    NoFactor,
}

/// Uses up a second factor that the transaction's person gave for this, if they have one.
async fn try_spend(tx: &mut Tx, office: &Office, bound: &str) -> Result<Spent, PeopleError> {
    let (person, session) = someone(tx.actor())?;
    let factors = Factors::of(tx, person).await?;
    if !factors.is_there() {
        return Ok(Spent::NoFactor);
    }
    let given = step_up::spend(tx, person, session, bound, office.clock.now()).await?;
    Ok(if given.is_some() { Spent::Given } else { Spent::Missing(factors.for_step_up()) })
}

/// The same, refused when they have one and did not give it.
pub(super) async fn require(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), PeopleError> {
    match try_spend(tx, office, bound).await? {
        Spent::Missing(factors) => Err(PeopleError::StepUp { bound: bound.to_owned(), factors }),
        Spent::Given | Spent::NoFactor => Ok(()),
    }
}

/// The same for making what acts after the session is over: a person, a role, a way in, a token, a program that is let in. A stolen session makes
/// itself no accomplice and nothing that outlasts it, and a token, which cannot give a second factor, makes nobody for a person who has one.
///
/// Who has none gives the password within some minutes, and who has neither signed in within them: a link for oneself opens a session that is
/// new, and a new one may set a password.
pub(super) async fn require_for_authority(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), PeopleError> {
    let Some(person) = tx.actor().person else { return Ok(()) };
    let ActorKind::Person { method, .. } = tx.actor().kind else {
        let has_factor = Factors::of(tx, person).await?.is_there();
        return if has_factor { Err(PeopleError::StepUp { bound: bound.to_owned(), factors: Vec::new() }) } else { Ok(()) };
    };
    // Whoever may use the data directory can read the key that all secrets are sealed with.
    if method == AuthMethod::Terminal { Ok(()) } else { factors::may_add(tx, office, bound).await }
}

/// The same for taking away somebody's second factors, after which a link alone lets in whoever has it.
pub(super) async fn require_to_remove(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), OfficeError> {
    let (person, _) = someone(tx.actor()).map_err(of_people)?;
    if office.requires_second_factor && !Factors::of(tx, person).await.map_err(of_people)?.is_there() {
        return Err(OfficeError::NoSecondFactor);
    }
    factors::may_add(tx, office, bound).await.map_err(of_people)
}

/// Uses up a second factor that the transaction's person gave for this. Refused when they have one and did not give it.
pub async fn spend(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), OfficeError> {
    match try_spend(tx, office, bound).await.map_err(of_people)? {
        Spent::Given => Ok(()),
        Spent::Missing(factors) => Err(OfficeError::StepUp { bound: bound.to_owned(), factors }),
        Spent::NoFactor if office.requires_second_factor => Err(OfficeError::NoSecondFactor),
        Spent::NoFactor => Ok(()),
    }
}

/// Whether the transaction's person says this themselves: by a second factor given anew for it where they have one, else by their password,
/// given at the terminal just now or in this session within the last hours.
pub async fn confirm(tx: &mut Tx, office: &Office, bound: &str, password: Option<Proven>) -> Result<(), OfficeError> {
    if is_given(tx, office, bound).await? {
        return Ok(());
    }
    let given = match password {
        Some(given) => given,
        None => proven(tx, office).await.map_err(of_people)?,
    };
    let is_theirs = tx.actor().person.is_some_and(|person| given.is_of(person));
    if is_theirs { Ok(()) } else { Err(OfficeError::Denied("somebody else proved who they are".to_owned())) }
}

/// The same by a password given in this session some minutes ago and not hours: for what outlasts the session.
pub async fn confirm_lately(tx: &mut Tx, office: &Office, bound: &str) -> Result<(), OfficeError> {
    if !is_given(tx, office, bound).await? {
        proven_lately(tx, office).await.map_err(of_people)?;
    }
    Ok(())
}

/// Whether a second factor was given for this; false for whoever has none and needs none.
async fn is_given(tx: &mut Tx, office: &Office, bound: &str) -> Result<bool, OfficeError> {
    match try_spend(tx, office, bound).await.map_err(of_people)? {
        Spent::Given => Ok(true),
        Spent::Missing(factors) => Err(OfficeError::StepUp { bound: bound.to_owned(), factors }),
        Spent::NoFactor if office.requires_second_factor => Err(OfficeError::NoSecondFactor),
        Spent::NoFactor => Ok(false),
    }
}

fn of_people(err: PeopleError) -> OfficeError {
    match err {
        PeopleError::Store(err) => err.into(),
        PeopleError::NotProven => OfficeError::NotProven,
        PeopleError::NotFresh { way } => OfficeError::NotFresh { way },
        PeopleError::StepUp { bound, factors } => OfficeError::StepUp { bound, factors },
        other => OfficeError::Denied(other.to_string()),
    }
}

/// Whether a session of this person may do more than set up a second factor.
pub async fn may_work(tx: &mut Tx, office: &Office) -> Result<bool, PeopleError> {
    if !office.requires_second_factor {
        return Ok(true);
    }
    match someone(tx.actor())?.1 {
        Some(session) if session::stepped_up_at(tx, session).await?.is_some() => {
            let (person, _) = someone(tx.actor())?;
            Ok(Factors::of(tx, person).await?.is_there())
        }
        Some(_) => Ok(false),
        None => Ok(true),
    }
}
