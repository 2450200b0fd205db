//! A run told to its end: in one piece, or piece by piece.

use super::begin::Begun;
use super::in_their_words;
use super::transcript::Finished;
use crate::edge::openai_type;
use crate::error::ApiError;
use crate::follow::Followed;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use steward_agent::run::Run;
use steward_office::{OfficeError, runs};
use steward_store::run::RunStatus;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// One part of a run that is told piece by piece.
#[derive(Debug)]
pub(super) enum Piece {
    /// Some more text.
    Text(String),
    /// The end, with all of it.
    End(Finished),
    /// We could not listen on. The run goes on.
    Lost(ApiError),
}

/// How often it is looked whether runs that serve a run are still at work, in milliseconds.
const LOOK_MS: u64 = 500;

/// What is heard of a run.
enum Heard {
    /// Something happened.
    Followed(Followed),
    /// Nobody is at work on it or on what serves it: people are waited for.
    People,
    /// There is nothing more to hear, or the time is over.
    Nothing,
    /// Whoever listens may not hear more.
    ShutOut(ApiError),
}

impl Begun {
    /// Listens. What serves a run tells nothing in the run's own record, so there it is looked for.
    async fn hear(&mut self, until: Instant) -> Result<Heard, OfficeError> {
        loop {
            let is_handed_on = self.transcript.is_handed_on();
            let look_at = Instant::now() + Duration::from_millis(LOOK_MS);
            let next = timeout_at(if is_handed_on { until.min(look_at) } else { until }, self.followed.next());
            let heard = tokio::select! {
                biased;
                refusal = &mut self.shut_out => return Ok(Heard::ShutOut(refusal)),
                heard = next => heard,
            };
            match heard {
                Ok(Some(followed)) => return Ok(Heard::Followed(followed?)),
                Ok(None) => return Ok(Heard::Nothing),
                Err(_) if Instant::now() >= until => return Ok(Heard::Nothing),
                Err(_) => {}
            }
            if is_handed_on && self.waits_for_people().await? {
                return Ok(Heard::People);
            }
        }
    }

    /// Whether only people can move the run.
    async fn waits_for_people(&mut self) -> Result<bool, OfficeError> {
        let mut tx = self.caller.state().store.begin(self.caller.actor()).await?;
        if runs::is_at_work(&mut tx, self.head.run).await? {
            return Ok(false);
        }
        // In this order: a run below that ended in between has brought this one back by then.
        let waits = runs::get(&mut tx, self.head.run).await?.status == RunStatus::Waiting;
        tx.rollback().await?;
        if waits {
            self.look_below().await;
        }
        Ok(waits)
    }

    /// Takes up how far the runs below have come: what they used counts, and what waits there is waited for here.
    async fn look_below(&mut self) {
        if !self.transcript.has_below() {
            return;
        }
        let looked = async {
            let mut tx = self.caller.state().store.begin(self.caller.actor()).await?;
            runs::journals_below(&mut tx, self.head.run).await
        };
        match looked.await {
            Ok(below) => self.transcript.take_below(below.iter().map(|(_, events)| Run::fold(events)).collect()),
            // What is known of the run itself is told all the same.
            Err(err) => warn!(run.id = %self.head.run, error = %err, "the runs below a run could not be looked at"),
        }
    }
}

/// Listens to a run until it ends or waits, and tells all of it.
pub(super) async fn whole(mut begun: Begun) -> Result<Finished, ApiError> {
    let until = Instant::now() + Duration::from_secs(begun.seconds_max.into());
    loop {
        match begun.hear(until).await? {
            // Text that is being written is committed with its answer, whole.
            Heard::Followed(Followed::Delta { .. }) => {}
            Heard::Followed(Followed::Event(event)) => {
                begun.transcript.event(&event);
            }
            Heard::People => {
                begun.transcript.people_are_waited_for();
            }
            Heard::ShutOut(refusal) => return Err(refusal),
            Heard::Nothing => {
                begun.look_below().await;
                return Ok(begun.transcript.under_way());
            }
        }
        if begun.transcript.is_over() {
            begun.look_below().await;
            return Ok(begun.transcript.finished());
        }
    }
}

/// Listens to a run until it ends or waits, and tells each piece as it comes. Whoever stops reading stops nothing but the reading.
pub(super) fn pieces(begun: Begun) -> impl Stream<Item = Piece> + Send {
    let until = Instant::now() + Duration::from_secs(begun.seconds_max.into());
    unfold(Some((begun, VecDeque::new())), move |telling| async move {
        let (mut begun, mut ready): (Begun, VecDeque<Piece>) = telling?;
        loop {
            match ready.pop_front() {
                Some(last @ (Piece::End(_) | Piece::Lost(_))) => return Some((last, None)),
                Some(piece) => return Some((piece, Some((begun, ready)))),
                None => {}
            }
            let text = match begun.hear(until).await {
                // What broke off is told with the event that says so.
                Ok(Heard::Followed(Followed::Delta { text, .. })) if text.is_empty() => String::new(),
                Ok(Heard::Followed(Followed::Delta { text, .. })) => begun.transcript.delta(&text),
                Ok(Heard::Followed(Followed::Event(event))) => begun.transcript.event(&event),
                Ok(Heard::People) => begun.transcript.people_are_waited_for(),
                Err(err) => {
                    ready.push_back(Piece::Lost(in_their_words(err.into())));
                    continue;
                }
                Ok(Heard::ShutOut(refusal)) => {
                    ready.push_back(Piece::Lost(refusal));
                    continue;
                }
                Ok(Heard::Nothing) => {
                    begun.look_below().await;
                    let goes_on = begun.transcript.goes_on();
                    ready.push_back(Piece::Text(begun.transcript.remark(&goes_on)));
                    ready.push_back(Piece::End(begun.transcript.finished()));
                    continue;
                }
            };
            if !text.is_empty() {
                ready.push_back(Piece::Text(text));
            }
            if begun.transcript.is_over() {
                begun.look_below().await;
                ready.push_back(Piece::End(begun.transcript.finished()));
            }
        }
    })
}

/// An event stream of these events.
pub(super) fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default()).into_response()
}

/// One event without a name.
pub(super) fn data(value: &Value) -> Event {
    Event::default().data(value.to_string())
}

/// The error of a stream that has begun, in the form of these routes.
pub(super) fn lost(err: &ApiError) -> Value {
    json!({ "message": format!("{}; the run goes on", err.detail), "type": openai_type(err), "code": err.code, "param": null })
}
