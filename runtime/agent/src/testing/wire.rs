//! Bodies as they go over the wire, with the ways in which they can break off.

use bytes::Bytes;
use http_body::{Body, Frame};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::watch;

/// One server-sent event.
pub(super) fn event(kind: Option<&str>, data: &Value) -> Bytes {
    match kind {
        Some(kind) => format!("event: {kind}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    }
    .into()
}

/// Arguments where the wire has a JSON value and no text of one. What is neither an object nor a list goes as a string, as gateways leave it that
/// have it from a wire of texts.
pub(super) fn as_json(arguments: &str) -> String {
    let text = arguments.trim();
    match serde_json::from_str::<&RawValue>(text) {
        Ok(json) if text.starts_with(['{', '[']) => json.get().to_owned(),
        _ if text.is_empty() => "{}".to_owned(),
        _ => json!(arguments).to_string(),
    }
}

/// A text in pieces of so many letters.
pub(super) fn pieces(text: &str, letters: usize) -> impl Iterator<Item = String> + '_ {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || rest.peek().is_some().then(|| rest.by_ref().take(letters.max(1)).collect()))
}

/// What comes after the last frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// The end.
    End,
    /// The connection breaks.
    Break,
    /// Nothing, with the connection open.
    Hang,
    /// The same again, for ever.
    Repeat(Bytes),
}

/// A body that ends as told, and tells when it was dropped before.
pub(super) struct ScriptBody {
    frames: VecDeque<Bytes>,
    then: Then,
    flushed: bool,
    ended: bool,
    dropped: watch::Sender<usize>,
}

impl ScriptBody {
    pub(super) fn new(frames: Vec<Bytes>, then: Then, dropped: watch::Sender<usize>) -> Self {
        Self { frames: frames.into(), then, flushed: false, ended: false, dropped }
    }

    /// Only the first `bytes` of it, and then this.
    pub(super) fn cut(frames: Vec<Bytes>, bytes: usize) -> Vec<Bytes> {
        let mut left = bytes;
        let mut kept = Vec::new();
        for mut frame in frames {
            frame.truncate(left);
            left -= frame.len();
            if !frame.is_empty() {
                kept.push(frame);
            }
        }
        kept
    }
}

impl Drop for ScriptBody {
    fn drop(&mut self) {
        if !self.ended {
            self.dropped.send_modify(|count| *count += 1);
        }
    }
}

impl Body for ScriptBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        match self.then.clone() {
            Then::End => {
                self.ended = true;
                Poll::Ready(None)
            }
            Then::Repeat(frame) => Poll::Ready(Some(Ok(Frame::data(frame)))),
            Then::Hang => Poll::Pending,
            // The server writes out what it has when a body has nothing more for now; only then may it break.
            Then::Break if !std::mem::replace(&mut self.flushed, true) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Break => {
                self.ended = true;
                Poll::Ready(Some(Err(std::io::Error::other("the script breaks the connection here"))))
            }
        }
    }
}
