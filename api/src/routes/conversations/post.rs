//! Says something to an agent: the message becomes a run, which a worker takes up.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_agent::pins::pin;
use steward_core::{ActorKind, ConversationId, MessageId, RunId};
use steward_office::OfficeError;
use steward_office::conversations;
use utoipa::ToSchema;

/// What to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// At most 262144 bytes, and not empty.
    #[schema(min_length = 1, max_length = 262_144)]
    text: String,
}

/// A message taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePosted {
    #[schema(value_type = String, example = "msg_01k4…")]
    message_id: MessageId,
    /// Follow it at `/api/v1/runs/{id}/events`.
    #[schema(value_type = String, example = "run_01k4…")]
    run_id: RunId,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Say something in a conversation")
        .body::<NewMessage>()
        .answers::<MessagePosted>("202", "The run that will answer.")
        .refuses("409", "The conversation's agent is no longer there.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ConversationId>, Json(new): Json<NewMessage>) -> Answer {
    let mut tx = caller.begin().await?;
    let conversation = conversations::get(&mut tx, id).await?;
    let agent = caller.state().agents.get(&conversation.agent);
    let agent = agent.ok_or_else(|| {
        ApiError::from(OfficeError::Conflict(format!("the agent `{}` is no longer there: begin a conversation with another", conversation.agent)))
    })?;
    let pins = pin(&mut tx, caller.office(), &caller.state().prompts, agent).await?;
    let channel = match caller.actor().kind {
        ActorKind::Person { .. } => "chat",
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => "api",
    };
    let posted = conversations::post(&mut tx, caller.office(), id, &new.text, channel, pins, None).await.map_err(about_text)?;
    let answer = caller.commit(tx, StatusCode::ACCEPTED, &MessagePosted { message_id: posted.message, run_id: posted.run }).await?;
    caller.state().live.wake();
    Ok(answer)
}

/// What is wrong with a message is wrong with its only field.
fn about_text(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/text", message),
        other => other.into(),
    }
}
