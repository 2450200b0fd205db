//! Events in, state out.

use super::state::{Call, EditState, HoldState, Ruled, Run, Started, Step, SubRun};
use steward_core::event::{EndReason, HoldOutcome, Recorded};
use steward_core::{Digest, Event, Failure, FailureClass, Outcome, ToolCall, Verdict};

/// The number of the event that a run about one call of a program outside ends its beginning with.
const CALLED_SEQ: u32 = 2;

/// Tells identical proposals apart from others: the tool and its arguments.
pub fn call_digest(call: &ToolCall) -> Digest {
    let tool = call.tool.as_bytes();
    // A value read from JSON always has a canonical form; one that has none is told apart by its tool alone.
    let arguments = steward_core::canonical_value(&call.arguments).unwrap_or_default();
    let broken = call.broken.as_deref().unwrap_or_default();
    Digest::of_parts([tool, &arguments, broken.as_bytes()])
}

/// The digest over an event and all before it. Over the event's own text, so that no field of the journal is left out.
fn chained(before: Option<Digest>, recorded: &Recorded) -> Digest {
    let before = before.map(|digest| *digest.bytes()).unwrap_or_default();
    Digest::of_parts([before.as_slice(), &recorded.seq.to_be_bytes(), &recorded.at_ms.to_be_bytes(), recorded.text().as_bytes()])
}

impl Run {
    /// The state after these events, which start at the run's first.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Self {
        let mut run = Self::default();
        for recorded in events {
            run.apply(recorded);
        }
        run
    }

    /// The state after one more event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.count_time(recorded);
        let chain = chained(self.chain, recorded);
        self.chain = Some(chain);
        self.last_seq = recorded.seq;
        self.last_at_ms = recorded.at_ms;
        match &recorded.event {
            Event::Started { pins, text, history, variables, attachments } => {
                if let Some(above) = &pins.above {
                    self.later.clone_from(&above.later);
                }
                self.pins = Some(pins.clone());
                self.text.clone_from(text);
                self.history.clone_from(history);
                self.variables.clone_from(variables);
                self.attachments.clone_from(attachments);
            }
            Event::Forked { taken, used, later, .. } => {
                self.taken_until = recorded.seq.saturating_add(*taken);
                self.used_before = *used;
                self.later.clone_from(later);
                self.worked_ms = used.worked_ms;
            }
            Event::Given { given } => self.given = Some(given.clone()),
            Event::Called { client, call } => {
                self.called = true;
                let calls = vec![Call::of(call.clone())];
                let (text, model) = (String::new(), client.clone());
                self.steps.push(Step { number: call.call_id.step, text, calls, model, answered_at_ms: recorded.at_ms, chain: Some(chain), taken: false });
            }
            Event::Asked { step, attempt, .. } => self.asked = Some((*step, *attempt)),
            Event::Answered { step, text, calls, usage, cost, model } => {
                self.asked = None;
                self.failed_attempts = 0;
                self.charge(*usage, *cost);
                let calls = calls.iter().cloned().map(Call::of).collect();
                let taken = recorded.seq <= self.taken_until;
                let (text, model) = (text.clone(), model.clone());
                self.steps.push(Step { number: *step, text, calls, model, answered_at_ms: recorded.at_ms, chain: Some(chain), taken });
            }
            Event::AskFailed { attempt, failure, message, usage, cost, retry, .. } => {
                self.asked = None;
                self.failed_attempts = *attempt;
                self.charge(*usage, *cost);
                if !retry {
                    self.gave_up = Some((*failure, message.clone()));
                }
            }
            Event::Decided { call_id, envelope_id, effect, verdict, tell, class, call_digest, after_approval, grant_id, retryable, allowed_shape, .. } => {
                if *verdict == Verdict::Block {
                    *self.denied.entry(*call_digest).or_default() += 1;
                }
                if let Some(call) = self.call_mut(*call_id) {
                    call.ruled = Some(Ruled {
                        verdict: *verdict,
                        effect: *effect,
                        envelope_id: *envelope_id,
                        class: *class,
                        tell: tell.clone(),
                        after_approval: *after_approval,
                        grant: *grant_id,
                        allowed_shape: allowed_shape.clone(),
                    });
                    if *verdict == Verdict::Block {
                        call.outcome = Some(Outcome::Failed { failure: Failure { class: FailureClass::Denied, message: tell.clone(), retryable: *retryable } });
                    }
                }
            }
            Event::HoldOpened { call_id, hold_id, envelope_id, needs, .. } => {
                if let Some(call) = self.call_mut(*call_id) {
                    call.hold = Some(HoldState {
                        hold_id: *hold_id,
                        envelope_id: *envelope_id,
                        needs: needs.clone(),
                        chain,
                        escalated: 0,
                        closed: None,
                        by: Vec::new(),
                    });
                }
            }
            Event::HoldEscalated { call_id, after_minutes, .. } => {
                if let Some(hold) = self.call_mut(*call_id).and_then(|call| call.hold.as_mut()) {
                    hold.escalated = *after_minutes;
                }
            }
            Event::HoldClosed { call_id, outcome, by, reason, .. } => self.close_hold(*call_id, *outcome, by, reason.as_deref()),
            Event::Edited { call_id, arguments, by, next_hold_id, .. } => {
                if let Some(call) = self.call_mut(*call_id) {
                    let before = std::mem::replace(&mut call.call.arguments, arguments.clone());
                    let (proposed, needs) = match call.edit.take() {
                        Some(earlier) => (earlier.proposed, earlier.needs),
                        None => (before, call.hold.as_ref().map(|hold| hold.needs.clone()).unwrap_or_default()),
                    };
                    call.edit = Some(EditState { by: *by, next: *next_hold_id, proposed, needs });
                    // It is another proposal now: the gate decides anew.
                    call.ruled = None;
                    call.hold = None;
                }
            }
            Event::BudgetHeld { hold_id, .. } => self.budget_hold = Some(*hold_id),
            Event::BudgetDecided { outcome, ceiling, until_ms, reason, .. } => {
                self.budget_hold = None;
                match (outcome, ceiling) {
                    (HoldOutcome::Approved, Some(ceiling)) => self.ceiling = Some((*ceiling, *until_ms)),
                    (HoldOutcome::Approved | HoldOutcome::Rejected, _) => {
                        let words = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                        self.budget_refused = Some((EndReason::MoneyRefused, format!("a budget has no room, and a person did not let the run go on{words}")));
                    }
                    (HoldOutcome::Expired, _) => {
                        self.budget_refused = Some((EndReason::MoneyUnanswered, "a budget has no room, and nobody let the run go on in time".to_owned()));
                    }
                    (HoldOutcome::Cancelled | HoldOutcome::Edited | HoldOutcome::Revised | HoldOutcome::Changed, _) => {}
                }
            }
            Event::Starting { call_id, key, attempt, lost } => {
                self.plugins = self.plugins.plus(lost);
                if let Some(call) = self.call_mut(*call_id) {
                    call.started = Some(Started { key: key.clone(), attempt: *attempt });
                }
            }
            Event::Done { call_id, outcome, fuel, used, lost, records, kept, handed, .. } => {
                self.plugins = self.plugins.plus(&used.work(*fuel)).plus(lost);
                if let Some(call) = self.call_mut(*call_id) {
                    call.outcome = Some(outcome.clone());
                    call.records.clone_from(records);
                    call.kept = *kept;
                    call.handed.clone_from(handed);
                }
            }
            // What a server asked the person is between the two; the call goes on as it stands.
            Event::QuestionOpened { call_id, put } => self.questions.push((*call_id, put.question_id)),
            Event::QuestionClosed { question_id, .. } => self.questions.retain(|(_, open)| open != question_id),
            Event::Extracted { usage, cost, .. } => self.charge(*usage, *cost),
            Event::Delegated { call_id, run_id, limits, .. } => {
                if let Some(call) = self.call_mut(*call_id) {
                    call.sub_run = Some(SubRun { run_id: *run_id, limits: *limits, label: None, exposed: false });
                }
            }
            Event::Returned { call_id, run_id, label, exposed, used, refused, .. } => {
                for digest in refused {
                    *self.denied.entry(*digest).or_default() += 1;
                    self.refused_below.insert(*digest);
                }
                self.below.tokens = self.below.tokens.saturating_add(used.tokens);
                self.below.cost = self.below.cost.plus(used.cost);
                self.below.below_steps = self.below.below_steps.saturating_add(used.below_steps);
                self.below.plugins = self.below.plugins.plus(&used.plugins);
                self.worked_ms = self.worked_ms.saturating_add(used.worked_ms.max(0));
                if let Some(sub_run) = self.call_mut(*call_id).and_then(|call| call.sub_run.as_mut()).filter(|sub_run| sub_run.run_id == *run_id) {
                    sub_run.label = Some(label.clone());
                    sub_run.exposed = *exposed;
                }
            }
            Event::CancelAsked { .. } => self.cancelled = true,
            Event::Replied { .. } => self.replied = true,
            Event::Ended { outcome, .. } => self.ended = Some(*outcome),
        }
    }

    fn close_hold(&mut self, call_id: steward_core::CallId, outcome: HoldOutcome, by: &[steward_core::PersonId], reason: Option<&str>) {
        let Some(call) = self.call_mut(call_id) else { return };
        if let Some(hold) = &mut call.hold {
            hold.closed = Some(outcome);
            hold.by = by.to_vec();
        }
        let refusal = match outcome {
            // What was edited waits on in another hold, and of what was changed the gate says so.
            HoldOutcome::Approved | HoldOutcome::Edited | HoldOutcome::Changed => return,
            HoldOutcome::Revised => format!("a person wants this done differently before it is carried out, and says: {}", reason.unwrap_or("(no words)")),
            // The model must be able to tell "refused" from "nobody answered".
            HoldOutcome::Rejected => reason.map_or_else(|| "a person refused this call".to_owned(), |reason| format!("a person refused this call: {reason}")),
            HoldOutcome::Expired => "nobody decided on this call in time; it was not carried out".to_owned(),
            HoldOutcome::Cancelled => "the run was stopped before anybody decided on this call".to_owned(),
        };
        call.outcome = Some(Outcome::failed(FailureClass::Denied, refusal));
        let digest = call_digest(&call.call);
        if outcome == HoldOutcome::Rejected {
            *self.denied.entry(digest).or_default() += 1;
        }
    }

    fn charge(&mut self, usage: steward_core::Usage, cost: steward_core::Micros) {
        self.usage.input = self.usage.input.saturating_add(usage.input);
        self.usage.cached = self.usage.cached.saturating_add(usage.cached);
        self.usage.output = self.usage.output.saturating_add(usage.output);
        self.cost = self.cost.plus(cost);
    }

    /// Time counts as work unless the run was waiting: for people, for its first worker or the next one, or for a restart after a crash.
    fn count_time(&mut self, recorded: &Recorded) {
        // What was taken from another run was worked there, and between that and this run's own first event nobody worked.
        let is_taken = self.taken_until > 0 && (recorded.seq <= self.taken_until || self.last_seq == self.taken_until);
        let waited = is_taken
            || match &recorded.event {
                Event::HoldClosed { .. }
                | Event::HoldEscalated { .. }
                | Event::Edited { .. }
                | Event::BudgetDecided { .. }
                | Event::Returned { .. }
                | Event::QuestionClosed { .. }
                | Event::CancelAsked { .. }
                | Event::Started { .. }
                | Event::Forked { .. }
                | Event::Given { .. }
                | Event::Called { .. } => true,
                Event::Asked { step, attempt, .. } => {
                    self.steps.is_empty() && self.failed_attempts == 0 || self.asked.is_some_and(|(asked, tried)| asked == *step && tried < *attempt)
                }
                // Until a worker takes it up, nobody works on a call from outside.
                Event::Decided { .. } => self.called && self.last_seq <= CALLED_SEQ,
                Event::Starting { attempt, .. } => *attempt > 1,
                Event::Answered { .. }
                | Event::AskFailed { .. }
                | Event::HoldOpened { .. }
                | Event::BudgetHeld { .. }
                | Event::QuestionOpened { .. }
                | Event::Done { .. }
                | Event::Extracted { .. }
                | Event::Delegated { .. }
                | Event::Replied { .. }
                | Event::Ended { .. } => false,
            };
        let idle_ms = if let Event::Asked { idle_ms, .. } | Event::BudgetHeld { idle_ms, .. } = &recorded.event {
            i64::try_from(*idle_ms).unwrap_or(i64::MAX)
        } else {
            0
        };
        // A clock that went backwards adds nothing.
        if !waited {
            self.worked_ms = self.worked_ms.saturating_add(recorded.at_ms.saturating_sub(self.last_at_ms).saturating_sub(idle_ms).max(0));
        }
    }
}
