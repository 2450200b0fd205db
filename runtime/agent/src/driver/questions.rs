//! What the servers of calls under way ask the person: put to them, on record, and told back once they said something.
//!
//! A question is a row that its person sees, and an event of the run beside the call; the answer is an event before the server is told.
//! The person may answer at another process, so the rows are looked at while a question is open. An answer reaches the server that asked and
//! nothing else: no model is shown it.

use super::{Drive, DriveError};
use futures_util::future::FusedFuture;
use std::sync::Arc;
use std::time::Duration;
use steward_core::{CallId, Event, QuestionId, QuestionOutcome};
use steward_host::mcp::{AskedPerson, Nobody, People, PersonSaid};
use steward_host::office::BoxFuture;
use steward_office::questions;
use steward_store::question::QuestionRow;
use steward_store::run::RunStatus;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

/// How often it is looked whether an open question was answered at another process, in milliseconds.
const LOOK_MS: u64 = 500;
/// The most questions that wait to be put: of each call one at a time.
const WAITING_MAX: usize = 32;

/// Brings the questions of calls to the driver, which alone writes the journal.
pub(super) struct Desk {
    send: mpsc::Sender<Asked>,
    receive: mpsc::Receiver<Asked>,
    open: Vec<Open>,
}

/// A question that a call brings.
struct Asked {
    call: CallId,
    asked: AskedPerson,
    told: oneshot::Sender<PersonSaid>,
}

/// A question that is put and not closed.
struct Open {
    call: CallId,
    question: QuestionId,
    expires_at_ms: i64,
    told: oneshot::Sender<PersonSaid>,
}

/// The people of one call.
struct OfCall {
    call: CallId,
    send: mpsc::Sender<Asked>,
}

impl People for OfCall {
    fn ask<'a>(&'a self, asked: AskedPerson) -> BoxFuture<'a, PersonSaid> {
        Box::pin(async move {
            let (told, answer) = oneshot::channel();
            if self.send.send(Asked { call: self.call, asked, told }).await.is_err() {
                return PersonSaid::Nothing;
            }
            answer.await.unwrap_or(PersonSaid::Nothing)
        })
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        let (send, receive) = mpsc::channel(WAITING_MAX);
        Self { send, receive, open: Vec::new() }
    }
}

/// Runs some work while calls go on: what stands still meanwhile would keep its sandbox and its connection from others.
async fn beside<T, R>(calls: &mut (impl FusedFuture<Output = R> + Unpin), ended: &mut Option<R>, mut work: impl Future<Output = T> + Unpin) -> T {
    loop {
        tokio::select! {
            biased;
            worked = &mut work => return worked,
            reports = &mut *calls, if !calls.is_terminated() => *ended = Some(reports),
        }
    }
}

impl Drive<'_> {
    /// Whom a call may ask: its person, where one began the run and may be there.
    pub(super) fn people_of(&self, desk: &Desk, call: CallId) -> Arc<dyn People> {
        let is_there = self.journal.is_lasting() && self.run.pins.as_ref().is_some_and(|pins| questions::is_anybody_there(&pins.channel));
        if is_there { Arc::new(OfCall { call, send: desk.send.clone() }) } else { Arc::new(Nobody) }
    }

    /// Brings calls to their end, and to the person what their servers ask meanwhile. `unwritten` is written once it took so long.
    pub(super) async fn attend<R>(
        &mut self,
        desk: &mut Desk,
        calls: &mut (impl FusedFuture<Output = R> + Unpin),
        mut unwritten: Option<Duration>,
    ) -> Result<R, DriveError> {
        let mut ended = None;
        let mut is_stopped = false;
        let (live, stop) = (self.runtime.live.clone(), self.stop.clone());
        loop {
            if let Some(reports) = ended {
                self.close_all(desk, QuestionOutcome::Withdrawn).await;
                return Ok(reports);
            }
            let is_open = !desk.open.is_empty();
            tokio::select! {
                biased;
                reports = &mut *calls => ended = Some(reports),
                Some(asked) = desk.receive.recv() => {
                    let put = Box::pin(self.put_question(asked, stop.is_cancelled()));
                    if let Some(open) = beside(calls, &mut ended, put).await {
                        desk.open.push(open);
                    }
                }
                () = stop.cancelled(), if !is_stopped && is_open => {
                    // The call itself is brought to its end; its server need not wait for the person.
                    is_stopped = true;
                    beside(calls, &mut ended, Box::pin(self.close_all(desk, QuestionOutcome::Withdrawn))).await;
                }
                () = told_or_due(&live), if is_open => beside(calls, &mut ended, Box::pin(self.look_for_answers(desk))).await,
                () = tokio::time::sleep(unwritten.unwrap_or_default()), if unwritten.is_some() => {
                    unwritten = None;
                    beside(calls, &mut ended, Box::pin(self.flush(RunStatus::Running, false))).await?;
                }
            }
        }
    }

    /// Puts a question to the person; none where that did not work, and the server is told that nobody answers.
    async fn put_question(&mut self, asked: Asked, is_stopped: bool) -> Option<Open> {
        let Asked { call, asked: AskedPerson { server, question, wait_ms }, told } = asked;
        let tool = self.run.call(call)?.call.tool.clone();
        let (person, workspace) = self.run.pins.as_ref().map(|pins| (pins.person, pins.workspace))?;
        if is_stopped || told.is_closed() {
            return None;
        }
        let now = self.runtime.office.clock.now();
        let row = QuestionRow {
            question_id: self.runtime.office.ids.make(),
            workspace,
            run: self.run_id,
            fence: self.fence,
            call_id: call.to_string(),
            person,
            tool,
            server,
            question,
            asked_at: now,
            expires_at: now.saturating_add(time::Duration::milliseconds(i64::try_from(wait_ms).unwrap_or(i64::MAX))),
            outcome: None,
            answer: None,
            is_awaited: true,
        };
        if let Err(err) = self.journal.put_question(&row).await {
            warn!(run.id = %self.run_id, plugin.name = row.server, error = %err, "a server's question could not be put to the person");
            return None;
        }
        let put = row.put();
        let open = Open { call, question: row.question_id, expires_at_ms: put.expires_at_ms, told };
        self.apply(Event::QuestionOpened { call_id: call, put });
        match self.flush(RunStatus::Running, false).await {
            Ok(()) => Some(open),
            // It is still to be written; until it stands, nobody is asked in earnest. The next commit brings the error to light.
            Err(err) => {
                warn!(run.id = %self.run_id, error = %err, "a server's question could not be written down");
                self.close_question(open, QuestionOutcome::Withdrawn).await;
                None
            }
        }
    }

    /// Takes up what people said, and closes what nobody waits for any more.
    async fn look_for_answers(&mut self, desk: &mut Desk) {
        let rows = match self.journal.questions(self.run_id, self.fence).await {
            Ok(rows) => rows,
            Err(err) => {
                warn!(run.id = %self.run_id, error = %err, "answers to questions could not be read; looking again");
                return;
            }
        };
        let now_ms = self.runtime.office.clock.now_ms();
        for open in std::mem::take(&mut desk.open) {
            let row = rows.iter().find(|row| row.question_id == open.question);
            match row.and_then(|row| Some((row, row.outcome?))) {
                Some((row, outcome)) => self.tell_answer(open, row, outcome).await,
                None if now_ms >= open.expires_at_ms => self.close_question(open, QuestionOutcome::Expired).await,
                None if open.told.is_closed() => self.close_question(open, QuestionOutcome::Withdrawn).await,
                None => desk.open.push(open),
            }
        }
    }

    /// Writes down what the person said, and then tells the server.
    async fn tell_answer(&mut self, open: Open, row: &QuestionRow, outcome: QuestionOutcome) {
        let by = Some(row.person);
        self.apply(Event::QuestionClosed { call_id: open.call, question_id: open.question, outcome, by, answer: row.answer.clone() });
        let said = match (outcome, &row.answer) {
            (QuestionOutcome::Answered, Some(answer)) => PersonSaid::Given(answer.clone()),
            (QuestionOutcome::Declined, _) => PersonSaid::Declined,
            (QuestionOutcome::Answered | QuestionOutcome::Cancelled | QuestionOutcome::Expired | QuestionOutcome::Withdrawn, _) => PersonSaid::Nothing,
        };
        match self.flush(RunStatus::Running, false).await {
            // Nobody there any more: the call ended in this moment, and the answer went nowhere.
            Ok(()) => drop(open.told.send(said)),
            Err(err) => warn!(run.id = %self.run_id, error = %err, "an answer could not be written down, so the server is not told"),
        }
    }

    /// Closes a question that nobody answered, in the row and on record.
    async fn close_question(&mut self, open: Open, outcome: QuestionOutcome) {
        self.close_on_record(open.call, open.question, outcome).await;
        let _ = open.told.send(PersonSaid::Nothing);
    }

    async fn close_on_record(&mut self, call_id: CallId, question_id: QuestionId, outcome: QuestionOutcome) {
        if let Err(err) = self.journal.close_question(question_id, outcome, self.runtime.office.clock.now()).await {
            // Nobody can answer it all the same: its time ends, and so does the lease it was asked under.
            warn!(run.id = %self.run_id, error = %err, "a question that nobody waits for could not be closed");
        }
        self.apply(Event::QuestionClosed { call_id, question_id, outcome, by: None, answer: None });
    }

    /// Closes what was asked in a process that ended: the server that waited for the answer went with it, and asks anew if its call is repeated.
    pub(super) async fn withdraw_questions(&mut self) {
        for (call, question) in self.run.questions.clone() {
            self.close_on_record(call, question, QuestionOutcome::Withdrawn).await;
        }
    }

    async fn close_all(&mut self, desk: &mut Desk, outcome: QuestionOutcome) {
        let now_ms = self.runtime.office.clock.now_ms();
        for open in std::mem::take(&mut desk.open) {
            let outcome = if now_ms >= open.expires_at_ms { QuestionOutcome::Expired } else { outcome };
            self.close_question(open, outcome).await;
        }
    }
}

/// Somebody answered at this process, or it is time to look whether they did elsewhere.
async fn told_or_due(live: &crate::live::Live) {
    tokio::select! {
        () = live.told() => {}
        () = tokio::time::sleep(Duration::from_millis(LOOK_MS)) => {}
    }
}
