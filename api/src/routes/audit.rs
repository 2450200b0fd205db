//! The audit log: everything that was changed, by whom.

pub(crate) mod checkpoints;
pub(crate) mod erase;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod verification;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::export::moment;
use serde::Serialize;
use serde_json::Value;
use steward_core::{AuditId, Digest, PersonId, Workspaces};
use steward_office::audit::personal::Opened;
use steward_store::audit::AuditRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    #[schema(value_type = String, example = "audit_01k4…")]
    audit_id: AuditId,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// In what capacity: person, token, agent, worker.
    actor_kind: String,
    #[schema(value_type = Option<String>)]
    person_id: Option<PersonId>,
    /// What was done, for example `hold.approve`.
    action: String,
    /// To what.
    object: String,
    /// How it went: done, refused, attempted, failed.
    outcome: String,
    /// Ids, digests and names that say more.
    detail: Value,
    /// What is personal, for example a name; kept sealed, and gone once it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    personal: Option<Value>,
    /// When what was personal was erased.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    personal_erased_at: Option<OffsetDateTime>,
    request_id: Option<String>,
    /// SHA-256 over a zero byte and the entry's canonical bytes.
    #[schema(value_type = String)]
    leaf: Digest,
}

impl AuditView {
    /// Shows an entry with what became of its personal details.
    fn of(row: AuditRow, personal: Option<Opened>) -> Self {
        let (personal, personal_erased_at) = match personal {
            Some(Opened::Details(details)) => (Some(details), None),
            Some(Opened::Erased(at)) => (None, Some(at)),
            // What cannot be read is found by a check of the log; here it is as if it were not there.
            Some(Opened::Unreadable) | None => (None, None),
        };
        let canon: Value = serde_json::from_slice(&row.canon).unwrap_or_default();
        Self {
            audit_id: row.audit_id,
            at: row.at,
            actor_kind: row.actor_kind,
            person_id: row.person,
            action: row.action,
            object: row.object,
            outcome: row.outcome,
            detail: canon.get("detail").cloned().unwrap_or_default(),
            personal,
            personal_erased_at,
            request_id: row.request_id,
            leaf: row.leaf,
        }
    }
}

/// The log is the whole organisation's: somebody who sees only some workspaces would learn of the others from it.
pub(crate) fn check_sees_all(caller: &Caller) -> Result<(), ApiError> {
    match caller.actor().workspaces {
        Workspaces::All => Ok(()),
        Workspaces::Only(_) => Err(ApiError::denied("the audit log is the whole organisation's: it needs a role in all of it")),
    }
}

/// A day or moment that a filter names, if it names one.
fn at(name: &'static str, text: Option<&str>) -> Result<Option<OffsetDateTime>, ApiError> {
    text.map(moment).transpose().map_err(|message| ApiError::field(name, message))
}
