//! Schedules: texts that are said to an agent at times to come, and what became of each moment at which one was due.

use crate::conversation::{integrity, stored_readers};
use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use std::collections::BTreeSet;
use steward_core::{ConversationId, Label, PersonId, Readers, RunId, ScheduleId, Source, WorkspaceId};
use time::OffsetDateTime;

/// When a schedule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// Again and again, by the five fields of a cron expression in the schedule's time zone.
    Cron(String),
    /// Once.
    Once(OffsetDateTime),
}

/// A schedule as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its id.
    pub schedule_id: ScheduleId,
    /// Where its runs work.
    pub workspace: WorkspaceId,
    /// For whom.
    pub person: PersonId,
    /// To which agent.
    pub agent: String,
    /// In which conversation; a new one each time without it.
    pub conversation: Option<ConversationId>,
    /// What is said.
    pub text: String,
    /// When.
    pub times: Times,
    /// The name of the zone in which `times` is read.
    pub time_zone: String,
    /// The next moment; none when there is no more.
    pub next_at: Option<OffsetDateTime>,
    /// Since when it is paused.
    pub paused_at: Option<OffsetDateTime>,
    /// Why, where nobody paused it.
    pub paused_why: Option<String>,
    /// The run that made it, and its call; a person made it otherwise.
    pub made: Option<(RunId, String)>,
    /// Whether the text is the person's own words.
    pub own_words: bool,
    /// What the text counts for.
    pub label: Label,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// What became of the last moment at which it was due.
    pub last: Option<Last>,
}

/// What became of a moment at which a schedule was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Which moment.
    pub due_at: OffsetDateTime,
    /// The run it became.
    pub run: Option<RunId>,
    /// How that ended; none while it goes on.
    pub outcome: Option<String>,
    /// Why there was no run.
    pub why: Option<String>,
}

struct Raw {
    schedule_id: uuid::Uuid,
    workspace_id: uuid::Uuid,
    person_id: uuid::Uuid,
    agent: String,
    conversation_id: Option<uuid::Uuid>,
    text: String,
    cron: Option<String>,
    time_zone: String,
    once_at: Option<OffsetDateTime>,
    next_at: Option<OffsetDateTime>,
    paused_at: Option<OffsetDateTime>,
    paused_why: Option<String>,
    made_run: Option<uuid::Uuid>,
    made_call: Option<String>,
    own_words: bool,
    integrity: i16,
    readers: Option<String>,
    sources: String,
    created_at: OffsetDateTime,
    last_due_at: Option<OffsetDateTime>,
    last_run: Option<uuid::Uuid>,
    last_outcome: Option<String>,
    last_why: Option<String>,
}

impl TryFrom<Raw> for ScheduleRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let readers = match raw.readers {
            None => Readers::Public,
            Some(text) => Readers::Only(serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what: "schedule.readers" })?),
        };
        let sources: BTreeSet<Source> = serde_json::from_str(&raw.sources).map_err(|_| StoreError::Corrupt { what: "schedule.sources" })?;
        let times = match (raw.cron, raw.once_at) {
            (Some(cron), None) => Times::Cron(cron),
            (None, Some(at)) => Times::Once(at),
            (Some(_), Some(_)) | (None, None) => return Err(StoreError::Corrupt { what: "schedule.cron" }),
        };
        Ok(Self {
            schedule_id: ScheduleId::from_uuid(raw.schedule_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            person: PersonId::from_uuid(raw.person_id),
            agent: raw.agent,
            conversation: raw.conversation_id.map(ConversationId::from_uuid),
            text: raw.text,
            times,
            time_zone: raw.time_zone,
            next_at: raw.next_at,
            paused_at: raw.paused_at,
            paused_why: raw.paused_why,
            made: raw.made_run.map(RunId::from_uuid).zip(raw.made_call),
            own_words: raw.own_words,
            label: Label { integrity: integrity(raw.integrity)?, readers, sources },
            created_at: raw.created_at,
            last: raw.last_due_at.map(|due_at| Last { due_at, run: raw.last_run.map(RunId::from_uuid), outcome: raw.last_outcome, why: raw.last_why }),
        })
    }
}

/// The most bytes of the sources of a text; of longer ones none is kept, which says that nothing is known of them.
const SOURCES_BYTES_MAX: usize = 65_536;

/// Stores a new schedule.
pub async fn insert(tx: &mut Tx, new: &ScheduleRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let sources = serde_json::to_string(&new.label.sources).ok().filter(|text| text.len() <= SOURCES_BYTES_MAX).unwrap_or_else(|| "[]".to_owned());
    let (cron, once_at) = match &new.times {
        Times::Cron(cron) => (Some(cron.as_str()), None),
        Times::Once(at) => (None, Some(*at)),
    };
    sqlx::query!(
        "insert into schedule (tenant_id, schedule_id, workspace_id, person_id, agent, conversation_id, text, cron, time_zone, once_at, next_at, made_run, made_call,
                               own_words, integrity, readers, sources, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        tenant,
        new.schedule_id.uuid(),
        new.workspace.uuid(),
        new.person.uuid(),
        new.agent,
        new.conversation.map(ConversationId::uuid),
        new.text,
        cron,
        new.time_zone,
        once_at,
        new.next_at,
        new.made.as_ref().map(|(run, _)| run.uuid()),
        new.made.as_ref().map(|(_, call)| call.as_str()),
        new.own_words,
        new.label.integrity as i16,
        stored_readers(&new.label.readers),
        sources,
        new.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One schedule that is not removed.
pub async fn find(tx: &mut Tx, id: ScheduleId) -> Result<Option<ScheduleRow>, StoreError> {
    Ok(select(tx, Some(id), None, None, 1).await?.pop())
}

/// What this call of a run made, removed or not.
pub async fn find_of_call(tx: &mut Tx, run: RunId, call: &str) -> Result<Option<(ScheduleId, Option<OffsetDateTime>)>, StoreError> {
    let row =
        sqlx::query!("select schedule_id, next_at from schedule where made_run = $1 and made_call = $2", run.uuid(), call).fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (ScheduleId::from_uuid(row.schedule_id), row.next_at)))
}

/// A person's schedules, newest first.
pub async fn list(tx: &mut Tx, person: PersonId, page: &Page) -> Result<Vec<ScheduleRow>, StoreError> {
    select(tx, None, Some(person), page.after_uuid(), page.fetch()).await
}

/// Schedules that are not removed, newest first: that of this id, or those of this person from here on.
async fn select(tx: &mut Tx, id: Option<ScheduleId>, person: Option<PersonId>, before: Option<uuid::Uuid>, most: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select schedule_id, workspace_id, person_id, agent, conversation_id, text, cron, time_zone, once_at, next_at, paused_at, paused_why, made_run, made_call,
                  own_words, integrity, readers, sources, created_at, last.due_at as "last_due_at?", last.run_id as "last_run?", last.outcome as "last_outcome?",
                  last.why as "last_why?"
             from schedule
             left join lateral (
               select schedule_run.due_at, schedule_run.run_id, run.outcome, why from schedule_run left join run using (tenant_id, run_id)
                where schedule_run.tenant_id = schedule.tenant_id and schedule_run.schedule_id = schedule.schedule_id order by schedule_run.due_at desc limit 1) as last on true
            where removed_at is null and ($1::uuid is null or schedule_id = $1) and ($2::uuid is null or person_id = $2) and ($3::uuid is null or schedule_id < $3)
            order by schedule_id desc limit $4"#,
        id.map(ScheduleId::uuid),
        person.map(PersonId::uuid),
        before,
        most,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(ScheduleRow::try_from)
    .collect()
}

/// Which of these runs a schedule said, and which schedule: one that was removed since too.
pub async fn of_runs(tx: &mut Tx, runs: &[RunId]) -> Result<Vec<(RunId, ScheduleId)>, StoreError> {
    let ids: Vec<uuid::Uuid> = runs.iter().map(|run| run.uuid()).collect();
    // The channel first: a conversation that no schedule speaks in looks at none of their moments.
    let rows = sqlx::query!(
        r#"select run.run_id, schedule_run.schedule_id from run join schedule_run using (tenant_id, run_id) where run.run_id = any($1) and run.channel = 'schedule'"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (RunId::from_uuid(row.run_id), ScheduleId::from_uuid(row.schedule_id))).collect())
}

/// How many schedules a person has that may still be due. Of two that are made at once, one waits here for the other.
pub async fn count(tx: &mut Tx, person: PersonId) -> Result<i64, StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('steward schedules ' || $1::uuid::text, 0))", person.uuid()).execute(tx.conn()).await?;
    let row = sqlx::query!(r#"select count(*) as "count!" from schedule where person_id = $1 and removed_at is null and next_at is not null"#, person.uuid())
        .fetch_one(tx.conn())
        .await?;
    Ok(row.count)
}

/// The schedule that has been due longest but for so many, locked: whoever else looks meanwhile finds the next.
pub async fn lock_due(tx: &mut Tx, now: OffsetDateTime, but: i64) -> Result<Option<ScheduleRow>, StoreError> {
    let row = sqlx::query!(
        "select schedule_id from schedule where next_at <= $1 and paused_at is null and removed_at is null order by next_at offset $2 limit 1 for update skip locked",
        now,
        but
    )
    .fetch_optional(tx.conn())
    .await?;
    match row {
        Some(row) => find(tx, ScheduleId::from_uuid(row.schedule_id)).await,
        None => Ok(None),
    }
}

/// Writes down what became of a moment at which a schedule was due. A moment that is on record already is refused.
pub async fn record(tx: &mut Tx, schedule: &ScheduleRow, last: &Last, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into schedule_run (tenant_id, schedule_id, due_at, workspace_id, run_id, why, at) values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        schedule.schedule_id.uuid(),
        last.due_at,
        schedule.workspace.uuid(),
        last.run.map(RunId::uuid),
        last.why,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When it is due next; never again with none.
pub async fn set_next(tx: &mut Tx, id: ScheduleId, next_at: Option<OffsetDateTime>) -> Result<(), StoreError> {
    sqlx::query!("update schedule set next_at = $2 where schedule_id = $1", id.uuid(), next_at).execute(tx.conn()).await?;
    Ok(())
}

/// Pauses it; `why` where nobody did.
pub async fn pause(tx: &mut Tx, id: ScheduleId, at: OffsetDateTime, why: Option<&str>) -> Result<(), StoreError> {
    sqlx::query!("update schedule set paused_at = coalesce(paused_at, $2), paused_why = $3 where schedule_id = $1", id.uuid(), at, why)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets it go on, from this moment.
pub async fn resume(tx: &mut Tx, id: ScheduleId, next_at: Option<OffsetDateTime>) -> Result<(), StoreError> {
    sqlx::query!("update schedule set paused_at = null, paused_why = null, next_at = $2 where schedule_id = $1", id.uuid(), next_at).execute(tx.conn()).await?;
    Ok(())
}

/// Takes it away. What it became stays on record.
pub async fn remove(tx: &mut Tx, id: ScheduleId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update schedule set removed_at = coalesce(removed_at, $2), next_at = null where schedule_id = $1", id.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}
