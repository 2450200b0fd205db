//! The action log: what agents wanted to do, and what the gate said.

pub(crate) mod list;
pub(crate) mod show;

use crate::export::verdict_in_log;
use serde::Serialize;
use serde_json::Value;
use steward_core::{DecisionId, Digest, PersonId, RunId, WorkspaceId};
use steward_store::decision::DecisionRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An action with its verdict.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionView {
    #[schema(value_type = String, example = "dec_01k4…")]
    decision_id: DecisionId,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    decided_at: OffsetDateTime,
    /// allowed, held, blocked.
    verdict: String,
    /// The class of a block, for example `policy`.
    class: Option<String>,
    /// The tool, as the model wrote it.
    tool: String,
    /// The tool's effect class; null for an unknown tool.
    effect: Option<String>,
    /// Rules that decided.
    rules: Vec<String>,
    reason: String,
    arguments: Value,
    /// Where each argument came from.
    provenance: Value,
    #[schema(value_type = String)]
    run_id: RunId,
    call_id: String,
    /// Whom the agent acted for.
    #[schema(value_type = String)]
    person_id: PersonId,
    agent: String,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// The rules that were in force.
    #[schema(value_type = String)]
    policy_digest: Digest,
}

impl From<DecisionRow> for ActionView {
    fn from(row: DecisionRow) -> Self {
        // Stored as text so that a digest over it stays true; shown as what it is.
        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        Self {
            verdict: verdict_in_log(&row),
            arguments: value(&row.arguments),
            provenance: value(&row.provenance),
            decision_id: row.decision_id,
            decided_at: row.decided_at,
            class: row.class,
            tool: row.tool,
            effect: row.effect,
            rules: row.rules,
            reason: row.reason,
            run_id: row.run,
            call_id: row.call_id,
            person_id: row.person,
            agent: row.agent,
            workspace_id: row.workspace,
            policy_digest: row.policy_digest,
        }
    }
}
