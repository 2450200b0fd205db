//! What plugins keep between calls: entries by workspace, plugin and key, and their sum, whose row is the lock of all changes.

use crate::contact::{read_integrity, write_integrity};
use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Floor, Standing, WorkspaceId};
use time::OffsetDateTime;

/// How much a plugin keeps in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateRow {
    /// Bytes of all keys and values.
    pub bytes: i64,
    /// Entries.
    pub entries: i32,
    /// The last version that was given to any of them.
    pub version: i64,
}

/// How much a plugin keeps in one workspace, told with the name of the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    /// The plugin.
    pub plugin: String,
    /// Where.
    pub workspace: WorkspaceId,
    /// What that is called.
    pub workspace_name: String,
    /// Entries, at least one.
    pub entries: i32,
    /// Bytes of all keys and values.
    pub bytes: i64,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Its key.
    pub key: String,
    /// What is kept.
    pub value: Vec<u8>,
    /// Its version, above 0.
    pub version: i64,
    /// Of what it was written from, now and before.
    pub standing: Standing,
}

/// The sum of what is kept, held until the transaction ends; nothing of it changes meanwhile.
pub async fn hold(tx: &mut Tx, workspace: WorkspaceId, plugin: &str) -> Result<StateRow, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into plugin_state (tenant_id, workspace_id, plugin) values ($1, $2, $3) on conflict (tenant_id, workspace_id, plugin) do nothing",
        tenant,
        workspace.uuid(),
        plugin
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query_as!(
        StateRow,
        "select bytes, entries, version from plugin_state where workspace_id = $1 and plugin = $2 for update",
        workspace.uuid(),
        plugin
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row)
}

/// How much plugins keep in the workspaces that the actor sees, by plugin and then by workspace; of those that keep nothing, nothing.
pub async fn kept(tx: &mut Tx, most: i64) -> Result<Vec<KeptRow>, StoreError> {
    let rows = sqlx::query!(
        "select state.plugin, state.workspace_id, workspace.name as workspace_name, state.entries, state.bytes
           from plugin_state as state join workspace on workspace.tenant_id = state.tenant_id and workspace.workspace_id = state.workspace_id
          where state.entries > 0 order by state.plugin, state.workspace_id limit $1",
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| KeptRow {
            plugin: row.plugin,
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            workspace_name: row.workspace_name,
            entries: row.entries,
            bytes: row.bytes,
        })
        .collect())
}

/// Writes the sum that was held.
pub async fn count(tx: &mut Tx, workspace: WorkspaceId, plugin: &str, sum: StateRow) -> Result<(), StoreError> {
    sqlx::query!(
        "update plugin_state set bytes = $3, entries = $4, version = $5 where workspace_id = $1 and plugin = $2",
        workspace.uuid(),
        plugin,
        sum.bytes,
        sum.entries,
        sum.version
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One entry.
pub async fn find(tx: &mut Tx, workspace: WorkspaceId, plugin: &str, key: &str) -> Result<Option<EntryRow>, StoreError> {
    let row = sqlx::query!(
        "select value, version, integrity, private, best_integrity, best_private from plugin_entry where workspace_id = $1 and plugin = $2 and key = $3",
        workspace.uuid(),
        plugin,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        let floor = Floor { integrity: read_integrity(row.integrity)?, private: row.private };
        let best = Floor { integrity: read_integrity(row.best_integrity)?, private: row.best_private };
        Ok(EntryRow { key: key.to_owned(), value: row.value, version: row.version, standing: Standing { floor, best } })
    })
    .transpose()
}

/// Keys that begin with `prefix` and come after `after` in the order of their bytes, with their floors.
pub async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    plugin: &str,
    prefix: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(String, Floor)>, StoreError> {
    let rows = sqlx::query!(
        "select key, integrity, private from plugin_entry
          where workspace_id = $1 and plugin = $2 and key >= $3 and starts_with(key, $3) and ($4::text is null or key > $4)
          order by key limit $5",
        workspace.uuid(),
        plugin,
        prefix,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok((row.key, Floor { integrity: read_integrity(row.integrity)?, private: row.private }))).collect()
}

/// The floor of all entries together; none where there is no entry.
pub async fn floor(tx: &mut Tx, workspace: WorkspaceId, plugin: &str) -> Result<Option<Floor>, StoreError> {
    let row = sqlx::query!(
        "select min(integrity) as integrity, bool_or(private) as private from plugin_entry where workspace_id = $1 and plugin = $2",
        workspace.uuid(),
        plugin
    )
    .fetch_one(tx.conn())
    .await?;
    row.integrity.map(|integrity| Ok(Floor { integrity: read_integrity(integrity)?, private: row.private.unwrap_or(true) })).transpose()
}

/// Makes or replaces an entry. The best that it was written from stays the best until it is gone, whatever is written.
pub async fn put(tx: &mut Tx, workspace: WorkspaceId, plugin: &str, entry: &EntryRow, now: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (tenant_id, workspace_id, plugin, key) do update
            set value = excluded.value, version = excluded.version, integrity = excluded.integrity, private = excluded.private,
                best_integrity = greatest(plugin_entry.best_integrity, excluded.best_integrity),
                best_private = plugin_entry.best_private and excluded.best_private, changed_at = excluded.changed_at",
        tenant,
        workspace.uuid(),
        plugin,
        entry.key,
        entry.value,
        entry.version,
        write_integrity(entry.standing.floor.integrity),
        entry.standing.floor.private,
        write_integrity(entry.standing.best.integrity),
        entry.standing.best.private,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an entry away.
pub async fn remove(tx: &mut Tx, workspace: WorkspaceId, plugin: &str, key: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from plugin_entry where workspace_id = $1 and plugin = $2 and key = $3", workspace.uuid(), plugin, key).execute(tx.conn()).await?;
    Ok(())
}

/// Takes all entries away, and gives how many; nothing of them changes meanwhile.
pub async fn clear(tx: &mut Tx, workspace: WorkspaceId, plugin: &str) -> Result<u64, StoreError> {
    // Whoever changes an entry holds this row first.
    sqlx::query!("update plugin_state set bytes = 0, entries = 0 where workspace_id = $1 and plugin = $2", workspace.uuid(), plugin).execute(tx.conn()).await?;
    let gone = sqlx::query!("delete from plugin_entry where workspace_id = $1 and plugin = $2", workspace.uuid(), plugin).execute(tx.conn()).await?;
    Ok(gone.rows_affected())
}
