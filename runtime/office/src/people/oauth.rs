//! Letting a program in that nobody hands a token: a person says yes on a page of the house, and the program gets an API token of an hour.
//!
//! What it gets is one row in the person's list of tokens: each renewal gives that row another secret and another hour. A code and a renewal
//! secret are good once; one that comes twice was stolen from somebody, so the token it stands for ends at once, whoever has it.

use super::error::PeopleError;
use super::failures::{self, Counted};
use super::roles::made_of;
use super::step_up::require_for_authority;
use super::{secret, token};
use crate::{Office, audit};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{Actor, ApiTokenId, Digest, HasKind, Kind, PersonId, Scope, TenantId, WorkspaceId};
use steward_store::api_token::{self, ApiToken, TokenClient};
use steward_store::oauth::{self, OauthCode, OauthRenewal};
use steward_store::{Store, StoreError, Tx, person, workspace};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

/// How long a code can be used, in seconds.
pub const CODE_SECONDS: i64 = 60;
/// How long a token is good before it is renewed, in seconds.
pub const ACCESS_SECONDS: i64 = 60 * 60;
/// How long a token can be renewed after it was last, in days.
const RENEWAL_DAYS: i64 = 30;
/// How long a client can go on renewing before the person is asked again, in days.
const CLIENT_DAYS: i64 = 180;

/// What a client asks for, as the house checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAsked {
    /// The address of its document.
    pub client_id: String,
    /// What it calls itself there, 1 to 100 letters.
    pub client_name: String,
    /// Where the code is sent; one of those its document names.
    pub redirect_uri: String,
    /// SHA-256 of the verifier that will come with the code.
    pub challenge: Digest,
    /// The address that the token is for.
    pub resource: String,
    /// What it asks to be used for.
    pub scopes: BTreeSet<Scope>,
}

/// What a person allows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAllowed {
    /// Whose tools.
    pub agent: String,
    /// The only workspace, or every one that the person sees.
    pub workspace: Option<WorkspaceId>,
    /// What the token may be used for.
    pub scopes: BTreeSet<Scope>,
}

/// What a client is given.
#[derive(Debug)]
pub struct ClientGrant {
    /// The token.
    pub access: SecretString,
    /// Renews it, once.
    pub renewal: SecretString,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
}

/// A code as it comes back, with what has to come with it.
#[derive(Debug, Clone, Copy)]
pub struct CodeExchange<'a> {
    /// The code.
    pub code: &'a SecretString,
    /// Whose it says it is.
    pub client_id: &'a str,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// What the challenge was made of.
    pub verifier: &'a SecretString,
    /// For which address, if that is said again.
    pub resource: Option<&'a str>,
    /// The network address it comes from, if known.
    pub address: Option<&'a str>,
}

/// A renewal secret as it comes.
#[derive(Debug, Clone, Copy)]
pub struct Renewal<'a> {
    /// The secret.
    pub secret: &'a SecretString,
    /// Whose it says it is.
    pub client_id: &'a str,
    /// For which address, if that is said again.
    pub resource: Option<&'a str>,
    /// What for, if that is said again.
    pub scopes: Option<&'a BTreeSet<Scope>>,
    /// The network address it comes from, if known.
    pub address: Option<&'a str>,
}

/// Why a client is given nothing.
#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    /// What it brought is not good, or not any more. Says nothing of why to who may have stolen it.
    #[error("this is not good here, or not any more: send the person to the page again")]
    Grant,
    /// It names another address.
    #[error("this was given for another address")]
    Resource,
    /// It asks for other scopes than it was given.
    #[error("this was given for other scopes: send the person to the page again to ask for more")]
    Scope,
    /// Too often, or nothing could be read or written.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl From<StoreError> for OauthError {
    fn from(err: StoreError) -> Self {
        Self::People(err.into())
    }
}

impl HasKind for OauthError {
    fn kind(&self) -> Kind {
        match self {
            Self::Grant | Self::Resource | Self::Scope => Kind::Denied,
            Self::People(err) => err.kind(),
        }
    }
}

/// The transaction's person lets a client in, and proves anew who they are. Returns the code it is sent, good once and for a minute.
pub async fn allow_client(tx: &mut Tx, office: &Office, asked: &ClientAsked, allowed: ClientAllowed) -> Result<SecretString, PeopleError> {
    let person = tx.actor().person.ok_or(PeopleError::NotSignedIn)?;
    let own = tx.actor().scopes();
    if let Some(scope) = allowed.scopes.iter().find(|scope| !asked.scopes.contains(scope) || !own.contains(scope)) {
        return Err(PeopleError::field("/scopes", format!("`{}` was not asked for, or is more than you may do yourself: leave it out", scope.name())));
    }
    if !allowed.scopes.contains(&Scope::Converse) {
        return Err(PeopleError::field("/scopes", "without `converse` the client could not even connect: add it, or refuse"));
    }
    if let Some(id) = allowed.workspace {
        workspace::get(tx, id).await.map_err(|err| match err {
            StoreError::Missing => PeopleError::field("/workspace_id", "there is no such workspace"),
            other => other.into(),
        })?;
    }
    let who = ("client", &asked.client_id, &asked.redirect_uri, &asked.challenge, &asked.resource);
    let bound = made_of(&(who, &allowed.agent, allowed.workspace, &allowed.scopes));
    require_for_authority(tx, office, &bound).await?;
    let now = office.clock.now();
    let (secret, hash) = secret::make(tx.actor().tenant)?;
    let code = OauthCode {
        person_id: person,
        client_id: asked.client_id.clone(),
        client_name: asked.client_name.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge,
        resource: asked.resource.clone(),
        scopes: allowed.scopes,
        agent: allowed.agent,
        only_workspace: allowed.workspace,
        created_at: now,
        expires_at: now + Duration::seconds(CODE_SECONDS),
        spent_at: None,
        api_token_id: None,
    };
    oauth::insert_code(tx, &code, &hash).await?;
    let detail = json!({
        "client": code.client_id, "redirect_uri": code.redirect_uri, "scopes": code.scopes, "agent": code.agent, "workspace": code.only_workspace,
    });
    record(tx, office, "client.allow", person.to_string(), "done", detail).await?;
    Ok(secret)
}

/// The transaction's person does not let a client in.
pub async fn refuse_client(tx: &mut Tx, office: &Office, asked: &ClientAsked) -> Result<(), PeopleError> {
    let person = tx.actor().person.ok_or(PeopleError::NotSignedIn)?;
    let detail = json!({ "client": asked.client_id, "redirect_uri": asked.redirect_uri });
    Ok(record(tx, office, "client.refuse", person.to_string(), "done", detail).await?)
}

/// Gives a token for a code. Whatever else it brings, a code is used up by the try.
pub async fn exchange_code(store: &Store, office: &Office, by: CodeExchange<'_>) -> Result<ClientGrant, OauthError> {
    let (tenant, hash) = secret::read(by.code.expose_secret()).ok_or(OauthError::Grant)?;
    let now = office.clock.now();
    let worker = Actor::worker(tenant);
    let mut tx = store.begin(&worker).await?;
    let code = oauth::find_code(&mut tx, &hash).await?.ok_or(OauthError::Grant)?;
    let is_active = person::is_active(&mut tx, code.person_id).await?;
    tx.rollback().await?;
    let counted = failures::count_program(store, office, tenant, by.address).await?;
    let wrong = if code.spent_at.is_some() { None } else { wrong_with(&code, by, is_active, now) };
    let id: ApiTokenId = office.ids.make();
    let token = ApiToken {
        api_token_id: id,
        person_id: code.person_id,
        name: code.client_name.clone(),
        scopes: code.scopes.clone(),
        created_at: now,
        expires_at: Some(now + Duration::seconds(ACCESS_SECONDS)),
        used_at: None,
        revoked_at: None,
        client: Some(TokenClient {
            client_id: code.client_id.clone(),
            agent: code.agent.clone(),
            only_workspace: code.only_workspace,
            resource: code.resource.clone(),
            renewed_until: now + Duration::days(RENEWAL_DAYS),
        }),
    };
    if let Some((why, err)) = wrong {
        let mut tx = store.begin(&worker).await?;
        if !oauth::spend_code(&mut tx, &hash, now).await? {
            return twice(store, office, tenant, Stolen::Code(&hash)).await;
        }
        let detail = json!({ "client": code.client_id, "why": why });
        record(&mut tx, office, "client.exchange", code.person_id.to_string(), "refused", detail).await?;
        tx.commit().await?;
        return Err(err);
    }
    let actor = {
        let mut tx = store.begin(&worker).await?;
        token::actor_with(&mut tx, &token).await?
    };
    let mut tx = store.begin(&actor).await?;
    if !oauth::spend_code(&mut tx, &hash, now).await? {
        tx.rollback().await?;
        return twice(store, office, tenant, Stolen::Code(&hash)).await;
    }
    let (access, access_hash) = secret::make_token(tenant, id)?;
    api_token::insert(&mut tx, &token, &access_hash).await?;
    oauth::note_token(&mut tx, &hash, id).await?;
    let renewal = new_renewal(&mut tx, id, now, now + Duration::days(RENEWAL_DAYS)).await?;
    let detail = json!({ "client": code.client_id, "scopes": token.scopes, "agent": code.agent, "workspace": code.only_workspace });
    record(&mut tx, office, "token.create", id.to_string(), "done", detail).await?;
    tx.commit().await?;
    forgive(store, counted).await?;
    Ok(ClientGrant { access, renewal, scopes: token.scopes })
}

/// Gives a client's token another hour and another secret; both old secrets are over.
pub async fn renew_token(store: &Store, office: &Office, by: Renewal<'_>) -> Result<ClientGrant, OauthError> {
    let (tenant, hash) = secret::read(by.secret.expose_secret()).ok_or(OauthError::Grant)?;
    let now = office.clock.now();
    let worker = Actor::worker(tenant);
    let mut tx = store.begin(&worker).await?;
    let found = oauth::find_renewal(&mut tx, &hash).await?.ok_or(OauthError::Grant)?;
    let usable = api_token::find_usable(&mut tx, found.api_token_id).await?.map(|(token, _)| token);
    tx.rollback().await?;
    let counted = failures::count_program(store, office, tenant, by.address).await?;
    if found.spent_at.is_some() {
        return twice(store, office, tenant, Stolen::Renewal(found.api_token_id)).await;
    }
    let Some((token, client)) = usable.and_then(|token| Some((token.clone(), token.client?))) else { return Err(OauthError::Grant) };
    if let Some((why, err)) = wrong_to_renew(&token, &client, &found, by, now) {
        let mut tx = store.begin(&worker).await?;
        let detail = json!({ "client": client.client_id, "why": why });
        record(&mut tx, office, "token.renew", token.api_token_id.to_string(), "refused", detail).await?;
        tx.commit().await?;
        return Err(err);
    }
    let actor = {
        let mut tx = store.begin(&worker).await?;
        token::actor_with(&mut tx, &token).await?
    };
    let mut tx = store.begin(&actor).await?;
    if !oauth::spend_renewal(&mut tx, &hash, now).await? {
        tx.rollback().await?;
        return twice(store, office, tenant, Stolen::Renewal(found.api_token_id)).await;
    }
    let until = (now + Duration::days(RENEWAL_DAYS)).min(token.created_at + Duration::days(CLIENT_DAYS));
    let expires_at = (now + Duration::seconds(ACCESS_SECONDS)).min(until);
    let (access, access_hash) = secret::make_token(tenant, token.api_token_id)?;
    match api_token::renew(&mut tx, token.api_token_id, &access_hash, expires_at, until).await {
        // Revoked just now.
        Err(StoreError::Missing) => return Err(OauthError::Grant),
        other => other?,
    }
    let renewal = new_renewal(&mut tx, token.api_token_id, now, until).await?;
    record(&mut tx, office, "token.renew", token.api_token_id.to_string(), "done", json!({ "client": client.client_id })).await?;
    tx.commit().await?;
    forgive(store, counted).await?;
    Ok(ClientGrant { access, renewal, scopes: token.scopes })
}

/// What a program brings that gives its token back.
#[derive(Debug)]
pub struct Revocation<'a> {
    /// The token, or the secret that renews it.
    pub secret: &'a SecretString,
    /// The program that says so.
    pub client_id: &'a str,
}

/// Ends a client's token (RFC 7009), by the token or by the secret that renews it. One that counts no more, that nobody has, or that is
/// another client's is left as it is, and nobody is told which.
pub async fn give_back_token(store: &Store, office: &Office, by: Revocation<'_>) -> Result<(), OauthError> {
    let Some((tenant, id)) = given_back(store, by.secret).await? else { return Ok(()) };
    let now = office.clock.now();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let Some((token, _)) = api_token::find_usable(&mut tx, id).await? else { return Ok(()) };
    if token.client.as_ref().is_none_or(|client| client.client_id != by.client_id) {
        return Ok(());
    }
    match api_token::revoke(&mut tx, token.person_id, id, now).await {
        Ok(()) => record(&mut tx, office, "token.revoke", id.to_string(), "done", json!({ "why": "its client gave it back" })).await?,
        Err(StoreError::Missing) => return Ok(()),
        Err(err) => return Err(err.into()),
    }
    Ok(tx.commit().await?)
}

/// Which token a program means: it has to bring its secret, whole.
async fn given_back(store: &Store, brought: &SecretString) -> Result<Option<(TenantId, ApiTokenId)>, OauthError> {
    if let Some((tenant, id, hash)) = secret::read_token(brought) {
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        let found = api_token::find_usable(&mut tx, id).await?;
        return Ok(found.filter(|(_, kept)| bool::from(kept.bytes().ct_eq(hash.bytes()))).map(|_| (tenant, id)));
    }
    let Some((tenant, hash)) = secret::read(brought.expose_secret()) else { return Ok(None) };
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    Ok(oauth::find_renewal(&mut tx, &hash).await?.map(|found| (tenant, found.api_token_id)))
}

/// What is wrong with a code that was not used yet: for the record, and for the client.
fn wrong_with(code: &OauthCode, by: CodeExchange<'_>, is_active: bool, now: OffsetDateTime) -> Option<(&'static str, OauthError)> {
    let made = Digest::of(by.verifier.expose_secret().as_bytes());
    let fits = bool::from(made.bytes().ct_eq(code.challenge.bytes()));
    if code.client_id != by.client_id {
        Some(("another client", OauthError::Grant))
    } else if code.redirect_uri != by.redirect_uri {
        Some(("another redirect address", OauthError::Grant))
    } else if !fits {
        Some(("another verifier", OauthError::Grant))
    } else if now >= code.expires_at {
        Some(("too late", OauthError::Grant))
    } else if !is_active {
        Some(("the person is disabled", OauthError::Grant))
    } else if by.resource.is_some_and(|resource| resource != code.resource) {
        Some(("another address", OauthError::Resource))
    } else {
        None
    }
}

fn wrong_to_renew(token: &ApiToken, client: &TokenClient, found: &OauthRenewal, by: Renewal<'_>, now: OffsetDateTime) -> Option<(&'static str, OauthError)> {
    if client.client_id != by.client_id {
        Some(("another client", OauthError::Grant))
    } else if now >= found.expires_at || now >= client.renewed_until {
        Some(("too late", OauthError::Grant))
    } else if by.resource.is_some_and(|resource| resource != client.resource) {
        Some(("another address", OauthError::Resource))
    } else if by.scopes.is_some_and(|scopes| *scopes != token.scopes) {
        Some(("other scopes", OauthError::Scope))
    } else {
        None
    }
}

async fn new_renewal(tx: &mut Tx, token: ApiTokenId, now: OffsetDateTime, until: OffsetDateTime) -> Result<SecretString, OauthError> {
    let (secret, hash) = secret::make(tx.actor().tenant)?;
    oauth::insert_renewal(tx, &OauthRenewal { api_token_id: token, expires_at: until, spent_at: None }, &hash, now).await?;
    Ok(secret)
}

/// What came twice.
enum Stolen<'a> {
    Code(&'a Digest),
    Renewal(ApiTokenId),
}

/// Ends the token for which something came twice: one of the two was not the client's.
async fn twice(store: &Store, office: &Office, tenant: TenantId, what: Stolen<'_>) -> Result<ClientGrant, OauthError> {
    let now = office.clock.now();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let (name, id) = match what {
        Stolen::Code(hash) => ("code", oauth::find_code(&mut tx, hash).await?.and_then(|code| code.api_token_id)),
        Stolen::Renewal(id) => ("renewal secret", Some(id)),
    };
    // A code that was used up by a wrong try has no token.
    if let Some((id, person)) = owner_of(&mut tx, id).await? {
        match api_token::revoke(&mut tx, person, id, now).await {
            Ok(()) => record(&mut tx, office, "token.revoke", id.to_string(), "done", json!({ "why": format!("its {name} came twice") })).await?,
            Err(StoreError::Missing) => {}
            Err(err) => return Err(err.into()),
        }
    }
    tx.commit().await?;
    Err(OauthError::Grant)
}

/// Whose token it is, if it still counts.
async fn owner_of(tx: &mut Tx, id: Option<ApiTokenId>) -> Result<Option<(ApiTokenId, PersonId)>, OauthError> {
    let Some(id) = id else { return Ok(None) };
    Ok(api_token::find_usable(tx, id).await?.map(|(token, _)| (id, token.person_id)))
}

/// A good try takes back itself alone: whoever has one good secret does not get rid of wrong tries by it.
async fn forgive(store: &Store, counted: Counted) -> Result<(), OauthError> {
    Ok(failures::take_back(store, counted).await?)
}

async fn record(
    tx: &mut Tx,
    office: &Office,
    action: &'static str,
    object: String,
    outcome: &'static str,
    detail: serde_json::Value,
) -> Result<(), StoreError> {
    audit::record(tx, office, audit::Entry { action, object, outcome, detail, request_id: None }).await?;
    Ok(())
}
