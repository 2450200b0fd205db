//! What handles of a plugin with the grant `wasi-http` stand for: headers, requests and answers as values in memory, and a clock that no time
//! passes for. `imports/wasi_http` speaks to the plugin, and `egress` to others; nothing here reaches anybody.
//!
//! A request is asked as a whole, once its body is finished, and its answer is there as a whole: so streams never wait, and the same call does
//! the same again when it is replayed. All that a plugin has its host hold is counted, and never given back within the call.

mod body;
mod clock;
mod fields;

pub(crate) use body::{Draft, Exchange, Pending};
pub use body::{FutureResponse, FutureTrailers, IncomingBody, IncomingResponse, OutgoingBody};
pub(crate) use clock::{Clock, Timer};
pub use fields::Fields;
pub(crate) use fields::Refused;

use crate::bindings::wasi::wasi::http::types::{Method, Scheme};
use crate::sandbox::HANDLES_MAX;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::component::ResourceTable;

/// What one call may have its host hold in headers and bodies that it writes, in bytes; answers are bounded by the gate.
const HELD_BYTES_MAX: usize = 2 << 20;

/// The plugin had its host hold more than one call may.
#[derive(Debug, thiserror::Error)]
#[error("the tool had its host hold more than {HELD_BYTES_MAX} bytes of headers and bodies")]
pub(crate) struct HeldTooMuch;

/// What the plugin still may have its host hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<usize>>);

impl Held {
    /// Counts bytes.
    ///
    /// # Errors
    /// When they are too many.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), HeldTooMuch> {
        let mut taken = lock(&self.0);
        let all = taken.saturating_add(bytes);
        if all > HELD_BYTES_MAX {
            return Err(HeldTooMuch);
        }
        *taken = all;
        Ok(())
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        HELD_BYTES_MAX.saturating_sub(*lock(&self.0))
    }
}

/// Nobody panics while holding one of these, and what is in it stays whole if somebody did.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All handles of one call. Made when the first is, so that a plugin without the grant has none of it.
#[derive(Debug)]
pub(crate) struct Wasi {
    pub(crate) table: ResourceTable,
    pub(crate) clock: Arc<Clock>,
    pub(crate) held: Held,
}

impl Default for Wasi {
    fn default() -> Self {
        let mut table = ResourceTable::new();
        // A handle that waits stands for two entries: itself and what it waits for.
        table.set_max_capacity(2 * HANDLES_MAX);
        Self { table, clock: Arc::default(), held: Held::default() }
    }
}

/// What a plugin can never have: requests that others make to it. It serves nobody.
#[derive(Debug)]
pub enum Nothing {}

/// A request that is being put together.
#[derive(Debug)]
pub struct OutgoingRequest {
    pub(crate) method: Method,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) authority: Option<String>,
    pub(crate) path_with_query: Option<String>,
    pub(crate) headers: Fields,
    /// Its body, once it was asked for.
    pub(crate) draft: Option<Arc<Mutex<Draft>>>,
}

/// An answer to others that is being put together. Nobody can be given it.
#[derive(Debug)]
pub struct OutgoingResponse {
    pub(crate) status: u16,
    pub(crate) headers: Fields,
    pub(crate) has_body: bool,
}

/// How long parts of a request may take, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestOptions {
    pub(crate) connect: Option<u64>,
    pub(crate) first_byte: Option<u64>,
    pub(crate) between_bytes: Option<u64>,
}

impl RequestOptions {
    /// How long the whole exchange may take, in milliseconds. An answer is there as a whole, so until its first byte is until its last.
    pub(crate) fn timeout_ms(self) -> Option<u32> {
        let ns = self.first_byte?.saturating_add(self.connect.unwrap_or_default());
        Some(u32::try_from(ns.div_ceil(1_000_000)).unwrap_or(u32::MAX))
    }
}
