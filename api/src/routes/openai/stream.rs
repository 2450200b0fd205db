//! A run told to its end: in one piece, or piece by piece.

use super::begin::Begun;
use super::in_their_words;
use super::transcript::Finished;
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
use tokio::time::{Instant, timeout_at};

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

/// Listens to a run until it ends or waits, and tells all of it.
pub(super) async fn whole(mut begun: Begun) -> Result<Finished, ApiError> {
    let until = Instant::now() + Duration::from_secs(begun.seconds_max.into());
    while let Ok(Some(followed)) = timeout_at(until, begun.followed.next()).await {
        // Text that is being written is committed with its answer, whole.
        if let Followed::Event(event) = followed? {
            begun.transcript.event(&event);
        }
        if begun.transcript.is_over() {
            return Ok(begun.transcript.finished());
        }
    }
    Ok(begun.transcript.under_way())
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
            let text = match timeout_at(until, begun.followed.next()).await {
                Ok(Some(Ok(Followed::Delta(piece)))) => begun.transcript.delta(&piece),
                Ok(Some(Ok(Followed::Event(event)))) => begun.transcript.event(&event),
                Ok(Some(Err(err))) => {
                    ready.push_back(Piece::Lost(in_their_words(err.into())));
                    continue;
                }
                Ok(None) | Err(_) => {
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
    json!({ "message": format!("{}; the run goes on", err.detail), "type": "server_error", "code": err.code, "param": null })
}
