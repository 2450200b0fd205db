//! What each agent offers its model, made once and shared by all runs: a run that waits keeps no copy of its own.

use crate::agents::Agent;
use crate::context;
use crate::models::ModelTool;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use steward_core::Mode;
use steward_host::Host;

/// The tools of each agent as a model is told of them. Good for the agents of one installation, whose names are unique; below others an agent
/// offers less, and is told apart by what they may use.
#[derive(Debug, Default)]
pub struct Offers {
    kept: Mutex<HashMap<Key, Offer>>,
}

/// What offers are told apart by: the agent, how closely it is watched, and what those above it may use.
type Key = (String, Mode, Vec<Vec<String>>);

#[derive(Debug)]
struct Offer {
    /// The table of tools it was made from.
    generation: u64,
    tools: Arc<[ModelTool]>,
}

impl Offers {
    /// What this agent offers now. Made anew when the table of tools has changed since.
    pub fn of(&self, agent: &Agent, host: &Host) -> Arc<[ModelTool]> {
        // Read before the tools: a change in between is at worst seen once more.
        let generation = host.generation();
        let key = (agent.name.clone(), agent.mode, agent.within.clone());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(offer) = kept.get(&key).filter(|offer| offer.generation == generation) {
            return Arc::clone(&offer.tools);
        }
        let tools = context::tools(agent, &host.specs());
        kept.insert(key, Offer { generation, tools: Arc::clone(&tools) });
        tools
    }
}
