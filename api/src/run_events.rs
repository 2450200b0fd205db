//! Run events as the outside knows them: the names and fields of the contract, made from the journal's events.
//!
//! The event stream of the server and `steward chat --json` both speak this.

use serde_json::{Value, json};
use steward_core::event::Recorded;
use steward_core::{Event, Outcome, RunId};

/// The name of a piece of the model's text while it is written. Not in the journal, so it has no number.
pub const DELTA: &str = "model.delta";

/// One event under its outside name.
#[derive(Debug, Clone, PartialEq)]
pub struct OutsideEvent {
    /// For example `tool.done`.
    pub name: &'static str,
    /// Its fields.
    pub data: Value,
}

/// What a recorded event is to the outside: nothing, one event, or an answer with the calls it proposes.
pub fn outside(run: RunId, recorded: &Recorded) -> Vec<OutsideEvent> {
    let one = |name: &'static str, data: Value| vec![OutsideEvent { name, data }];
    match &recorded.event {
        Event::Started { pins, text, .. } => one(
            "run.started",
            json!({ "run_id": run, "conversation_id": pins.conversation, "agent": pins.agent, "prompt": pins.prompt, "model": pins.model, "channel": pins.channel, "text": text }),
        ),
        Event::Answered { step, calls, usage, cost, model, .. } => {
            let mut events = one("model.answered", json!({ "step": step, "model": model, "usage": usage, "cost_micros": cost }));
            events.extend(calls.iter().map(|call| OutsideEvent {
                name: "tool.proposed",
                data: json!({ "call_id": call.call_id, "tool": call.tool, "arguments": call.arguments, "provenance": call.provenance }),
            }));
            events
        }
        Event::Decided { call_id, verdict, rules, reason, class, envelope_id, changed, grant_id, .. } => one(
            "tool.decided",
            json!({
                "call_id": call_id, "verdict": verdict, "rules": rules, "reason": reason, "class": class, "envelope_id": envelope_id,
                "changed": changed, "grant_id": grant_id,
            }),
        ),
        Event::HoldOpened { call_id, hold_id, envelope_id, needs, expires_at_ms } => {
            one("hold.opened", json!({ "call_id": call_id, "hold_id": hold_id, "envelope_id": envelope_id, "needs": needs, "expires_at_ms": expires_at_ms }))
        }
        Event::HoldClosed { call_id, hold_id, outcome, reason, .. } => {
            one("hold.closed", json!({ "call_id": call_id, "hold_id": hold_id, "outcome": outcome, "reason": reason }))
        }
        Event::Edited { call_id, hold_id, next_hold_id, arguments, by } => {
            one("hold.edited", json!({ "call_id": call_id, "hold_id": hold_id, "next_hold_id": next_hold_id, "arguments": arguments, "by": by }))
        }
        Event::Starting { call_id, attempt, .. } => one("tool.started", json!({ "call_id": call_id, "attempt": attempt })),
        Event::Done { call_id, outcome, fuel, ms, .. } => match outcome {
            Outcome::Ok { summary, .. } => one("tool.done", json!({ "call_id": call_id, "summary": summary, "fuel": fuel, "ms": ms })),
            Outcome::Failed { failure } => one(
                "tool.failed",
                json!({ "call_id": call_id, "class": failure.class, "message": failure.message, "retryable": failure.retryable, "fuel": fuel, "ms": ms }),
            ),
        },
        Event::Replied { text, citations } => one("reply", json!({ "text": text, "citations": citations })),
        Event::Ended { outcome, message } => one("run.ended", json!({ "outcome": outcome, "message": message })),
        // How often a model was asked is in the journal; the outside learns of the answer, or of the run's end.
        Event::Asked { .. } | Event::AskFailed { .. } | Event::Extracted { .. } | Event::CancelAsked { .. } => Vec::new(),
    }
}

/// A piece of the model's text.
pub fn delta(text: &str) -> OutsideEvent {
    OutsideEvent { name: DELTA, data: json!({ "text": text }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::{CallId, FailureClass, Ids, ToolCall, Usage};

    fn check(event: Event, expect: &[(&str, &[&str])]) {
        let run: RunId = Ids::counter().make();
        let got = outside(run, &Recorded { seq: 1, at_ms: 0, event });
        assert_eq!(got.len(), expect.len(), "{got:?}");
        for (event, (name, fields)) in got.iter().zip(expect) {
            assert_eq!(event.name, *name);
            for field in *fields {
                assert!(event.data.get(field).is_some(), "`{name}` has no `{field}`");
            }
        }
    }

    #[test]
    fn events_have_the_names_and_fields_of_the_contract() {
        let call_id = CallId { step: 1, index: 0 };
        let call = ToolCall { call_id, provider_id: "p".to_owned(), tool: "crm.find".to_owned(), arguments: json!({}), broken: None, provenance: json!(null) };
        let answered = Event::Answered {
            step: 1,
            text: "t".to_owned(),
            calls: vec![call.clone(), call],
            usage: Usage::default(),
            cost: steward_core::Micros(3),
            model: "m".to_owned(),
        };
        check(
            answered,
            &[
                ("model.answered", &["usage", "cost_micros"]),
                ("tool.proposed", &["call_id", "tool", "arguments", "provenance"]),
                ("tool.proposed", &["call_id"]),
            ],
        );
        check(Event::Starting { call_id, key: "k".to_owned(), attempt: 1 }, &[("tool.started", &["call_id"])]);
        let done = |outcome| Event::Done { call_id, outcome, fuel: 1, ms: 2, records: Default::default() };
        check(done(Outcome::Ok { result: json!({}), summary: None }), &[("tool.done", &["call_id", "summary", "fuel", "ms"])]);
        check(done(Outcome::failed(FailureClass::Trap, "crashed")), &[("tool.failed", &["call_id", "class", "message"])]);
        check(Event::Replied { text: "t".to_owned(), citations: Vec::new() }, &[("reply", &["text", "citations"])]);
        check(Event::CancelAsked { by: None }, &[]);
        assert_eq!(delta("x").name, "model.delta");
    }
}
