//! A run as it happens: its journal from any event on, and the model's text while it is written.
//!
//! The journal is the truth and is read whenever the live channel has a gap; pieces of text exist only live, in the process that
//! drives the run. Who comes in the middle of an answer, or fell behind, has what was written of it before as one piece. A run driven elsewhere is
//! followed by reading its journal twice a second.
//!
//! Whoever listens is let in once and looked at again every few seconds: who lost session, token, role or workspace hears no more. The run
//! itself is not touched by it.

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use steward_agent::live::{Draft, Happening};
use steward_core::event::Recorded;
use steward_core::{Actor, Event, Kind, RunId};
use steward_office::{OfficeError, runs};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// How often the journal is read when nothing is heard live, in milliseconds.
const POLL_MS: u64 = 500;
/// How often it is asked whether a listener may still hear, in milliseconds. With what asking takes, nobody hears more after five seconds.
const RECHECK_MS: u64 = 3_000;

/// One thing of a run that is followed.
#[derive(Debug, Clone)]
pub enum Followed {
    /// A committed event.
    Event(Arc<Recorded>),
    /// A piece of the model's text.
    Delta {
        /// The piece.
        text: Arc<str>,
        /// Whether an answer begins with it: what came of one before that broke off counts no more.
        begins: bool,
    },
}

impl Followed {
    /// The number of the event; none of a piece of text.
    pub(crate) fn seq(&self) -> Option<u32> {
        match self {
            Self::Event(recorded) => Some(recorded.seq),
            Self::Delta { .. } => None,
        }
    }
}

/// Resolves when the caller may no longer see the run, or ask what they asked, and says why.
pub(crate) async fn shut_out(caller: Caller, run: RunId) -> ApiError {
    refusal(&caller, Some(run)).await
}

/// Resolves when the caller may no longer ask what they asked, and says why.
pub(crate) async fn sent_away(caller: Caller) -> ApiError {
    refusal(&caller, None).await
}

async fn refusal(caller: &Caller, run: Option<RunId>) -> ApiError {
    loop {
        tokio::time::sleep(Duration::from_millis(RECHECK_MS)).await;
        match look(caller, run).await {
            Ok(()) => {}
            // That says nothing about the caller; what they listen to ends by itself when the journal cannot be read.
            Err(err) if err.code == Kind::Away.code() => {}
            Err(err) => return err,
        }
    }
}

async fn look(caller: &Caller, run: Option<RunId>) -> Result<(), ApiError> {
    let actor = caller.again().await?;
    if let Some(run) = run {
        let mut tx = caller.state().store.begin(&actor).await?;
        runs::get(&mut tx, run).await?;
    }
    Ok(())
}

struct Follower {
    state: AppState,
    actor: Actor,
    run: RunId,
    seen: u32,
    live: Receiver<Happening>,
    ready: VecDeque<Followed>,
    /// The newest answer that came in pieces, and how much of it was passed on, in bytes.
    heard: (u64, usize),
    over: bool,
    read_first: bool,
}

/// Everything of a run after event number `after`, until the run is over or the reader goes away. The actor must be allowed to see the run.
pub fn follow(state: AppState, actor: Actor, run: RunId, after: u32) -> impl Stream<Item = Result<Followed, OfficeError>> + Send {
    // Listening starts before the journal is read, so that nothing falls between the two.
    let live = state.live.watch();
    let follower = Follower { state, actor, run, seen: after, live, ready: VecDeque::new(), heard: (0, 0), over: false, read_first: true };
    unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        match follower.next().await {
            Ok(Some(item)) => Some((Ok(item), Some(follower))),
            Ok(None) => None,
            Err(err) => Some((Err(err), None)),
        }
    })
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Followed>, OfficeError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if self.over {
                return Ok(None);
            }
            if self.read_first {
                self.read_first = false;
                self.read().await?;
                continue;
            }
            match tokio::time::timeout(Duration::from_millis(POLL_MS), self.live.recv()).await {
                Ok(Ok(Happening::Delta { run, answer, at, text })) if run == self.run => self.piece(answer, at, &text),
                Ok(Ok(Happening::Event { run, event })) if run == self.run => self.take(event),
                Ok(Ok(Happening::Delta { .. } | Happening::Event { .. })) => {}
                // Silence, or a gap: the journal knows.
                Ok(Err(RecvError::Lagged(_))) | Err(_) => self.read_first = true,
                Ok(Err(RecvError::Closed)) => return Ok(None),
            }
        }
    }

    async fn read(&mut self) -> Result<(), OfficeError> {
        // Before the journal: what that has of the answer's end by then counts more.
        let mut draft = self.state.live.draft(self.run);
        let mut tx = self.state.store.begin(&self.actor).await?;
        for recorded in runs::events(&mut tx, self.run, self.seen).await? {
            draft = draft.filter(|draft| !ends(draft, &recorded.event));
            self.take(Arc::new(recorded));
        }
        if let Some(draft) = draft {
            self.piece(draft.answer, 0, &draft.text);
        }
        Ok(())
    }

    /// Passes on what was not yet of a piece that begins at `at` of this answer.
    fn piece(&mut self, answer: u64, at: usize, text: &str) {
        let heard = match self.heard {
            (known, heard) if known == answer => heard,
            // Over by now.
            (known, _) if known > answer => return,
            _ => 0,
        };
        // Whatever is missing between the two was told while nobody listened here, and comes with the journal.
        if let Some(new) = text.get(heard.saturating_sub(at)..).filter(|new| !new.is_empty()) {
            let begins = heard == 0;
            self.heard = (answer, at + text.len());
            self.ready.push_back(Followed::Delta { text: new.into(), begins });
        }
    }

    fn take(&mut self, event: Arc<Recorded>) {
        if event.seq <= self.seen {
            return;
        }
        if event.seq > self.seen + 1 {
            self.read_first = true;
            return;
        }
        self.seen = event.seq;
        self.over = matches!(event.event, Event::Ended { .. });
        self.ready.push_back(Followed::Event(event));
    }
}

/// Whether an answer is written no more, or was for nothing.
fn ends(draft: &Draft, event: &Event) -> bool {
    match event {
        Event::Answered { step, .. } => *step >= draft.step,
        Event::AskFailed { step, attempt, .. } => (*step, *attempt) >= (draft.step, draft.attempt),
        Event::Ended { .. } => true,
        _ => false,
    }
}
