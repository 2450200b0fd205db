//! One call's store: what the instance may take, what it was given, what it asked for.

use crate::budget::RunBudget;
use crate::egress::{Egress, Failed, Given, REQUEST_BYTES_MAX};
use crate::engine::{INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, WASM_STACK_BYTES};
use crate::manifest::Limits;
use crate::office::{KV_VALUE_BYTES_MAX, KvChanged, KvSpace, Office, OfficeError};
use crate::wasi::Wasi;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use steward_core::event::Handed;
use steward_core::{CallUse, Effect, Floor, Integrity, TenantId};
use wasmtime::{CallHook, Engine, ResourceLimiter, Result, Store, UpdateDeadline};

/// Handles to resources of one call; of our own interfaces none has any, those of `wasi-http` have.
pub(crate) const HANDLES_MAX: usize = 1000;
/// Questions to the office, and requests to others, in one call.
pub(crate) const QUESTIONS_MAX: u32 = 200;
/// What one host call may carry out of the guest beyond its answer, in bytes.
const HOSTCALL_BYTES: usize = 64 << 10;

/// Counts what all linear memories of a store take together; the engine's own limiter looks at each alone.
#[derive(Debug)]
pub(crate) struct Meter {
    most: usize,
    /// What was ever given to it: a memory does not shrink.
    pub(crate) taken: usize,
    /// Whether more was asked for: a trap after that is for want of memory.
    pub(crate) refused: bool,
    /// Elements of all tables: they do not shrink either.
    pub(crate) elements: usize,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { most: usize::try_from(limits.memory_mb << 20).unwrap_or(usize::MAX), taken: 0, refused: false, elements: 0 }
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

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let grows = desired <= TABLE_ELEMENTS_MAX;
        if grows {
            self.elements = self.elements.saturating_add(desired.saturating_sub(current));
        }
        Ok(grows)
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

/// How deep a guest's stack was, seen wherever the guest and its host change over: at each question, each growth of a memory, each tick.
///
/// Between two of these it may have been deeper; never deeper than the engine's bound, at which a guest is ended.
#[derive(Debug, Default)]
pub(crate) struct Depth {
    /// Where the stack begins: an address of the host's, just above the guest's first frame.
    base: usize,
    /// Entries into the guest that have not returned.
    inside: u32,
    deepest: usize,
}

impl Depth {
    /// Notes a change-over at an address. Stacks grow downwards on every processor that the engine compiles for.
    fn note(&mut self, hook: CallHook, here: usize) {
        match hook {
            CallHook::CallingWasm => {
                if self.inside == 0 {
                    self.base = here;
                }
                self.inside += 1;
            }
            CallHook::ReturningFromWasm => self.inside = self.inside.saturating_sub(1),
            CallHook::CallingHost | CallHook::ReturningFromHost => {}
        }
        self.deepest = self.deepest.max(self.base.saturating_sub(here));
    }

    /// A guest that was ended for its depth went as deep as it may.
    pub(crate) const fn overflowed(&mut self) {
        self.deepest = WASM_STACK_BYTES;
    }
}

/// What the host's functions know of the call they serve.
pub(crate) struct CallState {
    pub(crate) meter: Meter,
    pub(crate) depth: Depth,
    pub(crate) office: Arc<dyn Office>,
    pub(crate) tenant: TenantId,
    pub(crate) tool: String,
    pub(crate) effect: Effect,
    /// The way to others, for plugins that have one.
    pub(crate) egress: Option<Arc<Egress>>,
    /// What takes out of the plugin's words what it may not know, also where it has no way to others.
    pub(crate) hides: Option<Arc<Egress>>,
    /// What is left of what the plugins of the run may take.
    pub(crate) run: RunBudget,
    pub(crate) used: CallUse,
    pub(crate) key: String,
    pub(crate) now_ms: i64,
    pub(crate) logs: u32,
    /// What the plugin may keep, if it may.
    pub(crate) kv: Option<Arc<KvSpace>>,
    /// The integrity of every record the office handed over, by id.
    pub(crate) records: BTreeMap<String, Integrity>,
    /// The floor of all that came to the plugin in this call beside its arguments.
    pub(crate) seen: Floor,
    /// The floor of what it had kept from earlier calls and read in this one.
    pub(crate) kept: Option<Floor>,
    /// Who may read what the office handed over, and pieces of documents among that.
    pub(crate) handed: Handed,
    /// Whether the office handed over a document at all, be it its name alone.
    pub(crate) saw_document: bool,
    /// Changes that the office confirmed.
    pub(crate) changes: u32,
    /// Whether a change was asked for whose answer never came.
    unanswered: bool,
    pending: bool,
    /// Whether a request that may change something elsewhere may have left, of which nothing was heard yet.
    leaving: Arc<AtomicBool>,
    /// When the call ends, whatever it waits for.
    pub(crate) deadline: Option<Instant>,
    ordinal: u32,
    /// What its handles of WASI stand for, once it has one.
    pub(crate) wasi: Option<Box<Wasi>>,
}

impl CallState {
    pub(crate) fn new(limits: &Limits, office: Arc<dyn Office>, tenant: TenantId, tool: &str, effect: Effect, key: String, now_ms: i64) -> Self {
        Self {
            meter: Meter::new(limits),
            depth: Depth::default(),
            office,
            tenant,
            tool: tool.to_owned(),
            effect,
            egress: None,
            hides: None,
            run: RunBudget::default(),
            used: CallUse::default(),
            key,
            now_ms,
            logs: 0,
            kv: None,
            records: BTreeMap::new(),
            seen: Floor::CLEAN,
            kept: None,
            handed: Handed::default(),
            saw_document: false,
            changes: 0,
            unanswered: false,
            pending: false,
            leaving: Arc::default(),
            deadline: None,
            ordinal: 0,
            wasi: None,
        }
    }

    /// The same call with a way to others.
    pub(crate) fn reaching(self, egress: Option<Arc<Egress>>) -> Self {
        Self { hides: egress.clone(), egress, ..self }
    }

    /// The same call, which reaches nobody: the gate only knows the secrets that are in nothing it tells.
    pub(crate) fn hiding(self, gate: Option<Arc<Egress>>) -> Self {
        Self { hides: gate, ..self }
    }

    /// The same call as one of a run.
    pub(crate) fn within(self, run: RunBudget) -> Self {
        Self { run, ..self }
    }

    /// The same call with what its plugin keeps.
    pub(crate) fn keeping(self, kv: Option<Arc<KvSpace>>) -> Self {
        Self { kv, ..self }
    }

    /// Counts a question to the host that has a bound of its own, or none.
    pub(crate) fn heard(&mut self) {
        self.used.host_calls = self.used.host_calls.saturating_add(1);
    }

    /// Counts a question to the office or to others. Past the limit of the call, or of its run, the call ends.
    pub(crate) fn ask(&mut self) -> Result<()> {
        self.heard();
        if self.used.questions >= QUESTIONS_MAX {
            return Err(wasmtime::Error::new(TooManyQuestions));
        }
        self.run.take_question().map_err(wasmtime::Error::new)?;
        self.used.questions += 1;
        Ok(())
    }

    /// The same to the office about records or documents. Its answer is for the house, also where it is that there is none.
    pub(crate) fn look(&mut self) -> Result<()> {
        self.ask()?;
        self.shown();
        Ok(())
    }

    const fn shown(&mut self) {
        self.seen.private = true;
    }

    /// Counts a change and gives its ordinal. A tool that only reads by its manifest changes nothing, whatever interfaces
    /// its plugin was granted for other tools: its calls were judged as readings.
    pub(crate) fn change(&mut self) -> Result<std::result::Result<u32, OfficeError>> {
        self.ask()?;
        if self.effect.only_reads() {
            return Ok(Err(OfficeError::Denied));
        }
        if self.is_steered() {
            return Ok(Err(OfficeError::Invalid(STEERED.to_owned())));
        }
        if self.saw_document {
            return Ok(Err(OfficeError::Invalid(HANDED.to_owned())));
        }
        Ok(Ok(self.next_change()))
    }

    /// The same for what the plugin itself keeps, which nothing can be steered into that it would not be read as again.
    pub(crate) fn keep(&mut self) -> Result<std::result::Result<u32, OfficeError>> {
        self.ask()?;
        if !self.handed.readers.is_public() {
            // Whose it is cannot be written beside an entry, and the next who reads it may be somebody else.
            return Ok(Err(OfficeError::Invalid(NOT_FOR_ALL.to_owned())));
        }
        Ok(if self.effect.only_reads() { Err(OfficeError::Denied) } else { Ok(self.next_change()) })
    }

    fn next_change(&mut self) -> u32 {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        self.pending = true;
        ordinal
    }

    /// Whether the plugin has read something it kept that is worse than what this call was judged by. Whatever it does from then on may be
    /// that text's doing, and the rules were told of the arguments only.
    pub(crate) fn is_steered(&self) -> bool {
        let judged = self.office.judged().integrity.min(Integrity::Directory);
        self.kept.is_some_and(|kept| kept.integrity < judged)
    }

    /// Notes what was kept and is read now.
    pub(crate) fn recalled(&mut self, floor: Floor) {
        self.kept = Some(self.kept.map_or(floor, |kept| kept.join(floor)));
        self.seen = self.seen.join(floor);
    }

    /// Notes what became of the change. An office that does not answer may have done its work before; why it refuses tells of its records.
    pub(crate) fn changed<T>(&mut self, answer: &std::result::Result<T, OfficeError>) {
        self.pending = false;
        self.shown();
        self.told(answer);
        if matches!(answer, Err(OfficeError::Invalid(_))) {
            // Of no record that is named. What is written after it counts as if it might be of any all the same.
            self.seen.integrity = self.seen.integrity.min(Integrity::Outside);
        }
        self.unanswered |= matches!(answer, Err(OfficeError::Unavailable));
        if answer.is_ok() {
            self.changes += 1;
        }
    }

    /// The change that was counted was not asked for after all.
    pub(crate) const fn nothing_asked(&mut self) {
        self.pending = false;
    }

    /// Notes what became of something to keep.
    pub(crate) fn keeping_done(&mut self, answer: &std::result::Result<KvChanged, OfficeError>) {
        self.pending = false;
        self.told(answer);
        self.unanswered |= matches!(answer, Err(OfficeError::Unavailable));
        if answer.as_ref().is_ok_and(|changed| changed.is_change()) {
            self.changes += 1;
        }
    }

    /// What is set when a request leaves. Where it may change something elsewhere, the call is unsure from then on until it hears of it.
    pub(crate) fn sending(&self, changes: bool) -> Arc<AtomicBool> {
        if changes { Arc::clone(&self.leaving) } else { Arc::default() }
    }

    /// Notes what became of it. Who breaks off, or fails in the middle, may have done it before.
    pub(crate) fn sent(&mut self, answer: &std::result::Result<Given, Failed>) {
        self.leaving.store(false, Ordering::SeqCst);
        match answer {
            Ok(given) if given.status >= 500 => self.unanswered = true,
            // It says that it did not.
            Ok(given) if given.status >= 400 => {}
            Ok(_) => self.changes += 1,
            Err(failed) => self.unanswered |= failed.sent,
        }
    }

    /// What the call took, beside fuel and time.
    pub(crate) fn took(&self) -> CallUse {
        // What the host's own function took on top of the guest at its deepest is not the guest's.
        let stack_bytes = self.depth.deepest.min(WASM_STACK_BYTES) as u64;
        CallUse { memory_bytes: self.meter.taken as u64, stack_bytes, table_elements: self.meter.elements as u64, ..self.used }
    }

    /// A short text of the plugin's without the secrets of its manifest.
    pub(crate) fn scrub(&self, text: String) -> String {
        match &self.hides {
            Some(gate) => gate.scrub(text),
            None => text,
        }
    }

    /// Whether a change may have been made that nobody confirmed.
    pub(crate) fn is_unsure(&self) -> bool {
        self.pending || self.unanswered || self.leaving.load(Ordering::SeqCst)
    }

    /// Notes the record in whose words something was refused: whoever hears them was shown a little of it.
    pub(crate) fn told<T>(&mut self, answer: &std::result::Result<T, OfficeError>) {
        if let Err(OfficeError::Told { record, integrity, .. }) = answer {
            self.saw(record, *integrity);
        }
    }

    /// Notes where a record comes from. The lowest word about an id stands.
    pub(crate) fn saw(&mut self, id: &str, integrity: Integrity) {
        // Records are for the house.
        self.seen = self.seen.join(Floor { integrity, private: true });
        self.records.entry(id.to_owned()).and_modify(|known| *known = integrity.min(*known)).or_insert(integrity);
    }
}

/// Why a call that was steered changes nothing.
pub(crate) const STEERED: &str =
    "this call read what was kept from text of lower standing than its own arguments, so it changes nothing else; take it as an argument instead";

/// Why a call that was handed pieces of documents changes nothing: the rules were told of its arguments, not of what those say.
pub(crate) const HANDED: &str = "this call was handed pieces of a document, so it changes no record; take what is to be written as an argument instead";

/// Why a call that was handed what only some people may read keeps nothing.
pub(crate) const NOT_FOR_ALL: &str = "this call was handed a document that only some people may read, so it keeps nothing";

/// A repeat of a call asks for another change than the call did the first time.
#[derive(Debug, thiserror::Error)]
#[error("a repeat of the call asks for something else than it did before")]
pub(crate) struct RepeatDiffers;

/// The plugin asked the office and others more often than one call may.
#[derive(Debug, thiserror::Error)]
#[error("the tool asked its host more than {QUESTIONS_MAX} times")]
pub(crate) struct TooManyQuestions;

/// A store for one call, with its limits set, and so much fuel.
pub(crate) fn store(engine: &Engine, state: CallState, limits: &Limits, fuel: u64, deadline: Instant) -> Result<Store<CallState>> {
    let mut store = Store::new(engine, CallState { deadline: Some(deadline), ..state });
    store.limiter(|state| &mut state.meter);
    store.set_max_component_handles(HANDLES_MAX);
    let output = usize::try_from(limits.output_kb << 10).unwrap_or(usize::MAX);
    let request = if store.data().egress.is_some() { REQUEST_BYTES_MAX } else { 0 };
    let kept = if store.data().kv.is_some() { KV_VALUE_BYTES_MAX } else { 0 };
    store.set_hostcall_fuel(output.max(request).max(kept).saturating_add(HOSTCALL_BYTES));
    store.set_fuel(fuel)?;
    store.call_hook(|mut store, hook| {
        let here = 0_u8;
        store.data_mut().depth.note(hook, std::ptr::from_ref(std::hint::black_box(&here)).addr());
        Ok(())
    });
    store.set_epoch_deadline(1);
    // Every tick the guest gives way, by way of the runtime, which looks after timers and sockets in between.
    store.epoch_deadline_callback(move |_| {
        Ok(if Instant::now() >= deadline { UpdateDeadline::Interrupt } else { UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())) })
    });
    Ok(store)
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::bindings::steward::plugin::knowledge::Host as _;
    use crate::office::Document;
    use crate::testing::MemoryOffice;
    use steward_core::Readers;

    fn state(effect: Effect) -> CallState {
        let (limits, tenant) = (Limits::default(), "org_00000000000000000000000001".parse().expect("an id"));
        CallState::new(&limits, Arc::new(MemoryOffice::default()), tenant, "a.b", effect, "key".to_owned(), 0)
    }

    #[tokio::test]
    async fn a_search_that_finds_no_document_is_for_the_house_as_one_that_does() {
        let mut call = state(Effect::Fetch);
        assert!(!call.seen.private);
        let found = call.search("salaries".to_owned(), None, 5).await.expect("asked");
        assert!(found.is_ok_and(|found| found.is_empty()));
        assert_eq!((call.seen, call.saw_document), (Floor { private: true, ..Floor::CLEAN }, false));
    }

    #[test]
    fn what_is_written_after_a_refusal_with_reasons_counts_as_what_may_stand_in_them() {
        for (refused, integrity) in [
            (OfficeError::Invalid("`emails` would take away `eve@evil.example`".to_owned()), Integrity::Outside),
            (in_words_of(Integrity::Outside), Integrity::Outside),
            (in_words_of(Integrity::Directory), Integrity::Directory),
            (OfficeError::NotFound, Integrity::Owner),
            (OfficeError::Denied, Integrity::Owner),
            (OfficeError::Conflict, Integrity::Owner),
        ] {
            let mut call = state(Effect::Write);
            assert!(call.change().expect("asked").is_ok());
            call.changed::<()>(&Err(refused.clone()));
            assert_eq!(call.seen, Floor { integrity, private: true }, "{refused}");
        }
    }

    fn in_words_of(integrity: Integrity) -> OfficeError {
        OfficeError::Told { why: "`emails` would take away `eve@evil.example`".to_owned(), record: "contact_1".to_owned(), integrity }
    }

    #[test]
    fn a_record_in_whose_words_something_is_refused_was_shown() {
        for integrity in [Integrity::Outside, Integrity::Directory] {
            let noted = BTreeMap::from([("contact_1".to_owned(), integrity)]);
            let mut call = state(Effect::Write);
            call.changed::<()>(&Err(in_words_of(integrity)));
            assert_eq!((&call.records, call.seen), (&noted, Floor { integrity, private: true }), "a change");
            let mut call = state(Effect::Fetch);
            call.told::<()>(&Err(in_words_of(integrity)));
            assert_eq!((&call.records, call.seen), (&noted, Floor { integrity, private: true }), "a question");
            let mut call = state(Effect::Write);
            call.keeping_done(&Err(in_words_of(integrity)));
            assert_eq!(call.records, noted, "something to keep");
        }
        for refused in [OfficeError::Invalid("is empty".to_owned()), OfficeError::NotFound, OfficeError::Denied, OfficeError::Unavailable] {
            let mut call = state(Effect::Write);
            call.changed::<()>(&Err(refused.clone()));
            assert!(call.records.is_empty(), "{refused}");
        }
    }

    #[test]
    fn a_call_that_was_handed_a_document_changes_no_record_and_keeps_nothing_of_what_is_not_for_all() {
        let mut call = state(Effect::Write);
        assert!(call.change().expect("asked").is_ok());
        // Its name alone, as beyond its last piece.
        let document = Document {
            id: "doc_00000000000000000000000001".to_owned(),
            name: "terms.md".to_owned(),
            media_type: "text/plain".to_owned(),
            characters: 1,
            chunks: 1,
            created_at_ms: 0,
            integrity: Integrity::Fact,
            readers: Readers::Public,
        };
        call.hand_over(&document, &[]);
        assert!(call.handed.is_nothing() && call.saw_document);
        assert_eq!(call.change().expect("asked"), Err(OfficeError::Invalid(HANDED.to_owned())));
        assert!(call.keep().expect("asked").is_ok(), "for the organisation, as the entry's floor says");
        call.handed.readers = Readers::Only(["ada@home.example".to_owned()].into());
        assert_eq!(call.keep().expect("asked"), Err(OfficeError::Invalid(NOT_FOR_ALL.to_owned())));
    }
}
