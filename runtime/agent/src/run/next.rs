//! State in, next act out.

use super::state::{Call, Run};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::event::{EndReason, RunOutcome};
use steward_core::limits::{DENIED_REPEATS_MAX, SAME_KIND_STEPS_MAX};
use steward_core::{CallId, Verdict};

/// What the driver does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask a model for this step.
    AskModel {
        /// From 1.
        step: u32,
        /// From 1.
        attempt: u32,
    },
    /// Let the gate decide on these calls.
    Decide {
        /// In order.
        calls: Vec<CallId>,
    },
    /// Carry these out: several that only read, or one with an effect.
    Execute {
        /// In order.
        calls: Vec<CallId>,
    },
    /// These were started and never ended: find out, repeat by key, or hand to a person.
    Reconcile {
        /// In order.
        calls: Vec<CallId>,
    },
    /// The run cost as much as it may: a person may let it go on.
    AskForMoney {
        /// The step that would follow, from 1.
        step: u32,
    },
    /// Nothing to do until people decide.
    AwaitPeople,
    /// Nothing to do until a run that serves one of its calls is over.
    AwaitRuns,
    /// The model is done: its last text is the reply.
    Reply {
        /// The text.
        text: String,
    },
    /// End the run.
    Stop {
        /// How.
        outcome: RunOutcome,
        /// Why, as a code; none where the outcome says it all.
        reason: Option<EndReason>,
        /// One sentence for the person.
        message: String,
    },
    /// It is over; nothing follows.
    Finished,
}

impl Run {
    /// What to do next. Pure and total.
    pub fn next(&self) -> Next {
        if self.ended.is_some() {
            return Next::Finished;
        }
        let Some(pins) = &self.pins else {
            return stop(RunOutcome::Failed, "the run has no beginning");
        };
        if self.replied {
            return stop(RunOutcome::Replied, "the agent replied");
        }
        let step = self.steps.last();
        // An effect under way is brought to its end before anything else, a stop included: its outcome must be known.
        if let Some(under_way) = step.map(|step| ids(&step.calls, Call::is_under_way)).filter(|ids| !ids.is_empty()) {
            return Next::Reconcile { calls: under_way };
        }
        if self.cancelled {
            return stop(RunOutcome::Cancelled, "stopped by a person");
        }
        if let Some((failure, message)) = &self.gave_up {
            return Next::Stop { outcome: RunOutcome::ModelFailed, reason: Some((*failure).into()), message: message.clone() };
        }
        if let Some((reason, message)) = &self.budget_refused {
            return Next::Stop { outcome: RunOutcome::BudgetLimit, reason: Some(*reason), message: message.clone() };
        }
        if self.budget_hold.is_some() {
            return Next::AwaitPeople;
        }
        if let Some((step, attempt)) = self.asked {
            return Next::AskModel { step, attempt: attempt.saturating_add(1) };
        }
        let answered = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        if let Some(step) = step {
            if step.calls.is_empty() {
                return Next::Reply { text: step.text.clone() };
            }
            if let Some(next) = self.next_of_calls(&step.calls) {
                return next;
            }
        }
        if self.called {
            return stop(RunOutcome::Replied, "whoever asked for the call has its answer");
        }
        if self.denied.values().any(|count| *count > DENIED_REPEATS_MAX) {
            let message = "the agent kept repeating a denied action".to_owned();
            return Next::Stop { outcome: RunOutcome::Stubborn, reason: Some(EndReason::DeniedAgain), message };
        }
        if let Some((tool, kind)) = self.stuck_on() {
            return Next::Stop {
                outcome: RunOutcome::Stubborn,
                reason: Some(EndReason::SameEnd),
                message: format!("`{tool}` ended in the same way ({kind}) in {SAME_KIND_STEPS_MAX} answers, so the run was stopped"),
            };
        }
        if self.answers() >= pins.limits.steps {
            return stop(RunOutcome::StepLimit, "the run took as many steps as it may");
        }
        let used = self.used();
        if used.tokens >= pins.limits.tokens {
            return stop(RunOutcome::TokenLimit, "the run used as many tokens as it may");
        }
        if used.worked_ms >= i64::from(pins.limits.seconds).saturating_mul(1000) {
            return stop(RunOutcome::TimeLimit, "the run worked as long as it may");
        }
        let step = answered.saturating_add(1);
        if used.cost >= self.ceiling.map_or(pins.limits.cost, |(ceiling, _)| ceiling.max(pins.limits.cost)) {
            return Next::AskForMoney { step };
        }
        Next::AskModel { step, attempt: self.failed_attempts.saturating_add(1) }
    }

    /// The tool whose calls were refused or failed in the same way in too many answers: it may say something else each time, and gets nowhere.
    fn stuck_on(&self) -> Option<(&str, &'static str)> {
        let mut seen: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
        for step in &self.steps {
            let ends = step.calls.iter().filter_map(|call| Some((call.call.tool.as_str(), call.ended_badly()?)));
            for end in ends.collect::<BTreeSet<_>>() {
                *seen.entry(end).or_default() += 1;
            }
        }
        seen.into_iter().find(|(_, steps)| *steps >= SAME_KIND_STEPS_MAX).map(|(end, _)| end)
    }

    fn next_of_calls(&self, calls: &[Call]) -> Option<Next> {
        let undecided = ids(calls, |call| call.ruled.is_none() && call.outcome.is_none() || call.awaits_second_decision());
        if !undecided.is_empty() {
            return Some(Next::Decide { calls: undecided });
        }
        let mut reads = Vec::new();
        let mut effect_waits = false;
        for call in calls.iter().filter(|call| !call.is_resolved()) {
            if call.is_runnable() && call.only_reads() {
                reads.push(call.call.call_id);
            } else if call.is_runnable() && !effect_waits {
                // Effects run one at a time and in order; reads proposed before this one go first.
                return Some(Next::Execute { calls: if reads.is_empty() { vec![call.call.call_id] } else { reads } });
            } else {
                effect_waits = true;
            }
        }
        if !reads.is_empty() {
            return Some(Next::Execute { calls: reads });
        }
        // Whatever is left waits for people or for a run, or stands behind an effect that does.
        let waits = calls.iter().any(|call| !call.is_resolved() && call.ruled.as_ref().is_some_and(|ruled| ruled.verdict == Verdict::Hold));
        let delegated = calls.iter().any(Call::is_delegated);
        if waits { Some(Next::AwaitPeople) } else { delegated.then_some(Next::AwaitRuns) }
    }
}

fn ids(calls: &[Call], which: impl Fn(&Call) -> bool) -> Vec<CallId> {
    calls.iter().filter(|call| which(call)).map(|call| call.call.call_id).collect()
}

fn stop(outcome: RunOutcome, message: &str) -> Next {
    Next::Stop { outcome, reason: None, message: message.to_owned() }
}
