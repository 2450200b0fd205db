//! Sessions of signed-in people; only the hash of a session's secret is stored.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{AuthMethod, Digest, PersonId, SessionId};
use time::OffsetDateTime;

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub session_id: SessionId,
    /// Whose.
    pub person_id: PersonId,
    /// How it was opened.
    pub method: AuthMethod,
    /// The browser's own description of itself.
    pub user_agent: Option<String>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    pub seen_at: OffsetDateTime,
    /// When it ends in any case.
    pub expires_at: OffsetDateTime,
    /// When a second factor was last given in it.
    pub stepped_up_at: Option<OffsetDateTime>,
}

fn method(text: &str) -> Result<AuthMethod, StoreError> {
    match text {
        "link" => Ok(AuthMethod::Link),
        "password" => Ok(AuthMethod::Password),
        "passkey" => Ok(AuthMethod::Passkey),
        "oidc" => Ok(AuthMethod::Oidc),
        _ => Err(StoreError::Corrupt { what: "session.method" }),
    }
}

/// Opens a session whose secret has this hash.
pub async fn insert(tx: &mut Tx, session: &Session, token_hash: &Digest) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into session (tenant_id, session_id, person_id, token_hash, method, user_agent, created_at, seen_at, expires_at, proved_at, stepped_up_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $5::text = 'password' then $7::timestamptz end, $10)",
        tenant,
        session.session_id.uuid(),
        session.person_id.uuid(),
        token_hash.bytes().as_slice(),
        session.method.name(),
        session.user_agent,
        session.created_at,
        session.seen_at,
        session.expires_at,
        session.stepped_up_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The session with this secret's hash, if it is neither revoked nor of a disabled person. Its times are the caller's to judge.
pub async fn find_by_hash(tx: &mut Tx, token_hash: &Digest) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query!(
        "select session.session_id, session.person_id, session.method, session.user_agent, session.created_at, session.seen_at, session.expires_at,
                session.stepped_up_at
           from session join person using (tenant_id, person_id)
          where session.token_hash = $1 and session.revoked_at is null and person.disabled_at is null",
        token_hash.bytes().as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Session {
            session_id: SessionId::from_uuid(row.session_id),
            person_id: PersonId::from_uuid(row.person_id),
            method: method(&row.method)?,
            user_agent: row.user_agent,
            created_at: row.created_at,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
            stepped_up_at: row.stepped_up_at,
        })
    })
    .transpose()
}

/// Since when a session is open.
pub async fn created_at(tx: &mut Tx, id: SessionId) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!("select created_at from session where session_id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// Notes that the person gave their password in a session.
pub async fn prove(tx: &mut Tx, id: SessionId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update session set proved_at = $2 where session_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}

/// When the person last gave their password in a session.
pub async fn proved_at(tx: &mut Tx, id: SessionId) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!("select proved_at from session where session_id = $1", id.uuid()).fetch_optional(tx.conn()).await?.flatten())
}

/// Notes that the person gave a second factor in a session.
pub async fn step_up(tx: &mut Tx, id: SessionId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update session set stepped_up_at = $2 where session_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}

/// When the person last gave a second factor in a session.
pub async fn stepped_up_at(tx: &mut Tx, id: SessionId) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!("select stepped_up_at from session where session_id = $1", id.uuid()).fetch_optional(tx.conn()).await?.flatten())
}

/// Notes that a session was used.
pub async fn touch(tx: &mut Tx, id: SessionId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update session set seen_at = $2 where session_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}

/// A person's sessions that have not ended, oldest first.
pub async fn list_of(tx: &mut Tx, person: PersonId, seen_after: OffsetDateTime, now: OffsetDateTime, page: &Page) -> Result<Vec<Session>, StoreError> {
    let rows = sqlx::query!(
        "select session_id, person_id, method, user_agent, created_at, seen_at, expires_at, stepped_up_at from session
          where person_id = $1 and revoked_at is null and seen_at > $2 and expires_at > $3 and ($4::uuid is null or session_id > $4)
          order by session_id limit $5",
        person.uuid(),
        seen_after,
        now,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Session {
                session_id: SessionId::from_uuid(row.session_id),
                person_id: PersonId::from_uuid(row.person_id),
                method: method(&row.method)?,
                user_agent: row.user_agent,
                created_at: row.created_at,
                seen_at: row.seen_at,
                expires_at: row.expires_at,
                stepped_up_at: row.stepped_up_at,
            })
        })
        .collect()
}

/// Ends one of a person's sessions.
pub async fn revoke(tx: &mut Tx, person: PersonId, id: SessionId, at: OffsetDateTime) -> Result<(), StoreError> {
    let done = sqlx::query!("update session set revoked_at = $3 where session_id = $1 and person_id = $2 and revoked_at is null", id.uuid(), person.uuid(), at)
        .execute(tx.conn())
        .await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Ends all of a person's sessions but one. Returns how many there were.
pub async fn revoke_others(tx: &mut Tx, person: PersonId, but: SessionId, at: OffsetDateTime) -> Result<u64, StoreError> {
    let done =
        sqlx::query!("update session set revoked_at = $3 where person_id = $1 and session_id <> $2 and revoked_at is null", person.uuid(), but.uuid(), at);
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// Ends all of a person's sessions. Returns how many there were.
pub async fn revoke_all(tx: &mut Tx, person: PersonId, at: OffsetDateTime) -> Result<u64, StoreError> {
    let done = sqlx::query!("update session set revoked_at = $2 where person_id = $1 and revoked_at is null", person.uuid(), at).execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
