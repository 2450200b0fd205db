//! What servers ask oneself in the middle of calls: seen and answered by the person who is asked, in a session.

pub(crate) mod answer;
pub(crate) mod cancel;
pub(crate) mod decline;
mod form;
pub(crate) mod list;

pub(crate) use form::QuestionForm;

use crate::error::ApiError;
use serde::Serialize;
use steward_core::{QuestionId, QuestionOutcome, RunId, WorkspaceId};
use steward_office::questions::QuestionError;
use steward_store::question::QuestionRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What a server asks in the middle of a call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionView {
    #[schema(value_type = String, example = "question_01k4…")]
    question_id: QuestionId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    #[schema(value_type = String)]
    run_id: RunId,
    /// The call that waits.
    call_id: String,
    /// The tool that was called.
    tool: String,
    /// Who asks, by its name in the configuration.
    server: String,
    /// In its words, which are text from outside.
    question: QuestionForm,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    asked_at: OffsetDateTime,
    /// Until when it waits.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
    /// answered, declined, cancelled, expired, withdrawn; null while it waits.
    #[schema(value_type = Option<String>)]
    outcome: Option<QuestionOutcome>,
}

impl From<QuestionRow> for QuestionView {
    fn from(row: QuestionRow) -> Self {
        Self {
            question_id: row.question_id,
            workspace_id: row.workspace,
            run_id: row.run,
            call_id: row.call_id,
            tool: row.tool,
            server: row.server,
            question: row.question.into(),
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            outcome: row.outcome,
        }
    }
}

/// What does not fit is told by the field of the form.
fn about_content(err: QuestionError) -> ApiError {
    match err {
        QuestionError::Answer(wrong) if wrong.field.is_empty() => ApiError::field("/content", wrong.why),
        QuestionError::Answer(wrong) => ApiError::field(format!("/content/{}", wrong.field), wrong.why),
        QuestionError::Office(err) => err.into(),
    }
}
