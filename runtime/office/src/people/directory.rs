//! Who is here: listing people with their roles, shutting an account and opening it again.

use super::authority;
use super::error::PeopleError;
use super::roles::{Grant, keep_an_owner};
use crate::{Office, audit};
use serde_json::json;
use steward_core::{PersonId, RunId};
use steward_store::person::{self, Person};
use steward_store::{Cursor, Page, Tx, api_token, membership, session, sign_in_link, tenant};
use time::OffsetDateTime;

/// A person with their roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Who.
    pub person: Person,
    /// As what, where.
    pub grants: Vec<Grant>,
    /// Whether they ever signed in.
    pub has_signed_in: bool,
    /// Until when the link that invites them can be used; none once they came, or when it is over.
    pub invited_until: Option<OffsetDateTime>,
}

/// People with their roles, in the order they came.
pub async fn list(tx: &mut Tx, office: &Office, page: &Page) -> Result<(Vec<Described>, Option<Cursor>), PeopleError> {
    let (people, next) = page.cut(person::list(tx, page).await?, |person| person.person_id.uuid());
    Ok((with_roles(tx, office, people).await?, next))
}

/// One person with their roles.
pub async fn describe(tx: &mut Tx, office: &Office, id: PersonId) -> Result<Described, PeopleError> {
    let person = person::get(tx, id).await.map_err(PeopleError::missing("person"))?;
    with_roles(tx, office, vec![person]).await?.pop().ok_or(PeopleError::Missing("person"))
}

async fn with_roles(tx: &mut Tx, office: &Office, people: Vec<Person>) -> Result<Vec<Described>, PeopleError> {
    let ids: Vec<PersonId> = people.iter().map(|person| person.person_id).collect();
    let memberships = membership::list_of(tx, &ids).await?;
    let arrivals = person::arrivals(tx, &ids, office.clock.now()).await?;
    let described = people.into_iter().map(|person| {
        let theirs = memberships.iter().filter(|membership| membership.person_id == person.person_id);
        let arrival = arrivals.iter().find(|arrival| arrival.person_id == person.person_id);
        let has_signed_in = arrival.is_some_and(|arrival| arrival.has_signed_in);
        Described {
            grants: theirs.map(|membership| Grant { role: membership.role, workspace: membership.workspace_id }).collect(),
            has_signed_in,
            // A link for somebody who lost their password invites nobody.
            invited_until: arrival.and_then(|arrival| arrival.link_until).filter(|_| !has_signed_in),
            person,
        }
    });
    Ok(described.collect())
}

/// Shuts somebody out at once: sessions, tokens and links end, and their runs are asked to stop, which are given. What they did stays on record.
pub async fn disable(tx: &mut Tx, office: &Office, id: PersonId) -> Result<Vec<RunId>, PeopleError> {
    tenant::lock(tx).await?;
    authority::hold_still(tx, id).await?;
    let now = office.clock.now();
    person::set_disabled(tx, id, Some(now)).await.map_err(PeopleError::missing("person"))?;
    keep_an_owner(tx).await?;
    session::revoke_all(tx, id, now).await?;
    api_token::revoke_all(tx, id, now).await?;
    sign_in_link::void_all(tx, id, now).await?;
    audit::record(tx, office, audit::Entry { action: "person.disable", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    authority::stop_runs(tx, office, id, None).await
}

/// Lets somebody in again with the roles they had; sessions and tokens stay ended.
pub async fn enable(tx: &mut Tx, office: &Office, id: PersonId) -> Result<(), PeopleError> {
    person::set_disabled(tx, id, None).await.map_err(PeopleError::missing("person"))?;
    audit::record(tx, office, audit::Entry { action: "person.enable", object: id.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(())
}
