//! The thread that turns the engine's epoch, so that a plugin that computes gives way and, past its deadline, is stopped.
//!
//! It sleeps while no call runs: an idle server has nothing that wakes two hundred times a second.

use crate::error::HostError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;
use wasmtime::Engine;

/// Ticks without a call after which the thread goes to sleep. Waking it costs a system call, so not after every call.
const IDLE_TICKS: u32 = 100;

#[derive(Debug, Default)]
struct Shared {
    active: AtomicUsize,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// A running ticker; dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

/// While it lives, the epoch turns.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Ticker);

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(engine: &Engine, every: Duration) -> Result<Self, HostError> {
        let shared = Arc::new(Shared::default());
        let (state, engine) = (Arc::clone(&shared), engine.weak());
        let turn = move || {
            let mut idle = 0;
            while !state.stop.load(Ordering::SeqCst) {
                if idle >= IDLE_TICKS {
                    state.asleep.store(true, Ordering::SeqCst);
                    // A call that began before `asleep` stood is seen here; one that begins after sees `asleep`.
                    if state.active.load(Ordering::SeqCst) == 0 && !state.stop.load(Ordering::SeqCst) {
                        thread::park();
                    }
                    state.asleep.store(false, Ordering::SeqCst);
                    idle = 0;
                }
                // Calls are over in less than a tick as a rule: while none runs, half as many ticks find the one that is not.
                thread::park_timeout(if idle == 0 { every } else { every * 2 });
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
                idle = if state.active.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
            }
        };
        let handle = thread::Builder::new().name("plugin-epoch".to_owned()).spawn(turn).map_err(HostError::Ticker)?;
        Ok(Self { shared, thread: handle.thread().clone() })
    }

    /// Keeps the epoch turning until the guard is dropped.
    pub(crate) fn run(&self) -> Running<'_> {
        self.shared.active.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.shared.active.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}
