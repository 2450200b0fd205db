//! Runs: what an agent did about a message, step by step.

pub(crate) mod cancel;
pub(crate) mod events;
pub(crate) mod fork;
pub(crate) mod list;
pub(crate) mod show;

use serde::Serialize;
use steward_core::{ConversationId, PersonId, RunId, WorkspaceId};
use steward_store::run::RunRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    #[schema(value_type = String, example = "run_01k4…")]
    run_id: RunId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    /// Whom the agent acts for.
    #[schema(value_type = String)]
    person_id: PersonId,
    agent: String,
    /// How it came in: chat, api, terminal, schedule, mcp, delegated.
    channel: String,
    /// queued, running, waiting (for people, or for a run that serves it), ended.
    status: &'static str,
    /// How it ended, for example `replied`; null before.
    outcome: Option<String>,
    /// Model answers so far.
    steps: i32,
    /// Model tokens so far.
    tokens: i64,
    /// Model cost so far, in millionths of a US dollar.
    cost_micros: i64,
    /// The number of its last event.
    last_seq: i32,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<OffsetDateTime>,
    /// When somebody asked it to stop.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    cancel_at: Option<OffsetDateTime>,
    /// Who asked it to stop.
    #[schema(value_type = Option<String>)]
    cancel_by: Option<PersonId>,
    /// The run from whose record it goes on.
    #[schema(value_type = Option<String>)]
    forked_from: Option<RunId>,
    /// Its first step of its own; the answers before that are taken from there.
    forked_step: Option<i32>,
    /// The run whose call it serves.
    #[schema(value_type = Option<String>)]
    parent_run_id: Option<RunId>,
    /// That call.
    #[schema(example = "call_2_0")]
    parent_call_id: Option<String>,
}

impl RunView {
    /// As it stands now.
    pub(crate) fn at(now: OffsetDateTime, row: RunRow) -> Self {
        let status = row.status_at(now).name();
        let (parent_run_id, parent_call_id) = row.parent.unzip();
        Self {
            run_id: row.run_id,
            workspace_id: row.workspace,
            conversation_id: row.conversation,
            person_id: row.person,
            agent: row.agent,
            channel: row.channel,
            status,
            outcome: row.outcome,
            steps: row.steps,
            tokens: row.tokens,
            cost_micros: row.cost_micros,
            last_seq: row.last_seq,
            created_at: row.created_at,
            ended_at: row.ended_at,
            cancel_at: row.cancel_at,
            cancel_by: row.cancel_by,
            forked_from: row.forked.map(|(from, _)| from),
            forked_step: row.forked.map(|(_, step)| step),
            parent_run_id,
            parent_call_id,
        }
    }
}
