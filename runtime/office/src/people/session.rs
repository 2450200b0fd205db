//! Sessions: from a browser's secret to an actor, and ending them.

use super::error::PeopleError;
use super::factors::Factor;
use super::{actor, secret, token};
use crate::{Office, audit};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use steward_core::limits::PAGE_MAX;
use steward_core::{Actor, ActorKind, AuthMethod, PersonId, SessionId};
use steward_store::session::{self, Session};
use steward_store::{Cursor, Page, Store, Tx, api_token, person};
use time::{Duration, OffsetDateTime};

/// A session unused for this long is over.
pub const SESSION_IDLE_MINUTES: i64 = 30;
/// A session this old is over.
pub const SESSION_HOURS: i64 = 12;
/// How stale the last-used time may be; a write for every request would cost more than it tells.
pub(super) const TOUCH_SECONDS: i64 = 60;
const USER_AGENT_LETTERS_MAX: usize = 300;

/// A session just opened.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's secret; it is stored as a hash and cannot be shown again.
    pub secret: SecretString,
    /// The session.
    pub session: Session,
    /// Who it is.
    pub actor: Actor,
}

/// Opens a session in the transaction of the person whose it is.
pub(super) async fn open(
    tx: &mut Tx,
    office: &Office,
    id: SessionId,
    method: AuthMethod,
    user_agent: Option<&str>,
    by: Option<Factor>,
) -> Result<SignedIn, PeopleError> {
    let person = tx.actor().person.ok_or(PeopleError::NotSignedIn)?;
    let (secret, hash) = secret::make(tx.actor().tenant)?;
    let now = office.clock.now();
    let user_agent = user_agent.map(|text| text.chars().filter(|letter| !letter.is_control()).take(USER_AGENT_LETTERS_MAX).collect());
    let session = Session {
        session_id: id,
        person_id: person,
        method,
        user_agent,
        created_at: now,
        seen_at: now,
        expires_at: now + Duration::hours(SESSION_HOURS),
        stepped_up_at: by.map(|_| now),
    };
    session::insert(tx, &session, &hash).await?;
    audit::record(
        tx,
        office,
        audit::Entry {
            action: "session.create",
            object: id.to_string(),
            outcome: "done",
            detail: json!({ "method": method.name(), "factor": by.map(Factor::name) }),
            request_id: None,
        },
    )
    .await?;
    Ok(SignedIn { secret, session, actor: tx.actor().clone() })
}

fn is_alive(session: &Session, now: OffsetDateTime) -> bool {
    now < session.expires_at && now < session.seen_at + Duration::minutes(SESSION_IDLE_MINUTES)
}

/// Who stands behind a session's secret, with the roles they have at this moment.
pub async fn actor_of_session(store: &Store, office: &Office, text: &SecretString) -> Result<Actor, PeopleError> {
    let (tenant, hash) = secret::read(text.expose_secret()).ok_or(PeopleError::NotSignedIn)?;
    let now = office.clock.now();
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let found = session::find_by_hash(&mut tx, &hash).await?.filter(|session| is_alive(session, now)).ok_or(PeopleError::NotSignedIn)?;
    let kind = ActorKind::Person { session: Some(found.session_id), method: found.method };
    let actor = actor::of(&mut tx, found.person_id, kind).await?;
    if now >= found.seen_at + Duration::seconds(TOUCH_SECONDS) {
        session::touch(&mut tx, found.session_id, now).await?;
    }
    tx.commit().await?;
    Ok(actor)
}

/// The same caller at this moment, with the roles they have now; not signed in when the session, the token or the account has ended.
///
/// For what goes on after the request was let in. It counts as no use: a session that only watches still runs idle.
pub async fn actor_again(store: &Store, office: &Office, before: &Actor) -> Result<Actor, PeopleError> {
    let person = before.person.ok_or(PeopleError::NotSignedIn)?;
    let mut tx = store.begin(&Actor::worker(before.tenant)).await?;
    let holds = match &before.kind {
        ActorKind::Person { session: Some(id), .. } => has_session(&mut tx, office, person, *id).await?,
        ActorKind::Token { token, .. } => {
            let found = api_token::find_usable(&mut tx, *token).await?.filter(|(token, _)| token.expires_at.is_none_or(|at| office.clock.now() < at));
            let Some((token, _)) = found else { return Err(PeopleError::NotSignedIn) };
            return token::actor_with(&mut tx, &token).await;
        }
        ActorKind::Person { session: None, .. } | ActorKind::Agent { .. } | ActorKind::Worker => false,
    };
    if !holds || person::get(&mut tx, person).await.map_err(PeopleError::missing("person"))?.disabled_at.is_some() {
        return Err(PeopleError::NotSignedIn);
    }
    actor::of(&mut tx, person, before.kind.clone()).await
}

async fn has_session(tx: &mut Tx, office: &Office, person: PersonId, id: SessionId) -> Result<bool, PeopleError> {
    let mut page = Page::new(Some(PAGE_MAX), None);
    loop {
        let (rows, next) = list_sessions(tx, office, person, &page).await?;
        if rows.iter().any(|row| row.session_id == id) {
            return Ok(true);
        }
        let Some(next) = next else { return Ok(false) };
        page = Page::new(Some(PAGE_MAX), Some(next));
    }
}

/// A person's open sessions, oldest first.
pub async fn list_sessions(tx: &mut Tx, office: &Office, person: PersonId, page: &Page) -> Result<(Vec<Session>, Option<Cursor>), PeopleError> {
    let now = office.clock.now();
    let rows = session::list_of(tx, person, now - Duration::minutes(SESSION_IDLE_MINUTES), now, page).await?;
    Ok(page.cut(rows, |session| session.session_id.uuid()))
}

/// Ends one of a person's sessions at once.
pub async fn revoke_session(tx: &mut Tx, office: &Office, person: PersonId, id: SessionId) -> Result<(), PeopleError> {
    session::revoke(tx, person, id, office.clock.now()).await.map_err(PeopleError::missing("session"))?;
    audit::record(tx, office, audit::Entry { action: "session.revoke", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(())
}

/// Ends all of somebody's open sessions at once, as after a lost phone; tokens of programs stay. Says how many sessions that were.
pub async fn end_sessions(tx: &mut Tx, office: &Office, id: PersonId) -> Result<u64, PeopleError> {
    person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    let count = session::revoke_all(tx, id, office.clock.now()).await?;
    let detail = json!({ "sessions": count });
    audit::record(tx, office, audit::Entry { action: "person.sign_out", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(count)
}
