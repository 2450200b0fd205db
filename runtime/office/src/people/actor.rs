//! From a person to an [`Actor`]: which roles, which workspaces.

use super::error::PeopleError;
use std::collections::BTreeSet;
use steward_core::{Actor, ActorKind, AuthMethod, PersonId, Role, RunId, TenantId, WorkspaceId, Workspaces};
use steward_store::membership::{self, Membership};
use steward_store::step::TakenUp;
use steward_store::{Store, StoreError, Tx, person};

/// The actor a person is in some capacity.
///
/// Any organisation-wide role lets a person see every workspace; otherwise only those with a role of theirs.
/// `set_roles` keeps a person's roles the same in all their workspaces, so that one set of roles is true everywhere.
pub(super) async fn of(tx: &mut Tx, id: PersonId, kind: ActorKind) -> Result<Actor, PeopleError> {
    let memberships = membership::list_of(tx, &[id]).await?;
    Ok(with(tx.actor().tenant, id, kind, &memberships))
}

fn with(tenant: TenantId, id: PersonId, kind: ActorKind, memberships: &[Membership]) -> Actor {
    let roles = memberships.iter().map(|membership| membership.role).collect();
    let places: Option<BTreeSet<_>> = memberships.iter().map(|membership| membership.workspace_id).collect();
    let workspaces = places.map_or(Workspaces::All, Workspaces::Only);
    Actor { tenant, person: Some(id), kind, roles, workspaces }
}

/// The actor of somebody at the terminal, named by address: whoever owns the data directory may act as anyone in it.
pub async fn actor_of_person(store: &Store, tenant: TenantId, email: &str) -> Result<Actor, PeopleError> {
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let found = person::find_by_email(&mut tx, &email.trim().to_lowercase()).await?;
    let found = found.filter(|person| person.disabled_at.is_none()).ok_or(PeopleError::Missing("person"))?;
    of(&mut tx, found.person_id, ActorKind::Person { session: None, method: AuthMethod::Terminal }).await
}

/// The actor a run's agent is: the person's own authority at this moment, without the right to decide on anything.
///
/// None when that person can no longer be acted for: disabled since, or no longer let into the run's workspace.
pub fn actor_of_agent(tenant: TenantId, person: PersonId, run: RunId, taken: &TakenUp) -> Option<Actor> {
    let actor = with(tenant, person, ActorKind::Agent { run, agent: taken.agent.clone() }, &taken.memberships);
    (taken.active && actor.workspaces.sees(taken.workspace)).then_some(actor)
}

/// The same outside a run's own transaction. None also when there is no such person.
pub async fn agent_of(tx: &mut Tx, id: PersonId, run: RunId, agent: &str, workspace: WorkspaceId) -> Result<Option<Actor>, StoreError> {
    let active = person::is_active(tx, id).await?;
    let memberships = membership::list_of(tx, &[id]).await?;
    let actor = with(tx.actor().tenant, id, ActorKind::Agent { run, agent: agent.to_owned() }, &memberships);
    Ok((active && actor.workspaces.sees(workspace)).then_some(actor))
}

/// Those of these people as they would be signed in, with the roles and workspaces they have now.
pub(crate) async fn of_people(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<Actor>, StoreError> {
    let tenant = tx.actor().tenant;
    let memberships = membership::list_of(tx, people).await?;
    let of = |id: &PersonId| {
        let own: Vec<Membership> = memberships.iter().filter(|membership| membership.person_id == *id).copied().collect();
        with(tenant, *id, ActorKind::Person { session: None, method: AuthMethod::Link }, &own)
    };
    Ok(people.iter().map(of).collect())
}

/// The roles of a person that an agent acts for, as [`actor_of_agent`] has them.
pub async fn roles_of(tx: &mut Tx, person: PersonId) -> Result<BTreeSet<Role>, StoreError> {
    Ok(membership::list_of(tx, &[person]).await?.into_iter().map(|membership| membership.role).collect())
}
