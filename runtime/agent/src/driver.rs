//! Drives one run: folds its events, does what [`Run::next`] says, appends the outcome as events, and asks again.
//!
//! Events gather in memory and are committed before anything leaves the process: before a model is asked, before a tool runs that does
//! more than look something up in the office, before a reply is shown. What is not committed has not happened, and what may have
//! happened has its intent on record.

mod ask;
mod calls;
mod delegate;
mod extract;
mod journal;
mod later;
mod money;
mod plan;
mod questions;
mod secrets;
mod standing;
mod turns;
mod wish;

pub use journal::{Journal, MemoryJournal, Planned};
pub use later::Waits;
pub(crate) use secrets::of_run as secrets_of_run;

use crate::agents::{Agent, of_run};
use crate::citations;
use crate::gate::Approved;
use crate::labels::{Shown, Spoken};
use crate::live::{Happening, Writing};
use crate::models::ModelTool;
use crate::run::{Next, Run};
use crate::runtime::Runtime;
use journal::{Batch, Side, ToStop};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use steward_core::event::{Citation, EndReason, HoldOutcome, Pins, Recorded};
use steward_core::{CallId, Event, Floor, HasKind, Kind, Label, Micros, Mode, NoRoom, PersonId, Role, RunId, RunOutcome, TenantId};
use steward_office::OfficeError;
use steward_office::crm::Stood;
use steward_policies::Permit;
use steward_store::StoreError;
use steward_store::conversation::Message;
use steward_store::hold::HoldRow;
use steward_store::run::RunStatus;
use steward_store::step::{Heard, Later, Reserve};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The most leases a run may take without ending, beside one for each question that failed: one that kills its worker every time must not do so for
/// ever, and one that handed its place back came forward.
const LEASES_MAX: i64 = 1000;

/// How often verdicts are taken anew because a counter moved. Each time somebody else was allowed, so a run is never alone at fault.
const MOVES_MAX: u32 = 1000;

/// Why a run could not be driven on. It stays where its journal says.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// Another worker has the run now.
    #[error("the lease of run `{0}` was lost")]
    LeaseLost(RunId),
    /// A counter has moved since a verdict was made on it.
    #[error("a counter kept moving while run `{0}` was judged")]
    Moved(RunId),
    /// What the person may do has changed since the run was taken up. What was done until then is committed.
    #[error("what the person of run `{0}` may do has changed; it is to be taken up anew")]
    RolesChanged(RunId),
    /// The journal cannot be read or written.
    #[error("the journal of run `{run}` cannot be used")]
    Journal {
        /// The run.
        run: RunId,
        /// Why.
        #[source]
        source: OfficeError,
    },
}

impl HasKind for DriveError {
    fn kind(&self) -> Kind {
        match self {
            Self::LeaseLost(_) | Self::Moved(_) | Self::RolesChanged(_) => Kind::Conflict,
            Self::Journal { source, .. } => source.kind(),
        }
    }
}

/// A run to drive.
pub struct Assignment {
    /// The organisation.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// The lease.
    pub fence: i64,
    /// Where the run's row and its journal do not agree; anything here, and no call is carried out.
    pub changed: Vec<String>,
    /// Where its events go.
    pub journal: Journal,
    /// The events there are.
    pub events: Vec<Recorded>,
    /// The person's roles now.
    pub roles: BTreeSet<Role>,
    /// What plugins may ask of the office in this run, for a call whose arguments have this floor.
    pub hands: HandsFor,
    /// Where it waits when its models want to be left alone.
    pub waits: Waits,
    /// Set once what the person may do has changed since this was read.
    pub roles_changed: Arc<AtomicBool>,
}

/// Makes the office of one call. What the call writes carries the floor of its arguments, and of what its plugin was shown before it; of a call
/// that people approved, it undoes nothing that was done to the records since they were noted for the card.
pub type HandsFor = Arc<dyn Fn(Floor, Stood) -> Arc<dyn steward_host::Office> + Send + Sync>;

/// A permit with the floor of the call's arguments, and the label of what it has others say later.
struct Permitted {
    permit: Permit,
    floor: Floor,
    said: Option<Label>,
}

/// A call that is carried out next, with all that must be read before its intent is written: behind that nothing may fail but the call.
struct Ready {
    id: CallId,
    permitted: Permitted,
    /// How the records stood for whoever approved it.
    stood: Stood,
}

/// One run under way.
struct Drive<'a> {
    runtime: &'a Runtime,
    tenant: TenantId,
    run_id: RunId,
    fence: i64,
    changed: Vec<String>,
    journal: Journal,
    roles: BTreeSet<Role>,
    roles_changed: Arc<AtomicBool>,
    hands: HandsFor,
    stop: CancellationToken,
    /// Whether it stops because the person it acts for may no longer be acted for.
    is_person_gone: bool,
    run: Run,
    /// Its agent, as it is in this run.
    agent: Option<Cow<'a, Agent>>,
    committed_seq: u32,
    pending: Vec<Recorded>,
    sides: Vec<Side>,
    permits: HashMap<CallId, Permitted>,
    edited: HashMap<CallId, HoldRow>,
    /// What the run began with: the owner's words do not change under way.
    begun: Option<Shown>,
    shown: Option<(u32, Shown)>,
    reserved_left: Micros,
    reservation: Option<steward_core::ReservationId>,
    /// Whether what was waited for is to be taken back once the run has ended.
    withdrawn: bool,
    /// Runs that served it and are stopped as it ends.
    stopped: Vec<RunId>,
    system: Option<Arc<str>>,
    tools: Option<Arc<[ModelTool]>>,
    /// Whose turn it is, of the models that may answer.
    turns: turns::Turns,
    waits: Waits,
    /// How long the models want to be left alone, where the run does not wait for that in its place.
    later: Option<Duration>,
    /// For how long it waited for a worker alone before it was taken up, in milliseconds, until that is written down.
    idle_ms: u64,
    /// The answer that was told as it was written, until it is committed.
    writing: Option<Writing>,
}

/// Drives a run until it ends, waits for people or is queued to be taken up later. Returns where it stands.
pub async fn drive(runtime: &Runtime, assignment: Assignment, stop: CancellationToken) -> Result<RunStatus, DriveError> {
    let Assignment { tenant, run: run_id, fence, changed, journal, events, roles, hands, waits, roles_changed } = assignment;
    let run = Run::fold(&events);
    let failed = events.iter().filter(|recorded| matches!(recorded.event, Event::AskFailed { .. })).count();
    let leases_max = LEASES_MAX.saturating_add(i64::try_from(failed).unwrap_or(i64::MAX));
    // The fold says all that is needed of them; a run that waits would hold them as well.
    drop(events);
    let mut changed = changed;
    // A released prompt never changes; where it did, the run is not what it was pinned to.
    let is_pinned = |pins: &Pins| runtime.prompts.resolve(&pins.prompt).is_ok_and(|prompt| prompt.digest == pins.prompt_digest);
    if run.pins.as_ref().is_some_and(|pins| !is_pinned(pins)) {
        changed.push("prompt_digest".to_owned());
    }
    let mut drive = Drive {
        runtime,
        tenant,
        run_id,
        fence,
        changed,
        journal,
        roles,
        roles_changed,
        hands,
        stop,
        is_person_gone: false,
        committed_seq: run.last_seq,
        agent: run.pins.as_ref().and_then(|pins| of_run(&runtime.agents, pins)),
        run,
        pending: Vec::new(),
        sides: Vec::new(),
        permits: HashMap::new(),
        edited: HashMap::new(),
        begun: None,
        shown: None,
        reserved_left: Micros(0),
        reservation: None,
        withdrawn: false,
        stopped: Vec::new(),
        system: None,
        tools: None,
        turns: turns::Turns::default(),
        waits,
        later: None,
        idle_ms: 0,
        writing: None,
    };
    match drive.go(leases_max).await {
        Err(DriveError::Journal { run, source }) if !matches!(source.kind(), Kind::Away | Kind::Conflict) => {
            // What cannot be written down is not done. The run ends with a reason, if at least that can be written.
            error!(run.id = %run, error = %source, "the journal refused an event; ending the run");
            Box::pin(drive.fail(EndReason::RecordUnwritten, "an internal record could not be written; nothing was carried out")).await
        }
        other => other,
    }
}

impl Drive<'_> {
    async fn go(&mut self, leases_max: i64) -> Result<RunStatus, DriveError> {
        Box::pin(self.read_edits()).await?;
        Box::pin(self.read_holds()).await?;
        Box::pin(self.read_returns()).await?;
        Box::pin(self.read_turns()).await?;
        if self.fence > leases_max {
            return Box::pin(self.fail(EndReason::TakenUpTooOften, "the run was taken up too often without coming to an end")).await;
        }
        let mut moves = 0;
        loop {
            match self.act().await {
                Ok(None) => {}
                Ok(Some(status)) => return Ok(status),
                // Verdicts are made anew on what stands now. Nothing was committed of them, and nothing else was pending.
                Err(DriveError::Moved(_)) if moves < MOVES_MAX => {
                    moves += 1;
                    Box::pin(self.reload()).await?;
                    Box::pin(self.read_edits()).await?;
                    Box::pin(self.read_returns()).await?;
                }
                Err(DriveError::Moved(_)) => {
                    return Box::pin(self.fail(EndReason::CounterMoved, "a counter of the rules moved on each time this run was judged")).await;
                }
                Err(err) => return Err(err),
            }
        }
    }

    /// Does what comes next; where the run stands, when there is nothing more to do.
    async fn act(&mut self) -> Result<Option<RunStatus>, DriveError> {
        if self.stop.is_cancelled() && !self.run.cancelled && self.run.ended.is_none() {
            // Where there was no room to write it down, the word of this process counts.
            if let Some(by) = self.runtime.live.asked_unwritten(self.run_id) {
                self.apply(Event::CancelAsked { by: by.person });
            } else {
                let asked = Box::pin(self.journal.to_stop(self.run_id)).await.map_err(|source| self.journal_error(source))?;
                if asked != ToStop::No {
                    self.is_person_gone = asked == ToStop::PersonGone;
                    self.apply(Event::CancelAsked { by: None });
                }
            }
        }
        // What was done so far is written down; whatever follows is judged by what the person may do now.
        if self.is_outdated() && self.run.ended.is_none() {
            Box::pin(self.flush(RunStatus::Running, true)).await?;
            return Err(DriveError::RolesChanged(self.run_id));
        }
        // A run spends its time waiting for its model, so the rest of what it may do lies apart and not in what every waiting run holds.
        match self.run.next() {
            // In `sealed` the model's earlier answers count as its own words, which they are not where it was shown what others wrote.
            Next::AskModel { .. } | Next::Decide { .. } | Next::Execute { .. } if self.is_watched_otherwise() => {
                self.end(
                    RunOutcome::Failed,
                    Some(EndReason::ModeChanged),
                    "the agent's mode was changed since this run began, and what it was shown does not go with the new one; ask again".to_owned(),
                );
            }
            Next::AskModel { step, attempt } => {
                self.ask(step, attempt).await?;
                if let Some(wait) = self.later.take() {
                    return Box::pin(self.hand_back(wait)).await.map(Some);
                }
            }
            Next::Decide { calls } => Box::pin(self.decide(&calls)).await?,
            Next::Execute { calls } => Box::pin(self.execute(&calls)).await?,
            Next::Reconcile { calls } => Box::pin(self.reconcile(&calls)).await?,
            // The run's own records say that it waits and not for what: somebody else wrote there.
            Next::AwaitPeople if self.run.open_holds().next().is_none() && self.run.budget_hold.is_none() => {
                return Box::pin(self.fail(EndReason::RecordsContradict, "the records of this run contradict each other; nothing more was carried out"))
                    .await
                    .map(Some);
            }
            Next::AskForMoney { step } => Box::pin(self.ask_for_money(step, None, true, NoRoom::Run)).await?,
            Next::AwaitPeople | Next::AwaitRuns => return Box::pin(self.wait()).await.map(Some),
            Next::Reply { text } => self.reply(text),
            Next::Stop { outcome: outcome @ RunOutcome::Cancelled, .. } if self.is_person_gone => {
                let message = "whom this run acted for was shut out, or is no longer let into its workspace".to_owned();
                self.end(outcome, Some(EndReason::PersonGone), message);
            }
            Next::Stop { outcome, reason, message } => self.end(outcome, reason, message),
            Next::Finished => {
                self.flush(RunStatus::Ended, true).await?;
                Box::pin(self.withdraw()).await;
                self.tell_others();
                info!(run.id = %self.run_id, run.outcome = self.run.ended.map_or("", RunOutcome::name), "run ended");
                return Ok(Some(RunStatus::Ended));
            }
        }
        Ok(None)
    }

    /// Adds an event to the run and to what is to be committed.
    fn apply(&mut self, event: Event) {
        let recorded = self.recorded(event);
        self.run.apply(&recorded);
        self.pending.push(recorded);
    }

    /// What would be the run's next event.
    fn recorded(&self, event: Event) -> Recorded {
        Recorded::new(self.run.last_seq + 1, self.runtime.office.clock.now_ms(), event)
    }

    /// Commits all that is pending. Nothing leaves the process before this returns.
    async fn flush(&mut self, status: RunStatus, settle: bool) -> Result<(), DriveError> {
        self.commit(status, settle, None, None).await.map(|_| ())
    }

    /// Commits an event with all that is pending, and sets an amount aside in the same commit. False, and the event has not happened, when a
    /// budget has no room for it; what was pending is pending still.
    async fn commit_setting_aside(&mut self, event: Event, reserve: &Reserve) -> Result<bool, DriveError> {
        let recorded = self.recorded(event);
        self.pending.push(recorded.clone());
        let committed = self.commit(RunStatus::Running, false, Some(reserve), None).await;
        match &committed {
            Ok(true) => self.run.apply(&recorded),
            // It was never part of the run.
            Ok(false) | Err(_) => self.pending.truncate(self.pending.len().saturating_sub(1)),
        }
        committed
    }

    async fn commit(&mut self, status: RunStatus, settle: bool, reserve: Option<&Reserve>, later: Option<&Later>) -> Result<bool, DriveError> {
        if self.pending.is_empty() && self.sides.is_empty() && status == RunStatus::Running && !settle {
            return Ok(true);
        }
        if self.run.pins.is_none() {
            return Err(self.journal_error(StoreError::Corrupt { what: "run_event of seq 1" }.into()));
        }
        let waits_for: Vec<RunId> = if status == RunStatus::Waiting { self.run.open_sub_runs().map(|(_, open)| open.run_id).collect() } else { Vec::new() };
        let to_seq = self.pending.last().map_or(self.committed_seq, |recorded| recorded.seq);
        let batch = Batch {
            run: self.run_id,
            fence: self.fence,
            from_seq: self.committed_seq,
            to_seq,
            status,
            outcome: self.run.ended,
            steps: u32::try_from(self.run.steps.len()).unwrap_or(u32::MAX),
            tokens: self.run.usage.total(),
            cost: self.run.cost,
            settle,
            events: &self.pending,
            sides: &self.sides,
            waits_for: &waits_for,
            later,
            reserve,
        };
        match self.journal.commit(&self.runtime.office, &batch, &self.stop).await {
            Ok(Heard::Stop) if !self.run.cancelled => self.stop.cancel(),
            Ok(Heard::RolesChanged) => self.roles_changed.store(true, Ordering::Relaxed),
            Ok(Heard::Stop | Heard::Nothing) => {}
            Err(OfficeError::Store(StoreError::NoRoom)) => return Ok(false),
            Err(OfficeError::Store(StoreError::Moved)) => return Err(DriveError::Moved(self.run_id)),
            Err(OfficeError::Store(StoreError::Stale)) => return Err(DriveError::LeaseLost(self.run_id)),
            Err(source) => return Err(self.journal_error(source)),
        }
        self.committed_seq = to_seq;
        self.sides.clear();
        if settle {
            self.reserved_left = Micros(0);
            self.reservation = None;
        }
        for recorded in self.pending.drain(..) {
            self.runtime.live.tell(|| Happening::Event { run: self.run_id, event: Arc::new(recorded) });
        }
        self.writing = None;
        Ok(true)
    }

    /// Takes up what people decided while nobody drove the run.
    async fn read_holds(&mut self) -> Result<(), DriveError> {
        self.read_budget_hold().await?;
        let open: Vec<_> = self.run.open_holds().map(|(call, hold)| (call, hold.hold_id)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let closed = self.journal.closed_holds(&self.runtime.key, self.run_id, &open).await.map_err(|source| self.journal_error(source))?;
        for (call_id, hold_id, outcome, by, reason) in closed {
            if open.contains(&(call_id, hold_id)) {
                if outcome == HoldOutcome::Changed {
                    error!(run.id = %self.run_id, hold.id = %hold_id, "a held action was changed in the database past Steward; it is not carried out");
                }
                self.apply(Event::HoldClosed { call_id, hold_id, outcome, by, reason });
            }
        }
        self.read_escalations().await
    }

    /// Gives the run back until people decide, or a run that serves it is over.
    async fn wait(&mut self) -> Result<RunStatus, DriveError> {
        self.flush(RunStatus::Waiting, true).await?;
        // Somebody may have decided between reading the holds and this commit: their wake found the run still running.
        self.journal.wake_if_decided(&self.runtime.key, self.run_id, self.run.budget_hold).await.map_err(|source| self.journal_error(source))?;
        self.runtime.live.wake();
        info!(run.id = %self.run_id, "run waits for people or for another run");
        Ok(RunStatus::Waiting)
    }

    fn reply(&mut self, text: String) {
        self.look(self.run.steps.last().map_or(1, |step| step.number));
        let mode = self.mode();
        let (_, shown) = self.shown.get_or_insert_default();
        let Spoken { text, integrity, readers, calls } = shown.spoken(mode, &self.run, &text);
        // No column takes it, and an answer is not lost for a letter that nobody sees.
        let text = text.replace('\0', "\u{fffd}");
        let cited = |call_id: CallId| Some(Citation { call_id, title: self.run.call(call_id)?.call.tool.clone(), chunk: None });
        let (text, pieces) = citations::settle(&self.run, &text);
        let citations = calls.into_iter().filter_map(cited).chain(pieces).collect();
        let message = Message {
            message_id: self.runtime.office.ids.make(),
            run: Some(self.run_id),
            by_agent: true,
            text: text.clone(),
            integrity,
            readers,
            created_at: self.runtime.office.clock.now(),
        };
        // What a sub-run says is said to the run it serves, and is no message of the conversation.
        if self.run.pins.as_ref().is_some_and(|pins| pins.above.is_none()) {
            self.sides.push(Side::Message(message));
        }
        self.apply(Event::Replied { text, citations });
    }

    /// Keeps what the model had been shown when it answered this step: all calls of the step are judged by it.
    fn look(&mut self, step: u32) {
        let mode = self.mode();
        match &mut self.shown {
            Some((seen, _)) if *seen == step => {}
            // The model is asked anew only when all calls of the step before are over.
            Some((seen, shown)) if *seen < step => {
                shown.go_on(mode, &self.run, step, &self.runtime.host);
                *seen = step;
            }
            _ => self.shown = Some((step, self.shown_before(step))),
        }
    }

    /// What the model had been shown when it answered this step.
    fn shown_before(&mut self, step: u32) -> Shown {
        let begun = self.begun.get_or_insert_with(|| Shown::begin(&self.run)).clone();
        begun.up_to(self.mode(), &self.run, step, &self.runtime.host)
    }

    fn end(&mut self, outcome: RunOutcome, reason: Option<EndReason>, message: String) {
        let open: Vec<_> = self.run.open_holds().map(|(call, hold)| (call, hold.hold_id)).collect();
        for (call_id, hold_id) in open {
            // Somebody may have approved it since this was read. What stands in the place of one that was edited follows below.
            self.sides.push(match self.edited.contains_key(&call_id) {
                true => Side::CallHold { call: call_id, from: "held", to: "cancelled" },
                false => Side::CalledOff { call: call_id },
            });
            self.apply(Event::HoldClosed { call_id, hold_id, outcome: HoldOutcome::Cancelled, by: Vec::<PersonId>::new(), reason: None });
        }
        // What people approved and nobody began will not happen. Nor will what was changed in the database and not judged since: where it was set
        // back to waiting, people would be asked about what is over.
        let closed = self.run.steps.iter().flat_map(|step| &step.calls).filter(|call| call.started.is_none() && call.outcome.is_none());
        self.sides.extend(closed.filter_map(|call| match call.hold.as_ref()?.closed? {
            HoldOutcome::Approved => Some(Side::CallHold { call: call.call.call_id, from: "approved", to: "cancelled" }),
            HoldOutcome::Changed => Some(Side::CalledOff { call: call.call.call_id }),
            HoldOutcome::Rejected | HoldOutcome::Expired | HoldOutcome::Cancelled | HoldOutcome::Edited | HoldOutcome::Revised => None,
        }));
        // An edit that was not taken up yet has a card that people could still approve.
        for (call, _) in self.edited.drain() {
            self.sides.push(Side::CallHold { call, from: "held", to: "cancelled" });
            self.sides.push(Side::CallHold { call, from: "approved", to: "failed" });
        }
        self.give_up_sub_runs();
        if let Some(hold_id) = self.run.budget_hold {
            self.withdrawn = true;
            self.apply(Event::BudgetDecided { hold_id, outcome: HoldOutcome::Cancelled, ceiling: None, until_ms: None, by: None, reason: None });
        }
        self.apply(Event::Ended { outcome, reason, message });
    }

    /// Back to what is committed.
    async fn reload(&mut self) -> Result<(), DriveError> {
        let events = self.journal.load(self.run_id).await.map_err(|source| self.journal_error(source))?;
        self.run = Run::fold(&events);
        self.committed_seq = self.run.last_seq;
        self.pending.clear();
        self.sides.clear();
        self.permits.clear();
        self.edited.clear();
        self.shown = None;
        Ok(())
    }

    /// Ends the run without what could not be written.
    async fn fail(&mut self, reason: EndReason, message: &str) -> Result<RunStatus, DriveError> {
        self.reload().await?;
        // So that cards of edits end with the run; that they cannot be read may be why it fails.
        if let Err(err) = self.read_edits().await {
            warn!(run.id = %self.run_id, error = %err, "edits of held actions could not be read while the run was ended");
        }
        // What was started may have happened, and its outcome may be the very thing that cannot be written.
        let started: Vec<CallId> =
            self.run.steps.iter().flat_map(|step| &step.calls).filter(|call| call.is_under_way()).map(|call| call.call.call_id).collect();
        for id in started {
            self.not_known(id, "what became of this call could not be written down; a person has to look");
        }
        self.end(RunOutcome::Failed, Some(reason), message.to_owned());
        self.flush(RunStatus::Ended, true).await?;
        self.withdraw().await;
        self.tell_others();
        Ok(RunStatus::Ended)
    }

    /// How closely the run is watched: as when it began, since what its model was shown so far was shown in that mode.
    fn mode(&self) -> Mode {
        self.run.pins.as_ref().map_or(Mode::Sealed, |pins| pins.mode)
    }

    /// Whether the agent is watched in another way now than when the run began.
    fn is_watched_otherwise(&self) -> bool {
        self.agent().is_some_and(|agent| agent.mode != self.mode())
    }

    /// Whether what the person may do has changed since the run was taken up.
    fn is_outdated(&self) -> bool {
        self.roles_changed.load(Ordering::Relaxed)
    }

    fn agent(&self) -> Option<&Agent> {
        self.agent.as_deref()
    }

    fn journal_error(&self, source: OfficeError) -> DriveError {
        DriveError::Journal { run: self.run_id, source }
    }

    async fn approvals_of(&self, call: CallId) -> Result<Option<Approved>, DriveError> {
        let Some(known) = self.run.call(call) else { return Ok(None) };
        let Some(hold) = known.hold.as_ref() else { return Ok(None) };
        let was_changed = hold.closed == Some(HoldOutcome::Changed);
        if !was_changed && hold.closed != Some(HoldOutcome::Approved) {
            return Ok(None);
        }
        let approved = self.journal.approved(&self.runtime.key, self.run_id, call, hold, known.started.is_some());
        let mut approved = approved.await.map_err(|source| self.journal_error(source))?;
        // What the journal says was changed is not carried out, also where the row fits now: the state is what no seal covers.
        if was_changed && approved.broken.is_empty() {
            approved.broken.push("hold.state".to_owned());
        }
        Ok(Some(approved))
    }
}
