//! People who can sign in. The password's hash leaves this file only through [`password_hash`].

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::PersonId;
use time::OffsetDateTime;

/// A person, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub person_id: PersonId,
    /// The address they sign in with, in lower case.
    pub email: String,
    /// What they are called.
    pub display_name: String,
    /// How they read, a BCP 47 tag; none where they never said.
    pub locale: Option<String>,
    /// By whose clock, an IANA name; none where they never said.
    pub time_zone: Option<String>,
    /// Whether a password is set.
    pub has_password: bool,
    /// Since when they may no longer sign in.
    pub disabled_at: Option<OffsetDateTime>,
    /// Since when they are here.
    pub created_at: OffsetDateTime,
}

/// Makes a person without a password.
pub async fn insert(tx: &mut Tx, id: PersonId, email: &str, display_name: &str, created_at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into person (tenant_id, person_id, email, display_name, created_at) values ($1, $2, $3, $4, $5)",
        tenant,
        id.uuid(),
        email,
        display_name,
        created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// People, in the order they came.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query!(
        r#"select person_id, email, display_name, locale, time_zone, password_hash is not null as "has_password!", disabled_at, created_at
             from person where ($1::uuid is null or person_id > $1) order by person_id limit $2"#,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Person {
            person_id: PersonId::from_uuid(row.person_id),
            email: row.email,
            display_name: row.display_name,
            locale: row.locale,
            time_zone: row.time_zone,
            has_password: row.has_password,
            disabled_at: row.disabled_at,
            created_at: row.created_at,
        })
        .collect())
}

/// One person.
pub async fn get(tx: &mut Tx, id: PersonId) -> Result<Person, StoreError> {
    let row = sqlx::query!(
        r#"select person_id, email, display_name, locale, time_zone, password_hash is not null as "has_password!", disabled_at, created_at from person where person_id = $1"#,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Person {
        person_id: PersonId::from_uuid(row.person_id),
        email: row.email,
        display_name: row.display_name,
        locale: row.locale,
        time_zone: row.time_zone,
        has_password: row.has_password,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
    })
}

/// Whether somebody ever came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Who.
    pub person_id: PersonId,
    /// Whether they ever signed in. Work at the terminal is no sign-in.
    pub has_signed_in: bool,
    /// Until when their newest link can be used; none when it was, or is over.
    pub link_until: Option<OffsetDateTime>,
}

/// Who of these people ever came, and who still has a link to come in by.
pub async fn arrivals(tx: &mut Tx, people: &[PersonId], now: OffsetDateTime) -> Result<Vec<Arrival>, StoreError> {
    let ids: Vec<_> = people.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select person.person_id, person.person_id in (select session.person_id from session) as "has_signed_in!", link.until as "until?"
             from person
             left join (select person_id, max(expires_at) as until from sign_in_link where used_at is null and expires_at > $2 group by person_id) link
               on link.person_id = person.person_id
            where person.person_id = any($1)"#,
        &ids,
        now,
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| Arrival { person_id: PersonId::from_uuid(row.person_id), has_signed_in: row.has_signed_in, link_until: row.until }).collect())
}

/// Whether there is this person, and they may still sign in.
pub async fn is_active(tx: &mut Tx, id: PersonId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(r#"select exists (select from person where person_id = $1 and disabled_at is null) as "found!""#, id.uuid());
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Keeps what would be this person's from coming in until the transaction is over, a run above all: whatever names them waits for it, or is there.
pub async fn lock(tx: &mut Tx, id: PersonId) -> Result<(), StoreError> {
    sqlx::query_scalar!("select person_id from person where person_id = $1 for update", id.uuid()).fetch_one(tx.conn()).await?;
    Ok(())
}

/// The person with this address, disabled or not.
pub async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<Person>, StoreError> {
    let id = sqlx::query_scalar!("select person_id from person where email = $1", email).fetch_optional(tx.conn()).await?;
    match id {
        Some(id) => get(tx, PersonId::from_uuid(id)).await.map(Some),
        None => Ok(None),
    }
}

/// The stored Argon2id string, if a password is set.
pub async fn password_hash(tx: &mut Tx, id: PersonId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!("select password_hash from person where person_id = $1", id.uuid()).fetch_one(tx.conn()).await?)
}

/// Stores another Argon2id string.
pub async fn set_password_hash(tx: &mut Tx, id: PersonId, hash: &str) -> Result<(), StoreError> {
    let done = sqlx::query!("update person set password_hash = $2 where person_id = $1", id.uuid(), hash).execute(tx.conn()).await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Stores what they are called, how they read and by whose clock; what is none stays as it is.
pub async fn set_profile(tx: &mut Tx, id: PersonId, display_name: Option<&str>, locale: Option<&str>, time_zone: Option<&str>) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "update person set display_name = coalesce($2, display_name), locale = coalesce($3, locale), time_zone = coalesce($4, time_zone) where person_id = $1",
        id.uuid(),
        display_name,
        locale,
        time_zone,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Shuts a person out, or lets them in again with `None`.
pub async fn set_disabled(tx: &mut Tx, id: PersonId, at: Option<OffsetDateTime>) -> Result<(), StoreError> {
    let done = sqlx::query!("update person set disabled_at = $2 where person_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
