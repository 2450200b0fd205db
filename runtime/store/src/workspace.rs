//! Workspaces: the inner walls of an organisation.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::WorkspaceId;
use time::OffsetDateTime;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub workspace_id: WorkspaceId,
    /// Its name, unique in the organisation.
    pub name: String,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// Makes a workspace.
pub async fn insert(tx: &mut Tx, workspace: &Workspace) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into workspace (tenant_id, workspace_id, name, created_at) values ($1, $2, $3, $4)",
        tenant,
        workspace.workspace_id.uuid(),
        workspace.name,
        workspace.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Workspaces the actor sees, oldest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<Workspace>, StoreError> {
    let rows = sqlx::query!(
        "select workspace_id, name, created_at from workspace where ($1::uuid is null or workspace_id > $1) order by workspace_id limit $2",
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| Workspace { workspace_id: WorkspaceId::from_uuid(row.workspace_id), name: row.name, created_at: row.created_at }).collect())
}

/// One workspace the actor sees.
pub async fn get(tx: &mut Tx, id: WorkspaceId) -> Result<Workspace, StoreError> {
    let row = sqlx::query!("select workspace_id, name, created_at from workspace where workspace_id = $1", id.uuid()).fetch_one(tx.conn()).await?;
    Ok(Workspace { workspace_id: WorkspaceId::from_uuid(row.workspace_id), name: row.name, created_at: row.created_at })
}

/// Gives a workspace another name.
pub async fn rename(tx: &mut Tx, id: WorkspaceId, name: &str) -> Result<(), StoreError> {
    let done = sqlx::query!("update workspace set name = $2 where workspace_id = $1", id.uuid(), name).execute(tx.conn()).await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
