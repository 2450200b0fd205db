//! Begins a run that goes on from another: earlier answers are taken from its record, the rest happens anew.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_agent::fork::{ForkError, Taken, goes_on, taken};
use steward_agent::pins::pin;
use steward_core::event::{Pins, Recorded};
use steward_core::{ActorKind, ConversationId, Event, Permission, RunId};
use steward_office::conversations::{self, AgentPins, Fork};
use steward_office::{OfficeError, runs};
use utoipa::ToSchema;

/// From where, and what is different.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForkOf {
    /// The first step that happens anew, from 1. What the steps before it said and did is taken from the record.
    #[schema(minimum = 1)]
    step: u32,
    /// Another message in place of the one it was about, at most 262144 bytes.
    #[schema(min_length = 1, max_length = 262_144)]
    text: Option<String>,
    /// `name@version` of the agent's prompt, in place of what its runs use now. Needs `changes:decide`.
    #[schema(example = "assistant@2")]
    prompt: Option<String>,
    /// A model of the configuration, in place of the agent's. Needs `changes:decide`.
    #[schema(example = "fast")]
    model: Option<String>,
}

/// The new run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunForked {
    /// Follow it at `/api/v1/runs/{id}/events`.
    #[schema(value_type = String, example = "run_01k4…")]
    run_id: RunId,
    /// The conversation it has for itself.
    #[schema(value_type = String, example = "conv_01k4…")]
    conversation_id: ConversationId,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Fork a run")
        .about(
            "One's own only: what a run has read it read with the rights of whom it acts for. No effect is repeated, no approval and no money of the other run is taken along, and the rules decide on all that follows.",
        )
        .body::<ForkOf>()
        .answers::<RunForked>("202", "The run that goes on from there.")
        .refuses("409", "What the steps before wanted is not over, the run waits for money or was refused it, somebody else stopped it, it is too long, or its agent is no longer there.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<RunId>, Json(wanted): Json<ForkOf>) -> Answer {
    let mut tx = caller.begin().await?;
    let state = caller.state();
    conversations::may_fork(&mut tx, id).await?;
    let events = runs::journal(&mut tx, id).await?;
    let Some((was, text, history, attachments)) = events.first().and_then(|recorded| match &recorded.event {
        Event::Started { pins, text, history, attachments, .. } => Some((pins.clone(), text.clone(), history.clone(), attachments.clone())),
        _ => None,
    }) else {
        return Err(OfficeError::Conflict("the run has no beginning to go on from".to_owned()).into());
    };
    let agent = state.agents.get(&was.agent);
    let agent = agent.ok_or_else(|| ApiError::from(OfficeError::Conflict(format!("the agent `{}` is no longer there", was.agent))))?;
    let now = pin(&mut tx, caller.office(), &state.prompts, agent).await?;
    if wanted.step > 1 && now.mode != was.mode {
        let message =
            format!("the run was watched in mode `{}` and its agent is watched in `{}` now: nothing of it can be taken over; ask again", was.mode, now.mode);
        return Err(OfficeError::Conflict(message).into());
    }
    let pins = chosen(&caller, &wanted, now)?;
    let below = runs::journals_below(&mut tx, id).await?;
    let taken = taken(&events, &below, wanted.step).map_err(not_there)?;
    check(&was, &pins, &taken, id, wanted.step)?;
    let channel = match caller.actor().kind {
        ActorKind::Person { .. } => "chat",
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => "api",
    };
    let documents = attachments.into_iter().map(|attachment| attachment.document_id).collect();
    let text = wanted.text.unwrap_or(text);
    let fork = Fork { from: id, step: wanted.step, events: taken.events, used: taken.used, later: taken.later, text, history, documents };
    let forked = conversations::fork(&mut tx, caller.office(), fork, channel, pins).await;
    let (conversation_id, posted) = forked.map_err(|err| match err {
        OfficeError::Invalid(message) => ApiError::field("/text", message),
        other => other.into(),
    })?;
    let answer = caller.commit(tx, StatusCode::ACCEPTED, &RunForked { run_id: posted.run, conversation_id }).await?;
    state.live.wake();
    Ok(answer)
}

fn not_there(err: ForkError) -> ApiError {
    match err {
        ForkError::NoStep | ForkError::NotThere(_) => ApiError::field("/step", err.to_string()),
        ForkError::Open(_) | ForkError::Money(_) | ForkError::Called | ForkError::Given | ForkError::SubRun => OfficeError::Conflict(err.to_string()).into(),
    }
}

/// What the new run is pinned to. What runs of the agent use now was approved for use; anything else is tried by those who may approve it.
fn chosen(caller: &Caller, wanted: &ForkOf, now: AgentPins) -> Result<AgentPins, ApiError> {
    let state = caller.state();
    let mut pins = now;
    let differs = |wanted: &Option<String>, now: &str| wanted.as_deref().is_some_and(|wanted| wanted != now);
    let is_other = differs(&wanted.prompt, &pins.prompt) || differs(&wanted.model, &pins.model);
    if is_other && !caller.actor().may(Permission::ChangesDecide) {
        return Err(ApiError::denied("your roles do not try other prompts and models; leave `prompt` and `model` out"));
    }
    if let Some(reference) = wanted.prompt.as_deref().filter(|reference| *reference != pins.prompt) {
        let of_agent = pins.prompt.split('@').next().unwrap_or_default();
        let version = reference.strip_prefix(of_agent).and_then(|rest| rest.strip_prefix('@')).and_then(|version| version.parse().ok());
        let prompt = version.and_then(|version| state.prompts.get(of_agent, version));
        let prompt = prompt.ok_or_else(|| ApiError::field("/prompt", format!("is no version of the agent's prompt; give one such as `{}`", pins.prompt)))?;
        pins.prompt = format!("{}@{}", prompt.name, prompt.version);
        pins.prompt_digest = prompt.digest;
    }
    if let Some(model) = wanted.model.as_deref().filter(|model| *model != pins.model) {
        let known: Vec<&str> = state.models.iter().map(|known| known.name.as_str()).collect();
        if !known.contains(&model) {
            return Err(ApiError::field("/model", format!("is no model of this installation; there are: {}", known.join(", "))));
        }
        model.clone_into(&mut pins.model);
    }
    Ok(pins)
}

/// Refuses what would end before it asks anything: the agent's bounds count the steps that are taken, and what they used.
fn check(was: &Pins, pins: &AgentPins, taken: &Taken, from: RunId, step: u32) -> Result<(), ApiError> {
    let pins = Pins { limits: pins.limits, ..was.clone() };
    let started = Event::Started { pins, text: String::new(), history: Vec::new(), variables: Default::default(), attachments: Vec::new() };
    let forked = Event::Forked { from, step, taken: u32::try_from(taken.events.len()).unwrap_or(u32::MAX), used: taken.used, later: Vec::new() };
    let events = [started, forked].into_iter().chain(taken.events.iter().map(|taken| taken.event.clone()));
    let first: Vec<Recorded> = (1..).zip(events).map(|(seq, event)| Recorded::new(seq, 0, event)).collect();
    if goes_on(&first) {
        return Ok(());
    }
    Err(ApiError::field("/step", format!("a run of this agent would be over before its step {step}; fork it earlier")))
}
