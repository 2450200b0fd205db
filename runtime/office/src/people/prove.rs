//! Proving anew who one is, within a session: for what a stolen session must not be enough for.

use super::error::PeopleError;
use super::failures::{self, Given};
use super::password::{Passwords, check_length};
use crate::{Office, audit};
use secrecy::SecretString;
use serde_json::json;
use steward_core::limits::{FRESH_MINUTES, PROOF_HOURS};
use steward_core::{Actor, ActorKind, AuthMethod, PersonId};
use steward_store::{Store, Tx, person, session};
use time::Duration;

/// Somebody who gave their password within the last hours. Made only here.
#[derive(Debug)]
pub struct Proven {
    person: PersonId,
}

impl Proven {
    /// Whether it is this person.
    pub fn is_of(&self, person: PersonId) -> bool {
        self.person == person
    }
}

/// Checks the person's password; their session remembers it for some hours. Wrong ones are counted.
pub async fn prove(store: &Store, office: &Office, passwords: &Passwords, actor: &Actor, password: &SecretString) -> Result<Proven, PeopleError> {
    let (Some(id), ActorKind::Person { session: in_session, .. }) = (actor.person, &actor.kind) else { return Err(PeopleError::NotSignedIn) };
    check_length("/password", password)?;
    let mut tx = store.begin(actor).await?;
    let stored = person::password_hash(&mut tx, id).await?;
    tx.rollback().await?;
    if stored.is_none() {
        return Err(PeopleError::field("/password", "you have no password yet: set one first"));
    }
    // Counted by itself and not with sign-ins: strangers who guess at an address keep nobody who is signed in from this.
    let counted = failures::count_within(store, office, actor.tenant, id, Given::Password).await?;
    let is_right = passwords.check(stored, password).await?.is_right;
    let mut tx = store.begin(actor).await?;
    if let (true, Some(session)) = (is_right, in_session) {
        session::prove(&mut tx, *session, office.clock.now()).await?;
    }
    let (object, outcome) = (in_session.map_or_else(|| id.to_string(), |session| session.to_string()), if is_right { "done" } else { "refused" });
    audit::record(&mut tx, office, audit::Entry { action: "session.prove", object, outcome, detail: json!({}), request_id: None }).await?;
    tx.commit().await?;
    if !is_right {
        return Err(PeopleError::field("/password", "this is not your password"));
    }
    failures::forgive(store, counted).await?;
    Ok(Proven { person: id })
}

/// The person of this transaction, if they gave their password in this session within the last hours.
pub async fn proven(tx: &mut Tx, office: &Office) -> Result<Proven, PeopleError> {
    proven_within(tx, office, Duration::hours(PROOF_HOURS)).await
}

/// The same within another time.
async fn proven_within(tx: &mut Tx, office: &Office, time: Duration) -> Result<Proven, PeopleError> {
    let (Some(person), ActorKind::Person { session: Some(session), .. }) = (tx.actor().person, &tx.actor().kind) else { return Err(PeopleError::NotProven) };
    let session = *session;
    let (now, proved_at) = (office.clock.now(), session::proved_at(tx, session).await?);
    // A proof from the future is one from before the clock was put back.
    proved_at.filter(|at| *at <= now && *at + time >= now).map(|_| Proven { person }).ok_or(PeopleError::NotProven)
}

/// The same within some minutes.
pub(super) async fn proven_lately(tx: &mut Tx, office: &Office) -> Result<Proven, PeopleError> {
    proven_within(tx, office, Duration::minutes(FRESH_MINUTES)).await
}

/// Whether whoever is there signed in some minutes ago, or is at the terminal: a session that was stolen later proves nothing by its age.
pub(super) async fn is_fresh(tx: &mut Tx, office: &Office) -> Result<bool, PeopleError> {
    let session = match &tx.actor().kind {
        ActorKind::Person { session: Some(session), .. } => *session,
        ActorKind::Person { session: None, .. } => return Ok(true),
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => return Ok(false),
    };
    let (now, opened_at) = (office.clock.now(), session::created_at(tx, session).await?);
    Ok(opened_at.is_some_and(|at| at <= now && at + Duration::minutes(FRESH_MINUTES) >= now))
}

/// What whoever signed in too long ago does about it. A link is used up: who came by one and signed out would have no way in.
pub(super) const fn sign_in_anew(kind: &ActorKind) -> &'static str {
    if matches!(kind, ActorKind::Person { method: AuthMethod::Link, .. }) {
        "ask an owner for another link (or `steward link`) and do this within ten minutes of opening it; stay signed in until you have it"
    } else {
        "sign out, sign in anew, and do this first"
    }
}
