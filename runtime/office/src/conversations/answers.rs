//! What stands behind the answers of a conversation: where they come from and what they cost.

use crate::error::OfficeError;
use std::collections::HashMap;
use steward_core::event::Citation;
use steward_core::{Event, RunId};
use steward_store::conversation::Message;
use steward_store::{Tx, journal, run};

/// How a text names a piece of a document; without it there is nothing to look for in the journal.
const CITES: &str = "[[doc_";
/// Events at the end of a run among which its answer stands: behind it come only those that say that it is over.
const LAST_EVENTS: i32 = 4;

/// What stands behind one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// What its run cost so far, in millionths of a US dollar.
    pub cost_micros: i64,
    /// Where its text was found.
    pub citations: Vec<Citation>,
}

/// What stands behind the answers among these messages, by their runs. The messages are those of a conversation that the actor was given.
pub async fn behind(tx: &mut Tx, messages: &[Message]) -> Result<HashMap<RunId, Behind>, OfficeError> {
    let answers = || messages.iter().filter(|message| message.by_agent);
    let runs: Vec<RunId> = answers().filter_map(|message| message.run).collect();
    if runs.is_empty() {
        return Ok(HashMap::new());
    }
    let costs = run::costs(tx, &runs).await?.into_iter();
    let mut found: HashMap<RunId, Behind> = costs.map(|(run, cost_micros)| (run, Behind { cost_micros, citations: Vec::new() })).collect();
    let citing: Vec<RunId> = answers().filter(|message| message.text.contains(CITES)).filter_map(|message| message.run).collect();
    if citing.is_empty() {
        return Ok(found);
    }
    for (run, event) in journal::last(tx, &citing, LAST_EVENTS).await? {
        if let (Event::Replied { citations, .. }, Some(behind)) = (event, found.get_mut(&run)) {
            behind.citations = citations;
        }
    }
    Ok(found)
}
