//! Passkeys as stored, and the challenges that were answered. Nothing here checks a signature.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Digest, PasskeyId, PersonId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// Its id.
    pub passkey_id: PasskeyId,
    /// Whose.
    pub person_id: PersonId,
    /// What its owner calls it.
    pub name: String,
    /// The device's own name for it.
    pub credential_id: Vec<u8>,
    /// COSE's number of the algorithm.
    pub algorithm: i32,
    /// The public key.
    pub public_key: Vec<u8>,
    /// How often it says that it was used; always zero for those that do not count.
    pub counter: u32,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub used_at: Option<OffsetDateTime>,
}

/// Stores one.
pub async fn insert(tx: &mut Tx, new: &PasskeyRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into passkey (tenant_id, passkey_id, person_id, name, credential_id, algorithm, public_key, counter, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        new.passkey_id.uuid(),
        new.person_id.uuid(),
        new.name,
        new.credential_id,
        new.algorithm,
        new.public_key,
        i64::from(new.counter),
        new.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A row as the database gives it.
struct Stored {
    passkey_id: Uuid,
    person_id: Uuid,
    name: String,
    credential_id: Vec<u8>,
    algorithm: i32,
    public_key: Vec<u8>,
    counter: i64,
    created_at: OffsetDateTime,
    used_at: Option<OffsetDateTime>,
}

impl TryFrom<Stored> for PasskeyRow {
    type Error = StoreError;
    fn try_from(row: Stored) -> Result<Self, StoreError> {
        Ok(PasskeyRow {
            passkey_id: PasskeyId::from_uuid(row.passkey_id),
            person_id: PersonId::from_uuid(row.person_id),
            name: row.name,
            credential_id: row.credential_id,
            algorithm: row.algorithm,
            public_key: row.public_key,
            counter: u32::try_from(row.counter).map_err(|_| StoreError::Corrupt { what: "passkey.counter" })?,
            created_at: row.created_at,
            used_at: row.used_at,
        })
    }
}

/// The passkey with this name of the device's, locked: of two uses at once the second sees the counter of the first.
pub async fn lock_by_credential(tx: &mut Tx, credential_id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
    let row = sqlx::query_as!(
        Stored,
        "select passkey_id, person_id, name, credential_id, algorithm, public_key, counter, created_at, used_at from passkey where credential_id = $1 for update",
        credential_id,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(PasskeyRow::try_from).transpose()
}

/// A person's passkeys, oldest first, at most `most`.
pub async fn list_of(tx: &mut Tx, person: PersonId, most: i64) -> Result<Vec<PasskeyRow>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "select passkey_id, person_id, name, credential_id, algorithm, public_key, counter, created_at, used_at from passkey
          where person_id = $1 order by passkey_id limit $2",
        person.uuid(),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(PasskeyRow::try_from).collect()
}

/// Notes a use.
pub async fn used(tx: &mut Tx, id: PasskeyId, counter: u32, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update passkey set counter = $2, used_at = $3 where passkey_id = $1", id.uuid(), i64::from(counter), at).execute(tx.conn()).await?;
    Ok(())
}

/// Removes one of a person's passkeys.
pub async fn remove(tx: &mut Tx, person: PersonId, id: PasskeyId) -> Result<(), StoreError> {
    let done = sqlx::query!("delete from passkey where passkey_id = $1 and person_id = $2", id.uuid(), person.uuid()).execute(tx.conn()).await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Removes all passkeys of a person.
pub async fn remove_all(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query!("delete from passkey where person_id = $1", person.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// Uses a challenge up. False when it was answered before: of two at once, one wins.
pub async fn spend_challenge(tx: &mut Tx, challenge: &Digest, expires_at: OffsetDateTime) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let done = sqlx::query!(
        "insert into spent_challenge (tenant_id, challenge_hash, expires_at) values ($1, $2, $3) on conflict do nothing",
        tenant,
        challenge.bytes().as_slice(),
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets challenges that are too old to be answered. Returns how many.
pub async fn purge_challenges(tx: &mut Tx, now: OffsetDateTime) -> Result<u64, StoreError> {
    Ok(sqlx::query!("delete from spent_challenge where expires_at < $1", now).execute(tx.conn()).await?.rows_affected())
}
