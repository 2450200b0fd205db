//! A run that goes on from another: the answers before a step are taken from the other's record, and only what follows happens anew.
//!
//! No effect is repeated, because only steps whose calls are all over are taken, with how they ended. Nothing of the other run's rights
//! is taken: no open hold, no money that somebody let it have, no wish to stop it. What was used was paid there, and counts against the limits here all the same.

use crate::run::{Next, Run, SubRun, call_digest};
use std::collections::BTreeMap;
use steward_core::event::{LaterCall, Recorded, Used};
use steward_core::limits::SUB_RUN_DEPTH_MAX;
use steward_core::{CallUse, Event, Micros, PluginWork, RunId, ToolCall, Usage};

/// Why a run cannot be forked there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// Steps count from 1.
    #[error("the first step is 1")]
    NoStep,
    /// The run never came to that step.
    #[error("the run has {0} steps; fork it at one of them")]
    NotThere(usize),
    /// The calls before that step are not over.
    #[error("what step {0} wanted is not over yet; fork at that step or before, or wait until it is")]
    Open(u32),
    /// It has no model that could go on.
    #[error("the run is one call of a program outside, and has no model to go on with; ask that program again")]
    Called,
    /// Its words are nobody's who could say them again.
    #[error("the run is about what an agent wrote earlier, and a fork would take that for your words; say in your own what is to be done")]
    Given,
    /// It serves another run, within what that one may.
    #[error("the run serves another, which has its answer; fork that one")]
    SubRun,
    /// Nobody let it spend more.
    #[error("{0}; a run that goes on from it would get around that: start a new one, or wait until somebody lets this one go on")]
    Money(String),
}

/// What a run takes from the record of another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Taken {
    /// All that the earlier steps said and what became of it, as it was recorded.
    pub events: Vec<Recorded>,
    /// What the other run had used by then.
    pub used: Used,
    /// Effects that it has wanted since.
    pub later: Vec<LaterCall>,
}

/// What a run that begins anew at `step` takes from the record of another. Events keep their times. `below` are the records of the runs below
/// that one: what they did is no answer that is taken, and has happened all the same.
pub fn taken(events: &[Recorded], below: &[(RunId, Vec<Recorded>)], step: u32) -> Result<Taken, ForkError> {
    if step == 0 {
        return Err(ForkError::NoStep);
    }
    let is_own =
        |event: &Event| matches!(event, Event::Asked { step: at, .. } | Event::AskFailed { step: at, .. } | Event::Answered { step: at, .. } if *at >= step);
    let before: Vec<Recorded> = events.iter().take_while(|recorded| !is_own(&recorded.event)).cloned().collect();
    let run = Run::fold(&before);
    let steps = u32::try_from(run.steps.len()).unwrap_or(u32::MAX);
    // A step that says nothing more to do was the last: there is none after it.
    let replied = run.steps.last().is_some_and(|last| last.calls.is_empty());
    let whole = Run::fold(events);
    if whole.called {
        return Err(ForkError::Called);
    }
    if whole.pins.as_ref().is_some_and(|pins| pins.above.is_some()) {
        return Err(ForkError::SubRun);
    }
    if whole.given.is_some() {
        return Err(ForkError::Given);
    }
    if steps.saturating_add(1) != step || replied {
        return Err(ForkError::NotThere(whole.steps.len()));
    }
    if let Some(open) = run.steps.iter().find(|step| !step.calls.iter().all(super::run::Call::is_resolved)) {
        return Err(ForkError::Open(open.number));
    }
    if let Some((_, why)) = whole.budget_refused {
        return Err(ForkError::Money(why));
    }
    if whole.budget_hold.is_some() {
        return Err(ForkError::Money("the run waits for somebody who lets it spend more".to_owned()));
    }
    let below: BTreeMap<RunId, Run> = below.iter().map(|(id, events)| (*id, Run::fold(events))).collect();
    let used = plus(run.used(), given_up(&run, &below, 1));
    // What the run it goes on from itself was told comes along, too; runs below that were told the same say nothing new.
    let later = later(&whole, step).chain(whole.later.iter().cloned()).chain(later_below(&whole, step, &below)).collect();
    let events = before.into_iter().filter_map(|Recorded { seq, at_ms, event, .. }| Some(Recorded::new(seq, at_ms, kept(event)?))).collect();
    Ok(Taken { events, used, later })
}

/// The effects that a run itself wanted from this step on.
fn later(run: &Run, step: u32) -> impl Iterator<Item = LaterCall> {
    let calls = run.steps.iter().filter(move |later| later.number >= step).flat_map(|step| &step.calls);
    calls.filter_map(|call| Some((call, call.fate()?))).flat_map(|(call, fate)| {
        let needs = call.edit.as_ref().map(|edit| &edit.needs).or(call.hold.as_ref().map(|hold| &hold.needs)).cloned().unwrap_or_default();
        // What a person put other arguments into is known by those that the model had proposed, too.
        let proposed = call.edit.as_ref().map(|edit| ToolCall { arguments: edit.proposed.clone(), ..call.call.clone() });
        let known_by = std::iter::once(call_digest(&call.call)).chain(proposed.as_ref().map(call_digest));
        known_by.map(|call_digest| LaterCall { call_digest, fate, needs: needs.clone() }).collect::<Vec<_>>()
    })
}

/// The effects wanted by runs that served calls from this step on, and by those whose answer is not taken because there was none by then.
fn later_below<'a>(run: &'a Run, step: u32, below: &'a BTreeMap<RunId, Run>) -> impl Iterator<Item = LaterCall> + 'a {
    let all = run.steps.iter().flat_map(|step| step.calls.iter().map(move |call| (step.number, call)));
    let served = all.filter_map(|(number, call)| Some((number, call.sub_run.as_ref()?)));
    let unknown = served.filter(move |(number, sub_run)| *number >= step || sub_run.label.is_none()).map(|(_, sub_run)| sub_run.run_id);
    unknown.flat_map(move |id| line(id, below)).flat_map(|other| later(other, 0))
}

/// A run and all that served it.
fn line(id: RunId, below: &BTreeMap<RunId, Run>) -> Vec<&Run> {
    let (mut open, mut found) = (vec![id], Vec::new());
    // Each run serves one call, so none comes twice; a record that says otherwise is read no further than there are runs.
    while let Some(other) = open.pop().and_then(|id| below.get(&id)).filter(|_| found.len() < below.len()) {
        found.push(other);
        open.extend(sub_runs(other).map(|sub_run| sub_run.run_id));
    }
    found
}

fn sub_runs(run: &Run) -> impl Iterator<Item = &SubRun> {
    run.steps.iter().flat_map(|step| &step.calls).filter_map(|call| call.sub_run.as_ref())
}

/// What runs used that served calls of this one and brought nothing, because it ended first.
fn given_up(run: &Run, below: &BTreeMap<RunId, Run>, depth: usize) -> Used {
    let without_answer = sub_runs(run).filter(|sub_run| sub_run.label.is_none()).filter_map(|sub_run| below.get(&sub_run.run_id));
    without_answer.take(if depth > SUB_RUN_DEPTH_MAX { 0 } else { usize::MAX }).fold(Used::default(), |used, other| {
        let own = Used { below_steps: other.answers(), ..other.used() };
        plus(plus(used, own), given_up(other, below, depth + 1))
    })
}

fn plus(one: Used, other: Used) -> Used {
    Used {
        tokens: one.tokens.saturating_add(other.tokens),
        cost: one.cost.plus(other.cost),
        worked_ms: one.worked_ms.saturating_add(other.worked_ms),
        below_steps: one.below_steps.saturating_add(other.below_steps),
        plugins: one.plugins.plus(&other.plugins),
    }
}

/// An event as another run takes it; none of those that are only about the run they happened in.
fn kept(event: Event) -> Option<Event> {
    Some(match event {
        Event::Answered { step, text, calls, model, .. } => Event::Answered { step, text, calls, usage: Usage::default(), cost: Micros(0), model },
        Event::Starting { call_id, key, attempt, .. } => Event::Starting { call_id, key, attempt, lost: PluginWork::default() },
        Event::Done { call_id, outcome, records, kept, handed, .. } => {
            Event::Done { call_id, outcome, fuel: 0, ms: 0, used: CallUse::default(), lost: PluginWork::default(), records, kept, handed }
        }
        // What a sub-run answered is taken as it was, and none is begun again.
        Event::Returned { call_id, run_id, outcome, label, exposed, refused, .. } => {
            Event::Returned { call_id, run_id, outcome, label, exposed, used: Used::default(), refused }
        }
        Event::Decided { .. } | Event::HoldOpened { .. } | Event::HoldClosed { .. } | Event::Edited { .. } | Event::Delegated { .. } => event,
        Event::Started { .. }
        | Event::Forked { .. }
        | Event::Given { .. }
        | Event::Called { .. }
        | Event::Asked { .. }
        | Event::AskFailed { .. }
        | Event::HoldEscalated { .. }
        | Event::BudgetHeld { .. }
        | Event::BudgetDecided { .. }
        | Event::QuestionOpened { .. }
        | Event::QuestionClosed { .. }
        | Event::Extracted { .. }
        | Event::CancelAsked { .. }
        | Event::Replied { .. }
        | Event::Ended { .. } => return None,
    })
}

/// Whether a run that begins with these events would ask a model next: what was taken leaves nothing else to do.
pub fn goes_on(events: &[Recorded]) -> bool {
    matches!(Run::fold(events).next(), Next::AskModel { .. })
}
