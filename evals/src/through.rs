//! How an attack comes about beside being done at once: by another agent, to whom it is handed on, or at a time to come.

use crate::puppet::{Answer, Line};
use crate::stage::OTHER;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use steward_host::{DELEGATE, SCHEDULE};

/// A way from the run that read a text to the one that does what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// By another agent, to whom it is handed on.
    HandingOn,
    /// At a time to come. The owner lets the plan pass.
    PuttingOff,
}

/// Lines of an attacker by these ways, in this order. `task` is what is handed on or said later.
pub(crate) fn by_way(through: &[Through], task: &str, done: Vec<Line>) -> Vec<Line> {
    if done.is_empty() {
        return done;
    }
    through.iter().rev().fold(done, |below, through| {
        let (tool, arguments) = match through {
            Through::HandingOn => (DELEGATE, json!({ "agent": OTHER, "task": task })),
            Through::PuttingOff => (SCHEDULE, json!({ "text": task, "cron": "0 9 * * MON", "time_zone": "UTC" })),
        };
        let answer = Answer::Result(Value::Null);
        vec![Line { tool: tool.to_owned(), arguments, answer, injected: true, waved: *through == Through::PuttingOff, below }]
    })
}
