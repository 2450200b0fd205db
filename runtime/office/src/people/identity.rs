//! Signing in as whom an OpenID provider says. What the provider said was checked before it comes here.
//!
//! Somebody is known by issuer and subject. An address counts once, when nobody is bound yet, and only if the provider has verified it;
//! whoever has the same address there later is somebody else. Nobody is made by signing in.

use super::error::PeopleError;
use super::session::{self, SignedIn};
use super::sign_in::{Attempt, second_factor_of};
use super::{actor, secret, webauthn};
use crate::{Office, audit};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use steward_core::{Actor, ActorKind, AuthMethod, Digest, PersonId, TenantId};
use steward_store::{Store, StoreError, identity, passkey, person};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

/// How long a ticket can be used, in seconds: as long as it takes to give a second factor.
pub const TICKET_SECONDS: i64 = 300;
/// The longest ticket, in bytes.
const TICKET_BYTES_MAX: usize = 8 * 1024;
/// The purpose of a ticket's digest.
const PURPOSE: &str = "oidc-ticket/v1";
const NONCE_BYTES: usize = 16;

/// Whom a provider says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for them, which never changes and is never given to another.
    pub subject: String,
    /// Their address, if the provider has verified it.
    pub verified_email: Option<String>,
}

/// What a ticket says.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    tenant: TenantId,
    person: PersonId,
    identity: Identity,
    until_ms: i64,
    nonce: String,
}

/// Finds whom an identity is here, and makes a ticket with which they sign in once, in this form or with a second factor.
pub async fn ticket_for(store: &Store, office: &Office, identity: Identity) -> Result<SecretString, PeopleError> {
    let Some((tenant, person)) = find(store, &identity).await? else {
        refuse(store, office).await?;
        return Err(PeopleError::IdentityUnknown);
    };
    let until_ms = office.clock.now_ms().saturating_add(TICKET_SECONDS * 1_000);
    let nonce = webauthn::encode(&secret::random_bytes::<NONCE_BYTES>()?);
    let body = serde_json::to_vec(&Ticket { tenant, person, identity, until_ms, nonce }).map_err(|err| PeopleError::Secret(err.to_string()))?;
    let seal = seal(office, &body)?;
    Ok(SecretString::from(format!("{}.{}", webauthn::encode(&body), webauthn::encode(seal.bytes()))))
}

/// Signs in with a ticket, once, if the person's second factor is right too.
pub async fn sign_in_by_ticket(store: &Store, office: &Office, ticket: &SecretString, from: Attempt<'_>) -> Result<SignedIn, PeopleError> {
    let (ticket, spent, until) = read(office, ticket.expose_secret())?;
    let (tenant, id) = (ticket.tenant, ticket.person);
    let session_id = office.ids.make();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    if !person::is_active(&mut tx, id).await? {
        return Err(PeopleError::SignInRefused);
    }
    let email = person::get(&mut tx, id).await?.email;
    let actor = actor::of(&mut tx, id, ActorKind::Person { session: Some(session_id), method: AuthMethod::Oidc }).await?;
    tx.rollback().await?;
    let by = second_factor_of(store, office, &actor, &email, from).await?;
    let mut tx = store.begin(&actor).await?;
    if !passkey::spend_challenge(&mut tx, &spent, until).await? {
        return Err(PeopleError::SignInRefused);
    }
    let Identity { issuer, subject, .. } = &ticket.identity;
    match identity::find(&mut tx, issuer, subject).await? {
        Some(known) if known == id => {}
        // Bound to somebody else since the ticket was made.
        Some(_) => return Err(PeopleError::SignInRefused),
        None => {
            let bound = identity::insert(&mut tx, issuer, subject, id, office.clock.now()).await;
            bound.map_err(|err| if matches!(err, StoreError::Conflict { .. }) { PeopleError::SignInRefused } else { err.into() })?;
            let detail = json!({ "issuer": issuer });
            audit::record(&mut tx, office, audit::Entry { action: "identity.bind", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
        }
    }
    let opened = session::open(&mut tx, office, session_id, AuthMethod::Oidc, from.user_agent, by).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Whom it is: who is bound to it, or else whose verified address it has and who is not bound to another of the issuer.
async fn find(store: &Store, wanted: &Identity) -> Result<Option<(TenantId, PersonId)>, PeopleError> {
    for tenant in store.tenants_of_identity(&wanted.issuer, &wanted.subject).await? {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        if let Some(id) = identity::find(&mut tx, &wanted.issuer, &wanted.subject).await?
            && person::is_active(&mut tx, id).await?
        {
            return Ok(Some((tenant, id)));
        }
    }
    let Some(email) = &wanted.verified_email else { return Ok(None) };
    let email = email.trim().to_lowercase();
    for tenant in store.tenants_of_email(&email).await? {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        if identity::find(&mut tx, &wanted.issuer, &wanted.subject).await?.is_some() {
            // Known here as somebody who may not come in any more, whatever address they have by now.
            continue;
        }
        let found = person::find_by_email(&mut tx, &email).await?.filter(|person| person.disabled_at.is_none());
        if let Some(found) = found
            && !identity::is_bound(&mut tx, found.person_id, &wanted.issuer).await?
        {
            return Ok(Some((tenant, found.person_id)));
        }
    }
    Ok(None)
}

/// Writes down, in the first organisation, that somebody unknown tried.
async fn refuse(store: &Store, office: &Office) -> Result<(), PeopleError> {
    let Some(home) = store.all_tenants().await?.first().map(|home| home.tenant) else { return Ok(()) };
    let mut tx = store.begin(&Actor::worker(home)).await?;
    let detail = json!({ "method": AuthMethod::Oidc.name() });
    audit::record(&mut tx, office, audit::Entry { action: "session.create", object: "nobody".to_owned(), outcome: "refused", detail, request_id: None })
        .await?;
    Ok(tx.commit().await?)
}

fn seal(office: &Office, body: &[u8]) -> Result<Digest, PeopleError> {
    let key = office.key.as_ref().ok_or_else(|| PeopleError::Secret("this process has no envelope key, so nobody signs in from elsewhere".to_owned()))?;
    key.seal(PURPOSE, &json!({ "ticket": webauthn::encode(body) })).map_err(|err| PeopleError::Secret(err.to_string()))
}

/// A ticket of ours that is not too old, what to spend for it, and until when it would count.
fn read(office: &Office, text: &str) -> Result<(Ticket, Digest, OffsetDateTime), PeopleError> {
    let refused = || PeopleError::SignInRefused;
    let (body, given) = text.split_once('.').ok_or_else(refused)?;
    let body = webauthn::decode(body, TICKET_BYTES_MAX).map_err(|_| refused())?;
    let given = webauthn::decode(given, TICKET_BYTES_MAX).map_err(|_| refused())?;
    if !bool::from(seal(office, &body)?.bytes().as_slice().ct_eq(&given)) {
        return Err(refused());
    }
    let ticket: Ticket = serde_json::from_slice(&body).map_err(|_| refused())?;
    if ticket.until_ms < office.clock.now_ms() {
        return Err(refused());
    }
    let until = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ticket.until_ms) * 1_000_000).map_err(|_| refused())?;
    Ok((ticket, Digest::of(&body), until))
}
