//! The body of a streamed answer, watched on its way to the client library.

use super::scan::{Scan, Seen};
use super::{Exchange, faults};
use crate::models::error::Fault;
use bytes::Bytes;
use http_body::{Body, Frame};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use steward_core::event::AskFailure;

/// A body that ends at the first byte too many, the first event that is no JSON, or the first transport error.
///
/// `[DONE]` is not handed on: the library would drop the connection there, with the last chunk's end still unread, and the next
/// request would have to connect anew.
pub(super) struct Watched {
    inner: reqwest::Body,
    exchange: Arc<Exchange>,
    scan: Scan,
    bytes: usize,
    state: State,
}

#[derive(PartialEq)]
enum State {
    /// Handing on.
    Open,
    /// `[DONE]` was there; the rest is read and dropped.
    Done,
    /// Broken events follow what was handed on.
    Broken,
    /// Over.
    Over,
}

/// Stops the library; the exchange says why.
#[derive(Debug, thiserror::Error)]
#[error("see the exchange")]
pub(super) struct Stopped;

impl Watched {
    pub(super) fn new(inner: reqwest::Body, exchange: Arc<Exchange>) -> Self {
        Self { inner, exchange, scan: Scan::default(), bytes: 0, state: State::Open }
    }

    fn stop(&mut self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, Stopped>>> {
        self.state = State::Over;
        let _ = self.exchange.fail(fault);
        Poll::Ready(Some(Err(Stopped)))
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Stopped;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Stopped>>> {
        let this = &mut *self;
        loop {
            match this.state {
                State::Over => return Poll::Ready(None),
                State::Broken => return this.stop(Fault::new(AskFailure::Malformed, "sent an event that is no JSON")),
                State::Open | State::Done => {}
            }
            let Some(frame) = ready!(Pin::new(&mut this.inner).poll_frame(cx)) else {
                this.exchange.ended.store(true, Ordering::Release);
                if this.bytes > 0 && !this.scan.saw_events() {
                    // No model spoke, so that nothing is charged.
                    this.exchange.answered.store(false, Ordering::Release);
                    return this.stop(Fault::new(AskFailure::Malformed, "answered with something that is no event stream; is base_url right?"));
                }
                this.state = State::Over;
                return Poll::Ready(None);
            };
            let Ok(frame) = frame else {
                // After `[DONE]` nothing is missing any more.
                if this.state == State::Done {
                    this.exchange.ended.store(true, Ordering::Release);
                    this.state = State::Over;
                    return Poll::Ready(None);
                }
                return this.stop(Fault::new(AskFailure::CutOff, "broke off in the middle of its answer"));
            };
            let Ok(mut data) = frame.into_data() else { continue };
            this.bytes = this.bytes.saturating_add(data.len());
            if this.bytes > this.exchange.bytes_max {
                return this.stop(faults::too_long(this.exchange.bytes_max));
            }
            if this.state == State::Done {
                continue;
            }
            match this.scan.frame(&data) {
                Seen::All => {}
                Seen::DoneAfter(good) => {
                    this.state = State::Done;
                    data.truncate(good);
                }
                Seen::BrokenAfter(good) => {
                    this.state = State::Broken;
                    data.truncate(good);
                }
            }
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
    }
}
