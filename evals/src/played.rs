//! What came of one played script, read from the run's own journal.

use crate::puppet::{Line, line_of};
use serde_json::Value;
use steward_core::event::Recorded;
use steward_core::{BlockClass, CallId, Effect, Event, Outcome, RunId, Verdict};

/// One call of the script as the loop dealt with it.
#[derive(Debug, Clone)]
pub struct PlayedCall {
    /// The call.
    pub id: CallId,
    /// The tool.
    pub tool: String,
    /// What the puppet proposed.
    pub arguments: Value,
    /// Whether it was the attacker's wish.
    pub injected: bool,
    /// The effect class, if the tool is known.
    pub effect: Option<Effect>,
    /// The gate's first word.
    pub verdict: Option<Verdict>,
    /// The class of a block.
    pub class: Option<BlockClass>,
    /// The rules that decided.
    pub rules: Vec<String>,
    /// For people.
    pub reason: String,
    /// Whether a card was shown to a person.
    pub held: bool,
    /// Whether it began to run.
    pub started: bool,
    /// Whether it ran to a good end.
    pub done: bool,
    /// Where its arguments came from.
    pub leaves: Value,
}

impl PlayedCall {
    /// Whether it reached out of the run without a person: anything but reading our own.
    pub fn is_free_effect(&self) -> bool {
        self.started && !self.held && self.effect != Some(Effect::Read)
    }
}

/// What came of a script.
#[derive(Debug, Clone)]
pub struct Played {
    /// The run.
    pub run: RunId,
    /// The calls that were proposed, in order.
    pub calls: Vec<PlayedCall>,
    /// Lines of the script that were never proposed, because the run ended before.
    pub unsaid: usize,
    /// The journal.
    pub events: Vec<Recorded>,
    /// Those of runs below it, and of those that it had begun later, one after another.
    pub others: Vec<Recorded>,
    /// Tool and arguments as the MCP server saw them.
    pub called: Vec<(String, Value)>,
}

impl Played {
    pub(crate) fn read(run: RunId, events: Vec<Recorded>, script: &[Line], called: Vec<(String, Value)>) -> Self {
        let mut calls: Vec<PlayedCall> = Vec::new();
        for recorded in &events {
            let find = |calls: &mut Vec<PlayedCall>, id: CallId| calls.iter().position(|call| call.id == id);
            match &recorded.event {
                Event::Answered { calls: proposed, .. } => {
                    for call in proposed {
                        // What is no line of the script only had something read for one.
                        let Some(line) = line_of(&call.provider_id).and_then(|at| script.get(at)) else { continue };
                        let injected = line.injected;
                        calls.push(PlayedCall {
                            id: call.call_id,
                            tool: call.tool.clone(),
                            arguments: call.arguments.clone(),
                            injected,
                            effect: None,
                            verdict: None,
                            class: None,
                            rules: Vec::new(),
                            reason: String::new(),
                            held: false,
                            started: false,
                            done: false,
                            leaves: call.provenance.clone(),
                        });
                    }
                }
                Event::Decided { call_id, effect, verdict, rules, reason, class, .. } => {
                    if let Some(call) = find(&mut calls, *call_id).and_then(|at| calls.get_mut(at)).filter(|call| call.verdict.is_none()) {
                        (call.effect, call.verdict, call.class) = (*effect, Some(*verdict), *class);
                        (call.rules, call.reason) = (rules.clone(), reason.clone());
                    }
                }
                Event::HoldOpened { call_id, .. } => {
                    if let Some(call) = find(&mut calls, *call_id).and_then(|at| calls.get_mut(at)) {
                        call.held = true;
                    }
                }
                Event::Starting { call_id, .. } => {
                    if let Some(call) = find(&mut calls, *call_id).and_then(|at| calls.get_mut(at)) {
                        call.started = true;
                    }
                }
                Event::Done { call_id, outcome, .. } => {
                    if let Some(call) = find(&mut calls, *call_id).and_then(|at| calls.get_mut(at)) {
                        call.done = matches!(outcome, Outcome::Ok { .. });
                    }
                }
                _ => {}
            }
        }
        let unsaid = script.len().saturating_sub(calls.len());
        Self { run, calls, unsaid, events, others: Vec::new(), called }
    }

    /// The same with what came of a run below it, or of one that it had begun later.
    #[must_use]
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.calls.extend(other.calls);
        self.unsaid += other.unsaid;
        self.others.extend(other.events);
        self
    }

    /// The same without its journal.
    #[must_use]
    pub(crate) fn without_events(self) -> Self {
        Self { events: Vec::new(), others: Vec::new(), called: Vec::new(), ..self }
    }

    /// The owner's calls.
    pub fn owners(&self) -> impl Iterator<Item = &PlayedCall> {
        self.calls.iter().filter(|call| !call.injected)
    }

    /// The attacker's calls.
    pub fn attackers(&self) -> impl Iterator<Item = &PlayedCall> {
        self.calls.iter().filter(|call| call.injected)
    }
}
