//! Questions that servers put to people in the middle of calls, and the answers on their way back. The journal says what was asked and told.

use crate::error::StoreError;
use crate::tx::Tx;
use serde_json::{Map, Value};
use steward_core::{PersonId, PutQuestion, Question, QuestionId, QuestionOutcome, RunId, WorkspaceId};
use time::OffsetDateTime;

/// A question as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionRow {
    /// Its id.
    pub question_id: QuestionId,
    /// Where its run works.
    pub workspace: WorkspaceId,
    /// The run.
    pub run: RunId,
    /// The lease under which it was asked.
    pub fence: i64,
    /// The call.
    pub call_id: String,
    /// Who is asked.
    pub person: PersonId,
    /// The tool that was called.
    pub tool: String,
    /// The server that asks.
    pub server: String,
    /// What it asks.
    pub question: Question,
    /// Since when.
    pub asked_at: OffsetDateTime,
    /// Until when it waits.
    pub expires_at: OffsetDateTime,
    /// How it ended; none while it waits.
    pub outcome: Option<QuestionOutcome>,
    /// What the person gave.
    pub answer: Option<Map<String, Value>>,
    /// Whether somebody still waits for the answer: the run is driven under the same lease.
    pub is_awaited: bool,
}

impl QuestionRow {
    /// As it stands in the journal.
    pub fn put(&self) -> PutQuestion {
        let expires_at_ms = i64::try_from(self.expires_at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        PutQuestion { question_id: self.question_id, server: self.server.clone(), question: self.question.clone(), expires_at_ms }
    }
}

struct Raw {
    question_id: uuid::Uuid,
    workspace_id: uuid::Uuid,
    run_id: uuid::Uuid,
    fence: i64,
    call_id: String,
    person_id: uuid::Uuid,
    tool: String,
    server: String,
    question: String,
    asked_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    outcome: Option<String>,
    answer: Option<String>,
    is_awaited: bool,
}

impl TryFrom<Raw> for QuestionRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let outcome = |word: String| QuestionOutcome::parse(&word).ok_or(StoreError::Corrupt { what: "question.outcome" });
        let answer = |text: String| serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what: "question.answer" });
        Ok(Self {
            question_id: QuestionId::from_uuid(raw.question_id),
            workspace: WorkspaceId::from_uuid(raw.workspace_id),
            run: RunId::from_uuid(raw.run_id),
            fence: raw.fence,
            call_id: raw.call_id,
            person: PersonId::from_uuid(raw.person_id),
            tool: raw.tool,
            server: raw.server,
            question: serde_json::from_str(&raw.question).map_err(|_| StoreError::Corrupt { what: "question.question" })?,
            asked_at: raw.asked_at,
            expires_at: raw.expires_at,
            outcome: raw.outcome.map(outcome).transpose()?,
            answer: raw.answer.map(answer).transpose()?,
            is_awaited: raw.is_awaited,
        })
    }
}

/// Puts a question to its person. Refused unless the run is driven under this lease.
pub async fn insert(tx: &mut Tx, new: &QuestionRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let question = serde_json::to_string(&new.question).map_err(|_| StoreError::Corrupt { what: "question.question" })?;
    sqlx::query!(
        "insert into question (tenant_id, question_id, workspace_id, run_id, fence, call_id, person_id, tool, server, question, asked_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        new.question_id.uuid(),
        new.workspace.uuid(),
        new.run.uuid(),
        new.fence,
        new.call_id,
        new.person.uuid(),
        new.tool,
        new.server,
        question,
        new.asked_at,
        new.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One question, locked: of two answers at once, one waits here for the other.
pub async fn lock(tx: &mut Tx, id: QuestionId) -> Result<Option<QuestionRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select question_id, question.workspace_id, question.run_id, question.fence, call_id, question.person_id, tool, server, question, asked_at, expires_at,
                  question.outcome, answer, (run.status = 'running' and run.fence = question.fence) as "is_awaited!"
             from question join run using (tenant_id, run_id)
            where question_id = $1 for update of question"#,
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?
    .map(QuestionRow::try_from)
    .transpose()
}

/// The questions of a run that were asked under this lease, in order.
pub async fn of_run(tx: &mut Tx, run: RunId, fence: i64) -> Result<Vec<QuestionRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select question_id, question.workspace_id, question.run_id, question.fence, call_id, question.person_id, tool, server, question, asked_at, expires_at,
                  question.outcome, answer, (run.status = 'running' and run.fence = question.fence) as "is_awaited!"
             from question join run using (tenant_id, run_id)
            where run_id = $1 and question.fence = $2 order by asked_at, question_id limit 1000"#,
        run.uuid(),
        fence
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(QuestionRow::try_from)
    .collect()
}

/// What is asked of a person and waits, oldest first.
pub async fn list_open(tx: &mut Tx, person: PersonId, now: OffsetDateTime, most: i64) -> Result<Vec<QuestionRow>, StoreError> {
    sqlx::query_as!(
        Raw,
        r#"select question_id, question.workspace_id, question.run_id, question.fence, call_id, question.person_id, tool, server, question, asked_at, expires_at,
                  question.outcome, answer, true as "is_awaited!"
             from question join run using (tenant_id, run_id)
            where question.person_id = $1 and question.outcome is null and expires_at > $2 and run.status = 'running' and run.fence = question.fence
            order by asked_at, question_id limit $3"#,
        person.uuid(),
        now,
        most
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(QuestionRow::try_from)
    .collect()
}

/// Closes a question. False when it is closed already.
pub async fn close(tx: &mut Tx, id: QuestionId, outcome: QuestionOutcome, answer: Option<&Map<String, Value>>, at: OffsetDateTime) -> Result<bool, StoreError> {
    let answer = answer.map(serde_json::to_string).transpose().map_err(|_| StoreError::Corrupt { what: "question.answer" })?;
    let closed = sqlx::query!(
        "update question set outcome = $2, answer = $3, closed_at = $4 where question_id = $1 and outcome is null",
        id.uuid(),
        outcome.name(),
        answer,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(closed.rows_affected() == 1)
}
