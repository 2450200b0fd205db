//! Standing grants: approvals given in advance, within ranges.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;

use serde::Serialize;
use serde_json::Value;
use steward_core::{GrantId, PersonId, WorkspaceId};
use steward_office::grants::as_rule;
use steward_store::grant::GrantRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A standing grant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantView {
    #[schema(value_type = String, example = "grant_01k4…")]
    grant_id: GrantId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    agent: String,
    /// For the runs of this person; of anybody without one.
    #[schema(value_type = Option<String>)]
    person_id: Option<PersonId>,
    tool: String,
    effect: String,
    /// Which values of which arguments, by JSON pointer.
    ranges: Value,
    uses_max: i32,
    uses: i32,
    #[schema(value_type = String)]
    given_by: PersonId,
    /// In which roles it was given: what its giver could approve then, and still can as far as they have them.
    roles: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    given_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<OffsetDateTime>,
    #[schema(value_type = Option<String>)]
    revoked_by: Option<PersonId>,
    /// The same as a rule, for whoever wants to make it one.
    rule: String,
}

impl GrantView {
    /// Shows a row.
    pub(crate) fn of(row: GrantRow) -> Self {
        Self {
            rule: as_rule(&row),
            grant_id: row.grant_id,
            workspace_id: row.workspace,
            agent: row.agent,
            person_id: row.person,
            tool: row.tool,
            effect: row.effect,
            ranges: serde_json::from_str(&row.ranges).unwrap_or_default(),
            uses_max: row.uses_max,
            uses: row.uses,
            given_by: row.given_by,
            roles: row.roles,
            given_at: row.given_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            revoked_by: row.revoked_by,
        }
    }
}
