//! Everything a driver works with. Made once, in wiring, and shared by all runs of the process.

use crate::agents::Agents;
use crate::live::Live;
use crate::models::Models;
use crate::offers::Offers;
use crate::rules::SharedRules;
use std::sync::Arc;
use steward_core::EnvelopeKey;
use steward_host::Host;
use steward_office::Office;
use steward_office::holds::routing::ApprovalRules;
use steward_prompts::Registry;
use steward_store::Store;

/// The parts of the loop.
pub struct Runtime {
    /// The database, as the worker role.
    pub store: Store,
    /// Time, chance and the audit writer.
    pub office: Office,
    /// The models by name.
    pub models: Models,
    /// The tools.
    pub host: Host,
    /// The rules in force.
    pub rules: SharedRules,
    /// Prompt versions.
    pub prompts: Arc<Registry>,
    /// The agents.
    pub agents: Arc<Agents>,
    /// What they offer their models.
    pub offers: Offers,
    /// The key of envelope ids.
    pub key: EnvelopeKey,
    /// What approvals take and who is asked.
    pub approvals: Arc<ApprovalRules>,
    /// Who watches.
    pub live: Live,
    /// The name of this worker in leases.
    pub worker: String,
    /// How often a lease is renewed while its run is driven, in milliseconds: [`steward_core::limits::HEARTBEAT_MS`], in tests less.
    pub heartbeat_ms: u64,
}
