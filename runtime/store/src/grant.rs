//! Standing grants and their uses. The database counts: a use is a row, and there are never more than the grant allows.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{GrantId, PersonId, RunId, WorkspaceId};
use time::OffsetDateTime;

/// A grant as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub grant_id: GrantId,
    /// Where it counts.
    pub workspace: WorkspaceId,
    /// For which agent.
    pub agent: String,
    /// For the runs of this person; of anybody without one.
    pub person: Option<PersonId>,
    /// For which tool.
    pub tool: String,
    /// The tool's effect class.
    pub effect: String,
    /// Digest of the tool as it was when it was given: its code, its schemas, what its arguments are.
    pub tool_digest: Vec<u8>,
    /// Ranges of arguments, as JSON text.
    pub ranges: String,
    /// How often it may be used.
    pub uses_max: i32,
    /// How often it was used.
    pub uses: i32,
    /// Who gave it.
    pub given_by: PersonId,
    /// In which roles.
    pub roles: Vec<String>,
    /// When.
    pub given_at: OffsetDateTime,
    /// Until when it counts.
    pub expires_at: OffsetDateTime,
    /// When it was taken back.
    pub revoked_at: Option<OffsetDateTime>,
    /// By whom.
    pub revoked_by: Option<PersonId>,
    /// The keyed digest over what it covers.
    pub seal: Vec<u8>,
}

macro_rules! row {
    ($row:expr) => {
        GrantRow {
            grant_id: GrantId::from_uuid($row.grant_id),
            workspace: WorkspaceId::from_uuid($row.workspace_id),
            agent: $row.agent,
            person: $row.person_id.map(PersonId::from_uuid),
            tool: $row.tool,
            effect: $row.effect,
            tool_digest: $row.tool_digest,
            ranges: $row.ranges,
            uses_max: $row.uses_max,
            uses: $row.uses,
            given_by: PersonId::from_uuid($row.given_by),
            roles: $row.roles,
            given_at: $row.given_at,
            expires_at: $row.expires_at,
            revoked_at: $row.revoked_at,
            revoked_by: $row.revoked_by.map(PersonId::from_uuid),
            seal: $row.seal,
        }
    };
}

/// Writes a new grant.
pub async fn insert(tx: &mut Tx, row: &GrantRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into standing_grant (tenant_id, grant_id, workspace_id, agent, person_id, tool, effect, tool_digest, ranges, uses_max, given_by, roles,
                                     given_at, expires_at, seal)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        tenant,
        row.grant_id.uuid(),
        row.workspace.uuid(),
        row.agent,
        row.person.map(PersonId::uuid),
        row.tool,
        row.effect,
        row.tool_digest,
        row.ranges,
        row.uses_max,
        row.given_by.uuid(),
        &row.roles,
        row.given_at,
        row.expires_at,
        row.seal,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One grant.
pub async fn find(tx: &mut Tx, id: GrantId) -> Result<Option<GrantRow>, StoreError> {
    let row = sqlx::query!(
        "select grant_id, workspace_id, agent, person_id, tool, effect, tool_digest, ranges, uses_max, uses, given_by, roles, given_at, expires_at,
                revoked_at, revoked_by, seal
           from standing_grant where grant_id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// Grants, newest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<GrantRow>, StoreError> {
    let rows = sqlx::query!(
        "select grant_id, workspace_id, agent, person_id, tool, effect, tool_digest, ranges, uses_max, uses, given_by, roles, given_at, expires_at,
                revoked_at, revoked_by, seal
           from standing_grant where $1::uuid is null or grant_id < $1 order by grant_id desc limit $2",
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// Grants for a tool of an agent that count at this time: first the one this call used before, then those that have uses left, oldest first.
pub async fn live(
    tx: &mut Tx,
    workspace: WorkspaceId,
    agent: &str,
    tool: &str,
    (run, call_id): (RunId, &str),
    at: OffsetDateTime,
) -> Result<Vec<GrantRow>, StoreError> {
    let rows = sqlx::query!(
        "select grant_id, workspace_id, agent, person_id, tool, effect, tool_digest, ranges, uses_max, uses, given_by, roles, given_at, expires_at,
                revoked_at, revoked_by, seal
           from standing_grant
          where workspace_id = $1 and agent = $2 and tool = $3 and revoked_at is null and given_at <= $4 and expires_at > $4
          order by exists (select from grant_use as used where used.grant_id = standing_grant.grant_id and used.run_id = $5 and used.call_id = $6) desc,
                   uses >= uses_max, grant_id
          limit 100",
        workspace.uuid(),
        agent,
        tool,
        at,
        run.uuid(),
        call_id,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// What became of asking for a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was used now.
    Used,
    /// The same call used it before.
    Again,
    /// None is left, or it was taken back meanwhile.
    None,
    /// What is on record of it does not agree with itself or with the log: somebody changed it in the database.
    Changed,
}

/// Uses a grant for a call, if its count agrees with the uses on record and with the log, and the log does not say that it was taken back.
pub async fn take(tx: &mut Tx, id: GrantId, run: RunId, call_id: &str, at: OffsetDateTime) -> Result<Taken, StoreError> {
    // The row's lock puts those who ask at once one after the other, and each sees what the one before took.
    let locked = sqlx::query_scalar!("select uses from standing_grant where grant_id = $1 and revoked_at is null for update", id.uuid());
    let Some(uses) = locked.fetch_optional(tx.conn()).await? else { return Ok(Taken::None) };
    // The count and the end are no part of the seal, for they move. Uses are only ever added, and so are the entries of the log, which is signed.
    // An entry names its run and its call in canonical form: no other text of it holds these bytes.
    let named = |name: &str, value: &str| format!("\"{name}\":\"{value}\"").into_bytes();
    let counted = sqlx::query!(
        r#"select (select count(*) from grant_use where grant_id = $1) as "uses!",
                  count(*) filter (where action = 'grant.use') as "entries!",
                  count(*) filter (where action = 'grant.use' and position($3::bytea in canon) > 0 and position($4::bytea in canon) > 0) as "of_call!",
                  count(*) filter (where action = 'grant.revoke') as "ends!"
             from audit_event where object collate "C" = $2"#,
        id.uuid(),
        id.to_string(),
        named("run", &run.to_string()),
        named("call", call_id),
    )
    .fetch_one(tx.conn())
    .await?;
    let used = sqlx::query_scalar!("select ordinal from grant_use where grant_id = $1 and run_id = $2 and call_id = $3", id.uuid(), run.uuid(), call_id)
        .fetch_optional(tx.conn())
        .await?;
    let agrees = counted.uses == i64::from(uses) && counted.entries == i64::from(uses) && counted.ends == 0;
    // A use that was put in, or given to another call, has no entry of this call.
    if !agrees || used.is_some() != (counted.of_call > 0) {
        return Ok(Taken::Changed);
    }
    if used.is_some() {
        return Ok(Taken::Again);
    }
    let taken = sqlx::query!(
        "update standing_grant set uses = uses + 1 where grant_id = $1 and uses < uses_max and revoked_at is null and expires_at > $2
         returning uses, workspace_id",
        id.uuid(),
        at,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(taken) = taken else { return Ok(Taken::None) };
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into grant_use (tenant_id, grant_id, run_id, call_id, workspace_id, ordinal, at) values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        id.uuid(),
        run.uuid(),
        call_id,
        taken.workspace_id,
        taken.uses,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(Taken::Used)
}

/// Takes a grant back. False when it was taken back before.
pub async fn revoke(tx: &mut Tx, id: GrantId, by: PersonId, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!("update standing_grant set revoked_at = $3, revoked_by = $2 where grant_id = $1 and revoked_at is null", id.uuid(), by.uuid(), at)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}
