//! Who is here: listing people with their roles, shutting an account and opening it again.

use super::error::PeopleError;
use super::roles::{Grant, keep_an_owner};
use crate::{Office, audit};
use serde_json::json;
use steward_core::PersonId;
use steward_store::person::{self, Person};
use steward_store::{Cursor, Page, Tx, api_token, membership, session, sign_in_link, tenant};

/// A person with their roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Who.
    pub person: Person,
    /// As what, where.
    pub grants: Vec<Grant>,
}

/// People with their roles, in the order they came.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<(Vec<Described>, Option<Cursor>), PeopleError> {
    let (people, next) = page.cut(person::list(tx, page).await?, |person| person.person_id.uuid());
    let ids: Vec<PersonId> = people.iter().map(|person| person.person_id).collect();
    let memberships = membership::list_of(tx, &ids).await?;
    let described = people
        .into_iter()
        .map(|person| {
            let theirs = memberships.iter().filter(|membership| membership.person_id == person.person_id);
            Described { grants: theirs.map(|membership| Grant { role: membership.role, workspace: membership.workspace_id }).collect(), person }
        })
        .collect();
    Ok((described, next))
}

/// One person with their roles.
pub async fn describe(tx: &mut Tx, id: PersonId) -> Result<Described, PeopleError> {
    let person = person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    let grants =
        membership::list_of(tx, &[id]).await?.into_iter().map(|membership| Grant { role: membership.role, workspace: membership.workspace_id }).collect();
    Ok(Described { person, grants })
}

/// Shuts somebody out at once: sessions, tokens and links end. What they did stays on record.
pub async fn disable(tx: &mut Tx, office: &Office, id: PersonId) -> Result<(), PeopleError> {
    tenant::lock(tx).await?;
    let now = office.clock.now();
    person::set_disabled(tx, id, Some(now)).await.map_err(PeopleError::missing("person"))?;
    keep_an_owner(tx).await?;
    session::revoke_all(tx, id, now).await?;
    api_token::revoke_all(tx, id, now).await?;
    sign_in_link::void_all(tx, id, now).await?;
    audit::record(tx, office, audit::Entry { action: "person.disable", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(())
}

/// Lets somebody in again with the roles they had; sessions and tokens stay ended.
pub async fn enable(tx: &mut Tx, office: &Office, id: PersonId) -> Result<(), PeopleError> {
    person::set_disabled(tx, id, None).await.map_err(PeopleError::missing("person"))?;
    audit::record(tx, office, audit::Entry { action: "person.enable", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(())
}
