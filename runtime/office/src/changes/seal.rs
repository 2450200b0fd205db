//! The seals of changes: keyed digests whose key is not in the database.
//!
//! Whoever can write rows could put rules of their own in force; what does not fit its seals is neither approved nor taken up.

use crate::audit::at_ms;
use crate::error::OfficeError;
use serde_json::{Value, json};
use steward_core::{Digest, EnvelopeKey, TenantId};
use steward_store::StoreError;
use steward_store::governance_change::ChangeRow;

/// The purposes of the two seals; one never passes for the other.
const PROPOSAL: &str = "change/v1";
const APPROVAL: &str = "change-approval/v1";

/// The seal of a proposal: everything that was proposed and by whom.
pub(super) fn of_proposal(key: &EnvelopeKey, tenant: TenantId, row: &ChangeRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant": tenant, "change": row.governance_change_id, "kind": row.kind, "subject": row.subject, "content": row.content,
        "content_digest": row.content_digest, "base_digest": row.base_digest, "base_version": row.base_version, "report": row.report, "sound": row.sound,
        "proposed_by": row.proposed_by, "agent": row.agent, "run": row.run, "proposed_at": at_ms(row.proposed_at), "audit": row.proposed_audit,
    });
    sealed(key, PROPOSAL, &content)
}

/// The seal of an approval: of which proposal, by whom, and as which version.
pub(super) fn of_approval(key: &EnvelopeKey, tenant: TenantId, row: &ChangeRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant": tenant, "change": row.governance_change_id, "seal": row.seal, "state": row.state, "version": row.version, "decided_by": row.decided_by,
        "decided_at": row.decided_at.map(at_ms), "audit": row.decided_audit,
    });
    sealed(key, APPROVAL, &content)
}

/// Whether a proposal is as it was sealed.
pub fn is_sealed(key: &EnvelopeKey, tenant: TenantId, row: &ChangeRow) -> Result<bool, OfficeError> {
    Ok(row.content_digest == Digest::of(row.content.as_bytes()).bytes() && row.seal == of_proposal(key, tenant, row)?)
}

/// Whether a change was approved, by somebody else than who proposed it, and is as it was sealed.
pub fn is_approved(key: &EnvelopeKey, tenant: TenantId, row: &ChangeRow) -> Result<bool, OfficeError> {
    Ok(row.state == "approved"
        && row.sound
        && row.decided_by.is_some_and(|by| by != row.proposed_by)
        && is_sealed(key, tenant, row)?
        && row.decided_seal.as_deref() == Some(of_approval(key, tenant, row)?.as_slice()))
}

fn sealed(key: &EnvelopeKey, purpose: &str, content: &Value) -> Result<Vec<u8>, OfficeError> {
    let seal = key.seal(purpose, content).map_err(|_| StoreError::Corrupt { what: "governance_change" })?;
    Ok(seal.bytes().to_vec())
}
