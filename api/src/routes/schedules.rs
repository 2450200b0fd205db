//! One's own schedules: texts that are said to an agent at times to come.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod remove;
pub(crate) mod resume;
pub(crate) mod show;

use serde::Serialize;
use steward_core::{ConversationId, Integrity, RunId, ScheduleId, WorkspaceId};
use steward_store::schedule::{Last, ScheduleRow, Times};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A text that is said to an agent at times to come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    #[schema(value_type = String, example = "sched_01k4…")]
    schedule_id: ScheduleId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// To which agent.
    agent: String,
    /// In which conversation; a new one each time when null.
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    text: String,
    /// Again and again: minute, hour, day of the month, month, day of the week. Null when it is said once.
    #[schema(example = "0 9 * * MON")]
    cron: Option<String>,
    /// Whose clock `cron` is read by.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// Once, at this moment.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<OffsetDateTime>,
    /// The next moment; null when there is no more.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_at: Option<OffsetDateTime>,
    /// Why, where nobody paused it.
    paused_why: Option<String>,
    /// The run that made it, where no person did.
    #[schema(value_type = Option<String>)]
    made_by_run: Option<RunId>,
    /// Whether the text is one's own words.
    own_words: bool,
    /// What it counts for when it is said: outside, fact, owner.
    #[schema(value_type = String)]
    integrity: Integrity,
    /// Whether not everybody may read what it was written from.
    is_private: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    /// What became of the last moment at which it was due.
    last: Option<MomentView>,
}

/// What became of a moment at which a schedule was due.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MomentView {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    due_at: OffsetDateTime,
    /// The run it became.
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
    /// How that ended; null while it goes on.
    outcome: Option<String>,
    /// Why there was no run.
    why: Option<String>,
}

impl From<Last> for MomentView {
    fn from(Last { due_at, run, outcome, why }: Last) -> Self {
        Self { due_at, run_id: run, outcome, why }
    }
}

impl From<ScheduleRow> for ScheduleView {
    fn from(row: ScheduleRow) -> Self {
        let (cron, at) = match row.times {
            Times::Cron(cron) => (Some(cron), None),
            Times::Once(at) => (None, Some(at)),
        };
        Self {
            schedule_id: row.schedule_id,
            workspace_id: row.workspace,
            agent: row.agent,
            conversation_id: row.conversation,
            text: row.text,
            cron,
            time_zone: row.time_zone,
            at,
            next_at: row.next_at,
            paused_at: row.paused_at,
            paused_why: row.paused_why,
            made_by_run: row.made.map(|(run, _)| run),
            own_words: row.own_words,
            integrity: row.label.integrity,
            is_private: !row.label.readers.is_public(),
            created_at: row.created_at,
            last: row.last.map(MomentView::from),
        }
    }
}
