//! Gives a standing grant.

use super::GrantView;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::{PersonId, WorkspaceId};
use steward_office::OfficeError;
use steward_office::grants::{self, NewGrant, Ranges};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What is granted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    #[schema(example = "assistant")]
    agent: String,
    /// For the runs of this person alone.
    #[schema(value_type = Option<String>)]
    person_id: Option<PersonId>,
    #[schema(example = "crm.add_note")]
    tool: String,
    /// By JSON pointer, `*` for any place of a list: `{"one_of": […]}`, `{"between": {"min": 0, "max": 9}}`, `{"letters_max": 500}` or `"any"`.
    #[schema(value_type = Object, example = json!({ "/contact_id": { "one_of": ["contact_01k4…"] }, "/text": { "letters_max": 500 } }))]
    ranges: Ranges,
    /// How often, at most 1000.
    uses_max: u32,
    /// Until when, at most 90 days from now.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Give a standing grant")
        .about("Calls of this tool that would wait for somebody in one of the giver's roles, and whose arguments are within the ranges, run without asking, so often and so long. An argument that says where an effect goes, what it touches or how much is covered only when it is named. A rule that forbids still forbids.")
        .body::<Grant>()
        .answers::<GrantView>("201", "The grant.")
}

pub(crate) async fn handle(caller: Caller, Json(wanted): Json<Grant>) -> Answer {
    let Some(tool) = caller.state().host.tool(&wanted.tool) else {
        return Err(ApiError::field("/tool", "there is no such tool; see GET /api/v1/tools"));
    };
    if !caller.state().agents.contains_key(&wanted.agent) {
        return Err(ApiError::field("/agent", "there is no such agent; see GET /api/v1/agents"));
    }
    let mut tx = caller.begin().await?;
    let new = NewGrant {
        workspace: wanted.workspace_id,
        agent: wanted.agent,
        person: wanted.person_id,
        ranges: wanted.ranges,
        uses_max: wanted.uses_max,
        expires_at: wanted.expires_at,
    };
    let row = grants::give(&mut tx, caller.office(), tool.spec(), new).await.map_err(|err| match err {
        OfficeError::Invalid(message) => ApiError::field("", message),
        other => other.into(),
    })?;
    caller.commit(tx, StatusCode::CREATED, &GrantView::of(row)).await
}
