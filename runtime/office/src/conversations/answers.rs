//! What stands behind the answers of a conversation: where they come from and what they cost.

use crate::error::OfficeError;
use std::collections::HashMap;
use steward_core::event::Citation;
use steward_core::{Event, RunId};
use steward_store::conversation::Message;
use steward_store::{Tx, journal, run};

/// Events at the end of a run among which its answer stands: behind it come only those that say that it is over.
const LAST_EVENTS: i32 = 4;

/// What stands behind one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// What its run cost so far, in millionths of a US dollar.
    pub cost_micros: i64,
    /// Where its text was found: the pieces of documents that it names, and of an agent in mode `sealed` the calls whose results stand in it.
    pub citations: Vec<Citation>,
}

/// What stands behind the answers among these messages, by their runs. The messages are those of a conversation that the actor was given.
pub async fn behind(tx: &mut Tx, messages: &[Message]) -> Result<HashMap<RunId, Behind>, OfficeError> {
    let runs: Vec<RunId> = messages.iter().filter(|message| message.by_agent).filter_map(|message| message.run).collect();
    if runs.is_empty() {
        return Ok(HashMap::new());
    }
    let costs = run::costs(tx, &runs).await?.into_iter();
    let mut found: HashMap<RunId, Behind> = costs.map(|(run, cost_micros)| (run, Behind { cost_micros, citations: Vec::new() })).collect();
    // All of them: what an agent was not shown stands in its text without a mark.
    for (run, event) in journal::replies(tx, &runs, LAST_EVENTS).await? {
        if let (Event::Replied { citations, .. }, Some(behind)) = (event, found.get_mut(&run)) {
            behind.citations = citations;
        }
    }
    Ok(found)
}
