//! Roles given and taken. An organisation never loses its last owner, whoever asks and however many at once.

use super::authority;
use super::error::PeopleError;
use super::step_up::require_for_authority;
use crate::{Office, audit};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{Digest, PersonId, Role, RunId, WorkspaceId};
use steward_store::membership::{self, Membership};
use steward_store::{StoreError, Tx, person, session, tenant, workspace};

const GRANTS_MAX: usize = 100;

/// A role, in one workspace or everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Grant {
    /// As what.
    pub role: Role,
    /// Where; everywhere without one.
    pub workspace: Option<WorkspaceId>,
}

/// Gives a person exactly these roles. Their sessions end: a session never outlives the roles it was opened with. Their runs go on with these roles;
/// those in workspaces that the person sees no more are asked to stop, which are given.
pub async fn set_roles(tx: &mut Tx, office: &Office, id: PersonId, grants: &[Grant]) -> Result<Vec<RunId>, PeopleError> {
    // Whoever changes roles has the organisation locked, so what the person had is what they have until this is over.
    tenant::lock(tx).await?;
    let wanted: BTreeSet<Membership> = grants.iter().map(|grant| Membership { person_id: id, workspace_id: grant.workspace, role: grant.role }).collect();
    let had: BTreeSet<Membership> = membership::list_of(tx, &[id]).await?.into_iter().collect();
    if wanted == had {
        person::lock(tx, id).await.map_err(PeopleError::missing("person"))?;
    } else {
        authority::hold_still(tx, id).await?;
    }
    check_grants(tx, grants).await?;
    if wanted.difference(&had).next().is_some() {
        require_for_authority(tx, office, &made_of(&("roles", id, grants))).await?;
    }
    let now = office.clock.now();
    for given in wanted.difference(&had) {
        membership::insert(tx, &office.ids, *given, now).await?;
    }
    for taken in had.difference(&wanted) {
        membership::delete(tx, *taken).await.map_err(last_owner)?;
    }
    keep_an_owner(tx).await?;
    let mut stopped = Vec::new();
    if wanted != had {
        session::revoke_all(tx, id, now).await?;
        stopped = authority::judge_runs_anew(tx, office, id, &wanted).await?;
    }
    audit::record(
        tx,
        office,
        audit::Entry { action: "person.set_roles", object: id.to_string(), outcome: "done", detail: json!({ "grants": grants }), request_id: None },
    )
    .await?;
    Ok(stopped)
}

/// The name of what a second factor is given for: exactly this person with exactly these roles, or exactly this way in, token or program.
pub(super) fn made_of(what: &impl Serialize) -> String {
    let digest = Digest::of_value(what).map_or_else(|_| String::new(), |digest| digest.to_string());
    format!("people:{digest}")
}

/// Refuses a change that leaves nobody who can sign in as owner.
pub(super) async fn keep_an_owner(tx: &mut Tx) -> Result<(), PeopleError> {
    if membership::count_owners(tx).await? == 0 { Err(PeopleError::LastOwner) } else { Ok(()) }
}

/// The database's own refusal to lose the last owner, in our words.
pub(super) fn last_owner(err: StoreError) -> PeopleError {
    match err {
        StoreError::Refused { ref code, .. } if code == "STW02" => PeopleError::LastOwner,
        other => PeopleError::Store(other),
    }
}

/// Refuses grants that name unknown workspaces, or that would mean different things in different places.
///
/// An actor has one set of roles. Were a person manager here and support there, that set would make them manager in both.
pub(super) async fn check_grants(tx: &mut Tx, grants: &[Grant]) -> Result<(), PeopleError> {
    if grants.is_empty() || grants.len() > GRANTS_MAX {
        return Err(PeopleError::field("/roles", format!("give 1 to {GRANTS_MAX} roles")));
    }
    let mut places: BTreeMap<Option<WorkspaceId>, BTreeSet<Role>> = BTreeMap::new();
    for (index, grant) in grants.iter().enumerate() {
        if !places.entry(grant.workspace).or_default().insert(grant.role) {
            return Err(PeopleError::field(format!("/roles/{index}"), "this role is given twice"));
        }
        let Some(place) = grant.workspace else { continue };
        if grant.role == Role::Owner {
            return Err(PeopleError::field(format!("/roles/{index}/workspace_id"), "an owner owns the whole organisation: leave the workspace out"));
        }
        workspace::get(tx, place).await.map_err(|err| match err {
            StoreError::Missing => PeopleError::field(format!("/roles/{index}/workspace_id"), "there is no such workspace"),
            other => PeopleError::Store(other),
        })?;
    }
    if places.contains_key(&None) && places.len() > 1 {
        return Err(PeopleError::field("/roles", "give roles in the whole organisation or in workspaces, not both"));
    }
    let mut sets = places.values();
    let first = sets.next();
    if sets.any(|set| Some(set) != first) {
        return Err(PeopleError::field("/roles", "give the same roles in each workspace: roles that differ from place to place need an account each"));
    }
    Ok(())
}
