//! A call that is handed to a run of its own: begun in the commit that says so, waited for without a lease, and answered out of its journal.
//!
//! What comes back counts for no more than all that the other run's model was shown, whatever it says.

use super::journal::Side;
use super::{Drive, DriveError, Permitted};
use crate::agents::below;
use crate::labels::Shown;
use crate::run::Run;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::event::{ChunkRef, Handed, Recorded, Used};
use steward_core::limits::{SUB_RUN_ANSWER_BYTES_MAX, SUB_RUN_DEPTH_MAX, SUB_RUNS_MAX};
use steward_core::{
    CallId, Digest, Event, FailureClass, Floor, HasKind, Integrity, Kind, Label, Mode, Outcome, Permission, Pins, RunId, RunLimits, RunOutcome, Source,
};
use steward_office::conversations::AgentPins;
use steward_office::sub_runs::{self, Parent, Task};
use steward_store::run::RunStatus;
use steward_store::step::NewSubRun;
use tracing::info;

/// The most places that are said of where an answer comes from.
const SOURCES_MAX: usize = 100;

/// The checked arguments of such a call.
#[derive(Debug, Deserialize)]
struct Arguments {
    agent: String,
    task: String,
}

/// Why a call is not handed on.
struct Refusal(FailureClass, String);

/// What the run that served a call brought.
struct Brought {
    how: RunOutcome,
    outcome: Outcome,
    label: Label,
    exposed: bool,
    used: Used,
    /// What people refused in it and below it.
    refused: Vec<Digest>,
    chunks: Vec<ChunkRef>,
}

impl Drive<'_> {
    /// Begins a run for each of these calls, in one commit with the events that say so. What is left of this run's bounds is parted among them.
    pub(super) async fn hand_down(&mut self, calls: Vec<(CallId, Permitted)>) -> Result<(), DriveError> {
        // What ran beside them is over and is not to be lost with them.
        self.flush(RunStatus::Running, false).await?;
        let mut to_come = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let mut begun = 0;
        for (id, permitted) in calls {
            match self.handed(id, permitted, to_come, begun).await? {
                Ok((new, limits, label)) => {
                    begun += 1;
                    let (run_id, agent) = (new.run_id, new.agent.clone());
                    self.sides.push(Side::SubRun(Box::new(new)));
                    self.apply(Event::Delegated { call_id: id, run_id, agent, limits, label });
                }
                Err(Refusal(class, why)) => self.over(id, Outcome::failed(class, why), None, Handed::default()),
            }
            to_come = to_come.saturating_sub(1);
        }
        // Another run of the tree may have begun one meanwhile: then this commit is refused, and it is looked anew.
        self.flush(RunStatus::Running, false).await?;
        if begun > 0 {
            self.runtime.live.wake();
        }
        Ok(())
    }

    /// A run for one call, or why there is none.
    async fn handed(
        &mut self,
        id: CallId,
        permitted: Permitted,
        to_come: u32,
        begun: i64,
    ) -> Result<Result<(NewSubRun, RunLimits, Label), Refusal>, DriveError> {
        let refuse = |class, why: &str| Ok(Err(Refusal(class, why.to_owned())));
        let Permitted { permit, said, .. } = permitted;
        let Ok(Arguments { agent, task }) = serde_json::from_value(permit.into_envelope().arguments) else {
            return refuse(FailureClass::InvalidArguments, "the arguments are not those of this tool");
        };
        if self.run.called {
            return refuse(FailureClass::Denied, "nothing can be handed on from here");
        }
        let (Some(pins), Some(said), Some(left)) = (self.run.pins.clone(), said, self.run.left()) else {
            return refuse(FailureClass::Failed, "nothing can be handed on from here");
        };
        if self.run.was_refused_by_a_person() {
            return refuse(FailureClass::Denied, "a person refused a call of this run, so nothing more is handed on from it; do yourself what is left");
        }
        let (shown, exposed) = self.at_hand(id);
        let parent = Parent {
            run: self.run_id,
            pins: &pins,
            text: &self.run.text,
            history: &self.run.history,
            variables: &self.run.variables,
            attachments: &self.run.attachments,
            later: &self.run.later,
        };
        let above = parent.agents();
        if above.len() > SUB_RUN_DEPTH_MAX {
            return refuse(FailureClass::Denied, &format!("runs are handed on at most {SUB_RUN_DEPTH_MAX} deep, and this is as deep; do it yourself"));
        }
        let Some(other) = below(&self.runtime.agents, &agent, &above) else {
            let names: Vec<&str> = self.runtime.agents.keys().map(String::as_str).collect();
            return refuse(FailureClass::InvalidArguments, &format!("there is no such agent; there are: {}", names.join(", ")));
        };
        // A model that would not be shown the task could do nothing about it, and one that would be could say what this one must not see.
        if said.integrity.min(shown.integrity) == Integrity::Outside && (other.mode == Mode::Sealed || self.mode() == Mode::Sealed) {
            let why = "the task holds text from outside, which the other agent would not be shown; write in your own words what is to be done";
            return refuse(FailureClass::InvalidArguments, why);
        }
        if !Permission::Converse.roles().iter().any(|role| self.roles.contains(role)) {
            return refuse(FailureClass::Denied, "the person you act for may not talk with agents");
        }
        let limits = other.limits.least(&left.part(to_come));
        if limits.is_used_up() {
            return refuse(FailureClass::Denied, "what is left of this run's bounds is not enough for another; do it yourself");
        }
        let root = parent.root();
        let looked = self.journal.before_sub_run(self.runtime, root, &other);
        let (there_are, pinned) = Box::pin(looked).await.map_err(|source| self.journal_error(source))?;
        if there_are.saturating_add(begun) >= SUB_RUNS_MAX {
            return refuse(
                FailureClass::Denied,
                &format!("there are {SUB_RUNS_MAX} runs below the first one already, which is as many as there may be; do it yourself"),
            );
        }
        let is_fresh = self.run.only_looked();
        let task = Task { call: id, text: task, said, shown, exposed, is_fresh };
        match pinned.and_then(|pins| sub_runs::begin(&self.runtime.office, &parent, &task, AgentPins { limits, ..pins })) {
            Ok((new, label)) => Ok(Ok((new, limits, label))),
            Err(err) => match err.kind() {
                Kind::Invalid => refuse(FailureClass::InvalidArguments, &err.to_string()),
                Kind::Away | Kind::Bug => Err(self.journal_error(err)),
                Kind::Denied | Kind::Missing | Kind::Conflict | Kind::Limit => refuse(FailureClass::Failed, &err.to_string()),
            },
        }
    }

    /// The join of all that whoever chose the words of this call had been shown, and whether text from outside was at hand.
    fn at_hand(&mut self, id: CallId) -> (Label, bool) {
        let mode = self.mode();
        self.look(id.step);
        let is_edited = self.run.call(id).is_some_and(|call| call.edit.is_some());
        let (_, shown) = self.shown.get_or_insert_default();
        let context = shown.context();
        let exposed = context.integrity == Integrity::Outside;
        (if is_edited { context } else { shown.seen(mode) }, exposed)
    }

    /// Takes up what runs that serve this one brought, those that are over.
    pub(super) async fn read_returns(&mut self) -> Result<(), DriveError> {
        if self.run.ended.is_some() {
            return Ok(());
        }
        let open: Vec<(CallId, RunId)> = self.run.open_sub_runs().map(|(call, open)| (call, open.run_id)).collect();
        for (call_id, run_id) in open {
            let Some(events) = self.journal.sub_run(run_id).await.map_err(|source| self.journal_error(source))? else { continue };
            let Brought { how, outcome, label, exposed, used, refused, chunks } = self.brought(call_id, run_id, &events);
            info!(run.id = %self.run_id, sub_run.id = %run_id, run.outcome = how.name(), "a sub-run is over");
            let kept = Floor { integrity: label.integrity, private: !label.readers.is_public() };
            let handed = Handed { readers: label.readers.clone(), chunks };
            self.apply(Event::Returned { call_id, run_id, outcome: how, label, exposed, used, refused });
            self.over(call_id, outcome, Some(kept), handed);
        }
        Ok(())
    }

    /// What a run that is over brought, out of its own journal.
    fn brought(&self, call_id: CallId, run_id: RunId, events: &[Recorded]) -> Brought {
        let other = Run::fold(events);
        let how = other.ended.unwrap_or(RunOutcome::Failed);
        let used = Used { below_steps: other.answers(), ..other.used() };
        let refused = other.refused();
        let pins = other.pins.as_ref();
        if !pins.is_some_and(|pins| self.is_ours(call_id, pins)) {
            let label = Label { integrity: Integrity::Outside, readers: steward_core::Readers::nobody(), sources: [Source::Runtime].into() };
            let outcome = Outcome::failed(FailureClass::Unknown, "the records of the run that served this call contradict each other; a person has to look");
            return Brought { how, outcome, label, exposed: true, used, refused, chunks: Vec::new() };
        }
        let mode = pins.map_or(Mode::Sealed, |pins| pins.mode);
        let last = other.steps.last();
        let shown = Shown::before(mode, &other, last.map_or(1, |step| step.number.saturating_add(1)), &self.runtime.host);
        let replied = events.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Replied { text, citations } => Some((text, citations)),
            _ => None,
        });
        let sources = sources_of(run_id, &other);
        let exposed = shown.context().integrity == Integrity::Outside;
        match replied {
            Some((text, citations)) => {
                let spoken = shown.spoken(mode, &other, last.map_or("", |step| step.text.as_str()));
                let label = Label { integrity: spoken.integrity, readers: spoken.readers, sources };
                let chunks: Vec<ChunkRef> = citations.iter().filter_map(|citation| citation.chunk.clone()).collect();
                let mut result = json!({ "run_id": run_id, "answer": bounded(text) });
                if let Some(fields) = result.as_object_mut().filter(|_| !chunks.is_empty()) {
                    fields.insert("cites".to_owned(), chunks.iter().map(ChunkRef::mark).collect());
                }
                Brought {
                    how,
                    outcome: Outcome::Ok { result, summary: Some("answered by a run of its own".to_owned()) },
                    label,
                    exposed,
                    used,
                    refused,
                    chunks,
                }
            }
            None => {
                let label = Label { sources, ..shown.seen(mode) };
                Brought { how, outcome: Outcome::failed(FailureClass::Failed, without_answer(how)), label, exposed, used, refused, chunks: Vec::new() }
            }
        }
    }

    fn is_ours(&self, call_id: CallId, pins: &Pins) -> bool {
        let of_here = self.run.pins.as_ref().is_some_and(|own| own.person == pins.person && own.workspace == pins.workspace);
        of_here && pins.above.as_ref().is_some_and(|above| above.parent == self.run_id && above.call_id == call_id)
    }

    /// A call that was handed on, or could not be, is over.
    fn over(&mut self, id: CallId, outcome: Outcome, kept: Option<Floor>, handed: Handed) {
        if self.run.call(id).is_some_and(|call| call.hold.is_some()) {
            let to = if matches!(outcome, Outcome::Ok { .. }) { "done" } else { "failed" };
            self.sides.push(Side::CallHold { call: id, from: "claimed", to });
        }
        self.apply(Event::Done {
            call_id: id,
            outcome,
            fuel: 0,
            ms: 0,
            used: Default::default(),
            lost: Default::default(),
            records: Default::default(),
            kept,
            handed,
        });
    }

    /// This run ends: what still serves it is stopped by the same commit, and its calls have no other outcome.
    pub(super) fn give_up_sub_runs(&mut self) {
        let open: Vec<(CallId, RunId)> = self.run.open_sub_runs().map(|(call, open)| (call, open.run_id)).collect();
        for (call_id, run_id) in open {
            self.over(
                call_id,
                Outcome::failed(FailureClass::Failed, "this run ended first, and the one that served the call is stopped"),
                None,
                Handed::default(),
            );
            self.stopped.push(run_id);
        }
    }

    /// Tells workers of this process what the commit of an end has said to all: that others are to stop, or may go on.
    pub(super) fn tell_others(&mut self) {
        let serves = self.run.pins.as_ref().is_some_and(|pins| pins.above.is_some());
        let stopped = std::mem::take(&mut self.stopped);
        if serves || !stopped.is_empty() {
            self.runtime.live.wake();
        }
        for run in stopped {
            self.runtime.live.stop(run);
        }
    }
}

/// Where an answer comes from: what the run was told, and the calls whose results its model was shown.
fn sources_of(run_id: RunId, run: &Run) -> BTreeSet<Source> {
    let told = run.given.iter().flat_map(|given| given.sources.iter().cloned());
    let calls = run.steps.iter().flat_map(|step| &step.calls).filter(|call| call.started.is_some());
    let read = calls.map(|call| Source::Result { call: format!("{run_id}/{}", call.call.call_id), tool: call.call.tool.clone(), path: String::new() });
    [Source::Model].into_iter().chain(told).chain(read).take(SOURCES_MAX).collect()
}

/// Why there is no answer, in our words: those of the other run may be anybody's.
fn without_answer(how: RunOutcome) -> &'static str {
    match how {
        RunOutcome::Replied => "the other run ended without an answer",
        RunOutcome::Cancelled => "the other run was stopped by a person",
        RunOutcome::StepLimit => "the other run took as many steps as it may, and gave no answer",
        RunOutcome::TimeLimit => "the other run worked as long as it may, and gave no answer",
        RunOutcome::TokenLimit => "the other run used as many tokens as it may, and gave no answer",
        RunOutcome::BudgetLimit => "the other run has no money to go on, and gave no answer",
        RunOutcome::Stubborn => "the other run kept trying what it may not, and was stopped",
        RunOutcome::ModelFailed => "no model answered in the other run",
        RunOutcome::Failed => "the other run failed",
    }
}

fn bounded(text: &str) -> String {
    if text.len() <= SUB_RUN_ANSWER_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = SUB_RUN_ANSWER_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… [cut: {} bytes in all]", text.get(..end).unwrap_or_default(), text.len())
}
