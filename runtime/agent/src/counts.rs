//! The counters that rules declare, as they stand when a call is judged, and what the call adds when it is allowed.
//!
//! What is counted within the run is read off its journal. What is counted beyond it is read from the database, and the verdict is
//! written only if no such counter has moved meanwhile. Counted are the values that would run, never the handles that stand for them.

use crate::gate::Catalogue;
use crate::labels::arguments_of;
use crate::run::Run;
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::event::Pins;
use steward_core::{CallId, Mode, Outcome, ToolCall, Verdict};
use steward_policies::{Caller, Counter, Measure, Rules, Window};
use steward_store::counter::{CounterAdd, CounterCheck, Stood, Wanted};
use time::OffsetDateTime;

/// What a call is judged by of counters, and what it does to them.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// The numbers, by the counter's name.
    pub values: BTreeMap<String, i64>,
    /// The counters beyond the run among them, as they stood.
    pub checks: Vec<CounterCheck>,
    /// What the call adds once it is allowed.
    pub adds: Vec<CounterAdd>,
}

/// A counter to be read from the database, with the name under which rules know it.
pub(crate) struct Asked {
    name: String,
    pub(crate) wanted: Wanted,
}

/// What is known of a call's counters without the database, and what has to be asked there.
pub(crate) fn prepare(rules: &Rules, tools: &dyn Catalogue, run: &Run, pins: &Pins, call: &ToolCall, now: OffsetDateTime) -> (Counted, Vec<Asked>) {
    let mut counted = Counted::default();
    let mut asked = Vec::new();
    if rules.counters().is_empty() {
        return (counted, asked);
    }
    // What cannot be cleaned is blocked before any counter matters.
    let Some(Ok(arguments)) = tools.find(&call.tool).map(|tool| arguments_of(pins.mode, run, &*tool, call)) else { return (counted, asked) };
    let (person, workspace) = (pins.person.to_string(), pins.workspace.to_string());
    let caller = Caller { person: &person, agent: &pins.agent, workspace: &workspace };
    for counter in rules.counters_read_for(&call.tool) {
        match (counter.window.ms(), counter.part(caller, &arguments)) {
            (None, _) => {
                counted.values.insert(counter.name.clone(), within_run(tools, run, call.call_id, counter));
            }
            // A counter that cannot be told apart for this call is not supplied, and rules that read it block.
            (Some(_), None) => {}
            (Some(ms), Some(part)) => {
                let wanted = Wanted { counter: counter.key(), part, since: now - time::Duration::milliseconds(ms) };
                asked.push(Asked { name: counter.name.clone(), wanted });
            }
        }
    }
    for counter in rules.counters_fed_by(&call.tool).filter(|counter| counter.window != Window::Run) {
        let Some((part, amount)) = counter.part(caller, &arguments).zip(counter.amount(&arguments)) else { continue };
        let add = CounterAdd { counter: counter.key(), part, call_id: call.call_id, amount };
        if !counted.adds.contains(&add) {
            counted.adds.push(add);
        }
    }
    (counted, asked)
}

impl Counted {
    /// Takes in what the database said to what was asked.
    pub(crate) fn take(&mut self, asked: Vec<Asked>, stood: Vec<Stood>) {
        for (Asked { name, wanted: Wanted { counter, part, .. } }, Stood { amount, version }) in asked.into_iter().zip(stood) {
            self.values.insert(name, amount);
            self.checks.push(CounterCheck { counter, part, version });
        }
    }

    /// Takes the numbers from the run alone: for a journal that has no others beside it.
    pub(crate) fn take_from_run(&mut self, asked: Vec<Asked>, rules: &Rules, tools: &dyn Catalogue, run: &Run, call: CallId) {
        for Asked { name, .. } in asked {
            let counter = rules.counters().iter().find(|counter| counter.name == name);
            self.values.insert(name, counter.map_or(0, |counter| within_run(tools, run, call, counter)));
        }
        self.adds.clear();
    }
}

/// A counter over the other calls of this run.
fn within_run(tools: &dyn Catalogue, run: &Run, but: CallId, counter: &Counter) -> i64 {
    let mode = run.pins.as_ref().map_or(Mode::Sealed, |pins| pins.mode);
    let mut sum = 0_i64;
    for call in run.steps.iter().flat_map(|step| &step.calls).filter(|call| call.call.call_id != but) {
        let Some(tool) = tools.find(&call.call.tool).filter(|tool| counter.counts(&call.call.tool, tool.spec().effect)) else { continue };
        let counts = match counter.measure {
            Measure::Done => matches!(call.outcome, Some(Outcome::Ok { .. })),
            Measure::Calls | Measure::Sum(_) => call.ruled.as_ref().is_some_and(|ruled| ruled.verdict == Verdict::Allow),
        };
        if counts {
            let arguments = match counter.measure {
                Measure::Sum(_) => arguments_of(mode, run, &*tool, &call.call).unwrap_or_default(),
                Measure::Calls | Measure::Done => Value::Null,
            };
            sum = sum.saturating_add(counter.amount(&arguments).unwrap_or(0));
        }
    }
    sum
}
