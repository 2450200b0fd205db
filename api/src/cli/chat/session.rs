//! One conversation at the terminal: posts messages, drives their runs in this process, and shows what happens.

use super::keyboard::Keyboard;
use super::printer::Printer;
use super::questions;
use crate::cli::approvals::Card;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone};
use crate::cli::terminal::Terminal;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use steward_agent::Runtime;
use steward_agent::agents::Agent;
use steward_agent::live::Happening;
use steward_agent::pins::pin;
use steward_agent::worker::{drive_leased, work};
use steward_core::event::Recorded;
use steward_core::{BudgetHoldId, ConversationId, Event, HasKind, Kind, QuestionId, RunId, RunOutcome, WorkspaceId};
use steward_office::conversations;
use steward_office::{holds, runs};
use steward_store::doors::Leased;
use steward_store::run::RunStatus;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// How often a run that another process drives is looked at, in milliseconds.
const FOLLOW_MS: u64 = 250;
/// How long a stopped run may take to say so, in seconds.
const STOP_SECONDS_MAX: u64 = 10;

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The agent replied.
    Replied,
    /// An action waits for people.
    Waiting,
    /// A budget stopped the run, and somebody may let it go on.
    Stopped,
    /// A limit or budget ended the run.
    Limited,
    /// Anything else.
    Failed,
}

/// The person answering a server's question.
type Asking<'a> = Pin<Box<dyn Future<Output = Result<(), CliError>> + 'a>>;

/// Resolves when the person's word is on its way; never without a question.
async fn answered(asking: &mut Option<(QuestionId, Asking<'_>)>) -> Result<(), CliError> {
    match asking {
        Some((_, asking)) => asking.await,
        None => std::future::pending().await,
    }
}

/// A conversation.
pub(super) struct Session<'a> {
    terminal: &'a Terminal,
    runtime: Arc<Runtime>,
    agent: Agent,
    conversation: ConversationId,
    output: Output,
    json: bool,
    keyboard: Keyboard,
    last: Option<Printer>,
}

impl<'a> Session<'a> {
    /// Takes up a conversation, or begins one.
    pub(super) async fn begin(
        terminal: &'a Terminal,
        runtime: Arc<Runtime>,
        agent: Agent,
        workspace: WorkspaceId,
        conversation: Option<ConversationId>,
        output: Output,
        json: bool,
    ) -> Result<Self, CliError> {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        let conversation = match conversation {
            Some(id) => conversations::get(&mut tx, id).await?.conversation_id,
            None => conversations::create(&mut tx, &terminal.office, &agent.name, workspace, "Terminal").await?.conversation_id,
        };
        tx.commit().await?;
        Ok(Self { terminal, runtime, agent, conversation, output, json, keyboard: Keyboard::default(), last: None })
    }

    pub(super) fn agent_name(&self) -> &str {
        &self.agent.name
    }

    pub(super) fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// A line that the person types; none at the end of the input.
    pub(super) async fn line(&self) -> Result<Option<String>, CliError> {
        self.keyboard.line().await
    }

    /// Says something and shows what comes of it. An error behind the message says which run was left.
    pub(super) async fn turn(&mut self, text: &str) -> Result<Turn, CliError> {
        let watch = self.runtime.live.watch();
        let leased = self.post(text).await?;
        let (turn, printer) = self.see(leased, watch).await.map_err(|err| err.behind_message(leased.run))?;
        self.last = Some(printer);
        Ok(turn)
    }

    /// Drives the run of a message, and shows what happens in it.
    async fn see(&self, leased: Leased, mut watch: Receiver<Happening>) -> Result<(Turn, Printer), CliError> {
        let mut printer = Printer::new(self.output, self.json, leased.run);
        // The run's first event was stored with the message.
        self.catch_up(&mut printer).await?;
        let runtime = self.runtime.clone();
        let mut drive = Box::pin(drive_leased(&runtime, leased));
        let mut stops = 0;
        let mut asking: Option<(QuestionId, Asking<'_>)> = None;
        let driven = loop {
            tokio::select! {
                biased;
                _ = tokio::signal::ctrl_c() => {
                    stops += 1;
                    if stops > 1 {
                        return Err(CliError::Left(leased.run));
                    }
                    printer.stopping();
                    self.stop(leased.run).await?;
                }
                happening = watch.recv() => self.show(&mut printer, happening).await?,
                told = answered(&mut asking) => {
                    told?;
                    asking = None;
                }
                driven = &mut drive => break driven,
            }
            // The call waits while the person answers, and goes on without them when its time is over.
            asking = asking.filter(|(question, _)| printer.waits_for(*question));
            if let (None, Some(put)) = (&asking, printer.take_question()) {
                let asked = questions::ask(self.terminal, self.runtime.live.clone(), self.output, self.json, &self.keyboard, put.clone());
                asking = Some((put.question_id, Box::pin(asked)));
            }
        };
        // What was told while the driver came to its end: the text as it was written first, which no journal has, and then what is missing.
        while let Ok(happening) = watch.try_recv() {
            self.show(&mut printer, Ok(happening)).await?;
        }
        self.catch_up(&mut printer).await?;
        let turn = match driven {
            // Others are at work for it: they are driven here, unless another process does, and it with them.
            Ok(RunStatus::Waiting) if printer.is_served() => {
                let turn = self.go_on(&mut printer).await?;
                printer.served_waits()?;
                turn
            }
            Ok(status) => turn_of(status, printer.outcome(), printer.stopped_by()),
            // Another worker took the run, after this process slept for long: it is followed to its end.
            Err(err) if err.kind() == Kind::Conflict => self.follow(&mut printer, watch).await?,
            Err(err) => return Err(err.into()),
        };
        printer.finish()?;
        Ok((turn, printer))
    }

    /// Stores the message; its run is leased to this process from the start, so no other worker takes it.
    async fn post(&self, text: &str) -> Result<Leased, CliError> {
        let actor = &self.terminal.actor;
        let mut tx = self.terminal.store.begin(actor).await?;
        let pins = pin(&mut tx, &self.terminal.office, &self.runtime.prompts, &self.agent).await?;
        let posted = conversations::post(&mut tx, &self.terminal.office, self.conversation, text, "terminal", pins, Some(&self.runtime.worker)).await?;
        let row = runs::get(&mut tx, posted.run).await?;
        tx.commit().await?;
        Ok(Leased { tenant: actor.tenant, run: row.run_id, person: row.person, fence: row.fence })
    }

    async fn stop(&self, run: RunId) -> Result<(), CliError> {
        let mut tx = self.terminal.store.begin(&self.terminal.actor).await?;
        match runs::cancel(&mut tx, &self.terminal.office, run).await {
            // It came to its end by itself in this moment.
            Err(err) if err.kind() == Kind::Conflict => tx.rollback().await?,
            other => {
                other?;
                tx.commit().await?;
            }
        }
        self.runtime.live.stop(run);
        for below in runs::cancel_below(&self.terminal.store, &self.terminal.actor, &self.terminal.office, run).await? {
            self.runtime.live.stop(below);
        }
        Ok(())
    }

    async fn show(&self, printer: &mut Printer, happening: Result<Happening, RecvError>) -> Result<(), CliError> {
        match happening {
            Ok(Happening::Delta { run, at, text, .. }) if run == printer.run() => Ok(printer.delta(&text, at == 0)?),
            Ok(Happening::Event { run, event }) if run == printer.run() && event.seq <= printer.last_seq() + 1 => self.present(printer, &event).await,
            // Something before it was not told here.
            Ok(Happening::Event { run, .. }) if run == printer.run() => self.catch_up(printer).await,
            Ok(Happening::Delta { .. } | Happening::Event { .. }) => Ok(()),
            Err(RecvError::Lagged(_)) => self.catch_up(printer).await,
            Err(RecvError::Closed) => Ok(()),
        }
    }

    /// Shows what the journal has and was not shown yet.
    async fn catch_up(&self, printer: &mut Printer) -> Result<(), CliError> {
        let mut tx = self.terminal.store.begin(&self.terminal.actor).await?;
        loop {
            let events = runs::events(&mut tx, printer.run(), printer.last_seq()).await?;
            if events.is_empty() {
                break;
            }
            for event in &events {
                self.present(printer, event).await?;
            }
        }
        Ok(tx.rollback().await?)
    }

    /// Shows an event; of a held action, the record with exactly what an approval would release.
    async fn present(&self, printer: &mut Printer, event: &Recorded) -> Result<(), CliError> {
        let is_new = event.seq > printer.last_seq();
        printer.event(event)?;
        match &event.event {
            Event::HoldOpened { hold_id, .. } if is_new && !printer.is_json() => Card::read(self.terminal, *hold_id).await?.print(&self.output),
            _ => Ok(()),
        }
    }

    /// Shows a run that is driven elsewhere, until it ends or waits.
    async fn follow(&self, printer: &mut Printer, mut watch: Receiver<Happening>) -> Result<Turn, CliError> {
        let mut stops = 0;
        loop {
            tokio::select! {
                biased;
                _ = tokio::signal::ctrl_c() => {
                    stops += 1;
                    if stops > 1 {
                        return Err(CliError::Left(printer.run()));
                    }
                    printer.stopping();
                    self.stop(printer.run()).await?;
                }
                happening = watch.recv() => self.show(printer, happening).await?,
                () = tokio::time::sleep(Duration::from_millis(FOLLOW_MS)) => {}
            }
            let mut tx = self.terminal.store.begin(&self.terminal.actor).await?;
            // In this order: a run below that ends in between has brought this one back by then.
            let is_at_work = runs::is_at_work(&mut tx, printer.run()).await?;
            let status = runs::get(&mut tx, printer.run()).await?.status;
            tx.rollback().await?;
            self.catch_up(printer).await?;
            match status {
                RunStatus::Queued | RunStatus::Running => {}
                // Not for people: one that serves it is at work.
                RunStatus::Waiting if is_at_work => {}
                RunStatus::Waiting | RunStatus::Ended => return Ok(turn_of(status, printer.outcome(), printer.stopped_by())),
            }
        }
    }

    /// Lets the person decide on what waits, right here, and shows how the run goes on.
    pub(super) async fn decide_here(&mut self) -> Result<(), CliError> {
        let Some(mut printer) = self.last.take() else { return Ok(()) };
        loop {
            let Some((hold, envelope)) = printer.open_hold() else { return Ok(()) };
            // Its card says where to decide on it; nothing is asked here that could not be done.
            if Card::read(self.terminal, hold).await?.only_elsewhere().is_some() {
                printer.settle(hold);
                continue;
            }
            // What was typed before this was asked is no word on it.
            let may_be_older = self.keyboard.forget()?;
            self.output.piece(&self.output.tone(Tone::Strong, "approve exactly this? [y]es, [n]o, Enter leaves it waiting> "))?;
            let Some(answer) = self.line().await? else { return Ok(()) };
            if may_be_older {
                self.output.line(self.output.tone(Tone::Quiet, "  that line may have been begun before this was asked: give the word once more"))?;
                continue;
            }
            let mut tx = self.terminal.store.begin(&self.terminal.actor).await?;
            let decided = match answer.trim().to_lowercase().as_str() {
                "y" | "yes" => holds::approve(&mut tx, &self.terminal.office, hold, envelope).await.map(drop),
                "n" | "no" => holds::reject(&mut tx, &self.terminal.office, hold, "").await,
                _ => return Ok(()),
            };
            match decided {
                Ok(()) => tx.commit().await?,
                // Not theirs to decide, or somebody was faster: that is said, and the talk goes on.
                Err(err) if matches!(err.kind(), Kind::Denied | Kind::Conflict) => return Ok(self.output.line(crate::cli::chain(&err))?),
                Err(err) => return Err(err.into()),
            }
            printer.settle(hold);
            if printer.open_hold().is_some() {
                continue;
            }
            self.go_on(&mut printer).await?;
            printer.finish()?;
        }
    }

    /// Shows how a run goes on that waited, for a decision or for others: here, or in the process that runs the worker.
    async fn go_on(&self, printer: &mut Printer) -> Result<Turn, CliError> {
        let watch = self.runtime.live.watch();
        let stop = CancellationToken::new();
        let is_elsewhere = self.terminal.database.is_guest();
        let worker = (!is_elsewhere).then(|| tokio::spawn(work(self.runtime.clone(), 1, stop.clone())));
        let followed = self.follow(printer, watch).await;
        stop.cancel();
        if let Some(worker) = worker {
            let _ = tokio::time::timeout(Duration::from_secs(STOP_SECONDS_MAX), worker).await;
        }
        followed
    }
}

/// How a message ended; `stopped_by` is what a budget stopped its run for.
fn turn_of(status: RunStatus, outcome: Option<RunOutcome>, stopped_by: Option<BudgetHoldId>) -> Turn {
    match (status, outcome) {
        (RunStatus::Waiting, _) if stopped_by.is_some() => Turn::Stopped,
        (RunStatus::Waiting | RunStatus::Queued | RunStatus::Running, _) => Turn::Waiting,
        (RunStatus::Ended, Some(RunOutcome::Replied)) => Turn::Replied,
        (RunStatus::Ended, Some(RunOutcome::StepLimit | RunOutcome::TimeLimit | RunOutcome::TokenLimit | RunOutcome::BudgetLimit | RunOutcome::Stubborn)) => {
            Turn::Limited
        }
        (RunStatus::Ended, Some(RunOutcome::Cancelled | RunOutcome::ModelFailed | RunOutcome::Failed) | None) => Turn::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_exit_code() {
        let check = |outcome, expect| assert_eq!(turn_of(RunStatus::Ended, outcome, None), expect, "{outcome:?}");
        check(None, Turn::Failed);
        check(Some(RunOutcome::Failed), Turn::Failed);
        check(Some(RunOutcome::ModelFailed), Turn::Failed);
        check(Some(RunOutcome::Cancelled), Turn::Failed);
        check(Some(RunOutcome::BudgetLimit), Turn::Limited);
        check(Some(RunOutcome::Stubborn), Turn::Limited);
        check(Some(RunOutcome::Replied), Turn::Replied);
        assert_eq!(turn_of(RunStatus::Waiting, None, None), Turn::Waiting);
        let money = Some(BudgetHoldId::from_uuid(uuid::Uuid::from_u128(1)));
        assert_eq!(turn_of(RunStatus::Waiting, None, money), Turn::Stopped);
        assert_eq!(turn_of(RunStatus::Ended, Some(RunOutcome::BudgetLimit), None), Turn::Limited, "once nobody let it go on");
    }
}
