//! Held actions that nobody decided, and who else was asked for them then.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{HoldId, RunId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A step of a held action's route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationRow {
    /// The held action.
    pub hold_id: HoldId,
    /// So many minutes after it was held.
    pub after_minutes: u32,
    /// Who is asked from then on.
    pub roles: Vec<String>,
    /// When they were.
    pub at: OffsetDateTime,
}

/// The same, as the database has it.
struct Stored {
    hold_id: Uuid,
    after_minutes: i32,
    roles: Vec<String>,
    at: OffsetDateTime,
}

impl From<Stored> for EscalationRow {
    fn from(row: Stored) -> Self {
        Self { hold_id: HoldId::from_uuid(row.hold_id), after_minutes: u32::try_from(row.after_minutes).unwrap_or(0), roles: row.roles, at: row.at }
    }
}

/// A step whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// The held action.
    pub hold_id: HoldId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Its run.
    pub run: RunId,
    /// The tool.
    pub tool: String,
    /// So many minutes after it was held.
    pub after_minutes: u32,
    /// Who is asked from then on.
    pub roles: Vec<String>,
}

/// Steps whose time has come and that were not taken, of actions that still wait, the longest due first. The actions stay locked.
pub async fn due(tx: &mut Tx, now: OffsetDateTime, most: i64) -> Result<Vec<DueRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select hold_id, workspace_id, run_id, tool, step.after_minutes as "after_minutes!", step.roles as "roles!"
             from hold cross join lateral steps_of(hold.ask) as step
            where state = 'held' and expires_at > $1 and step.after_minutes > 0 and held_at + step.after_minutes * interval '1 minute' <= $1
              and cardinality(step.roles) > 0
              and not exists (select from hold_escalation as taken where taken.hold_id = hold.hold_id and taken.after_minutes = step.after_minutes)
            order by held_at + step.after_minutes * interval '1 minute' limit $2
              for update of hold skip locked"#,
        now,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DueRow {
            hold_id: HoldId::from_uuid(row.hold_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            run: RunId::from_uuid(row.run_id),
            tool: row.tool,
            after_minutes: u32::try_from(row.after_minutes).unwrap_or(0),
            roles: row.roles,
        })
        .collect())
}

/// Writes down that a step was taken.
pub async fn insert(tx: &mut Tx, due: &DueRow, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into hold_escalation (tenant_id, hold_id, workspace_id, after_minutes, roles, at) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        due.hold_id.uuid(),
        due.workspace.uuid(),
        i32::try_from(due.after_minutes).unwrap_or(i32::MAX),
        &due.roles,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Steps taken for a held action, in order.
pub async fn of_hold(tx: &mut Tx, hold: HoldId) -> Result<Vec<EscalationRow>, StoreError> {
    let rows = sqlx::query_as!(Stored, "select hold_id, after_minutes, roles, at from hold_escalation where hold_id = $1 order by after_minutes", hold.uuid())
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(EscalationRow::from).collect())
}

/// Steps taken for the actions of a run that still wait, in order.
pub async fn of_run(tx: &mut Tx, run: RunId) -> Result<Vec<EscalationRow>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "select hold_id, after_minutes, roles, at from hold_escalation join hold using (tenant_id, hold_id)
          where run_id = $1 and state = 'held' order by hold_id, after_minutes",
        run.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(EscalationRow::from).collect())
}
