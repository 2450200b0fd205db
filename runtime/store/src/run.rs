//! Runs: their lease, status and sums. The journal beside them is the truth.

use crate::error::StoreError;
use crate::page::Page;
use crate::step::Heard;
use crate::tx::Tx;
use steward_core::limits::SUB_RUNS_MAX;
use steward_core::{ConversationId, PersonId, RunId, WorkspaceId};
use time::OffsetDateTime;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Waits for a worker; as stored also while its models want to be left alone.
    Queued,
    /// A worker drives it.
    Running,
    /// Waits for people.
    Waiting,
    /// Over.
    Ended,
}

impl RunStatus {
    /// The word in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Ended => "ended",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Waiting, Self::Ended].into_iter().find(|status| status.name() == text)
    }
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub run_id: RunId,
    /// Where it works.
    pub workspace: WorkspaceId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Whom it acts for.
    pub person: PersonId,
    /// The agent.
    pub agent: String,
    /// How it came in.
    pub channel: String,
    /// Where it stands, as stored.
    pub status: RunStatus,
    /// Until when it is left alone in the queue, because its models want to be.
    pub left_until: Option<OffsetDateTime>,
    /// How it ended.
    pub outcome: Option<String>,
    /// The last event's number.
    pub last_seq: i32,
    /// The lease's number.
    pub fence: i64,
    /// Who asked it to stop.
    pub cancel_by: Option<PersonId>,
    /// When somebody asked it to stop.
    pub cancel_at: Option<OffsetDateTime>,
    /// Model answers so far.
    pub steps: i32,
    /// Tokens so far.
    pub tokens: i64,
    /// Model cost so far, millionths of a US dollar.
    pub cost_micros: i64,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// The run whose record it goes on from, and its first step of its own.
    pub forked: Option<(RunId, i32)>,
    /// The run that it serves, and the call there.
    pub parent: Option<(RunId, String)>,
}

impl RunRow {
    /// Where it stands for whoever reads of it: while its models want to be left alone it is at work, and behind that it waits for a worker.
    pub fn status_at(&self, now: OffsetDateTime) -> RunStatus {
        if self.status == RunStatus::Queued && self.left_until.is_some_and(|until| until > now) { RunStatus::Running } else { self.status }
    }
}

struct Raw {
    run_id: uuid::Uuid,
    workspace_id: uuid::Uuid,
    conversation_id: uuid::Uuid,
    person_id: uuid::Uuid,
    agent: String,
    channel: String,
    status: String,
    left_until: Option<OffsetDateTime>,
    outcome: Option<String>,
    last_seq: i32,
    fence: i64,
    cancel_by: Option<uuid::Uuid>,
    cancel_at: Option<OffsetDateTime>,
    steps: i32,
    tokens: i64,
    cost_micros: i64,
    created_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    forked_from: Option<uuid::Uuid>,
    forked_step: Option<i32>,
    parent_run_id: Option<uuid::Uuid>,
    parent_call: Option<String>,
}

impl TryFrom<Raw> for RunRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            run_id: RunId::from_uuid(raw.run_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            conversation: ConversationId::from_uuid(raw.conversation_id),
            person: PersonId::from_uuid(raw.person_id),
            agent: raw.agent,
            channel: raw.channel,
            status: RunStatus::parse(&raw.status).ok_or(StoreError::Corrupt { what: "run.status" })?,
            left_until: raw.left_until,
            outcome: raw.outcome,
            last_seq: raw.last_seq,
            fence: raw.fence,
            cancel_by: raw.cancel_by.map(PersonId::from_uuid),
            cancel_at: raw.cancel_at,
            steps: raw.steps,
            tokens: raw.tokens,
            cost_micros: raw.cost_micros,
            created_at: raw.created_at,
            ended_at: raw.ended_at,
            forked: raw.forked_from.map(RunId::from_uuid).zip(raw.forked_step),
            parent: raw.parent_run_id.map(RunId::from_uuid).zip(raw.parent_call),
        })
    }
}

/// A new run, with who drives it if that is already known.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id.
    pub run_id: RunId,
    /// Where it works.
    pub workspace: WorkspaceId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Whom it acts for.
    pub person: PersonId,
    /// The agent.
    pub agent: String,
    /// How it came in.
    pub channel: String,
    /// The worker that drives it from the start; none queues it.
    pub lease_owner: Option<String>,
    /// Until when that lease holds.
    pub lease_until: Option<OffsetDateTime>,
    /// When.
    pub created_at: OffsetDateTime,
    /// What it goes on from.
    pub forked: Option<Forked>,
}

/// Another run, and how much of its record a run goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forked {
    /// The other run.
    pub from: RunId,
    /// The new run's first step of its own, from 1.
    pub step: u32,
    /// The number, in the new run, of the last event taken.
    pub until_seq: u32,
}

/// Stores a new run: queued, or leased to `lease_owner` with fence 1.
pub async fn insert(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, fence, lease_owner, lease_until, created_at,
                          forked_from, forked_step, forked_seq)
         values ($1, $2, $3, $4, $5, $6, $7, case when $8::text is null then 'queued' else 'running' end, case when $8::text is null then 0 else 1 end, $8, $9, $10,
                 $11, $12, $13)",
        tenant,
        new.run_id.uuid(),
        new.workspace.uuid(),
        new.conversation.uuid(),
        new.person.uuid(),
        new.agent,
        new.channel,
        new.lease_owner,
        new.lease_until,
        new.created_at,
        new.forked.map(|forked| forked.from.uuid()),
        new.forked.map(|forked| i32::try_from(forked.step).unwrap_or(i32::MAX)),
        new.forked.map(|forked| i32::try_from(forked.until_seq).unwrap_or(i32::MAX)),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts the events and answers that a run begins with, written in the transaction that made it.
pub async fn begun(tx: &mut Tx, id: RunId, events: usize, steps: u32) -> Result<(), StoreError> {
    sqlx::query!(
        "update run set last_seq = $2, steps = $3 where run_id = $1 and last_seq = 0",
        id.uuid(),
        i32::try_from(events).unwrap_or(i32::MAX),
        i32::try_from(steps).unwrap_or(i32::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One run.
pub async fn find(tx: &mut Tx, id: RunId) -> Result<Option<RunRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select run_id, workspace_id, conversation_id, person_id, agent, channel,
                  status, left_until, outcome, last_seq, fence, cancel_by, cancel_at, steps, tokens,
                  cost_micros, created_at, ended_at, forked_from, forked_step, parent_run_id, parent_call
             from run where run_id = $1"#,
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?
    .map(RunRow::try_from)
    .transpose()
}

/// What each of these runs cost so far, in millionths of a US dollar, in no order.
pub async fn costs(tx: &mut Tx, runs: &[RunId]) -> Result<Vec<(RunId, i64)>, StoreError> {
    let runs: Vec<uuid::Uuid> = runs.iter().map(|run| run.uuid()).collect();
    let rows = sqlx::query!("select run_id, cost_micros from run where run_id = any($1)", &runs).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| (RunId::from_uuid(row.run_id), row.cost_micros)).collect())
}

/// Runs, newest first, of one person or of everybody seen; of those that stand so now, as [`RunRow::status_at`] says it.
pub async fn list(tx: &mut Tx, now: OffsetDateTime, person: Option<PersonId>, status: Option<RunStatus>, page: &Page) -> Result<Vec<RunRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select run_id, workspace_id, conversation_id, person_id, agent, channel,
                  status, left_until, outcome, last_seq, fence, cancel_by, cancel_at, steps, tokens,
                  cost_micros, created_at, ended_at, forked_from, forked_step, parent_run_id, parent_call
             from run
            where ($1::uuid is null or person_id = $1) and ($2::text is null or case when left_until > $5 then 'running' else status end = $2)
              and ($3::uuid is null or run_id < $3)
            order by run_id desc limit $4"#,
        person.map(PersonId::uuid),
        status.map(RunStatus::name),
        page.after_uuid(),
        page.fetch(),
        now,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(RunRow::try_from)
    .collect()
}

/// The runs that serve calls of a run, oldest first; not those that serve them in turn.
pub async fn list_sub_runs(tx: &mut Tx, parent: RunId) -> Result<Vec<RunRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select run_id, workspace_id, conversation_id, person_id, agent, channel,
                  status, left_until, outcome, last_seq, fence, cancel_by, cancel_at, steps, tokens,
                  cost_micros, created_at, ended_at, forked_from, forked_step, parent_run_id, parent_call
             from run where parent_run_id = $1 order by run_id limit $2"#,
        parent.uuid(),
        SUB_RUNS_MAX,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(RunRow::try_from)
    .collect()
}

/// How many runs there are below the one at the top, whatever they serve.
pub async fn count_sub_runs(tx: &mut Tx, root: RunId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from run where root_run_id = $1"#, root.uuid()).fetch_one(tx.conn()).await?)
}

/// Whether a worker has, or may yet take up, one of the runs below this one, wherever it stands itself.
pub async fn is_at_work_below(tx: &mut Tx, run: RunId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"with recursive line as (
             select run_id, status from run where parent_run_id = $1
             union all select r.run_id, r.status from run r join line on r.parent_run_id = line.run_id)
           select exists (select from line where status in ('queued', 'running')) as "found!""#,
        run.uuid()
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// All runs below this one, whatever they serve, oldest first.
pub async fn list_below(tx: &mut Tx, run: RunId) -> Result<Vec<RunRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"with recursive line as (
             select run_id from run where parent_run_id = $1
             union all select r.run_id from run r join line on r.parent_run_id = line.run_id)
           select run_id, workspace_id, conversation_id, person_id, agent, channel,
                  status, left_until, outcome, last_seq, fence, cancel_by, cancel_at, steps, tokens,
                  cost_micros, created_at, ended_at, forked_from, forked_step, parent_run_id, parent_call
             from run where run_id in (select run_id from line) order by run_id limit $2"#,
        run.uuid(),
        SUB_RUNS_MAX,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(RunRow::try_from)
    .collect()
}

/// Renews a lease. Tells what a step would ([`Heard`]); [`StoreError::Stale`] when the lease was lost.
pub async fn heartbeat(tx: &mut Tx, run: RunId, fence: i64, lease_until: OffsetDateTime) -> Result<Heard, StoreError> {
    let row = sqlx::query!(
        r#"update run set lease_until = $3 where run_id = $1 and fence = $2 and status = 'running'
           returning case when cancel_at is not null then true when not roles_changed then false end as cancelled"#,
        run.uuid(),
        fence,
        lease_until
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| Heard::of(row.cancelled)).ok_or(StoreError::Stale)
}

/// Notes that whoever has this lease takes the run up anew, before it reads what the person may do. [`StoreError::Stale`] when the lease was lost.
pub async fn taken_anew(tx: &mut Tx, run: RunId, fence: i64) -> Result<(), StoreError> {
    let done = sqlx::query!("update run set roles_changed = false where run_id = $1 and fence = $2 and status = 'running'", run.uuid(), fence)
        .execute(tx.conn())
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Has whoever drives a run of this person take it up anew, with what the person may do once this is committed. Those that nobody drives are read
/// anew when they are leased; one that is leased just now is told too.
pub async fn judge_anew(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query!("update run set roles_changed = true where person_id = $1 and status <> 'ended'", person.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// Gives a run back without progress, for another worker or a later try.
pub async fn release(tx: &mut Tx, run: RunId, fence: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "update run set status = 'queued', lease_owner = null, lease_until = null where run_id = $1 and fence = $2 and status = 'running'",
        run.uuid(),
        fence
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks a run to stop; one that waits is queued so that a worker sees it, and one that is left alone is so no more. False when it is already over.
pub async fn ask_cancel(tx: &mut Tx, run: RunId, by: Option<PersonId>, at: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update run set cancel_at = coalesce(cancel_at, $3), cancel_by = coalesce(cancel_by, $2), left_until = null,
                status = case when status = 'waiting' then 'queued' else status end
          where run_id = $1 and status <> 'ended'",
        run.uuid(),
        by.map(PersonId::uuid),
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Asks the runs of a person to stop, as [`ask_cancel`] does: all of them, or those outside of these workspaces. Gives those that nobody had asked
/// before.
pub async fn ask_cancel_of(
    tx: &mut Tx,
    person: PersonId,
    but_in: Option<&[WorkspaceId]>,
    by: Option<PersonId>,
    at: OffsetDateTime,
) -> Result<Vec<RunId>, StoreError> {
    let but_in: Option<Vec<uuid::Uuid>> = but_in.map(|places| places.iter().map(|place| place.uuid()).collect());
    let asked = sqlx::query_scalar!(
        "update run set cancel_at = $3, cancel_by = coalesce(cancel_by, $2), left_until = null, status = case when status = 'waiting' then 'queued' else status end
          where person_id = $1 and status <> 'ended' and cancel_at is null and ($4::uuid[] is null or workspace_id <> all($4)) returning run_id",
        person.uuid(),
        by.map(PersonId::uuid),
        at,
        but_in.as_deref(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(asked.into_iter().map(RunId::from_uuid).collect())
}

/// What a run knew of the models of its step when it last handed its place back; none where it never did.
pub async fn turns(tx: &mut Tx, run: RunId) -> Result<Option<String>, StoreError> {
    let found = sqlx::query_scalar!("select turns from run where run_id = $1", run.uuid()).fetch_optional(tx.conn()).await?;
    Ok(found.flatten())
}

/// Queues a run that waits for people, after one of its holds was decided.
pub async fn wake(tx: &mut Tx, run: RunId) -> Result<(), StoreError> {
    sqlx::query!("update run set status = 'queued' where run_id = $1 and status = 'waiting'", run.uuid()).execute(tx.conn()).await?;
    Ok(())
}
