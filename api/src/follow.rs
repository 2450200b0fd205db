//! A run as it happens: its journal from any event on, and the model's text while it is written.
//!
//! The journal is the truth and is read whenever the live channel has a gap; pieces of text exist only live, in the process that
//! drives the run. Who comes in the middle of an answer, or fell behind, has what was written of it before as one piece. A run driven elsewhere is
//! followed by reading its journal twice a second.
//!
//! Whoever listens is let in once and looked at again every few seconds: who lost session, token, role or workspace hears no more. The run
//! itself is not touched by it.

use crate::auth::Caller;
use crate::error::{ApiError, ProblemCode};
use crate::state::AppState;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use steward_agent::live::{Answer, Happening};
use steward_core::event::Recorded;
use steward_core::{Actor, Event, RunId};
use steward_office::{OfficeError, runs};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

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
    loop {
        let seen = async {
            let Some(actor) = seen_again(&caller).await? else { return Ok(()) };
            let mut tx = caller.state().store.begin(&actor).await?;
            runs::get(&mut tx, run).await?;
            Ok::<(), ApiError>(())
        };
        match seen.await {
            Ok(()) => {}
            Err(err) if says_nothing(&err) => {}
            Err(err) => return err,
        }
    }
}

/// Who the caller is when it is time to look again, none where that cannot be known now; or why they may no longer ask what they asked.
pub(crate) async fn seen_again(caller: &Caller) -> Result<Option<Actor>, ApiError> {
    tokio::time::sleep(Duration::from_millis(RECHECK_MS)).await;
    match caller.again().await {
        Ok(actor) => Ok(Some(actor)),
        Err(err) if says_nothing(&err) => Ok(None),
        Err(err) => Err(err),
    }
}

/// Whether an error says nothing about the caller; what they listen to ends by itself when the journal cannot be read.
fn says_nothing(err: &ApiError) -> bool {
    err.code == ProblemCode::Away
}

/// How much of the answers that come in pieces was passed on.
#[derive(Debug, Default)]
struct Heard {
    /// The newest answer, and how much of it, in bytes.
    newest: Option<(Answer, usize)>,
    /// The last try that is over: whatever still comes of it or of one before comes too late.
    over: (u32, u32),
}

impl Heard {
    /// What was not passed on yet of a piece that begins at `at` of this answer, and whether the answer begins with it.
    fn piece<'t>(&mut self, of: Answer, at: usize, text: &'t str) -> Option<(&'t str, bool)> {
        if (of.step, of.attempt) <= self.over {
            return None;
        }
        let heard = match self.newest {
            Some((newest, heard)) if newest == of => heard,
            Some((newest, _)) if newest > of => return None,
            _ => 0,
        };
        let new = text.get(heard.saturating_sub(at)..).filter(|new| !new.is_empty())?;
        self.newest = Some((of, at + text.len()));
        Some((new, heard == 0 && at == 0))
    }

    /// Takes note of an event, and says whether pieces were passed on that count no more.
    fn event(&mut self, event: &Event) -> bool {
        match event {
            Event::Answered { step, .. } => {
                (self.over, self.newest) = ((*step, u32::MAX), None);
                false
            }
            Event::AskFailed { step, attempt, .. } => self.broke_off((*step, *attempt)),
            // A process that loses its run in the middle of an answer says nothing of it.
            Event::Asked { step, attempt, .. } => self.broke_off((*step, attempt.saturating_sub(1))),
            _ => false,
        }
    }

    fn broke_off(&mut self, last: (u32, u32)) -> bool {
        self.over = self.over.max(last);
        self.newest.take_if(|(of, _)| (of.step, of.attempt) <= last).is_some()
    }
}

struct Follower {
    state: AppState,
    actor: Actor,
    run: RunId,
    seen: u32,
    live: Receiver<Happening>,
    ready: VecDeque<Followed>,
    heard: Heard,
    over: bool,
    read_first: bool,
    /// When the journal is read, whatever is heard until then: it may be of other runs.
    look_at: Instant,
}

/// Everything of a run after event number `after`, until the run is over or the reader goes away. The actor must be allowed to see the run.
pub fn follow(state: AppState, actor: Actor, run: RunId, after: u32) -> impl Stream<Item = Result<Followed, OfficeError>> + Send {
    // Listening starts before the journal is read, so that nothing falls between the two.
    let live = state.live.watch();
    let follower = Follower {
        state,
        actor,
        run,
        seen: after,
        live,
        ready: VecDeque::new(),
        heard: Heard::default(),
        over: false,
        read_first: true,
        look_at: Instant::now(),
    };
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
                self.read().await?;
                continue;
            }
            match timeout_at(self.look_at, self.live.recv()).await {
                Ok(Ok(Happening::Delta { run, of, at, text })) if run == self.run => self.piece(of, at, &text),
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
        let draft = self.state.live.draft(self.run);
        let mut tx = self.state.store.begin(&self.actor).await?;
        // Page by page: what is being written stands behind all that is committed.
        let mut before = None;
        while before != Some(self.seen) {
            before = Some(self.seen);
            runs::events(&mut tx, self.run, self.seen).await?.into_iter().for_each(|recorded| self.take(Arc::new(recorded)));
        }
        if let Some(draft) = draft.filter(|_| !self.over) {
            self.piece(draft.of, 0, &draft.text);
        }
        self.read_first = false;
        self.look_at = Instant::now() + Duration::from_millis(POLL_MS);
        Ok(())
    }

    fn piece(&mut self, of: Answer, at: usize, text: &str) {
        if let Some((text, begins)) = self.heard.piece(of, at, text) {
            self.ready.push_back(Followed::Delta { text: text.into(), begins });
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
        let broke_off = self.heard.event(&event.event);
        self.ready.push_back(Followed::Event(event));
        if broke_off {
            // The next try may say nothing at all.
            self.ready.push_back(Followed::Delta { text: "".into(), begins: true });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::event::AskFailure;
    use steward_core::{Digest, Micros, Usage};

    const fn of(step: u32, attempt: u32, number: u64) -> Answer {
        Answer { step, attempt, number }
    }

    fn failed(step: u32, attempt: u32) -> Event {
        let (usage, cost, message) = (Usage::default(), Micros(0), String::new());
        Event::AskFailed { step, attempt, model: "m".to_owned(), failure: AskFailure::CutOff, message, usage, cost, retry: true }
    }

    fn asked(step: u32, attempt: u32) -> Event {
        let (request_digest, reservation) = (Digest::of(b""), None);
        Event::Asked { step, attempt, model: "m".to_owned(), request_digest, reserved_tokens: 0, reserved_cost: Micros(0), reservation, idle_ms: 0 }
    }

    fn answered(step: u32) -> Event {
        Event::Answered { step, text: String::new(), calls: Vec::new(), usage: Usage::default(), cost: Micros(0), model: "m".to_owned() }
    }

    #[test]
    fn each_letter_of_an_answer_is_passed_on_once() {
        let mut heard = Heard::default();
        // What was written before, and then what was told while that was asked for.
        assert_eq!(heard.piece(of(1, 1, 7), 0, "Good mor"), Some(("Good mor", true)));
        for (at, text, new) in
            [(0, "Good", None), (4, " mor", None), (8, "ning", Some("ning")), (8, "ning", None), (10, "ng, L", Some(", L")), (15, "ena", Some("ena"))]
        {
            assert_eq!(heard.piece(of(1, 1, 7), at, text), new.map(|new| (new, false)), "{at} {text}");
        }
        // Another that took the run up says it anew.
        assert_eq!(heard.piece(of(1, 1, 9), 0, "Hello"), Some(("Hello", true)));
        assert_eq!(heard.piece(of(1, 1, 7), 18, "!"), None, "of one that is no more");
    }

    #[test]
    fn what_comes_of_an_answer_that_is_over_is_not_passed_on() {
        let mut heard = Heard::default();
        assert_eq!(heard.piece(of(1, 1, 1), 0, "Hel"), Some(("Hel", true)));
        assert!(!heard.event(&asked(1, 1)), "the answer to this");
        assert!(heard.event(&failed(1, 1)), "what was passed on counts no more");
        assert_eq!(heard.piece(of(1, 1, 1), 3, "lo"), None);
        assert!(!heard.event(&failed(1, 2)), "nothing of it was passed on");
        assert_eq!(heard.piece(of(1, 3, 3), 0, "Good"), Some(("Good", true)));
        assert!(!heard.event(&answered(1)));
        assert_eq!(heard.piece(of(1, 3, 3), 4, " day"), None);
        assert_eq!(heard.piece(of(2, 1, 4), 0, "Next"), Some(("Next", true)));
        assert!(heard.event(&asked(2, 2)), "whoever wrote the first is gone without a word");
        assert_eq!(heard.piece(of(2, 1, 4), 4, "!"), None);
        // Who fell behind has not heard the beginning.
        assert_eq!(Heard::default().piece(of(2, 1, 4), 4, "!"), Some(("!", false)));
    }
}
