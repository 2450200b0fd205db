//! A run once more, offline: its journal is folded event by event, each question is put together and each call is judged as it was then,
//! and what comes out is compared with what is on record. No model is asked, no tool is called, nothing is written.
//!
//! What a person or the database said at the time (roles, counters, approvals, the moment) is taken from the record of each decision; all
//! that follows from the journal (labels, what was asked for, envelopes) is derived anew.

use crate::agents::Agent;
use crate::context;
use crate::gate::{Beside, Catalogue, Gate, Ruled, Ruling};
use crate::labels::Shown;
use crate::run::Run;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::event::Recorded;
use steward_core::{BlockClass, CallId, DecisionId, EnvelopeKey, Event, Mode, RunId, TenantId, Verdict};
use steward_host::Host;
use steward_office::holds::routing::ApprovalRules;
use steward_policies::{Facts, Rules, judge};
use steward_prompts::Prompt;

/// What a run is replayed with.
pub struct With<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The tools.
    pub host: &'a Host,
    /// The agent of the run, as it is configured now.
    pub agent: &'a Agent,
    /// The prompt: the pinned one, or another.
    pub prompt: &'a Prompt,
    /// The named model: the pinned one, or another.
    pub model: &'a str,
    /// The key of envelope ids.
    pub key: &'a EnvelopeKey,
    /// What approvals take.
    pub approvals: &'a ApprovalRules,
    /// The organisation.
    pub tenant: TenantId,
    /// The first step that is compared, from 1.
    pub from_step: u32,
}

/// Why a run cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The journal has no beginning.
    #[error("the journal of this run has no beginning")]
    NoBeginning,
    /// The prompt cannot be made for it.
    #[error("the prompt `{prompt}` cannot be used for this run: {reason}")]
    Prompt {
        /// `name@version`.
        prompt: String,
        /// What is wrong.
        reason: String,
    },
    /// A step that the run does not have.
    #[error("the run has {steps} steps, and step {from} is none of them")]
    NoStep {
        /// Steps it has.
        steps: u32,
        /// The one named.
        from: u32,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Questions to a model that were put together again.
    pub questions: usize,
    /// Decisions that were made again.
    pub decisions: usize,
    /// What comes out otherwise, in the order of the journal: the first is where the run would have gone another way.
    pub differences: Vec<Difference>,
}

/// One thing that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The event on record.
    pub seq: u32,
    /// The step.
    pub step: u32,
    /// The call, of a decision.
    pub call_id: Option<CallId>,
    /// Its tool.
    pub tool: Option<String>,
    /// What differs: `/model`, `/prompt`, `/question`, `/verdict`, `/class`, `/rules`, or a fact as `/facts/…`.
    pub field: String,
    /// As on record.
    pub was: Value,
    /// As it comes out.
    pub now: Value,
}

/// Replays a run. `records` are the records of its decisions, as they were written.
///
/// # Errors
/// When there is nothing to compare, or the prompt does not fit.
pub fn replay(run_id: RunId, events: &[Recorded], records: &BTreeMap<DecisionId, String>, with: &With<'_>) -> Result<Replayed, ReplayError> {
    let whole = Run::fold(events);
    let Some(pins) = &whole.pins else { return Err(ReplayError::NoBeginning) };
    let steps = whole.steps.last().map_or(0, |step| step.number);
    if with.from_step > steps.max(1) {
        return Err(ReplayError::NoStep { steps, from: with.from_step });
    }
    // As it was then: what an agent is pinned to does not follow the configuration.
    let agent = Agent { mode: pins.mode, ..with.agent.clone() };
    let variables = whole.variables.iter().filter(|(name, _)| with.prompt.variables.contains(*name));
    let variables = variables.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let system = with.prompt.render(&variables).map_err(|err| ReplayError::Prompt { prompt: with.prompt.reference(), reason: err.to_string() })?;
    let is_other_prompt = with.prompt.digest != pins.prompt_digest;
    let tools = context::tools(&agent, &with.host.specs());
    let sealed = (pins.mode == Mode::Sealed).then_some(with.host as &dyn Catalogue);
    let again = Again { with, agent: &agent, run_id };
    let mut run = Run::fold(std::iter::empty());
    let mut found = Replayed { questions: 0, decisions: 0, differences: Vec::new() };
    let mut first_question = true;
    for recorded in events {
        match &recorded.event {
            Event::Asked { step, request_digest, .. } if *step >= with.from_step => {
                found.questions += 1;
                let differs = |field: &str, was: Value, now: Value| Difference {
                    seq: recorded.seq,
                    step: *step,
                    call_id: None,
                    tool: None,
                    field: field.to_owned(),
                    was,
                    now,
                };
                if std::mem::take(&mut first_question) && with.model != pins.model {
                    found.differences.push(differs("/model", json!(pins.model), json!(with.model)));
                }
                let request = context::request(&run, sealed, system.clone().into(), tools.clone());
                let now = context::digest(&request);
                if now != *request_digest && is_other_prompt {
                    found.differences.push(differs("/prompt", json!(pins.prompt), json!(with.prompt.reference())));
                } else if now != *request_digest {
                    found.differences.push(differs("/question", json!(request_digest), json!(now)));
                }
            }
            // That records did not agree, or an approval came too late or is none any more, is no judgement.
            Event::Decided { class: Some(BlockClass::Changed | BlockClass::Expired | BlockClass::ApproverGone), .. } => {}
            Event::Decided { call_id, decision_id, .. } if call_id.step >= with.from_step => {
                found.decisions += 1;
                let difference = again.decide(&run, recorded, *call_id, records.get(decision_id).map(String::as_str));
                found.differences.extend(difference);
            }
            _ => {}
        }
        run.apply(recorded);
    }
    Ok(found)
}

struct Again<'a> {
    with: &'a With<'a>,
    agent: &'a Agent,
    run_id: RunId,
}

impl Again<'_> {
    /// The first thing that comes out otherwise for one decision.
    fn decide(&self, run: &Run, recorded: &Recorded, call_id: CallId, record: Option<&str>) -> Option<Difference> {
        let Event::Decided { verdict, class, rules, after_approval, grant_id, .. } = &recorded.event else { return None };
        let call = run.call(call_id)?.call.clone();
        let differs = |field: &str, was: Value, now: Value| {
            let (seq, step) = (recorded.seq, call_id.step);
            Some(Difference { seq, step, call_id: Some(call_id), tool: Some(call.tool.clone()), field: field.to_owned(), was, now })
        };
        let facts_of = |record: &str| serde_json::from_str::<Value>(record).ok().and_then(|record| record.get("facts").cloned()).unwrap_or_default();
        let recorded_facts = record.map(facts_of).unwrap_or_default();
        let facts: Option<Facts> = serde_json::from_value(recorded_facts.clone()).ok();
        let as_set = |rules: &[String]| rules.iter().cloned().collect::<BTreeSet<String>>();
        // What people or a grant allowed, they allowed under the rules of then: what they said is judged by these rules on its own.
        if (*after_approval || grant_id.is_some()) && facts.is_some() {
            let judgement = judge(self.with.rules, facts.as_ref()?);
            // Approvals that did not suffice were refused; what the rules say of them is that it would wait.
            let was = if *class == Some(BlockClass::Refused) { Verdict::Hold } else { *verdict };
            if judgement.verdict() != was {
                return differs("/verdict", json!(was), json!(judgement.verdict()));
            }
            return (as_set(judgement.rules()) != as_set(rules)).then(|| differs("/rules", json!(rules), json!(judgement.rules()))).flatten();
        }
        let empty = (BTreeSet::new(), BTreeMap::new());
        let (roles, counts) = facts.as_ref().map_or(empty, |facts| (facts.roles.clone(), facts.counts.clone()));
        let gate = Gate {
            rules: self.with.rules,
            host: self.with.host,
            agent: self.agent,
            key: self.with.key,
            tenant: self.with.tenant,
            run_id: self.run_id,
            roles: &roles,
            approvals: self.with.approvals,
            counts: &counts,
        };
        let shown = Shown::before(self.agent.mode, run, call_id.step, self.with.host);
        let ruling = gate.rule(run, &call, &shown, None, facts.as_ref().map_or(recorded.at_ms, |facts| facts.now_ms));
        if ruling.name() != *verdict {
            return differs("/verdict", json!(verdict), json!(ruling.name()));
        }
        let (was, now) = (json!(class), json!(class_of(&ruling)));
        if was != now {
            return differs("/class", was, now);
        }
        if as_set(&ruling.rules) != as_set(rules) {
            return differs("/rules", json!(rules), json!(ruling.rules));
        }
        let (field, was, now) = first_difference("/facts", &recorded_facts, &facts_of(&ruling.record(&Beside::default())))?;
        differs(&field, was, now)
    }
}

fn class_of(ruling: &Ruling) -> Option<BlockClass> {
    match ruling.verdict {
        Ruled::Block(class) => Some(class),
        Ruled::Allow(_) | Ruled::Hold(_) => None,
    }
}

/// Where two values part, by the path of the smallest part that differs.
fn first_difference(path: &str, was: &Value, now: &Value) -> Option<(String, Value, Value)> {
    if was == now {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (was, now) else { return Some((path.to_owned(), was.clone(), now.clone())) };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let part = |of: &serde_json::Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or_default();
    names.into_iter().find_map(|name| first_difference(&format!("{path}/{name}"), &part(before, name), &part(after, name)))
}
