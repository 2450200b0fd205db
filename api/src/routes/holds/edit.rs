//! Puts other arguments in place of those of a held action.

use super::HoldDetail;
use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use steward_agent::edit::{Edited, Judges, edit, look};
use steward_core::{BlockClass, HoldId};
use steward_office::OfficeError;
use utoipa::ToSchema;

/// What it should be instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// All arguments, as the tool's schema wants them.
    #[schema(value_type = Object)]
    arguments: Map<String, Value>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Edit a held action")
        .about("The arguments are checked against the tool's schema and judged by the rules, as the agent's were. Then this held action is `edited`, and the answer is the one that waits in its place, with an envelope of its own: it still has to be approved. What the rules block stays blocked, and this one waits on.")
        .body::<Edit>()
        .answers::<HoldDetail>("200", "The held action that waits now.")
        .refuses("409", "It is already decided, its time is over, or the rules block it with these arguments.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<HoldId>, Json(wanted): Json<Edit>) -> Answer {
    let state = caller.state();
    let rules = state.rules.of(caller.actor().tenant);
    let judges = Judges { office: caller.office(), store: &state.store, host: &state.host, rules: &rules, agents: &state.agents, approvals: &state.approvals };
    // The tool may ask the office, which needs a connection of its own: it is asked before this request has one.
    let looked = look(caller.actor(), &judges, id, Value::Object(wanted.arguments)).await;
    let mut tx = caller.begin().await?;
    match edit(&mut tx, &judges, looked).await.map_err(about_arguments)? {
        Edited::Waits(row) => {
            let now = HoldDetail::read(&mut tx, row.hold_id, caller.office().clock.now()).await?;
            let answer = caller.commit(tx, StatusCode::OK, &now).await?;
            caller.state().live.wake();
            Ok(answer)
        }
        Edited::Blocked { class, reason } => {
            // The refusal is on record before it is told.
            tx.commit().await?;
            Err(match class {
                BlockClass::InvalidArguments => ApiError::field("/arguments", reason),
                _ => OfficeError::Conflict(format!("blocked with these arguments: {reason}")).into(),
            })
        }
    }
}

/// What is wrong with an edit is wrong with its only field.
fn about_arguments(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/arguments", message),
        other => other.into(),
    }
}
