//! People of the organisation and their roles.

pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod invite;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod remove_factors;
pub(crate) mod revoke_token;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod show;
pub(crate) mod sign_out;
pub(crate) mod tokens;

use crate::auth::Caller;
use serde::{Deserialize, Serialize};
use steward_core::{PersonId, Role, RunId, WorkspaceId};
use steward_office::people::{Described, Grant, PeopleError};
use steward_store::StoreError;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A role, in one workspace or in the whole organisation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleGrant {
    /// owner, manager, finance, support or auditor.
    #[schema(value_type = String, example = "manager")]
    role: Role,
    /// Where; everywhere without it.
    #[schema(value_type = Option<String>, example = "ws_01k4…")]
    workspace_id: Option<WorkspaceId>,
}

impl From<RoleGrant> for Grant {
    fn from(grant: RoleGrant) -> Self {
        Self { role: grant.role, workspace: grant.workspace_id }
    }
}

impl From<Grant> for RoleGrant {
    fn from(grant: Grant) -> Self {
        Self { role: grant.role, workspace_id: grant.workspace }
    }
}

/// A person with their roles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PersonView {
    #[schema(value_type = String, example = "person_01k4…")]
    person_id: PersonId,
    email: String,
    display_name: String,
    roles: Vec<RoleGrant>,
    has_password: bool,
    /// Whether they ever signed in.
    has_signed_in: bool,
    /// Until when the link that invites them can be used; null once they came, or when it is over.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    invited_until: Option<OffsetDateTime>,
    /// Since when they are shut out.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// How often a change of what a person may do is begun anew where a step of one of their runs was in its way.
const COLLIDED_TRIES_MAX: u32 = 3;

/// Whether the database took a change back because another one stood in its way.
fn has_collided<T>(outcome: &Result<T, PeopleError>) -> bool {
    matches!(outcome, Err(PeopleError::Store(StoreError::Collided(_))))
}

/// Tells the drivers of this process that these runs are to stop, and its workers that some of them may be ended. Others hear it by themselves.
fn stop_here(caller: &Caller, stopped: Vec<RunId>) {
    let live = &caller.state().live;
    if !stopped.is_empty() {
        stopped.into_iter().for_each(|run| live.stop(run));
        live.wake();
    }
}

impl From<Described> for PersonView {
    fn from(described: Described) -> Self {
        let Described { person, grants, has_signed_in, invited_until } = described;
        Self {
            person_id: person.person_id,
            email: person.email,
            display_name: person.display_name,
            roles: grants.into_iter().map(RoleGrant::from).collect(),
            has_password: person.has_password,
            has_signed_in,
            invited_until,
            disabled_at: person.disabled_at,
            created_at: person.created_at,
        }
    }
}
