//! Proposed changes of the rules: what they would change, what the checks found, and what people decided.

pub(crate) mod approve;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod reject;
pub(crate) mod show;
pub(crate) mod withdraw;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::policy_set::{PolicySet, ProposalReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use steward_core::{AuditId, Digest, GovernanceChangeId, PersonId, RunId};
use steward_office::changes;
use steward_store::governance_change::ChangeRow;
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A proposed change of the rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    #[schema(value_type = String, example = "change_01k4…")]
    governance_change_id: GovernanceChangeId,
    /// proposed, approved, rejected, withdrawn.
    state: String,
    /// Of a proposal: whether other rules are in force than those it was made for, so that it cannot be approved any more.
    is_stale: bool,
    /// The version it came in force as.
    version: Option<i32>,
    /// Names what is proposed; an approval gives it back.
    #[schema(value_type = String)]
    content_digest: Digest,
    /// The rules that were in force when it was proposed.
    #[schema(value_type = String)]
    base_digest: Digest,
    /// Whether it passed its checks.
    sound: bool,
    /// Why, in the words of who proposed it; nothing when their personal details were erased.
    reason: Option<String>,
    #[schema(value_type = String)]
    proposed_by: PersonId,
    /// The agent that proposed it for them.
    agent: Option<String>,
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    proposed_at: OffsetDateTime,
    #[schema(value_type = Option<String>)]
    decided_by: Option<PersonId>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<OffsetDateTime>,
    /// Why, in the words of who decided.
    decision_reason: Option<String>,
}

impl ProposalView {
    /// Shows a row; `live` names the rules in force.
    pub(crate) fn of(row: &ChangeRow, reasons: &HashMap<AuditId, String>, live: Digest) -> Result<Self, StoreError> {
        let digest =
            |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map(Digest::from_bytes).map_err(|_| StoreError::Corrupt { what: "governance_change.base_digest" });
        let base_digest = digest(&row.base_digest)?;
        Ok(Self {
            governance_change_id: row.governance_change_id,
            is_stale: row.state == "proposed" && base_digest != live,
            state: row.state.clone(),
            version: row.version,
            content_digest: digest(&row.content_digest)?,
            base_digest,
            sound: row.sound,
            reason: reasons.get(&row.proposed_audit).cloned(),
            proposed_by: row.proposed_by,
            agent: row.agent.clone(),
            run_id: row.run,
            proposed_at: row.proposed_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_reason: row.decided_audit.and_then(|audit| reasons.get(&audit).cloned()),
        })
    }
}

/// A proposed change of the rules, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalDetail {
    #[serde(flatten)]
    proposal: ProposalView,
    /// The set that would be in force: rules, cases, properties.
    set: PolicySet,
    /// What the checks found when it was proposed.
    #[schema(value_type = ProposalReport)]
    report: Value,
}

/// The words of a decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// In words, for who proposed it.
    #[serde(default)]
    pub(crate) reason: String,
}

/// The rules of the caller's organisation.
pub(crate) fn live(caller: &Caller) -> Digest {
    caller.state().rules.of(caller.actor().tenant).digest()
}

impl ProposalDetail {
    /// Shows a row whole; `live` names the rules in force.
    pub(crate) fn of(row: &ChangeRow, reasons: &HashMap<AuditId, String>, live: Digest) -> Result<Self, StoreError> {
        let report = serde_json::from_str(&row.report).map_err(|_| StoreError::Corrupt { what: "governance_change.report" })?;
        Ok(Self { proposal: ProposalView::of(row, reasons, live)?, set: PolicySet::read(&row.content)?, report })
    }
}

/// One proposal as it is now.
async fn detail(tx: &mut Tx, caller: &Caller, row: &ChangeRow) -> Result<ProposalDetail, ApiError> {
    let reasons = changes::reasons(tx, caller.office(), std::slice::from_ref(row)).await?;
    Ok(ProposalDetail::of(row, &reasons, live(caller))?)
}
