//! Makes a schedule in one's own words.

use super::ScheduleView;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::routes::records::workspace_for;
use http::StatusCode;
use serde::Deserialize;
use steward_core::{ConversationId, WorkspaceId};
use steward_office::OfficeError;
use steward_office::schedules::{self, NewSchedule, When, WrongTime};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What to say, to whom and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewScheduleBody {
    /// The agent's name.
    #[schema(example = "assistant")]
    agent: String,
    /// Where its runs work; the only workspace one sees without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// In which conversation with the agent; a new one each time without it.
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    /// At most 262144 bytes, and not empty.
    #[schema(min_length = 1, max_length = 262_144)]
    text: String,
    /// Again and again: minute, hour, day of the month, month, day of the week, at least 15 minutes apart. Either this or `at`.
    #[schema(example = "0 9 * * MON")]
    cron: Option<String>,
    /// Whose clock `cron` is read by; needed with it.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Once, at this moment.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<OffsetDateTime>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Have something said to an agent at times to come")
        .about(
            "It is said for oneself, with the rights one has by then. An hour that the clock leaves out is made up for when it ends, and of one that comes twice the first counts; what passes while nothing runs becomes one run.",
        )
        .body::<NewScheduleBody>()
        .answers::<ScheduleView>("201", "The schedule.")
        .refuses("409", "One has as many schedules as one may.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewScheduleBody>) -> Answer {
    let NewScheduleBody { agent, workspace_id, conversation_id, text, cron, time_zone, at } = new;
    if !caller.state().agents.contains_key(&agent) {
        return Err(ApiError::field("/agent", "there is no such agent; `GET /api/v1/agents` lists them"));
    }
    let now = caller.office().clock.now();
    let when = match (cron, time_zone, at) {
        (Some(cron), Some(zone), None) => When::cron(&cron, &zone, now),
        (Some(_), None, None) => return Err(ApiError::field("/time_zone", "is needed with `cron`; give a name such as `Europe/Berlin`")),
        (None, None, Some(at)) => When::once(at, now),
        (None, Some(_), _) | (_, Some(_), Some(_)) => return Err(ApiError::field("/time_zone", "goes with `cron` alone")),
        (Some(_), None, Some(_)) | (None, None, None) => return Err(ApiError::field("/cron", "give either `cron` or `at`")),
    };
    let when = when.map_err(|WrongTime { field, message }| ApiError::field(format!("/{field}"), message))?;
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, "/workspace_id", workspace_id).await?;
    let new = NewSchedule { agent, workspace, conversation: conversation_id, text, when };
    let made = schedules::create(&mut tx, caller.office(), new).await.map_err(named)?;
    caller.commit(tx, StatusCode::CREATED, &ScheduleView::from(made)).await
}

/// What is wrong with the body is wrong with its text; what it names and is not there is a wrong field.
fn named(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/text", message),
        OfficeError::Missing("conversation") => {
            ApiError::field("/conversation_id", "there is no such conversation of yours with this agent, in this workspace")
        }
        other => other.into(),
    }
}
