//! One call's store: what the instance may take, what it was given, what it asked for.

use crate::engine::{INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};
use crate::manifest::Limits;
use crate::office::{Office, OfficeError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use steward_core::{Effect, Integrity};
use wasmtime::{Engine, ResourceLimiter, Result, Store, UpdateDeadline};

/// Handles to resources of one call; our interfaces have none.
const HANDLES_MAX: usize = 1000;
/// Questions to the office in one call.
pub(crate) const QUESTIONS_MAX: u32 = 200;
/// What one host call may carry out of the guest beyond its answer, in bytes.
const HOSTCALL_BYTES: usize = 64 << 10;

/// Counts what all linear memories of a store take together; the engine's own limiter looks at each alone.
#[derive(Debug)]
pub(crate) struct Meter {
    most: usize,
    taken: usize,
    /// Whether more was asked for: a trap after that is for want of memory.
    pub(crate) refused: bool,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { most: usize::try_from(limits.memory_mb << 20).unwrap_or(usize::MAX), taken: 0, refused: false }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let taken = self.taken.saturating_add(desired.saturating_sub(current));
        if taken > self.most {
            self.refused = true;
            return Ok(false);
        }
        self.taken = taken;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

/// What the host's functions know of the call they serve.
pub(crate) struct CallState {
    pub(crate) meter: Meter,
    pub(crate) office: Arc<dyn Office>,
    pub(crate) tool: String,
    pub(crate) key: String,
    pub(crate) now_ms: i64,
    pub(crate) logs: u32,
    /// The integrity of every record the office handed over, by id.
    pub(crate) records: BTreeMap<String, Integrity>,
    /// Changes that the office confirmed.
    pub(crate) changes: u32,
    /// Whether a change was asked for whose answer never came.
    unanswered: bool,
    pending: bool,
    may_write: bool,
    ordinal: u32,
    questions: u32,
}

impl CallState {
    pub(crate) fn new(limits: &Limits, office: Arc<dyn Office>, tool: &str, effect: Effect, key: String, now_ms: i64) -> Self {
        Self {
            meter: Meter::new(limits),
            office,
            tool: tool.to_owned(),
            key,
            now_ms,
            logs: 0,
            records: BTreeMap::new(),
            changes: 0,
            unanswered: false,
            pending: false,
            may_write: !effect.only_reads(),
            ordinal: 0,
            questions: 0,
        }
    }

    /// Counts a question to the office. Past the limit the call ends.
    pub(crate) fn ask(&mut self) -> Result<()> {
        self.questions += 1;
        if self.questions > QUESTIONS_MAX {
            return Err(wasmtime::Error::new(TooManyQuestions));
        }
        Ok(())
    }

    /// Counts a change and gives its ordinal. A tool that only reads by its manifest changes nothing, whatever interfaces
    /// its plugin was granted for other tools: its calls were judged as readings.
    pub(crate) fn change(&mut self) -> Result<std::result::Result<u32, OfficeError>> {
        self.ask()?;
        if !self.may_write {
            return Ok(Err(OfficeError::Denied));
        }
        let ordinal = self.ordinal;
        self.ordinal += 1;
        self.pending = true;
        Ok(Ok(ordinal))
    }

    /// Notes what became of the change. An office that does not answer may have done its work before.
    pub(crate) fn changed<T>(&mut self, answer: &std::result::Result<T, OfficeError>) {
        self.pending = false;
        self.unanswered |= matches!(answer, Err(OfficeError::Unavailable));
        if answer.is_ok() {
            self.changes += 1;
        }
    }

    /// Whether a change may have been made that nobody confirmed.
    pub(crate) const fn is_unsure(&self) -> bool {
        self.pending || self.unanswered
    }

    /// Notes where a record comes from. The lowest word about an id stands.
    pub(crate) fn saw(&mut self, id: &str, integrity: Integrity) {
        self.records.entry(id.to_owned()).and_modify(|known| *known = integrity.min(*known)).or_insert(integrity);
    }
}

/// The plugin asked the office more often than one call may.
#[derive(Debug, thiserror::Error)]
#[error("the tool asked the office more than {QUESTIONS_MAX} times")]
pub(crate) struct TooManyQuestions;

/// A store for one call, with its limits set.
pub(crate) fn store(engine: &Engine, state: CallState, limits: &Limits, deadline: Instant) -> Result<Store<CallState>> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.meter);
    store.set_max_component_handles(HANDLES_MAX);
    let output = usize::try_from(limits.output_kb << 10).unwrap_or(usize::MAX);
    store.set_hostcall_fuel(output.saturating_add(HOSTCALL_BYTES));
    store.set_fuel(limits.fuel)?;
    store.set_epoch_deadline(1);
    // Every tick the guest gives way, by way of the runtime, which looks after timers and sockets in between.
    store.epoch_deadline_callback(move |_| {
        Ok(if Instant::now() >= deadline { UpdateDeadline::Interrupt } else { UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())) })
    });
    Ok(store)
}
