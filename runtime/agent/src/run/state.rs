//! What is known of a run after its events so far.

use std::collections::{BTreeMap, BTreeSet};
use steward_core::event::{AskFailure, Attachment, EndReason, Fate, Given, Handed, HoldOutcome, LaterCall, Pins, RunOutcome, Turn, Used};
use steward_core::{
    BlockClass, BudgetHoldId, CallId, Digest, Effect, EnvelopeId, FailureClass, Floor, GrantId, HoldId, Integrity, Label, Micros, Needs, Outcome, PersonId,
    PluginWork, QuestionId, RunId, RunLimits, ToolCall, Usage, Verdict,
};

/// The state of a run. Made only by folding events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// What it is pinned to; none before its first event.
    pub pins: Option<Pins>,
    /// The owner's message.
    pub text: String,
    /// Earlier messages.
    pub history: Vec<Turn>,
    /// Values of the prompt's variables.
    pub variables: BTreeMap<String, String>,
    /// Documents that the person gave along.
    pub attachments: Vec<Attachment>,
    /// The last event that was taken from another run's record; 0 where none was.
    pub taken_until: u32,
    /// What another run had used for what was taken from it.
    pub used_before: Used,
    /// What that run wanted from there on itself.
    pub later: Vec<LaterCall>,
    /// Whether it is about one call that a program outside asked for: it has no owner's words, and no model is asked.
    pub called: bool,
    /// What it is about where nobody says it now: then it has no owner's words.
    pub given: Option<Given>,
    /// Answered steps, in order.
    pub steps: Vec<Step>,
    /// The ask that has no answer yet: step and attempt.
    pub asked: Option<(u32, u32)>,
    /// Failed attempts at the current step.
    pub failed_attempts: u32,
    /// The last failure, when no other try is worth it.
    pub gave_up: Option<(AskFailure, String)>,
    /// Tokens used.
    pub usage: Usage,
    /// Model cost.
    pub cost: Micros,
    /// What its sub-runs used, those that are over. Paid there; it counts against the limits here.
    pub below: Used,
    /// What servers asked the person and nobody closed, by call.
    pub questions: Vec<(CallId, QuestionId)>,
    /// What its own plugins took, with what tries that a crash cut off may have taken.
    pub plugins: PluginWork,
    /// What the run waits for because a budget has no room.
    pub budget_hold: Option<BudgetHoldId>,
    /// Why it may not go on beyond its budgets: as a code, and in words.
    pub budget_refused: Option<(EndReason, String)>,
    /// Up to which cost a person let it go on, and until when in Unix milliseconds.
    pub ceiling: Option<(Micros, Option<i64>)>,
    /// How often each denied call was proposed.
    pub denied: BTreeMap<Digest, u32>,
    /// Calls that people refused in runs that served this one, by tool and arguments.
    pub refused_below: BTreeSet<Digest>,
    /// Somebody asked to stop.
    pub cancelled: bool,
    /// The reply, once given.
    pub replied: bool,
    /// How it ended.
    pub ended: Option<RunOutcome>,
    /// Digest over all events so far, one after the other.
    pub chain: Option<Digest>,
    /// Number of the last event.
    pub last_seq: u32,
    /// Time of the last event, Unix milliseconds.
    pub last_at_ms: i64,
    /// Time spent working: waiting for people, for a worker and for a restart not counted.
    pub worked_ms: i64,
}

/// One answer of the model with the calls it proposed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// From 1.
    pub number: u32,
    /// The answer's text.
    pub text: String,
    /// Its calls, in order.
    pub calls: Vec<Call>,
    /// The model that answered.
    pub model: String,
    /// When it answered, Unix milliseconds.
    pub answered_at_ms: i64,
    /// Digest over all events up to this answer.
    pub chain: Option<Digest>,
    /// Whether it was taken from another run's record. What it made may have been changed since by a run that this one does not know.
    pub taken: bool,
}

/// A proposed call and how far it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The proposal.
    pub call: ToolCall,
    /// What a person put in place of the model's arguments, if anybody did.
    pub edit: Option<EditState>,
    /// The last verdict.
    pub ruled: Option<Ruled>,
    /// The hold, if it was held.
    pub hold: Option<HoldState>,
    /// The intent, if it was started.
    pub started: Option<Started>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Integrity of the records its result was made of, by id.
    pub records: BTreeMap<String, Integrity>,
    /// What its plugin had kept from earlier calls and read in it.
    pub kept: Option<Floor>,
    /// What the office handed to its plugin.
    pub handed: Handed,
    /// The run that serves it, where it was handed to one.
    pub sub_run: Option<SubRun>,
}

/// A run that serves a call of another, as the fold of that one keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubRun {
    /// Which run.
    pub run_id: RunId,
    /// Its bounds, taken out of what was left.
    pub limits: RunLimits,
    /// What its answer counts for, once it is over.
    pub label: Option<Label>,
    /// Whether text from outside was at hand there.
    pub exposed: bool,
}

/// A verdict as the fold keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruled {
    /// Allow, hold or block.
    pub verdict: Verdict,
    /// The effect class.
    pub effect: Option<Effect>,
    /// The sealed proposal.
    pub envelope_id: Option<EnvelopeId>,
    /// The class of a block.
    pub class: Option<BlockClass>,
    /// For the model.
    pub tell: String,
    /// Whether approvals were part of it.
    pub after_approval: bool,
    /// The standing grant that stood in for an approval.
    pub grant: Option<GrantId>,
    /// What would be allowed instead, in words for the model.
    pub allowed_shape: Option<String>,
}

/// A hold as the fold keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldState {
    /// The held action.
    pub hold_id: HoldId,
    /// What exactly waits.
    pub envelope_id: EnvelopeId,
    /// Which approvals suffice.
    pub needs: Needs,
    /// Digest over all events up to the one that opened it.
    pub chain: Digest,
    /// The last step of its route that was taken, in minutes after it was held; 0 before the first.
    pub escalated: u32,
    /// How it ended, once it did.
    pub closed: Option<HoldOutcome>,
    /// Who decided.
    pub by: Vec<PersonId>,
}

/// An edit as the fold keeps it: the call has the new arguments, this has the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct EditState {
    /// Who edited last.
    pub by: PersonId,
    /// The hold that people decide on now.
    pub next: HoldId,
    /// The arguments that the model had proposed.
    pub proposed: serde_json::Value,
    /// Who could have approved what was edited.
    pub needs: Needs,
}

/// An intent as the fold keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The idempotency key.
    pub key: String,
    /// Which try was last.
    pub attempt: u32,
}

impl Run {
    /// How much more it may cost beyond its budgets at this time; nothing unless a person said so.
    pub fn over(&self, now_ms: i64) -> Micros {
        match self.ceiling {
            Some((ceiling, until)) if until.is_none_or(|until| now_ms < until) => Micros(ceiling.0.saturating_sub(self.used().cost.0).max(0)),
            _ => Micros(0),
        }
    }

    /// What counts against its limits: its own, that of its sub-runs, and what was used for what it took from another run.
    pub fn used(&self) -> Used {
        let (before, below) = (self.used_before, self.below);
        Used {
            tokens: before.tokens.saturating_add(self.usage.total()).saturating_add(below.tokens),
            cost: before.cost.plus(self.cost).plus(below.cost),
            worked_ms: self.worked_ms,
            below_steps: before.below_steps.saturating_add(below.below_steps),
            plugins: before.plugins.plus(&self.plugins).plus(&below.plugins),
        }
    }

    /// Model answers that count against its limits.
    pub fn answers(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX).saturating_add(self.used().below_steps)
    }

    /// What may still be handed down: what is left of its limits, but for the answer that it has to give itself and what runs under way have.
    pub fn left(&self) -> Option<RunLimits> {
        let limits = self.pins.as_ref()?.limits;
        let used = self.used();
        let worked = u32::try_from(used.worked_ms.saturating_add(999) / 1000).unwrap_or(u32::MAX);
        let cost = self.ceiling.map_or(limits.cost, |(ceiling, _)| ceiling.max(limits.cost));
        let left = RunLimits {
            steps: limits.steps.saturating_sub(self.answers()).saturating_sub(1),
            seconds: limits.seconds.saturating_sub(worked),
            tokens: limits.tokens.saturating_sub(used.tokens),
            cost: Micros(cost.0.saturating_sub(used.cost.0).max(0)),
            plugins: limits.plugins.without(&used.plugins),
        };
        Some(self.open_sub_runs().fold(left, |left, (_, open)| left.without(&open.limits)))
    }

    /// Runs that serve its calls and were not over when it was last looked.
    pub fn open_sub_runs(&self) -> impl Iterator<Item = (CallId, &SubRun)> {
        let calls = self.steps.iter().flat_map(|step| &step.calls).filter(|call| call.outcome.is_none());
        calls.filter_map(|call| Some((call.call.call_id, call.sub_run.as_ref().filter(|sub_run| sub_run.label.is_none())?)))
    }

    /// The same call in the run that this one goes on from, if it was wanted there; of several the one that weighs most.
    pub fn elsewhere(&self, digest: &Digest) -> Option<&LaterCall> {
        self.later.iter().filter(|later| later.call_digest == *digest).max_by_key(|later| later.fate)
    }

    /// The call of this id, if the run has it.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.steps.iter().rev().find(|step| step.number == id.step)?.calls.iter().find(|call| call.call.call_id == id)
    }

    pub(super) fn call_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.steps.iter_mut().rev().find(|step| step.number == id.step)?.calls.iter_mut().find(|call| call.call.call_id == id)
    }

    /// Whether this call stands in a step that was taken from another run's record.
    pub fn took(&self, id: CallId) -> bool {
        self.steps.iter().any(|step| step.number == id.step && step.taken)
    }

    /// Holds nobody has decided on.
    pub fn open_holds(&self) -> impl Iterator<Item = (CallId, &HoldState)> {
        self.steps
            .iter()
            .flat_map(|step| &step.calls)
            .filter_map(|call| call.hold.as_ref().filter(|hold| hold.closed.is_none()).map(|hold| (call.call.call_id, hold)))
    }
}

impl Run {
    /// What people refused in this run and in those that served it, by tool and arguments.
    pub fn refused(&self) -> Vec<Digest> {
        let calls = self.steps.iter().flat_map(|step| &step.calls);
        let own =
            calls.filter(|call| call.hold.as_ref().is_some_and(|hold| hold.closed == Some(HoldOutcome::Rejected))).map(|call| super::call_digest(&call.call));
        own.chain(self.refused_below.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether a person said no to something in this run, in one that served it, or in the run that it goes on from.
    pub fn was_refused_by_a_person(&self) -> bool {
        !self.refused().is_empty() || self.later.iter().any(|later| later.fate == Fate::Denied)
    }

    /// Whether nothing was refused so far, nothing handed on, and nothing done but looking.
    pub fn only_looked(&self) -> bool {
        let mut calls = self.steps.iter().flat_map(|step| &step.calls).filter(|call| call.started.is_some());
        self.denied.is_empty() && self.later.is_empty() && calls.all(|call| call.only_reads() && call.sub_run.is_none())
    }

    /// What was said when the same call was denied, if it was.
    pub fn denial_of(&self, digest: &Digest) -> Option<&str> {
        self.denied.get(digest)?;
        let calls = self.steps.iter().flat_map(|step| &step.calls);
        // One that ran failed in words of its tool, which denied nothing.
        let mut refused = calls.filter(|call| call.started.is_none() && super::call_digest(&call.call) == *digest);
        let before = refused.find_map(|call| match &call.outcome {
            Some(Outcome::Failed { failure }) => Some(failure.message.as_str()),
            Some(Outcome::Ok { .. }) | None => None,
        });
        // What was edited since is no longer found by its digest, and is denied all the same.
        Some(before.unwrap_or_default())
    }
}

impl Call {
    /// A call as the model proposed it.
    pub fn of(call: ToolCall) -> Self {
        Self {
            call,
            edit: None,
            ruled: None,
            hold: None,
            started: None,
            outcome: None,
            records: BTreeMap::new(),
            kept: None,
            handed: Handed::default(),
            sub_run: None,
        }
    }

    /// The way in which it was refused or failed, if it was. To look for what is not there is no failure.
    pub fn ended_badly(&self) -> Option<&'static str> {
        let Some(Outcome::Failed { failure }) = &self.outcome else { return None };
        if let Some(class) = self.ruled.as_ref().and_then(|ruled| ruled.class) {
            return Some(class.name());
        }
        Some(match failure.class {
            FailureClass::NotFound => return None,
            FailureClass::InvalidArguments => "invalid_arguments",
            FailureClass::Denied => "denied",
            FailureClass::Unavailable => "unavailable",
            FailureClass::Timeout => "timeout",
            FailureClass::Fuel => "fuel",
            FailureClass::Memory => "memory",
            FailureClass::StackOverflow => "stack_overflow",
            FailureClass::Trap => "trap",
            FailureClass::OutputTooLarge => "output_too_large",
            FailureClass::BadOutput => "bad_output",
            FailureClass::RunLimit => "run_limit",
            FailureClass::Unknown => "unknown",
            FailureClass::Failed => "failed",
        })
    }

    /// Whether it was begun here and nobody knows how it ended. One that was handed to a run is known by that run.
    pub fn is_under_way(&self) -> bool {
        self.started.is_some() && self.outcome.is_none() && self.sub_run.is_none()
    }

    /// Whether a run of its own serves it and is not over yet.
    pub fn is_delegated(&self) -> bool {
        self.outcome.is_none() && self.sub_run.is_some()
    }

    /// Whether nothing more will happen to it.
    pub fn is_resolved(&self) -> bool {
        self.outcome.is_some()
    }

    /// What another run that goes on from before it has to know of it; nothing of what only reads or never came to anything.
    pub(crate) fn fate(&self) -> Option<Fate> {
        if self.only_reads() {
            return None;
        }
        match (&self.outcome, self.hold.as_ref().map(|hold| hold.closed)) {
            (Some(Outcome::Ok { .. }), _) => Some(Fate::Done),
            (_, Some(Some(HoldOutcome::Rejected | HoldOutcome::Revised))) => Some(Fate::Denied),
            (None, Some(_)) => Some(Fate::Open),
            (None | Some(Outcome::Failed { .. }), _) => self.started.is_some().then_some(Fate::Open),
        }
    }

    /// Whether it may run now: allowed, not started, not over.
    pub fn is_runnable(&self) -> bool {
        self.outcome.is_none() && self.started.is_none() && self.ruled.as_ref().is_some_and(|ruled| ruled.verdict == Verdict::Allow)
    }

    /// Whether people approved it, or what is stored of it was changed, and the decision was not yet taken again.
    pub fn awaits_second_decision(&self) -> bool {
        self.outcome.is_none()
            && self.hold.as_ref().is_some_and(|hold| matches!(hold.closed, Some(HoldOutcome::Approved | HoldOutcome::Changed)))
            // With approvals a decision is never to hold, so one that holds is the first.
            && self.ruled.as_ref().is_some_and(|ruled| ruled.verdict == Verdict::Hold)
    }

    /// Whether it changes nothing in the world.
    pub fn only_reads(&self) -> bool {
        self.ruled.as_ref().and_then(|ruled| ruled.effect).is_some_and(Effect::only_reads)
    }
}
