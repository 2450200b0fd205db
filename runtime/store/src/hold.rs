//! Held actions and what people said of them. The database itself knows the legal moves.

use crate::error::StoreError;
use crate::tx::Tx;
use serde_json::Value;
use steward_core::{DecisionId, HoldId, PersonId, RunId, SessionId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A held action as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRow {
    /// Its id.
    pub hold_id: HoldId,
    /// Where.
    pub workspace: WorkspaceId,
    /// In which run.
    pub run: RunId,
    /// Which call.
    pub call_id: String,
    /// For whom the agent acts.
    pub person: PersonId,
    /// The agent.
    pub agent: String,
    /// The tool.
    pub tool: String,
    /// Its effect class.
    pub effect: String,
    /// The sealed proposal's id.
    pub envelope_id: Vec<u8>,
    /// The sealed proposal, canonical JSON.
    pub envelope: String,
    /// Sets of roles that would suffice, as JSON text.
    pub needs: String,
    /// Why it waits.
    pub reason: String,
    /// Rules that would let it.
    pub rules: Vec<String>,
    /// held, approved, rejected, expired, cancelled, edited, revised, claimed, done, failed, unknown.
    pub state: String,
    /// Since when.
    pub held_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When people decided.
    pub decided_at: Option<OffsetDateTime>,
    /// When it was over.
    pub closed_at: Option<OffsetDateTime>,
    /// How many different people have to approve.
    pub people: u16,
    /// Whether whoever asked for it or edited it must leave it to others.
    pub separate: bool,
    /// Who is asked and when, as JSON text.
    pub ask: String,
    /// What the tool says would happen, and how the records stood that the call names, as JSON text.
    pub preview: Option<String>,
    /// The held action in whose place this one waits.
    pub edits: Option<HoldId>,
    /// Who edited that one.
    pub edited_by: Option<PersonId>,
    /// Digest over the run's journal up to where it was held; none for one that an edit made.
    pub journal: Option<Vec<u8>>,
    /// The keyed digest over all of the above but the state and when it changed.
    pub seal: Option<Vec<u8>>,
}

/// What one person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Yes or no.
    pub approves: bool,
    /// In which roles.
    pub roles: Vec<String>,
    /// For which envelope.
    pub envelope_id: Vec<u8>,
    /// How they were signed in.
    pub method: String,
    /// Their words.
    pub reason: Option<String>,
    /// When.
    pub at: OffsetDateTime,
    /// In which session; none at the terminal.
    pub session: Option<SessionId>,
    /// The keyed digest over all of the above and the held action.
    pub seal: Option<Vec<u8>>,
}

macro_rules! row {
    ($row:expr) => {
        HoldRow {
            hold_id: HoldId::from_uuid($row.hold_id),
            workspace: WorkspaceId::from_uuid($row.workspace_id),
            run: RunId::from_uuid($row.run_id),
            call_id: $row.call_id,
            person: PersonId::from_uuid($row.person_id),
            agent: $row.agent,
            tool: $row.tool,
            effect: $row.effect,
            envelope_id: $row.envelope_id,
            envelope: $row.envelope,
            needs: $row.needs,
            reason: $row.reason,
            rules: $row.rules,
            state: $row.state,
            held_at: $row.held_at,
            expires_at: $row.expires_at,
            decided_at: $row.decided_at,
            closed_at: $row.closed_at,
            people: u16::try_from($row.people).unwrap_or(u16::MAX),
            separate: $row.separate,
            ask: $row.ask,
            preview: $row.preview,
            edits: $row.edits.map(HoldId::from_uuid),
            edited_by: $row.edited_by.map(PersonId::from_uuid),
            journal: $row.journal,
            seal: $row.seal,
        }
    };
}

// After the macro: what is made of rows is written once for both.
mod listed;

pub use listed::{Filter, list, list_waiting};

/// One held action.
pub async fn find(tx: &mut Tx, id: HoldId) -> Result<Option<HoldRow>, StoreError> {
    let row = sqlx::query!(
        "select hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at,
                expires_at, decided_at, closed_at, people, separate, ask, preview, edits, edited_by, journal, seal
           from hold where hold_id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// One held action, locked until the transaction ends: two people deciding at once come one after the other.
pub async fn lock(tx: &mut Tx, id: HoldId) -> Result<Option<HoldRow>, StoreError> {
    let row = sqlx::query!(
        "select hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at,
                expires_at, decided_at, closed_at, people, separate, ask, preview, edits, edited_by, journal, seal
           from hold where hold_id = $1 for update",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// The held actions of one run.
pub async fn of_run(tx: &mut Tx, run: RunId) -> Result<Vec<HoldRow>, StoreError> {
    let rows = sqlx::query!(
        "select hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at,
                expires_at, decided_at, closed_at, people, separate, ask, preview, edits, edited_by, journal, seal
           from hold where run_id = $1 order by hold_id",
        run.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// Held actions whose time is over, the longest first.
pub async fn overdue(tx: &mut Tx, now: OffsetDateTime, most: i64) -> Result<Vec<HoldId>, StoreError> {
    let rows = sqlx::query_scalar!("select hold_id from hold where state = 'held' and expires_at <= $1 order by expires_at limit $2", now, most)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(HoldId::from_uuid).collect())
}

/// Everybody who edited an action on its way to how it stands.
pub async fn editors(tx: &mut Tx, id: HoldId) -> Result<Vec<PersonId>, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let rows = sqlx::query_scalar!(r#"select editor as "editor!" from editors_of($1, $2) as editor"#, tenant, id.uuid()).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(PersonId::from_uuid).collect())
}

/// Writes a held action that takes the place of an edited one.
pub async fn insert(tx: &mut Tx, row: &HoldRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules,
                           state, held_at, expires_at, people, separate, ask, preview, edits, edited_by, journal, seal)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
        tenant,
        row.hold_id.uuid(),
        row.workspace.uuid(),
        row.run.uuid(),
        row.call_id,
        row.person.uuid(),
        row.agent,
        row.tool,
        row.effect,
        row.envelope_id,
        row.envelope,
        row.needs,
        row.reason,
        &row.rules,
        row.state,
        row.held_at,
        row.expires_at,
        i16::try_from(row.people).unwrap_or(i16::MAX),
        row.separate,
        row.ask,
        row.preview,
        row.edits.map(HoldId::uuid),
        row.edited_by.map(PersonId::uuid),
        row.journal,
        row.seal,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what a person said. A second word of the same person is a conflict.
pub async fn insert_approval(tx: &mut Tx, hold: &HoldRow, row: &ApprovalRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, session_id, method, reason, at, seal)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        hold.hold_id.uuid(),
        row.person.uuid(),
        row.workspace.uuid(),
        row.approves,
        &row.roles,
        row.envelope_id,
        row.session.map(SessionId::uuid),
        row.method,
        row.reason,
        row.at,
        row.seal,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What people said of a held action, in the order they spoke.
pub async fn approvals(tx: &mut Tx, hold: HoldId) -> Result<Vec<ApprovalRow>, StoreError> {
    let rows = sqlx::query!(
        "select person_id, workspace_id, approves, roles, envelope_id, method, reason, at, session_id, seal from hold_approval where hold_id = $1 order by at, person_id",
        hold.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ApprovalRow {
            person: PersonId::from_uuid(row.person_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            approves: row.approves,
            roles: row.roles,
            envelope_id: row.envelope_id,
            method: row.method,
            reason: row.reason,
            at: row.at,
            session: row.session_id.map(SessionId::from_uuid),
            seal: row.seal,
        })
        .collect())
}

/// Moves a held action from one state to another. False when it was not in that state: somebody else was first.
pub async fn change_state(tx: &mut Tx, hold: HoldId, from: &str, to: &str, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update hold
            set state = $3,
                decided_at = case when $3 in ('approved', 'rejected', 'expired', 'cancelled', 'edited', 'revised') then $4 else decided_at end,
                claimed_at = case when $3 = 'claimed' then $4 else claimed_at end,
                closed_at = case when $3 in ('rejected', 'expired', 'cancelled', 'edited', 'revised', 'done', 'failed') then $4 else closed_at end
          where hold_id = $1 and state = $2",
        hold.uuid(),
        from,
        to,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What deciding costs people: how much waits, since when, and how much each of them decided how fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRow {
    /// Who decided; none for what nobody decided in time.
    pub person: Option<PersonId>,
    /// How many they approved.
    pub approved: i64,
    /// How many they refused or sent back.
    pub refused: i64,
    /// How many nobody decided in time.
    pub expired: i64,
    /// The middle of the times from held to decided, in seconds.
    pub median_seconds: i64,
}

/// How much each person decided since a time; what expired stands under nobody.
pub async fn load(tx: &mut Tx, since: OffsetDateTime) -> Result<Vec<LoadRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select said.person_id as "person_id?", count(*) filter (where said.approves) as "approved!", count(*) filter (where said.approves is false) as "refused!",
                  count(*) filter (where said.hold_id is null) as "expired!",
                  coalesce(percentile_disc(0.5) within group (order by extract(epoch from coalesce(said.at, hold.decided_at) - hold.held_at)), 0)::bigint as "median_seconds!"
             from hold left join hold_approval as said on said.tenant_id = hold.tenant_id and said.hold_id = hold.hold_id
            where hold.decided_at >= $1 and (said.hold_id is not null or hold.state = 'expired')
            group by said.person_id order by count(*) desc, said.person_id"#,
        since,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| LoadRow {
            person: row.person_id.map(PersonId::from_uuid),
            approved: row.approved,
            refused: row.refused,
            expired: row.expired,
            median_seconds: row.median_seconds,
        })
        .collect())
}

/// How many actions wait, and since when the oldest does.
pub async fn waiting(tx: &mut Tx) -> Result<(i64, Option<OffsetDateTime>), StoreError> {
    let row = sqlx::query!(r#"select count(*) as "count!", min(held_at) as oldest from hold where state = 'held'"#).fetch_one(tx.conn()).await?;
    Ok((row.count, row.oldest))
}

/// How many allowed calls are looked at for one that was carried out.
const SIMILAR_MAX: i64 = 50;

/// The last action of this tool that was carried out before another one was held, in the same workspace and for the same agent: one that failed is
/// none, nor is one whose end is not known. With its arguments; those are read here, as PostgreSQL reads no part of a document that has a NUL
/// anywhere.
pub async fn last_similar(tx: &mut Tx, row: &HoldRow) -> Result<Option<(RunId, Value, OffsetDateTime)>, StoreError> {
    let allowed = sqlx::query!(
        "select decision_id, run_id, call_id from decision
          where verdict = 'allow' and tool = $1 and agent = $2 and workspace_id = $3 and decided_at < $4 and not (run_id = $5 and call_id = $6)
          order by decision_id desc limit $7",
        row.tool,
        row.agent,
        row.workspace.uuid(),
        row.held_at,
        row.run.uuid(),
        row.call_id,
        SIMILAR_MAX,
    )
    .fetch_all(tx.conn())
    .await?;
    let named = |run: Uuid, call: &str| format!("{}/{call}", RunId::from_uuid(run));
    let calls: Vec<String> = allowed.iter().map(|one| named(one.run_id, &one.call_id)).collect();
    // How a call ended stands in the log beside its verdict, by an index of its object.
    let done =
        sqlx::query_scalar!(r#"select object from audit_event where object collate "C" = any ($1) and action = 'call.end' and outcome = 'done'"#, &calls)
            .fetch_all(tx.conn())
            .await?;
    let Some(last) = allowed.iter().find(|one| done.contains(&named(one.run_id, &one.call_id))) else { return Ok(None) };
    let found = sqlx::query!("select run_id, record, decided_at from decision where decision_id = $1", last.decision_id).fetch_one(tx.conn()).await?;
    let mut record: Value = serde_json::from_str(&found.record).map_err(|_| StoreError::Corrupt { what: "decision.record" })?;
    let arguments = record.pointer_mut("/envelope/arguments").map(Value::take);
    Ok(arguments.map(|arguments| (RunId::from_uuid(found.run_id), arguments, found.decided_at)))
}

/// Calls of one tool by one agent in one workspace that people always approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HabitRow {
    /// Where.
    pub workspace: WorkspaceId,
    /// Which agent.
    pub agent: String,
    /// Which tool.
    pub tool: String,
    /// How often it was approved.
    pub approved: i64,
    /// The decisions that held what was approved, the newest.
    pub decisions: Vec<DecisionId>,
}

/// What people approved at least so often since a time, and never refused, edited or sent back; most first.
pub async fn always_approved(tx: &mut Tx, since: OffsetDateTime, least: i64, most: i64) -> Result<Vec<HabitRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select hold.workspace_id, hold.agent, hold.tool, count(*) filter (where hold.state in ('approved', 'claimed', 'done', 'failed', 'unknown')) as "approved!",
                  (array_agg(decision.decision_id order by decision.decision_id desc)
                     filter (where hold.state in ('approved', 'claimed', 'done', 'failed', 'unknown') and decision.decision_id is not null))[1:1000] as "decisions: Vec<uuid::Uuid>"
             from hold left join decision on decision.tenant_id = hold.tenant_id and decision.run_id = hold.run_id and decision.call_id = hold.call_id and decision.verdict = 'hold'
            where hold.held_at >= $1
            group by hold.workspace_id, hold.agent, hold.tool
           having count(*) filter (where hold.state in ('approved', 'claimed', 'done', 'failed', 'unknown')) >= $2
              and count(*) filter (where hold.state in ('rejected', 'revised', 'edited')) = 0
            order by 4 desc, hold.workspace_id, hold.agent, hold.tool limit $3"#,
        since,
        least,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| HabitRow {
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            agent: row.agent,
            tool: row.tool,
            approved: row.approved,
            decisions: row.decisions.unwrap_or_default().into_iter().map(DecisionId::from_uuid).collect(),
        })
        .collect())
}
