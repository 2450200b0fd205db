//! API tokens: a program acts for a person within scopes, and never decides on held actions.

use super::error::PeopleError;
use super::roles::made_of;
use super::session::TOUCH_SECONDS;
use super::step_up::require_for_authority;
use super::{actor, secret};
use crate::{Office, audit};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{Actor, ActorKind, ApiTokenId, PersonId, Scope, Workspaces};
use steward_store::api_token::{self, ApiToken};
use steward_store::{Cursor, Page, Store, Tx};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

const NAME_LETTERS_MAX: usize = 100;
const LIFE_DAYS_MAX: i64 = 366;

/// What a token is to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it ends; never without one.
    pub expires_at: Option<OffsetDateTime>,
}

/// A token just made.
#[derive(Debug)]
pub struct TokenMade {
    /// The token's text; it is stored as a hash and cannot be shown again.
    pub secret: SecretString,
    /// What is stored.
    pub token: ApiToken,
}

/// Makes a token for the transaction's person, who proves anew who they are: it outlasts the session by up to a year, or for good.
pub async fn make_token(tx: &mut Tx, office: &Office, new: NewToken) -> Result<TokenMade, PeopleError> {
    let person = tx.actor().person.ok_or(PeopleError::NotSignedIn)?;
    let now = office.clock.now();
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_LETTERS_MAX || name.chars().any(char::is_control) {
        return Err(PeopleError::field("/name", format!("give a name of 1 to {NAME_LETTERS_MAX} letters")));
    }
    if new.scopes.is_empty() {
        return Err(PeopleError::field("/scopes", "give at least one of converse, read, write"));
    }
    if new.expires_at.is_some_and(|at| at <= now || at > now + Duration::days(LIFE_DAYS_MAX)) {
        return Err(PeopleError::field("/expires_at", format!("give a time in the next {LIFE_DAYS_MAX} days, or leave it out")));
    }
    let ends = new.expires_at.map(OffsetDateTime::unix_timestamp);
    require_for_authority(tx, office, &made_of(&("token", &name, &new.scopes, ends))).await?;
    let id = office.ids.make();
    let (secret, hash) = secret::make_token(tx.actor().tenant, id)?;
    let token = ApiToken {
        api_token_id: id,
        person_id: person,
        name,
        scopes: new.scopes,
        created_at: now,
        expires_at: new.expires_at,
        used_at: None,
        revoked_at: None,
        client: None,
    };
    api_token::insert(tx, &token, &hash).await?;
    let detail = json!({ "scopes": token.scopes });
    audit::record(tx, office, audit::Entry { action: "token.create", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(TokenMade { secret, token })
}

/// Who stands behind a token.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// Them, with the roles they have at this moment.
    pub actor: Actor,
    /// The one agent whose tools the token is for, if it was given to a client.
    pub agent: Option<String>,
}

/// Who stands behind a token that came in at `resource`, where that is an address clients are given tokens for.
///
/// A client's token is none anywhere else. One that a person made is taken everywhere.
pub async fn actor_of_token(store: &Store, office: &Office, text: &SecretString, resource: Option<&str>) -> Result<Bearer, PeopleError> {
    let (tenant, id, hash) = secret::read_token(text).ok_or(PeopleError::NotSignedIn)?;
    let now = office.clock.now();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let (token, stored) = api_token::find_usable(&mut tx, id).await?.ok_or(PeopleError::NotSignedIn)?;
    let is_same: bool = stored.bytes().ct_eq(hash.bytes()).into();
    let is_here = token.client.as_ref().is_none_or(|client| Some(client.resource.as_str()) == resource);
    if !is_same || !is_here || token.expires_at.is_some_and(|at| at <= now) {
        return Err(PeopleError::NotSignedIn);
    }
    let actor = actor_with(&mut tx, &token).await?;
    if token.used_at.is_none_or(|at| now >= at + Duration::seconds(TOUCH_SECONDS)) {
        api_token::touch(&mut tx, id, now).await?;
    }
    tx.commit().await?;
    Ok(Bearer { actor, agent: token.client.map(|client| client.agent) })
}

/// The person with this token, in no more than the workspace it was given for.
pub(super) async fn actor_with(tx: &mut Tx, token: &ApiToken) -> Result<Actor, PeopleError> {
    let kind = ActorKind::Token { token: token.api_token_id, scopes: token.scopes.clone() };
    let mut actor = actor::of(tx, token.person_id, kind).await?;
    if let Some(only) = token.client.as_ref().and_then(|client| client.only_workspace) {
        let seen = actor.workspaces.sees(only).then_some(only);
        actor.workspaces = Workspaces::Only(seen.into_iter().collect());
    }
    Ok(actor)
}

/// A person's tokens, revoked ones included, oldest first.
pub async fn list_tokens(tx: &mut Tx, person: PersonId, page: &Page) -> Result<(Vec<ApiToken>, Option<Cursor>), PeopleError> {
    Ok(page.cut(api_token::list_of(tx, person, page).await?, |token| token.api_token_id.uuid()))
}

/// Ends one of a person's tokens at once.
pub async fn revoke_token(tx: &mut Tx, office: &Office, person: PersonId, id: ApiTokenId) -> Result<(), PeopleError> {
    api_token::revoke(tx, person, id, office.clock.now()).await.map_err(PeopleError::missing("token"))?;
    // Whose it was, where somebody else took it away.
    let detail = if tx.actor().person == Some(person) { json!({}) } else { json!({ "person": person }) };
    audit::record(tx, office, audit::Entry { action: "token.revoke", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(())
}
