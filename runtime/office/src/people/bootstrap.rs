//! The first start: an organisation, its workspace, its owner, and the link that lets the owner in.

use super::error::PeopleError;
use super::invitation::{check_email, check_name, link_for};
use crate::{Office, audit};
use secrecy::SecretString;
use steward_core::{Actor, ActorKind, AuthMethod, PersonId, Role, TenantId, WorkspaceId, Workspaces};
use steward_store::membership::{self, Membership};
use steward_store::workspace::{self, Workspace};
use steward_store::{Store, person, tenant};

/// What a new organisation starts with.
#[derive(Debug, Clone, Copy)]
pub struct NewOrganisation<'a> {
    /// Its name.
    pub name: &'a str,
    /// The name of its first workspace.
    pub workspace: &'a str,
    /// The owner's address.
    pub owner_email: &'a str,
    /// What the owner is called.
    pub owner_name: &'a str,
}

/// A new organisation.
#[derive(Debug)]
pub struct Bootstrapped {
    /// Its id.
    pub tenant: TenantId,
    /// Its first workspace.
    pub workspace: WorkspaceId,
    /// Its owner.
    pub owner: PersonId,
    /// The secret of the owner's one-time link; it is stored as a hash and cannot be shown again.
    pub link: SecretString,
}

/// Makes an organisation with one workspace and one owner.
pub async fn bootstrap(store: &Store, office: &Office, new: NewOrganisation<'_>) -> Result<Bootstrapped, PeopleError> {
    let name = check_name("/name", new.name)?;
    let workspace_name = check_name("/workspace", new.workspace)?;
    let email = check_email("/owner_email", new.owner_email)?;
    let owner_name = check_name("/owner_name", new.owner_name)?;
    let (tenant_id, owner, workspace_id) = (office.ids.make(), office.ids.make(), office.ids.make());
    // The owner makes the organisation: there is nobody else yet.
    let actor = Actor {
        tenant: tenant_id,
        person: Some(owner),
        kind: ActorKind::Person { session: None, method: AuthMethod::Terminal },
        roles: [Role::Owner].into(),
        workspaces: Workspaces::All,
    };
    let now = office.clock.now();
    let mut tx = store.begin(&actor).await?;
    tenant::insert(&mut tx, &name, now).await?;
    workspace::insert(&mut tx, &Workspace { workspace_id, name: workspace_name, created_at: now }).await?;
    person::insert(&mut tx, owner, &email, &owner_name, now).await?;
    membership::insert(&mut tx, &office.ids, Membership { person_id: owner, workspace_id: None, role: Role::Owner }, now).await?;
    let link = link_for(&mut tx, office, owner).await?;
    let detail = serde_json::json!({ "workspace": workspace_id, "owner": owner });
    let entry = audit::Entry { action: "organisation.create", object: tenant_id.to_string(), outcome: "done", detail, request_id: None };
    let personal = serde_json::json!({ "email": email, "display_name": owner_name });
    audit::record_about(&mut tx, office, entry, audit::seal::Subject::Person(owner), &personal).await?;
    tx.commit().await?;
    Ok(Bootstrapped { tenant: tenant_id, workspace: workspace_id, owner, link })
}
