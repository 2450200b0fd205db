//! What happens right now, for whoever watches from the same process: text as it is written, events as they are committed, stops as they are asked for.
//!
//! Nothing here is a truth: the journal is. A watcher that falls behind reads on from the journal.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_core::event::Recorded;
use steward_core::{Actor, RunId};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// How many items a slow watcher may lag behind before it has to read the journal.
const LAG_MAX: usize = 1024;

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A piece of the model's text.
    Delta {
        /// The run.
        run: RunId,
        /// The answer it is of.
        of: Answer,
        /// How much of that answer stands before it, in bytes.
        at: usize,
        /// The piece.
        text: Arc<str>,
    },
    /// A committed event.
    Event {
        /// The run.
        run: RunId,
        /// The event.
        event: Arc<Recorded>,
    },
}

impl Happening {
    /// The run it belongs to.
    pub const fn run(&self) -> RunId {
        match self {
            Self::Delta { run, .. } | Self::Event { run, .. } => *run,
        }
    }
}

/// An answer of a run's model, while it is written. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// The step it is of, from 1.
    pub step: u32,
    /// Which try at that step, from 1.
    pub attempt: u32,
    /// Which answer of this process: the same try is made again where it was taken up anew.
    pub number: u64,
}

/// What was written so far of an answer that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The answer.
    pub of: Answer,
    /// The text.
    pub text: String,
}

/// The meeting point of drivers and watchers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    happenings: broadcast::Sender<Happening>,
    queued: Notify,
    told: Notify,
    /// How many workers take runs up in this process.
    workers: AtomicUsize,
    stops: Mutex<HashMap<RunId, CancellationToken>>,
    /// Answers under way that come in pieces.
    drafts: Mutex<HashMap<RunId, Draft>>,
    /// How many answers were begun in pieces.
    answers: AtomicU64,
    /// Stops for which the database had no room, with who asked.
    unwritten: Mutex<BTreeMap<RunId, Actor>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            inner: Arc::new(Inner {
                happenings: broadcast::channel(LAG_MAX).0,
                queued: Notify::new(),
                told: Notify::new(),
                workers: AtomicUsize::new(0),
                stops: Mutex::default(),
                drafts: Mutex::default(),
                answers: AtomicU64::new(0),
                unwritten: Mutex::default(),
            }),
        }
    }
}

impl Live {
    /// Everything from now on.
    pub fn watch(&self) -> broadcast::Receiver<Happening> {
        self.inner.happenings.subscribe()
    }

    /// Whether anybody watches this process.
    pub fn is_watched(&self) -> bool {
        self.inner.happenings.receiver_count() > 0
    }

    /// Tells watchers. Without any, nothing is done.
    pub fn tell(&self, happening: impl FnOnce() -> Happening) {
        if self.is_watched() {
            let _ = self.inner.happenings.send(happening());
        }
    }

    /// What was written of a run's answer that comes in pieces, for those who begin to watch in the middle of it: who listens first and asks then
    /// has every piece, here or live or both.
    pub fn draft(&self, run: RunId) -> Option<Draft> {
        self.drafts().get(&run).cloned()
    }

    fn drafts(&self) -> MutexGuard<'_, HashMap<RunId, Draft>> {
        self.inner.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to tell an answer as it is written.
    pub(crate) fn writing(&self, run: RunId, step: u32, attempt: u32) -> Writing {
        let of = Answer { step, attempt, number: self.inner.answers.fetch_add(1, Ordering::Relaxed) };
        self.drafts().insert(run, Draft { of, text: String::new() });
        Writing { live: self.clone(), run, of }
    }

    /// Wakes a worker of this process: a run is queued.
    pub fn wake(&self) {
        self.inner.queued.notify_one();
    }

    /// Resolves when a run was queued in this process.
    pub async fn queued(&self) {
        self.inner.queued.notified().await;
    }

    /// Wakes the drivers of this process: a person answered a question. Another process looks for itself.
    pub fn tell_answer(&self) {
        self.inner.told.notify_waiters();
    }

    /// Resolves when a person answered a question in this process.
    pub(crate) async fn told(&self) {
        self.inner.told.notified().await;
    }

    /// Stops a run that this process drives, at once. Another process sees the wish in the database.
    pub fn stop(&self, run: RunId) {
        if let Some(token) = self.inner.stops.lock().unwrap_or_else(PoisonError::into_inner).get(&run) {
            token.cancel();
        }
    }

    /// Stops runs that wait for each other, although the database has no room to write it down: what is driven here at once, and what is not when it
    /// is taken up here or the stop is written down. Each is kept here until [`Live::written`] is told. False, and nothing is kept, where none of them
    /// is driven here. Whether the actor may is the caller's to know.
    pub fn stop_unwritten(&self, runs: &[RunId], by: &Actor) -> bool {
        let is_driven = {
            let stops = self.inner.stops.lock().unwrap_or_else(PoisonError::into_inner);
            runs.iter().any(|run| stops.contains_key(run))
        };
        let unwritten = self.unwritten();
        if !is_driven && !runs.iter().any(|run| unwritten.contains_key(run)) {
            return false;
        }
        self.keep_stops(unwritten, runs, by);
        true
    }

    /// The same for runs that nobody drives because one of them is left alone in the queue: they stop when that one is taken up here, or when the
    /// stop is written down. False, and nothing is kept, where no worker of this process takes runs up.
    pub fn stop_when_taken_up(&self, runs: &[RunId], by: &Actor) -> bool {
        if self.inner.workers.load(Ordering::SeqCst) == 0 {
            return false;
        }
        self.keep_stops(self.unwritten(), runs, by);
        true
    }

    fn keep_stops(&self, mut unwritten: MutexGuard<'_, BTreeMap<RunId, Actor>>, runs: &[RunId], by: &Actor) {
        for run in runs {
            unwritten.entry(*run).or_insert_with(|| by.clone());
        }
        drop(unwritten);
        // Only now: who takes one up meanwhile is registered before it looks at what is kept.
        runs.iter().for_each(|run| self.stop(*run));
    }

    /// Registers a worker of this process.
    pub(crate) fn working(&self) -> Working {
        self.inner.workers.fetch_add(1, Ordering::SeqCst);
        Working { live: self.clone() }
    }

    /// The stops that are to be written down, with who asked.
    pub fn unwritten_stops(&self) -> Vec<(RunId, Actor)> {
        self.unwritten().iter().map(|(run, by)| (*run, by.clone())).collect()
    }

    /// A stop is written down.
    pub fn written(&self, run: RunId) {
        self.unwritten().remove(&run);
    }

    /// Who asked for a stop of this run that is not written down.
    pub(crate) fn asked_unwritten(&self, run: RunId) -> Option<Actor> {
        self.unwritten().get(&run).cloned()
    }

    fn unwritten(&self) -> MutexGuard<'_, BTreeMap<RunId, Actor>> {
        self.inner.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a run as driven here.
    pub(crate) fn driving(&self, run: RunId) -> Driving {
        let token = CancellationToken::new();
        self.inner.stops.lock().unwrap_or_else(PoisonError::into_inner).insert(run, token.clone());
        // It waited for room or for another run, and is taken up: it is stopped still.
        if self.unwritten().contains_key(&run) {
            token.cancel();
        }
        Driving { live: self.clone(), run, token }
    }
}

/// An answer that is told as it is written. What was written of it is forgotten when this is dropped.
pub(crate) struct Writing {
    live: Live,
    run: RunId,
    of: Answer,
}

impl Writing {
    /// Tells the next piece.
    pub(crate) fn tell(&self, text: String) {
        let at = {
            let mut drafts = self.live.drafts();
            let Some(draft) = drafts.get_mut(&self.run).filter(|draft| draft.of == self.of) else { return };
            let at = draft.text.len();
            draft.text.push_str(&text);
            at
        };
        self.live.tell(|| Happening::Delta { run: self.run, of: self.of, at, text: text.into() });
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut drafts = self.live.drafts();
        if drafts.get(&self.run).is_some_and(|draft| draft.of == self.of) {
            drafts.remove(&self.run);
        }
    }
}

/// A worker that takes runs up in this process, until dropped.
pub(crate) struct Working {
    live: Live,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.live.inner.workers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A run driven in this process, until dropped.
pub(crate) struct Driving {
    live: Live,
    run: RunId,
    pub(crate) token: CancellationToken,
}

impl Drop for Driving {
    fn drop(&mut self) {
        self.live.inner.stops.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
    }
}
