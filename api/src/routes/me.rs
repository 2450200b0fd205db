//! Oneself.

pub(crate) mod password;
pub(crate) mod show;
pub(crate) mod update;

use crate::error::ApiError;
use crate::web::Place;
use serde::Serialize;
use steward_core::{Actor, ActorKind, Permission, PersonId, Role, TenantId, WorkspaceId, Workspaces};
use steward_store::{Tx, person, tenant};
use utoipa::ToSchema;

/// Who one is and what one may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    #[schema(value_type = String, example = "person_01k4…")]
    person_id: PersonId,
    email: String,
    display_name: String,
    /// How one reads, a BCP 47 tag; null where one never said, and `en` counts.
    #[schema(example = "de-CH")]
    locale: Option<String>,
    /// By whose clock, an IANA name; null where one never said, and `UTC` counts.
    #[schema(example = "Europe/Zurich")]
    time_zone: Option<String>,
    #[schema(value_type = String, example = "org_01k4…")]
    organisation_id: TenantId,
    organisation: String,
    /// Roles, the same in all workspaces seen.
    #[schema(value_type = Vec<String>, example = json!(["owner"]))]
    roles: Vec<Role>,
    /// Workspaces seen; null means all.
    #[schema(value_type = Option<Vec<String>>)]
    workspace_ids: Option<Vec<WorkspaceId>>,
    /// What one may do, as `resource:action`.
    permissions: Vec<&'static str>,
    /// Where one may go in the web, in its order; the page of any other place is 404.
    places: Vec<Place>,
    /// How one proved who one is: link, password, token.
    method: &'static str,
    has_password: bool,
}

impl Me {
    /// What an actor is told of itself.
    pub(crate) async fn of(tx: &mut Tx, actor: &Actor) -> Result<Self, ApiError> {
        let id = actor.person.ok_or_else(ApiError::not_signed_in)?;
        let person = person::get(tx, id).await?;
        let organisation = tenant::get(tx).await?;
        Ok(Self {
            person_id: id,
            email: person.email,
            display_name: person.display_name,
            locale: person.locale,
            time_zone: person.time_zone,
            organisation_id: organisation.tenant_id,
            organisation: organisation.name,
            roles: actor.roles.iter().copied().collect(),
            workspace_ids: match &actor.workspaces {
                Workspaces::All => None,
                Workspaces::Only(set) => Some(set.iter().copied().collect()),
            },
            permissions: Permission::ALL.iter().filter(|permission| actor.may(**permission)).map(|permission| permission.name()).collect(),
            places: Place::all_for(actor),
            method: match &actor.kind {
                ActorKind::Person { method, .. } => method.name(),
                ActorKind::Token { .. } => "token",
                ActorKind::Agent { .. } => "agent",
                ActorKind::Worker => "worker",
            },
            has_password: person.has_password,
        })
    }
}
