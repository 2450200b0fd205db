//! Secrets of organisations as stored: sealed values, and the wrapped keys they are sealed with. Nothing here seals or opens.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::PersonId;
use time::OffsetDateTime;

/// More than all plugins of an installation name.
const ROWS_MAX: i64 = 10_000;

/// The organisation's key as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKeyRow {
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
    /// The name of the data key it is wrapped with.
    pub data_key: String,
    /// The name of the one it was wrapped with before; none where it is as it was made.
    pub data_key_before: Option<String>,
}

/// A secret as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// The plugin whose manifest names it.
    pub plugin: String,
    /// Its name.
    pub name: String,
    /// Counts its changes from one.
    pub version: i32,
    /// The sealed value; none once it was removed.
    pub sealed: Option<Vec<u8>>,
    /// Where it went when it was set, in order.
    pub origins: Vec<String>,
    /// Who changed it last.
    pub set_by: PersonId,
    /// When.
    pub set_at: OffsetDateTime,
}

/// The organisation's key, if it ever had a secret.
pub async fn find_key(tx: &mut Tx) -> Result<Option<SecretKeyRow>, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    Ok(sqlx::query_as!(SecretKeyRow, "select wrapped, data_key, data_key_before from secret_key where tenant_id = $1", tenant)
        .fetch_optional(tx.conn())
        .await?)
}

/// Keeps a key for an organisation that has none. Another's that was quicker stays.
pub async fn insert_key(tx: &mut Tx, key: &SecretKeyRow, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into secret_key (tenant_id, wrapped, data_key, made_at) values ($1, $2, $3, $4) on conflict do nothing",
        tenant,
        key.wrapped,
        key.data_key,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts the same key in its place, wrapped anew. False when it is not wrapped with `before` any more.
pub async fn rewrap_key(tx: &mut Tx, key: &SecretKeyRow, before: &str) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let done = sqlx::query!(
        "update secret_key set wrapped = $2, data_key = $3, data_key_before = $4 where tenant_id = $1 and data_key = $4",
        tenant,
        key.wrapped,
        key.data_key,
        before
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A row as the database gives it.
struct Stored {
    plugin: String,
    name: String,
    version: i32,
    sealed: Option<Vec<u8>>,
    origins: Vec<String>,
    set_by: uuid::Uuid,
    set_at: OffsetDateTime,
}

impl From<Stored> for SecretRow {
    fn from(row: Stored) -> Self {
        let Stored { plugin, name, version, sealed, origins, set_by, set_at } = row;
        Self { plugin, name, version, sealed, origins, set_by: PersonId::from_uuid(set_by), set_at }
    }
}

/// All secrets that the organisation has or had, by plugin and name.
pub async fn list(tx: &mut Tx) -> Result<Vec<SecretRow>, StoreError> {
    let rows = sqlx::query_as!(Stored, "select plugin, name, version, sealed, origins, set_by, set_at from secret order by plugin, name limit $1", ROWS_MAX)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(SecretRow::from).collect())
}

/// Those of these names of a plugin's that have a value.
pub async fn of_plugin(tx: &mut Tx, plugin: &str, names: &[String]) -> Result<Vec<SecretRow>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "select plugin, name, version, sealed, origins, set_by, set_at from secret where plugin = $1 and name = any ($2) and sealed is not null",
        plugin,
        names
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(SecretRow::from).collect())
}

/// One secret, kept from others' changes until the transaction ends.
pub async fn lock(tx: &mut Tx, plugin: &str, name: &str) -> Result<Option<SecretRow>, StoreError> {
    let row = sqlx::query_as!(
        Stored,
        "select plugin, name, version, sealed, origins, set_by, set_at from secret where plugin = $1 and name = $2 for update",
        plugin,
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(SecretRow::from))
}

/// Stores a secret's first version. False when somebody else did.
pub async fn insert(tx: &mut Tx, new: &SecretRow) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let done = sqlx::query!(
        "insert into secret (tenant_id, plugin, name, version, sealed, set_by, set_at, origins) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        tenant,
        new.plugin,
        new.name,
        new.version,
        new.sealed,
        new.set_by.uuid(),
        new.set_at,
        &new.origins
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores a secret's next version in the place of the one before. False when that is not there.
pub async fn replace(tx: &mut Tx, next: &SecretRow) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update secret set version = $3, sealed = $4, set_by = $5, set_at = $6, origins = $7 where plugin = $1 and name = $2 and version = $3 - 1",
        next.plugin,
        next.name,
        next.version,
        next.sealed,
        next.set_by.uuid(),
        next.set_at,
        &next.origins
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
