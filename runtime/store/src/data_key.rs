//! What is wrapped with which data key, and its replacement in batches: keys of personal details and secrets for one-time codes. Nothing here
//! wraps or opens anything.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::PersonId;
use uuid::Uuid;

/// The names of the data keys that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyNames {
    /// What is wrapped is wrapped with this one.
    pub now: String,
    /// And what those wrapped still opens.
    pub former: Vec<String>,
}

/// Something wrapped that is to be wrapped anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped<T> {
    /// Whose it is.
    pub of: T,
    /// As it is stored.
    pub bytes: Vec<u8>,
    /// The name of the data key it is wrapped with, where that was written down.
    pub data_key: Option<String>,
    /// The name of the one before it.
    pub data_key_before: Option<String>,
}

/// The same, wrapped anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedAnew<T> {
    /// Whose it is.
    pub of: T,
    /// What takes its place.
    pub bytes: Vec<u8>,
    /// The name of the data key it was wrapped with; none where that is the one of now, and was not written down.
    pub before: Option<String>,
}

/// How much is wrapped with one data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedCount {
    /// Its name; none where it was not written down.
    pub data_key: Option<String>,
    /// The name of the one before it.
    pub data_key_before: Option<String>,
    /// Rows.
    pub rows: i64,
}

/// Keys of personal details that a former data key wrapped, or nobody knows which, by subject; from behind `after` on, at most so many. Kept
/// from others' changes until the transaction ends; those that somebody else is changing are left out.
pub async fn lock_personal(tx: &mut Tx, names: &DataKeyNames, after: Option<&str>, rows_max: i64) -> Result<Vec<Wrapped<String>>, StoreError> {
    let rows = sqlx::query!(
        r#"select subject, wrapped as "wrapped!", data_key, data_key_before from personal_key
            where wrapped is not null and subject > $1 and (data_key is null or data_key = any ($2)) and data_key_before is distinct from $3
            order by subject limit $4 for no key update skip locked"#,
        after.unwrap_or_default(),
        &names.former,
        names.now,
        rows_max
    )
    .fetch_all(tx.conn())
    .await?;
    let wrapped = rows.into_iter().map(|row| Wrapped { of: row.subject, bytes: row.wrapped, data_key: row.data_key, data_key_before: row.data_key_before });
    Ok(wrapped.collect())
}

/// The same to look at, and with those that this process does not wrap anew.
pub async fn list_personal(tx: &mut Tx, names: &DataKeyNames, after: Option<&str>, rows_max: i64) -> Result<Vec<Wrapped<String>>, StoreError> {
    let rows = sqlx::query!(
        r#"select subject, wrapped as "wrapped!", data_key, data_key_before from personal_key
            where wrapped is not null and subject > $1 and (data_key is null or data_key = any ($2)) order by subject limit $3"#,
        after.unwrap_or_default(),
        &names.former,
        rows_max
    )
    .fetch_all(tx.conn())
    .await?;
    let wrapped = rows.into_iter().map(|row| Wrapped { of: row.subject, bytes: row.wrapped, data_key: row.data_key, data_key_before: row.data_key_before });
    Ok(wrapped.collect())
}

/// Puts the same keys in their place, wrapped with the data key of this name. Returns how many.
pub async fn replace_personal(tx: &mut Tx, now: &str, rows: &[WrappedAnew<String>]) -> Result<u64, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let subject: Vec<&str> = rows.iter().map(|row| row.of.as_str()).collect();
    let wrapped: Vec<Vec<u8>> = rows.iter().map(|row| row.bytes.clone()).collect();
    let before: Vec<Option<&str>> = rows.iter().map(|row| row.before.as_deref()).collect();
    let done = sqlx::query!(
        "update personal_key as kept set wrapped = anew.wrapped, data_key = $2, data_key_before = anew.before
           from unnest($3::text[], $4::bytea[], $5::text[]) as anew (subject, wrapped, before)
          where kept.tenant_id = $1 and kept.subject = anew.subject and kept.wrapped is not null",
        tenant,
        now,
        &subject as _,
        &wrapped,
        &before as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Secrets for one-time codes that a former data key sealed, or nobody knows which, by person; like [`lock_personal`].
pub async fn lock_totp(tx: &mut Tx, names: &DataKeyNames, after: Option<PersonId>, rows_max: i64) -> Result<Vec<Wrapped<PersonId>>, StoreError> {
    let rows = sqlx::query!(
        "select person_id, sealed, data_key, data_key_before from totp
          where person_id > $1 and (data_key is null or data_key = any ($2)) and data_key_before is distinct from $3
          order by person_id limit $4 for no key update skip locked",
        after.map_or_else(Uuid::nil, PersonId::uuid),
        &names.former,
        names.now,
        rows_max
    )
    .fetch_all(tx.conn())
    .await?;
    let person = PersonId::from_uuid;
    let sealed =
        rows.into_iter().map(|row| Wrapped { of: person(row.person_id), bytes: row.sealed, data_key: row.data_key, data_key_before: row.data_key_before });
    Ok(sealed.collect())
}

/// The same to look at, and with those that this process does not seal anew.
pub async fn list_totp(tx: &mut Tx, names: &DataKeyNames, after: Option<PersonId>, rows_max: i64) -> Result<Vec<Wrapped<PersonId>>, StoreError> {
    let rows = sqlx::query!(
        "select person_id, sealed, data_key, data_key_before from totp
          where person_id > $1 and (data_key is null or data_key = any ($2)) order by person_id limit $3",
        after.map_or_else(Uuid::nil, PersonId::uuid),
        &names.former,
        rows_max
    )
    .fetch_all(tx.conn())
    .await?;
    let person = PersonId::from_uuid;
    let sealed =
        rows.into_iter().map(|row| Wrapped { of: person(row.person_id), bytes: row.sealed, data_key: row.data_key, data_key_before: row.data_key_before });
    Ok(sealed.collect())
}

/// Puts the same secrets in their place, sealed with the data key of this name. Returns how many.
pub async fn replace_totp(tx: &mut Tx, now: &str, rows: &[WrappedAnew<PersonId>]) -> Result<u64, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let person: Vec<Uuid> = rows.iter().map(|row| row.of.uuid()).collect();
    let sealed: Vec<Vec<u8>> = rows.iter().map(|row| row.bytes.clone()).collect();
    let before: Vec<Option<&str>> = rows.iter().map(|row| row.before.as_deref()).collect();
    let done = sqlx::query!(
        "update totp as kept set sealed = anew.sealed, data_key = $2, data_key_before = anew.before
           from unnest($3::uuid[], $4::bytea[], $5::text[]) as anew (person_id, sealed, before)
          where kept.tenant_id = $1 and kept.person_id = anew.person_id",
        tenant,
        now,
        &person,
        &sealed,
        &before as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// How many keys of personal details are wrapped with each data key. Erased ones are with none.
pub async fn count_personal(tx: &mut Tx) -> Result<Vec<WrappedCount>, StoreError> {
    let counts = sqlx::query_as!(
        WrappedCount,
        r#"select data_key, data_key_before, count(*) as "rows!" from personal_key where wrapped is not null group by data_key, data_key_before"#
    );
    Ok(counts.fetch_all(tx.conn()).await?)
}

/// How many secrets for one-time codes are sealed with each data key.
pub async fn count_totp(tx: &mut Tx) -> Result<Vec<WrappedCount>, StoreError> {
    let counts = sqlx::query_as!(WrappedCount, r#"select data_key, data_key_before, count(*) as "rows!" from totp group by data_key, data_key_before"#);
    Ok(counts.fetch_all(tx.conn()).await?)
}
