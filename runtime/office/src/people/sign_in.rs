//! Signing in, by one-time link or by password.

use super::error::PeopleError;
use super::factors::{Factor, Factors, accept};
use super::invitation::check_email;
use super::password::{Passwords, check_length};
use super::session::{self, SignedIn};
use super::{actor, failures, secret};
use crate::{Office, audit};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use steward_core::{Actor, ActorKind, AuthMethod, PersonId, TenantId};
use steward_store::{Store, person, sign_in_link};

/// In how many organisations one address is tried.
const ORGANISATIONS_MAX: usize = 8;

/// Where a sign-in comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attempt<'a> {
    /// The network address, if known.
    pub address: Option<&'a str>,
    /// The browser's own description of itself.
    pub user_agent: Option<&'a str>,
    /// The code of a second factor, for who has one.
    pub code: Option<&'a SecretString>,
}

/// Signs in with a one-time link's secret. Of two at once, one gets in.
pub async fn sign_in_by_link(store: &Store, office: &Office, link: &SecretString, from: Attempt<'_>) -> Result<SignedIn, PeopleError> {
    let (tenant, hash) = secret::read(link.expose_secret()).ok_or(PeopleError::SignInRefused)?;
    let now = office.clock.now();
    let session_id = office.ids.make();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let id = sign_in_link::find_person(&mut tx, &hash, now).await?.ok_or(PeopleError::SignInRefused)?;
    let actor = actor::of(&mut tx, id, ActorKind::Person { session: Some(session_id), method: AuthMethod::Link }).await?;
    let guarded = Factors::of(&mut tx, id).await?.is_there().then_some(person::get(&mut tx, id).await?.email);
    tx.rollback().await?;
    // The link is good until the second factor is: a wrong code does not use it up.
    let by = match guarded {
        Some(email) => second_factor_of(store, office, &actor, &email, from).await?,
        None => None,
    };
    let mut tx = store.begin(&actor).await?;
    sign_in_link::take(&mut tx, &hash, now).await?.ok_or(PeopleError::SignInRefused)?;
    let opened = session::open(&mut tx, office, session_id, AuthMethod::Link, from.user_agent, by).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Signs in with an address and a password, in the named organisation or in the first where they fit.
///
/// An unknown address takes the same path as a known one: counted, one hash, the same refusal.
pub async fn sign_in_by_password(
    store: &Store,
    office: &Office,
    passwords: &Passwords,
    email: &str,
    password: &SecretString,
    organisation: Option<TenantId>,
    from: Attempt<'_>,
) -> Result<SignedIn, PeopleError> {
    check_length("/password", password)?;
    let email = email.trim().to_lowercase();
    // What cannot be an address is nobody's: it is counted like any other, and looked up as the empty one.
    let wanted = check_email("/email", &email).unwrap_or_default();
    let mut places = store.tenants_of_email(&wanted).await?;
    places.retain(|tenant| organisation.is_none_or(|wanted| wanted == *tenant));
    places.truncate(ORGANISATIONS_MAX);
    // A stranger's tries are counted in the first organisation, that of whoever runs this installation.
    let home = match places.first() {
        Some(home) => *home,
        None => store.all_tenants().await?.first().ok_or(PeopleError::SignInRefused)?.tenant,
    };
    if places.is_empty() {
        places.push(home);
    }
    let counted = failures::count(store, office, home, &email, from.address).await?;
    let mut known = None;
    for tenant in places {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        let found = person::find_by_email(&mut tx, &wanted).await?.filter(|person| person.disabled_at.is_none());
        let stored = match &found {
            // An address that is known elsewhere only is a stranger here.
            Some(found) if organisation.is_none_or(|wanted| wanted == tenant) => person::password_hash(&mut tx, found.person_id).await?,
            _ => None,
        };
        tx.rollback().await?;
        let checked = passwords.check(stored, password).await?;
        if let (Some(found), true) = (&found, checked.is_right) {
            let stronger = if checked.is_weak { Some(passwords.hash(password).await?) } else { None };
            return enter(store, office, tenant, found.person_id, stronger, counted, from).await;
        }
        known = known.or(found.map(|person| person.person_id));
    }
    let mut tx = store.begin(&Actor::worker(home)).await?;
    let object = known.map_or_else(|| "nobody".to_owned(), |id| id.to_string());
    audit::record(
        &mut tx,
        office,
        audit::Entry { action: "session.create", object, outcome: "refused", detail: json!({ "method": "password" }), request_id: None },
    )
    .await?;
    tx.commit().await?;
    Err(PeopleError::SignInRefused)
}

/// Opens the session of somebody whose password was right, if their second factor is too.
async fn enter(
    store: &Store,
    office: &Office,
    tenant: TenantId,
    id: PersonId,
    stronger: Option<String>,
    counted: failures::Counted,
    from: Attempt<'_>,
) -> Result<SignedIn, PeopleError> {
    let session_id = office.ids.make();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let actor = actor::of(&mut tx, id, ActorKind::Person { session: Some(session_id), method: AuthMethod::Password }).await?;
    tx.rollback().await?;
    let (counted, by) = second_factor(store, office, &actor, counted, from.code).await?;
    failures::forgive(store, counted).await?;
    let mut tx = store.begin(&actor).await?;
    if let Some(hash) = stronger {
        person::set_password_hash(&mut tx, id, &hash).await?;
    }
    let opened = session::open(&mut tx, office, session_id, AuthMethod::Password, from.user_agent, by).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Asks somebody for their second factor, if they have one, and counts wrong codes under their address.
pub(super) async fn second_factor_of(store: &Store, office: &Office, actor: &Actor, email: &str, from: Attempt<'_>) -> Result<Option<Factor>, PeopleError> {
    let mut tx = store.begin(actor).await?;
    let is_there = Factors::of(&mut tx, actor.person.ok_or(PeopleError::NotSignedIn)?).await?.is_there();
    tx.rollback().await?;
    if !is_there {
        // Wrong passwords of strangers keep nobody out who needs none.
        return Ok(None);
    }
    let counted = failures::count(store, office, actor.tenant, email, from.address).await?;
    let (counted, by) = second_factor(store, office, actor, counted, from.code).await?;
    failures::forgive(store, counted).await?;
    Ok(by)
}

/// Asks somebody who has a second factor for it. A wrong code stays counted as a wrong try; none given leaves the count as it was.
async fn second_factor(
    store: &Store,
    office: &Office,
    actor: &Actor,
    counted: failures::Counted,
    code: Option<&SecretString>,
) -> Result<(failures::Counted, Option<Factor>), PeopleError> {
    let id = actor.person.ok_or(PeopleError::NotSignedIn)?;
    let mut tx = store.begin(actor).await?;
    let factors = Factors::of(&mut tx, id).await?;
    tx.rollback().await?;
    if !factors.is_there() {
        return Ok((counted, None));
    }
    let Some(code) = code else {
        failures::take_back(store, counted).await?;
        return Err(PeopleError::SecondFactorRequired { factors: factors.for_sign_in() });
    };
    Ok((counted, Some(accept(store, office, actor, id, code).await?)))
}
