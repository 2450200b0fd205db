//! Proposed changes of what governs: what they would change, what the checks found, and what people decided.

pub(crate) mod approve;
pub(crate) mod list;
pub(crate) mod reject;
pub(crate) mod show;
pub(crate) mod withdraw;

use crate::auth::Caller;
use crate::changes::Here;
use crate::error::ApiError;
use crate::label_moves::{LabelContent, LabelReport};
use crate::policy_set::{PolicySet, ProposalReport};
use crate::tool_sets::{ToolSet, ToolSetContent, ToolSetReport};
use crate::wishes::{WishContent, WishReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use steward_agent::pins::LabelMove;
use steward_core::{AuditId, Digest, GovernanceChangeId, PersonId, RunId};
use steward_office::OfficeError;
use steward_office::changes::{self, ChangeKind};
use steward_office::grants::read_wish;
use steward_store::governance_change::ChangeRow;
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A proposed change of what governs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    #[schema(value_type = String, example = "change_01k4…")]
    governance_change_id: GovernanceChangeId,
    /// Of what: policy, prompt_label, grant, tool.
    kind: String,
    /// Which one of its kind, for example `assistant@production`, the name of an MCP server, or `plugin:` and the name of a plugin; versions count within it.
    subject: String,
    /// proposed, approved, rejected, withdrawn.
    state: String,
    /// Of a proposal: whether something else is in force than what it was made for, so that it cannot be approved any more.
    is_stale: bool,
    /// The version it came in force as.
    version: Option<i32>,
    /// Names what is proposed; an approval gives it back.
    #[schema(value_type = String)]
    content_digest: Digest,
    /// Names what was in force when it was proposed.
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

impl ChangeView {
    /// Shows a row; `live` names what is in force.
    pub(crate) fn of(row: &ChangeRow, reasons: &HashMap<AuditId, String>, live: Digest) -> Result<Self, StoreError> {
        let digest =
            |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map(Digest::from_bytes).map_err(|_| StoreError::Corrupt { what: "governance_change.base_digest" });
        let base_digest = digest(&row.base_digest)?;
        Ok(Self {
            governance_change_id: row.governance_change_id,
            kind: row.kind.clone(),
            subject: row.subject.clone(),
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

/// What would be in force, by kind.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ChangeContent {
    /// Of `policy`: a whole set of rules, cases and properties.
    Policy(PolicySet),
    /// Of `prompt_label`: where the label is to point.
    PromptLabel(LabelContent),
    /// Of `grant`: what an agent asks for.
    Grant(WishContent),
    /// Of `tool`: what would be accepted of a server.
    Tool(ToolSetContent),
}

/// What the checks found, by kind.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shapes alone, for the document: what is shown is what was stored when it was proposed")]
pub(crate) enum ChangeReport {
    /// Of `policy`.
    Policy(ProposalReport),
    /// Of `prompt_label`: how the texts differ.
    PromptLabel(LabelReport),
    /// Of `grant`: what it would have let through.
    Grant(WishReport),
    /// Of `tool`: how it differs from what is accepted.
    Tool(ToolSetReport),
}

/// A proposed change of what governs, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeDetail {
    #[serde(flatten)]
    change: ChangeView,
    /// What would be in force.
    content: ChangeContent,
    /// What the checks found when it was proposed.
    #[schema(value_type = ChangeReport)]
    report: Value,
}

impl ChangeDetail {
    /// Shows a row whole; `live` names what is in force.
    pub(crate) fn of(row: &ChangeRow, reasons: &HashMap<AuditId, String>, live: Digest) -> Result<Self, StoreError> {
        let content = match ChangeKind::of(row)? {
            ChangeKind::Policy => ChangeContent::Policy(PolicySet::read(&row.content)?),
            ChangeKind::PromptLabel => ChangeContent::PromptLabel(LabelMove::read(&row.content)?.into()),
            ChangeKind::Grant => ChangeContent::Grant(WishContent::of(read_wish(row)?)?),
            ChangeKind::Tool => ChangeContent::Tool(ToolSet::read(&row.content)?.content()),
        };
        let report = serde_json::from_str(&row.report).map_err(|_| StoreError::Corrupt { what: "governance_change.report" })?;
        Ok(Self { change: ChangeView::of(row, reasons, live)?, content, report })
    }

    /// One change as it is now, here.
    pub(crate) async fn read(tx: &mut Tx, here: &Here<'_>, row: &ChangeRow) -> Result<Self, OfficeError> {
        let reasons = changes::reasons(tx, here.office, std::slice::from_ref(row)).await?;
        let live = here.live(tx, row).await?;
        Ok(Self::of(row, &reasons, live)?)
    }
}

/// What one says yes to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Yes {
    /// `content_digest` of what was shown.
    #[schema(value_type = String)]
    pub(crate) content_digest: Digest,
    /// In words, for the record.
    #[serde(default)]
    pub(crate) reason: String,
}

/// The words of a decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// In words, for who proposed it.
    #[serde(default)]
    pub(crate) reason: String,
}

/// What is in force for the caller's organisation.
pub(crate) fn here(caller: &Caller) -> Here<'_> {
    let state = caller.state();
    Here {
        office: caller.office(),
        rules: state.rules.of(caller.actor().tenant).digest(),
        base: state.rules.base(),
        mcp: &state.mcp,
        prompts: &state.prompts,
        host: &state.host,
        mcp_lock: &state.mcp_lock,
        policy_files: state.policy_files.now(),
    }
}

/// One change as it is now.
pub(crate) async fn detail(tx: &mut Tx, caller: &Caller, row: &ChangeRow) -> Result<ChangeDetail, ApiError> {
    Ok(ChangeDetail::read(tx, &here(caller), row).await?)
}
