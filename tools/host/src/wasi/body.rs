//! Bodies and answers as WASI has them: streams over what is in memory as a whole.

use super::{Fields, Held, lock};
use crate::bindings::wasi::wasi::http::types::ErrorCode;
use crate::egress::{Asked, Given, REQUEST_BYTES_MAX};
use std::sync::{Arc, Mutex};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream, InputStream, OutputStream, StreamError, StreamResult};

/// What one read or write of a stream carries at most, in bytes.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// A body of a request while it is written. It is asked when both are done: the body is finished, and the request is handed over.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    finished: bool,
    /// Dropped before it was finished: what there is of it is no body.
    broken: bool,
    /// The request that waits for it.
    pending: Option<Pending>,
}

impl Draft {
    /// Hands a request over to its body: it comes back where it can be asked now.
    pub(crate) fn hand_over(&mut self, pending: Pending) -> Option<Pending> {
        self.pending = Some(pending);
        if self.broken {
            self.give_up();
        }
        if self.finished { self.ready() } else { None }
    }

    /// The body is whole: what waits for it can be asked.
    pub(crate) fn finish(&mut self) -> Option<Pending> {
        self.finished = true;
        self.ready()
    }

    /// The body will never be whole: what waits for it is never asked.
    pub(crate) fn give_up(&mut self) {
        self.broken = true;
        if let Some(pending) = self.pending.take() {
            let why = "its body was dropped before it was finished, and nobody was asked".to_owned();
            *lock(&pending.exchange) = Exchange::Answered(Err(ErrorCode::InternalError(Some(why))));
        }
    }

    fn ready(&mut self) -> Option<Pending> {
        let pending = self.pending.take()?;
        Some(Pending { asked: Asked { body: std::mem::take(&mut self.bytes), ..pending.asked }, ..pending })
    }
}

/// A request that waits for its body.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) asked: Asked,
    pub(crate) exchange: Arc<Mutex<Exchange>>,
}

/// A body of a request, as the plugin has it in its hand.
#[derive(Debug)]
pub struct OutgoingBody {
    pub(crate) draft: Arc<Mutex<Draft>>,
    pub(crate) has_stream: bool,
}

impl OutgoingBody {
    /// Where it is written.
    pub(crate) fn stream(&self, held: &Held) -> DynOutputStream {
        Box::new(Writer { draft: Arc::clone(&self.draft), held: held.clone() })
    }
}

struct Writer {
    draft: Arc<Mutex<Draft>>,
    held: Held,
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > self.check_write()? {
            return Err(StreamError::trap("more was written than `check-write` allows"));
        }
        self.held.take(bytes.len()).map_err(|held| StreamError::Trap(wasmtime::Error::new(held)))?;
        lock(&self.draft).bytes.extend_from_slice(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    /// One byte more than a body may have: that it is too large is the gate's to say.
    fn check_write(&mut self) -> StreamResult<usize> {
        let draft = lock(&self.draft);
        if draft.finished || draft.broken {
            return Err(StreamError::Closed);
        }
        let room = REQUEST_BYTES_MAX.saturating_add(1).saturating_sub(draft.bytes.len()).min(self.held.left());
        if room == 0 {
            let why = ErrorCode::HttpRequestBodySize(Some(REQUEST_BYTES_MAX as u64));
            return Err(StreamError::LastOperationFailed(wasmtime::Error::new(why)));
        }
        Ok(room.min(PIECE_BYTES_MAX))
    }
}

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) enum Exchange {
    /// Its body is not finished.
    #[default]
    Waiting,
    Answered(Result<Given, ErrorCode>),
    /// The plugin has had it.
    Taken,
}

impl Exchange {
    /// What became of it, once; none where it is not known yet, and nothing in that where it was had before.
    pub(crate) fn take(&mut self) -> Option<Option<Result<Given, ErrorCode>>> {
        match std::mem::replace(self, Self::Taken) {
            Self::Waiting => {
                *self = Self::Waiting;
                None
            }
            Self::Answered(answered) => Some(Some(answered)),
            Self::Taken => Some(None),
        }
    }
}

/// An answer that will be there.
#[derive(Debug)]
pub struct FutureResponse {
    pub(crate) exchange: Arc<Mutex<Exchange>>,
}

impl FutureResponse {
    pub(crate) fn of(exchange: Exchange) -> Self {
        Self { exchange: Arc::new(Mutex::new(exchange)) }
    }

    fn is_waiting(&self) -> bool {
        matches!(*lock(&self.exchange), Exchange::Waiting)
    }
}

#[async_trait]
impl Pollable for FutureResponse {
    /// Whoever waits for nothing else, and has not finished the body, would wait for ever: nobody else can finish it.
    async fn ready(&mut self) {
        if !self.is_waiting() {
            return;
        }
        tokio::task::yield_now().await;
        let why = "the request waits for its body to be finished, and nobody was asked".to_owned();
        *lock(&self.exchange) = Exchange::Answered(Err(ErrorCode::InternalError(Some(why))));
    }
}

/// An answer.
#[derive(Debug)]
pub struct IncomingResponse {
    pub(crate) status: u16,
    pub(crate) headers: Fields,
    pub(crate) body: Option<Bytes>,
}

impl From<Given> for IncomingResponse {
    fn from(Given { status, headers, body }: Given) -> Self {
        Self { status, headers: Fields::of_answer(headers), body: Some(body.into()) }
    }
}

/// What an answer brought.
#[derive(Debug)]
pub struct IncomingBody {
    pub(crate) bytes: Option<Bytes>,
}

impl IncomingBody {
    /// Where it is read, once.
    pub(crate) fn stream(&mut self) -> Option<DynInputStream> {
        let bytes = self.bytes.take()?;
        Some(Box::new(Reader(bytes)))
    }
}

struct Reader(Bytes);

#[async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {}
}

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.0.is_empty() {
            return Err(StreamError::Closed);
        }
        Ok(self.0.split_to(size.min(self.0.len()).min(PIECE_BYTES_MAX)))
    }
}

/// What would stand behind a body. Nothing ever does.
#[derive(Debug, Default)]
pub struct FutureTrailers {
    pub(crate) taken: bool,
}

#[async_trait]
impl Pollable for FutureTrailers {
    async fn ready(&mut self) {}
}
