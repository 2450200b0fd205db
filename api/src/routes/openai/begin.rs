//! Begins a run for a request: a conversation of its own, the message, and an ear on the run before it can start.

use super::in_their_words;
use super::question::{Question, WORKSPACE};
use super::transcript::{Finished, Transcript};
use crate::auth::{Answer, Caller, json};
use crate::error::{ApiError, ProblemCode};
use crate::follow::{Followed, follow, shut_out};
use crate::routes::records::workspace_for;
use futures_util::Stream;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::pin::Pin;
use steward_agent::pins::pin;
use steward_core::RunId;
use steward_office::OfficeError;
use steward_office::conversations;

/// How long a run may wait for a worker, in seconds, before its reader is told to come back. Added to what the run itself may take.
const QUEUE_SECONDS_MAX: u32 = 60;
/// How runs of these routes came in, for rules that tell.
const CHANNEL: &str = "api";

/// What every form of the answer begins with.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// The run.
    pub(super) run: RunId,
    /// The agent: what was asked for as `model`.
    pub(super) agent: String,
    /// When, in Unix seconds.
    pub(super) created: i64,
}

/// A run under way, and its reader.
pub(super) struct Begun {
    /// What every form of the answer begins with.
    pub(super) head: Head,
    /// What is known of the run.
    pub(super) transcript: Transcript,
    /// What happens in it.
    pub(super) followed: Pin<Box<dyn Stream<Item = Result<Followed, OfficeError>> + Send>>,
    /// How long to listen, in seconds.
    pub(super) seconds_max: u32,
    /// Who asked.
    pub(super) caller: Caller,
    /// Resolves when they may not hear more.
    pub(super) shut_out: Pin<Box<dyn Future<Output = ApiError> + Send>>,
}

/// Begins. With an idempotency key a repeat is answered with `show`'s form of "it is under way" until there is more to say.
pub(super) async fn begin<T: Serialize>(caller: &Caller, question: Question, show: impl FnOnce(&Head, &Finished) -> T) -> Result<Begun, ApiError> {
    let state = caller.state();
    let agent = state.agents.get(&question.agent).ok_or_else(|| no_such_agent(caller, &question.agent))?;
    let mut tx = caller.begin().await?;
    let workspace = workspace_for(&mut tx, WORKSPACE, question.workspace).await.map_err(in_their_words)?;
    let conversation = conversations::create(&mut tx, caller.office(), &agent.name, workspace, &question.text).await?.conversation_id;
    let pins = pin(&mut tx, caller.office(), &state.prompts, agent).await.map_err(|err| in_their_words(err.into()))?;
    let posted = conversations::post_with_history(&mut tx, caller.office(), conversation, &question.text, question.history, CHANNEL, pins).await;
    let run = posted.map_err(|err| in_their_words(err.into()))?.run;
    let head = Head { run, agent: agent.name.clone(), created: caller.office().clock.now().unix_timestamp() };
    let transcript = Transcript::new(run, conversation, state.site.public_url());
    // Listening starts before the run can: a worker sees it only after the commit.
    let followed = Box::pin(follow(state.clone(), caller.actor().clone(), run, 0));
    caller.commit(tx, StatusCode::OK, &show(&head, &transcript.under_way())).await?;
    state.live.wake();
    Ok(Begun {
        head,
        transcript,
        followed,
        seconds_max: agent.limits.seconds.saturating_add(QUEUE_SECONDS_MAX),
        caller: caller.clone(),
        shut_out: Box::pin(shut_out(caller.clone(), run)),
    })
}

pub(super) fn no_such_agent(caller: &Caller, name: &str) -> ApiError {
    let names: Vec<&str> = caller.state().agents.keys().map(String::as_str).collect();
    let name: String = name.chars().take(100).collect();
    let mut err = super::refused("model", format!("there is no agent `{name}`; there are: {}", names.join(", ")));
    err.status = StatusCode::NOT_FOUND;
    err.code = ProblemCode::ModelNotFound;
    err
}

/// Whether the request carries an idempotency key; refused for a stream, of which nothing is kept that a repeat could be given.
pub(super) fn is_keyed(headers: &HeaderMap, is_streamed: bool) -> Result<bool, ApiError> {
    let is_keyed = headers.contains_key("idempotency-key");
    if is_keyed && is_streamed {
        return Err(super::refused("stream", "a streamed answer cannot be given a second time: leave out `Idempotency-Key`, or `stream`"));
    }
    Ok(is_keyed)
}

/// Answers with a run's whole text. With an idempotency key a repeat gets the same.
pub(super) async fn answer<T: Serialize>(caller: &Caller, is_keyed: bool, answer: &T) -> Answer {
    if !is_keyed {
        return json(StatusCode::OK, answer);
    }
    // The key was taken when the run began; what it stands for is known only now.
    let tx = caller.state().store.begin(caller.actor()).await?;
    caller.commit(tx, StatusCode::OK, answer).await
}
