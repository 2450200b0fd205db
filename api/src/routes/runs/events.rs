//! Follows a run as server-sent events: its journal from any event on, and the model's text while it is written.

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Id, Query};
use crate::follow::{Followed, follow, shut_out};
use crate::openapi::Doc;
use crate::run_events::{OutsideEvent, Reader, RunEvent, delta, outside};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::iter;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use std::time::Duration;
use steward_core::{Actor, ActorKind, PersonId, RunId, Scope};
use steward_office::{OfficeError, runs};
use steward_store::run::RunStatus;
use utoipa::IntoParams;

/// How often a comment keeps a silent connection open, in seconds.
const KEEP_ALIVE_SECONDS: u64 = 15;
/// What a browser sends when it takes up a stream again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only events after this one; the header `Last-Event-ID` counts before it.
    after: Option<u32>,
    /// With `false` the stream ends after the newest event there is, also where the run goes on.
    follow: Option<bool>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Follow a run")
        .about(
            "Server-sent events: `run.started`, `model.delta`, `model.answered`, `tool.proposed`, `tool.decided`, `tool.started`, `tool.delegated`, `tool.returned`, `tool.done`, \
             `tool.failed`, `hold.opened`, `hold.closed`, `hold.edited`, `hold.escalated`, `budget.held`, `budget.decided`, `reply`, `run.ended`. \
             `id` is the number of the journal's event; where several are told of one, those before the last have a dot and their own number behind it. \
             `model.delta` is live only and has none; in the middle of an answer the first has all that was written of it before. `Last-Event-ID` resumes after an event. The stream ends after `run.ended`, \
             and when the session or token it was asked with does.",
        )
        .query::<Wanted>()
        .answers_events::<RunEvent>("200", "The events, as they happen: each frame's `event` and `data` are those of a RunEvent.")
        .answers_nothing("The run is over and nothing comes after that event: do not ask again.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<RunId>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, ApiError> {
    let (name, after) = after(&headers, wanted.after)?;
    let mut tx = caller.begin().await?;
    let run = runs::get(&mut tx, id).await?;
    tx.rollback().await?;
    let last = u32::try_from(run.last_seq).unwrap_or_default();
    if after.needs() > last {
        return Err(ApiError::field(name, format!("this run has {last} events so far")));
    }
    if after.seq == last && run.status == RunStatus::Ended {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let reader = reader_of(caller.actor(), run.person);
    let everything = follow(caller.state().clone(), caller.actor().clone(), id, after.seq);
    let wanted = if wanted.follow == Some(false) {
        // The journal has each number once: so many events and no more are there now.
        let until_now = usize::try_from(last - after.seq).unwrap_or(usize::MAX);
        everything.filter(|followed| ready(!matches!(followed, Ok(Followed::Delta { .. })))).take(until_now).left_stream()
    } else {
        everything.right_stream()
    };
    let events = wanted.flat_map(move |followed| {
        iter(match followed {
            Ok(followed) => frames(id, &followed, reader, if followed.seq() == Some(after.seq + 1) { after.heard } else { 0 }),
            Err(err) => vec![Err(err)],
        })
    });
    let events = events.take_until(shut_out(caller, id));
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_SECONDS));
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    // A proxy that gathers answers would hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Whom the events of this person's run are told to. A token is a program's: one that only reads runs is not told what their calls answered,
/// which may be mail and files that its scope gives nowhere else; one that converses in the person's name brings such answers about itself.
fn reader_of(actor: &Actor, person: PersonId) -> Reader {
    let hears = match &actor.kind {
        ActorKind::Person { .. } => true,
        ActorKind::Token { scopes, .. } => scopes.contains(&Scope::Converse),
        ActorKind::Agent { .. } | ActorKind::Worker => false,
    };
    if hears && actor.person == Some(person) { Reader::ItsPerson } else { Reader::Another }
}

/// Where a listener goes on: after an event of the journal, and after so many of what is told of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    seq: u32,
    heard: usize,
}

impl Place {
    /// As an event's `id` has it: `7`, or `7.2` for the second of what is told of the seventh.
    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
        match text.split_once('.') {
            None => Some(Self { seq: number(text)?, heard: 0 }),
            Some((seq, heard)) => Some(Self { seq: number(seq)?.checked_sub(1)?, heard: usize::try_from(number(heard)?).ok()? }),
        }
    }

    /// How many events a run has that has this place.
    const fn needs(self) -> u32 {
        if self.heard > 0 { self.seq.saturating_add(1) } else { self.seq }
    }
}

/// The place to go on after, and by which name it was given.
fn after(headers: &HeaderMap, after: Option<u32>) -> Result<(&'static str, Place), ApiError> {
    match headers.get(LAST_EVENT_ID) {
        Some(value) => {
            let place = value.to_str().ok().and_then(Place::parse);
            place.map(|place| ("Last-Event-ID", place)).ok_or_else(|| ApiError::field("Last-Event-ID", "give the `id` of an event of this run"))
        }
        None => Ok(("after", Place { seq: after.unwrap_or_default(), heard: 0 })),
    }
}

/// What is told of one thing, but for the first so many. Each has an id to go on after, so that a cut between two of them loses neither.
fn frames(run: RunId, followed: &Followed, reader: Reader, heard: usize) -> Vec<Result<Event, OfficeError>> {
    let frame = |event: OutsideEvent| Event::default().event(event.name).data(event.data.to_string());
    match followed {
        Followed::Delta { text, begins } => vec![Ok(frame(delta(text, *begins)))],
        Followed::Event(recorded) => {
            let (all, seq) = (outside(run, recorded, reader), recorded.seq);
            let last = all.len();
            let id = |number: usize| if number == last { seq.to_string() } else { format!("{seq}.{number}") };
            all.into_iter().zip(1..).skip(heard).map(|(event, number)| Ok(frame(event).id(id(number)))).collect()
        }
    }
}
