//! Proposed moves of prompt labels: which version a label is to point to, how its text differs, and what people decided.

pub(crate) mod approve;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod reject;
pub(crate) mod show;
pub(crate) mod withdraw;

use super::policy_proposals::ProposalView;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::label_moves::{LabelReport, live};
use serde::Serialize;
use serde_json::Value;
use steward_agent::pins::LabelMove;
use steward_core::Digest;
use steward_office::changes;
use steward_store::governance_change::ChangeRow;
use steward_store::{StoreError, Tx};
use utoipa::ToSchema;

/// A proposed move of a label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelProposalView {
    #[serde(flatten)]
    proposal: ProposalView,
    /// The prompt and the label.
    #[schema(example = "assistant@production")]
    subject: String,
}

/// A proposed move of a label, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelProposalDetail {
    #[serde(flatten)]
    proposal: LabelProposalView,
    #[schema(example = "assistant")]
    name: String,
    #[schema(example = "production")]
    label: String,
    /// The version it is to point to.
    to_version: u32,
    /// The digest of that version's file.
    #[schema(value_type = String)]
    to_digest: Digest,
    /// How its text differs from what the label pointed to when it was proposed.
    #[schema(value_type = LabelReport)]
    report: Value,
}

/// One proposal in a list.
async fn view(
    tx: &mut Tx,
    caller: &Caller,
    row: &ChangeRow,
    reasons: &std::collections::HashMap<steward_core::AuditId, String>,
) -> Result<LabelProposalView, ApiError> {
    let live = live(tx, caller.office(), &caller.state().prompts, &row.subject).await?;
    Ok(LabelProposalView { proposal: ProposalView::of(row, reasons, live)?, subject: row.subject.clone() })
}

/// One proposal as it is now.
async fn detail(tx: &mut Tx, caller: &Caller, row: &ChangeRow) -> Result<LabelProposalDetail, ApiError> {
    let reasons = changes::reasons(tx, caller.office(), std::slice::from_ref(row)).await?;
    let LabelMove { name, label, version, digest } = LabelMove::read(&row.content)?;
    let report = serde_json::from_str(&row.report).map_err(|_| StoreError::Corrupt { what: "governance_change.report" })?;
    Ok(LabelProposalDetail { proposal: view(tx, caller, row, &reasons).await?, name, label, to_version: version, to_digest: digest, report })
}
