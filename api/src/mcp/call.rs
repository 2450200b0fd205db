//! From a client's call to a run: begun once, and taken up when the very same call comes again.
//!
//! A repeat is known by the key its client gave it, or, where it gave none and the tool does more than look, by who asks for what. Either is
//! written in the transaction that makes the run, so that two repeats at once and a restart in between make one run.

use super::CHANNEL;
use super::book::{Book, Owner, Place};
use crate::auth::Caller;
use crate::error::{ApiError, ProblemCode};
use crate::routes::records::workspace_for;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use steward_agent::agents::Agent;
use steward_agent::pins::pin;
use steward_agent::run::{Run, call_digest};
use steward_core::event::{HoldOutcome, RunOutcome};
use steward_core::{CallId, Digest, RunId, ToolCall, WorkspaceId};
use steward_office::conversations::{self, CallFromOutside};
use steward_office::runs;
use steward_store::idempotency;

/// How often the very same call is begun anew, after it was denied or done, before its client has to change it. Within a day.
const BEGINNINGS_MAX: u32 = 64;
/// How often two repeats may cross.
const CROSSINGS_MAX: u32 = 8;
/// For how long a call that is over is the same when it comes again, where the protocol has no sessions, in milliseconds.
const SAME_MS: i64 = 10 * 60 * 1000;

/// A call to be made.
pub(super) struct Wanted<'a> {
    pub(super) caller: &'a Caller,
    pub(super) agent: &'a Agent,
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) session: Option<String>,
    pub(super) client: String,
    pub(super) tool: String,
    pub(super) arguments: Value,
    /// The client's own word for this call.
    pub(super) key: Option<String>,
}

/// A run about a call.
pub(super) struct Begun {
    pub(super) run: RunId,
    /// Whether there was one already.
    pub(super) repeated: bool,
}

/// What a repeat finds.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    run_id: RunId,
    session: Option<String>,
}

/// Begins a run about the call, or finds the one there is.
pub(super) async fn begin(book: &Book, wanted: &Wanted<'_>) -> Result<Begun, ApiError> {
    let state = wanted.caller.state();
    let call = ToolCall {
        call_id: CallId { step: 1, index: 0 },
        provider_id: String::new(),
        tool: wanted.tool.clone(),
        arguments: wanted.arguments.clone(),
        broken: None,
        provenance: Value::Null,
    };
    let digest = call_digest(&call);
    let only_looks = state.host.tool(&wanted.tool).is_none_or(|tool| tool.spec().effect.only_reads());
    if wanted.key.is_none() && only_looks {
        return start(book, wanted, None).await.map(|run| Begun { run, repeated: false });
    }
    // By default or by name, it is the same one.
    let workspace = {
        let mut tx = state.store.begin(wanted.caller.actor()).await?;
        workspace_for(&mut tx, "workspace", wanted.workspace).await?
    };
    let (mut beginning, mut crossings) = (0, 0);
    while beginning < BEGINNINGS_MAX && crossings < CROSSINGS_MAX {
        let name = name(wanted, workspace, &digest, beginning);
        match find(wanted, &name, &digest).await? {
            Found::Run(run) => return Ok(Begun { run, repeated: true }),
            // What was denied may be allowed by now, and what was done in another session is another wish.
            Found::Past => beginning += 1,
            Found::Nothing => match start(book, wanted, Some((&name, &digest))).await {
                Ok(run) => return Ok(Begun { run, repeated: false }),
                // Somebody took the name in between.
                Err(err) if err.code == ProblemCode::InProgress => crossings += 1,
                Err(err) => return Err(err),
            },
        }
    }
    Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Conflict, "the very same call was made too often within a day: change it, or try again later"))
}

/// Under which name a repeat is found.
fn name(wanted: &Wanted<'_>, workspace: WorkspaceId, digest: &Digest, beginning: u32) -> String {
    let (owner, workspace, again) = (Owner::of(wanted.caller.actor()).text(), workspace.to_string(), beginning.to_be_bytes());
    let known_by = match &wanted.key {
        Some(key) => {
            let first = [b"key".as_slice(), owner.as_bytes(), wanted.agent.name.as_bytes(), workspace.as_bytes(), key.as_bytes()];
            Digest::of_parts(first.into_iter().chain((beginning > 0).then_some(again.as_slice())))
        }
        None => Digest::of_parts([b"same".as_slice(), owner.as_bytes(), wanted.agent.name.as_bytes(), workspace.as_bytes(), digest.bytes().as_slice(), &again]),
    };
    format!("mcp/{known_by}")
}

enum Found {
    Run(RunId),
    Past,
    Nothing,
}

async fn find(wanted: &Wanted<'_>, name: &str, digest: &Digest) -> Result<Found, ApiError> {
    let caller = wanted.caller;
    let mut tx = caller.state().store.begin(caller.actor()).await?;
    let Some(found) = idempotency::find(&mut tx, caller.person()?, name).await? else { return Ok(Found::Nothing) };
    if found.request_digest != *digest {
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Conflict, "this idempotency key was used for another call: use a new one"));
    }
    let Some(noted) = found.body.as_deref().and_then(|body| serde_json::from_str::<Noted>(body).ok()) else { return Ok(Found::Nothing) };
    let run = Run::fold(&runs::events(&mut tx, noted.run_id, 0).await?);
    let was_taken_back = run.ended == Some(RunOutcome::Cancelled) && runs::was_taken_back(&mut tx, noted.run_id).await?;
    let is_it = if wanted.key.is_some() { !(was_taken_back && is_unbegun(&run)) } else { is_same(wanted, &noted, &run, was_taken_back) };
    Ok(if is_it { Found::Run(noted.run_id) } else { Found::Past })
}

/// Whether nothing came of the call yet. One that was taken back then is not what its key stands for: it can be done once yet. Where a person
/// stopped it, that is what came of it.
fn is_unbegun(run: &Run) -> bool {
    !run.steps.iter().flat_map(|step| &step.calls).any(|call| call.started.is_some())
}

/// Whether the call that comes again is still the earlier one.
fn is_same(wanted: &Wanted<'_>, noted: &Noted, run: &Run, was_taken_back: bool) -> bool {
    if run.ended.is_none() {
        return true;
    }
    // What is stopped is stopped by a person, unless its client took it back; it may have had no step by then.
    let is_stopped = run.ended == Some(RunOutcome::Cancelled) && !was_taken_back;
    let call = run.steps.first().and_then(|step| step.calls.first());
    let refused = call.is_some_and(|call| matches!(call.hold.as_ref().and_then(|hold| hold.closed), Some(HoldOutcome::Rejected | HoldOutcome::Revised)));
    // Nothing came of it, and no person said that nothing should.
    if call.is_none_or(|call| call.started.is_none()) && !refused && !is_stopped {
        return false;
    }
    match (&noted.session, &wanted.session) {
        (Some(earlier), Some(now)) => earlier == now,
        (None, None) => wanted.caller.office().clock.now_ms().saturating_sub(run.last_at_ms) <= SAME_MS,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

async fn start(book: &Book, wanted: &Wanted<'_>, known_by: Option<(&str, &Digest)>) -> Result<RunId, ApiError> {
    let (caller, office) = (wanted.caller, wanted.caller.office());
    let state = caller.state();
    let mut tx = state.store.begin(caller.actor()).await?;
    if let Some((name, digest)) = known_by
        && !idempotency::claim(&mut tx, caller.person()?, name, digest, office.clock.now()).await?
    {
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::InProgress, "the same call was begun just now: make it again"));
    }
    let workspace = workspace_for(&mut tx, "workspace", wanted.workspace).await?;
    let place = Place { owner: Owner::of(caller.actor()), session: wanted.session.clone(), agent: wanted.agent.name.clone(), workspace };
    let conversation = match book.conversation(&place) {
        Some(conversation) => conversation,
        None => conversations::create(&mut tx, office, &wanted.agent.name, workspace, &format!("MCP: {}", wanted.client)).await?.conversation_id,
    };
    let pins = pin(&mut tx, office, &state.prompts, wanted.agent).await?;
    let client = format!("mcp/{}", wanted.client);
    let from_outside = CallFromOutside { client: &client, tool: &wanted.tool, arguments: wanted.arguments.clone() };
    let run = conversations::call(&mut tx, office, conversation, from_outside, CHANNEL, pins).await?.run;
    if let Some((name, _)) = known_by {
        let noted = Noted { run_id: run, session: wanted.session.clone() };
        idempotency::finish(&mut tx, caller.person()?, name, 202, &serde_json::to_string(&noted).unwrap_or_default()).await?;
    }
    tx.commit().await?;
    book.note(place, conversation);
    state.live.wake();
    Ok(run)
}
