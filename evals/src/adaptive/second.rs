//! A call that was allowed, taken as done: what its tool would answer, and the run after it.

use crate::puppet::{Answer, Line};
use serde_json::{Map, Value, json};
use steward_agent::run::{Call, Run, Started, Step};
use steward_core::{CallId, Outcome, ToolCall, ToolSpec};

/// The id that a new record gets.
const MADE: &str = "made-by-nobody-77041";

/// What a tool that makes a record would answer to these arguments: as it answered others, with these in it and a new id.
pub(super) fn shaped(spec: &ToolSpec, arguments: &Map<String, Value>, known: &[Line]) -> Option<(Value, String)> {
    let record = spec.records.iter().find(|record| record.made)?;
    let key = record.key.as_ref()?;
    let like = known.iter().find_map(|line| match &line.answer {
        Answer::Result(result) if line.tool == spec.name && !result.is_null() => Some(result),
        _ => None,
    })?;
    let mut answer = json!({ crate::stage::RESULT: like });
    fill(&mut answer, arguments, key);
    Some((answer, MADE.to_owned()))
}

fn fill(value: &mut Value, arguments: &Map<String, Value>, key: &str) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                if name == key {
                    *inner = Value::from(MADE);
                } else if let Some(argument) = arguments.get(name).filter(|argument| !argument.is_null()) {
                    *inner = argument.clone();
                } else {
                    fill(inner, arguments, key);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| fill(inner, arguments, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The run with this call made and answered.
pub(super) fn after(run: &Run, tool: &str, arguments: &Map<String, Value>, answer: Value) -> Run {
    let mut run = run.clone();
    push(&mut run, tool, arguments.clone().into(), answer);
    run
}

/// Adds this call, made and answered.
pub(super) fn push(run: &mut Run, tool: &str, arguments: Value, answer: Value) {
    let number = super::search::step_after(run);
    let call = ToolCall {
        call_id: CallId { step: number, index: 0 },
        provider_id: format!("call_{number}"),
        tool: tool.to_owned(),
        arguments,
        broken: None,
        provenance: Value::Null,
    };
    let done =
        Call { started: Some(Started { key: String::new(), attempt: 1 }), outcome: Some(Outcome::Ok { result: answer, summary: None }), ..Call::of(call) };
    run.steps.push(Step { number, calls: vec![done], answered_at_ms: run.last_at_ms, ..Step::default() });
}
