//! Says something to an agent: the message becomes a run, which a worker takes up.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_agent::pins::pin;
use steward_core::limits::ATTACHMENTS_MAX;
use steward_core::{ActorKind, ConversationId, DocumentId, MessageId, RunId};
use steward_office::OfficeError;
use steward_office::{conversations, documents};
use steward_store::Tx;
use steward_store::conversation::Conversation;
use utoipa::ToSchema;

/// What to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// At most 262144 bytes, and not empty.
    #[schema(min_length = 1, max_length = 262_144)]
    text: String,
    /// Documents that come along, at most 10: of the conversation's workspace, and such as one may read.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 10)]
    attachments: Vec<DocumentId>,
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
    check_attachments(&mut tx, &conversation, &new.attachments).await?;
    let pins = pin(&mut tx, caller.office(), &caller.state().prompts, agent).await?;
    let channel = match caller.actor().kind {
        ActorKind::Person { .. } => "chat",
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => "api",
    };
    let posted = conversations::post_with(&mut tx, caller.office(), id, &new.text, &new.attachments, channel, pins, None).await.map_err(about_text)?;
    let answer = caller.commit(tx, StatusCode::ACCEPTED, &MessagePosted { message_id: posted.message, run_id: posted.run }).await?;
    caller.state().live.wake();
    Ok(answer)
}

/// Refuses what cannot come along, by its place in the list. One that there is not and one that may not be read are the same.
async fn check_attachments(tx: &mut Tx, conversation: &Conversation, attachments: &[DocumentId]) -> Result<(), ApiError> {
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(ApiError::field("/attachments", format!("give at most {ATTACHMENTS_MAX}")));
    }
    for (at, id) in attachments.iter().enumerate() {
        let problem = if attachments.iter().take(at).any(|before| before == id) {
            Some("stands there twice")
        } else if documents::may_go_along(tx, conversation.workspace, *id).await? {
            None
        } else {
            Some("is no document of the conversation's workspace that you may read; put it in first, at `POST /api/v1/documents`")
        };
        if let Some(problem) = problem {
            return Err(ApiError::field(format!("/attachments/{at}"), problem));
        }
    }
    Ok(())
}

/// What is wrong with a message is wrong with its only field.
fn about_text(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/text", message),
        other => other.into(),
    }
}
