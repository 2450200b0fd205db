//! A commit as the store takes it: the batch, and what the audit log says of it.

use super::{Batch, Side};
use serde_json::json;
use steward_core::event::Recorded;
use steward_core::limits::LEASE_MS;
use steward_core::{Actor, Event, FailureClass, Outcome, RunOutcome};
use steward_office::audit::{Entry, bound};
use steward_office::{Office, OfficeError};
use steward_store::StoreError;
use steward_store::step::{Move, Step};

/// The batch as one step of the store, with the audit entries that belong to it.
pub(super) fn step_of<'a>(actor: &Actor, office: &Office, batch: &'a Batch<'_>) -> Result<Step<'a>, OfficeError> {
    let now = office.clock.now();
    let mut step = Step {
        run: batch.run,
        fence: batch.fence,
        from_seq: batch.from_seq,
        status: batch.status,
        outcome: batch.outcome.map(RunOutcome::name),
        steps: batch.steps,
        tokens: batch.tokens,
        cost: batch.cost,
        at: now,
        lease_until: now + time::Duration::milliseconds(LEASE_MS),
        events: batch.events,
        decisions: Vec::new(),
        checks: Vec::new(),
        adds: Vec::new(),
        holds: Vec::new(),
        moves: Vec::new(),
        reply: None,
        sub_runs: Vec::new(),
        waits_for: batch.waits_for,
        later: batch.later,
        audit: Vec::new(),
        lane: None,
        settle: batch.settle,
        reserve: batch.reserve,
    };
    let mut entries = Vec::new();
    for side in batch.sides {
        let entry = match side {
            Side::Decision(side) => {
                step.decisions.push(&side.row);
                let object = format!("{}/{}", batch.run, side.row.call_id);
                let mut detail = side.detail.clone();
                if let Some(detail) = detail.as_object_mut() {
                    detail.insert("decision".to_owned(), json!(side.row.decision_id));
                    detail.insert("digest".to_owned(), json!(bound::of_decision(&side.row, now)));
                }
                Entry { action: "gate.decide", object, outcome: &side.row.verdict, detail, request_id: None }
            }
            Side::CallHold { call, from, to } => {
                step.moves.push(Move { call: *call, from, to });
                let detail = json!({ "from": from, "to": to });
                Entry { action: "hold.move", object: format!("{}/{call}", batch.run), outcome: "done", detail, request_id: None }
            }
            Side::CalledOff { call } => {
                let from = ["held", "approved"];
                step.moves.extend(from.map(|from| Move { call: *call, from, to: "cancelled" }));
                let detail = json!({ "from": from, "to": "cancelled" });
                Entry { action: "hold.move", object: format!("{}/{call}", batch.run), outcome: "done", detail, request_id: None }
            }
            Side::Hold(row) => {
                step.holds.push(row);
                continue;
            }
            Side::Counted(counted) => {
                step.checks.extend(&counted.checks);
                step.adds.extend(&counted.adds);
                continue;
            }
            Side::Message(message) => {
                step.reply = Some(message);
                continue;
            }
            Side::SubRun(sub_run) => {
                step.sub_runs.push(sub_run);
                let handed = |recorded: &&Recorded| matches!(&recorded.event, Event::Delegated { run_id, .. } if *run_id == sub_run.run_id);
                let delegated = batch.events.iter().find(handed).map(named).transpose()?;
                let detail = json!({
                    "channel": sub_run.channel, "agent": sub_run.agent, "parent_run": batch.run, "parent_call": sub_run.call_id,
                    "digest": bound::of_recorded(&sub_run.events)?, "until_seq": sub_run.events.len(), "delegated": delegated,
                });
                Entry { action: "run.start", object: sub_run.run_id.to_string(), outcome: "done", detail, request_id: None }
            }
        };
        entries.push(entry);
    }
    for recorded in batch.events {
        entries.extend(attempt_or_outcome(batch, recorded)?);
    }
    for entry in entries {
        let place = step.lane.get_or_insert_with(|| office.audit.lane(actor.tenant)).next();
        step.audit.push(office.audit.row(actor, &office.ids, now, place, &entry)?);
    }
    Ok(step)
}

/// What the audit log says of a call that starts or ends: before it is carried out, and how it went. One that is written together with its
/// end (decision 0015) is told there: an attempt has an entry so that one without an end is found.
fn attempt_or_outcome(batch: &Batch<'_>, recorded: &Recorded) -> Result<Option<Entry<'static>>, StoreError> {
    let mut returned = None;
    let (action, call, outcome, with) = match &recorded.event {
        Event::Starting { call_id, .. } => {
            if batch.events.iter().any(|other| matches!(&other.event, Event::Done { call_id: ended, .. } if ended == call_id)) {
                return Ok(None);
            }
            ("call.start", call_id, "attempted", None)
        }
        Event::Done { call_id, outcome, .. } => {
            let word = match outcome {
                Outcome::Ok { .. } => "done",
                Outcome::Failed { failure } if failure.class == FailureClass::Unknown => "unknown",
                Outcome::Failed { .. } => "failed",
            };
            let start = batch.events.iter().find(|other| matches!(&other.event, Event::Starting { call_id: started, .. } if started == call_id));
            returned = batch.events.iter().find(|other| matches!(&other.event, Event::Returned { call_id: served, .. } if served == call_id));
            ("call.end", call_id, word, start)
        }
        Event::QuestionOpened { call_id, .. } => ("question.ask", call_id, "asked", None),
        Event::QuestionClosed { call_id, outcome, .. } => ("question.close", call_id, outcome.name(), None),
        _ => return Ok(None),
    };
    let mut detail = named(recorded)?;
    if let Some(start) = with {
        detail.insert("start".to_owned(), named(start)?.into());
    }
    // What the run brought that served the call: the label of the answer stands there and not in the call's end.
    if let Some(returned) = returned {
        detail.insert("returned".to_owned(), named(returned)?.into());
    }
    Ok(Some(Entry { action, object: format!("{}/{call}", batch.run), outcome, detail: detail.into(), request_id: None }))
}

/// An event by its number and digest, and of a start which attempt it is.
fn named(recorded: &Recorded) -> Result<serde_json::Map<String, serde_json::Value>, StoreError> {
    let mut named = serde_json::Map::new();
    named.insert("event".to_owned(), json!(recorded.seq));
    named.insert("digest".to_owned(), json!(bound::of_event(recorded.at_ms, recorded.text())));
    if let Event::Starting { attempt, .. } = recorded.event {
        named.insert("attempt".to_owned(), json!(attempt));
    }
    match &recorded.event {
        Event::QuestionOpened { put, .. } => {
            named.insert("question".to_owned(), json!(put.question_id));
            named.insert("server".to_owned(), json!(put.server));
        }
        Event::QuestionClosed { question_id, .. } => drop(named.insert("question".to_owned(), json!(question_id))),
        _ => {}
    }
    Ok(named)
}
