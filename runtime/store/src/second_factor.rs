//! Second factors as stored: sealed secrets for one-time codes, hashes of recovery codes. Nothing here opens or checks one.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Digest, PersonId};
use time::OffsetDateTime;

/// A person's secret for one-time codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpRow {
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// Since when it counts; not yet without it.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// Stores a secret that does not count yet, sealed with the data key of this name, in place of another that did not.
pub async fn put_totp(tx: &mut Tx, person: PersonId, sealed: &[u8], data_key: &str, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into totp (tenant_id, person_id, sealed, data_key, made_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, person_id) do update
            set sealed = excluded.sealed, data_key = excluded.data_key, data_key_before = null, made_at = excluded.made_at",
        tenant,
        person.uuid(),
        sealed,
        data_key,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person's secret, if there is one.
pub async fn find_totp(tx: &mut Tx, person: PersonId) -> Result<Option<TotpRow>, StoreError> {
    let row = sqlx::query!("select sealed, made_at, confirmed_at from totp where person_id = $1", person.uuid()).fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| TotpRow { sealed: row.sealed, made_at: row.made_at, confirmed_at: row.confirmed_at }))
}

/// Makes a secret count, from this step of time on. False when it counts already.
pub async fn confirm_totp(tx: &mut Tx, person: PersonId, step: i64, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!("update totp set confirmed_at = $3, last_step = $2 where person_id = $1 and confirmed_at is null", person.uuid(), step, at)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses a step of time up. False when it or a later one was used: of two at once, one wins.
pub async fn use_step(tx: &mut Tx, person: PersonId, step: i64) -> Result<bool, StoreError> {
    let done = sqlx::query!("update totp set last_step = $2 where person_id = $1 and confirmed_at is not null and last_step < $2", person.uuid(), step)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a person's secret. False when there was none that counts.
pub async fn remove_totp(tx: &mut Tx, person: PersonId) -> Result<bool, StoreError> {
    let counted = sqlx::query_scalar!(r#"delete from totp where person_id = $1 returning confirmed_at is not null as "counted!""#, person.uuid())
        .fetch_optional(tx.conn())
        .await?;
    Ok(counted == Some(true))
}

/// Stores recovery codes in place of all earlier ones.
pub async fn put_recovery(tx: &mut Tx, person: PersonId, hashes: &[Digest], at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    remove_recovery(tx, person).await?;
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.bytes().to_vec()).collect();
    sqlx::query!(
        "insert into recovery_code (tenant_id, person_id, code_hash, made_at) select $1, $2, hash, $4 from unnest($3::bytea[]) as hash",
        tenant,
        person.uuid(),
        &hashes,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses a recovery code up. False when it is none of theirs, or was used.
pub async fn use_recovery(tx: &mut Tx, person: PersonId, hash: &Digest, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update recovery_code set used_at = $3 where person_id = $1 and code_hash = $2 and used_at is null",
        person.uuid(),
        hash.bytes().as_slice(),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many recovery codes are left.
pub async fn count_recovery(tx: &mut Tx, person: PersonId) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from recovery_code where person_id = $1 and used_at is null"#, person.uuid());
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Removes all recovery codes of a person.
pub async fn remove_recovery(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query!("delete from recovery_code where person_id = $1", person.uuid()).execute(tx.conn()).await?;
    Ok(())
}
