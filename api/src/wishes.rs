//! Standing grants that agents ask for, as people are shown them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use steward_core::{PersonId, WorkspaceId};
use steward_office::grants::Wish;
use steward_store::StoreError;
use utoipa::ToSchema;

/// What an agent asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WishContent {
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    #[schema(example = "assistant")]
    agent: String,
    /// For the runs of this person alone.
    #[schema(value_type = String)]
    person_id: PersonId,
    #[schema(example = "crm.add_note")]
    tool: String,
    /// Which values of which arguments, by JSON pointer.
    #[schema(value_type = Object)]
    ranges: Value,
    uses_max: u32,
    /// From the approval on.
    days: u32,
}

impl WishContent {
    /// Shows a wish.
    pub(crate) fn of(wish: Wish) -> Result<Self, StoreError> {
        let Wish { workspace, agent, person, tool, ranges, uses_max, days } = wish;
        let ranges = serde_json::to_value(ranges).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })?;
        Ok(Self { workspace_id: workspace, agent, person_id: person, tool, ranges, uses_max, days })
    }
}

/// What a wish would have let through of the newest decisions on record; nothing was executed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct WishReport {
    /// Calls of this tool by this agent for this person that were looked at.
    judged: usize,
    /// Of these, calls that waited for people and would have run.
    newly_allowed: usize,
    /// Their decisions, at most 20.
    decisions: Vec<String>,
}
