//! Gives a person other roles.

use super::{COLLIDED_TRIES_MAX, PersonView, RoleGrant, has_collided, stop_here};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Deserialize;
use steward_core::PersonId;
use steward_office::people::{self, Grant};
use utoipa::ToSchema;

/// The roles a person is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoles {
    /// All of them; what is not here is taken away.
    roles: Vec<RoleGrant>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Give a person exactly these roles")
        .about("Takes effect with their next request, and in their runs with the next decision; their sessions end, so that they sign in again. Runs in workspaces that they see no more stop.")
        .body::<NewRoles>()
        .answers::<PersonView>("200", "The person with their new roles.")
        .refuses("409", "The last owner stays.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>, Json(new): Json<NewRoles>) -> Answer {
    let mut tx = caller.begin().await?;
    let grants: Vec<Grant> = new.roles.into_iter().map(Grant::from).collect();
    let mut stopped = people::set_roles(&mut tx, caller.office(), id, &grants).await;
    for _ in 0..COLLIDED_TRIES_MAX {
        if !has_collided(&stopped) {
            break;
        }
        tx.rollback().await?;
        tx = caller.begin().await?;
        stopped = people::set_roles(&mut tx, caller.office(), id, &grants).await;
    }
    let stopped = stopped?;
    let person = PersonView::from(people::describe(&mut tx, caller.office(), id).await?);
    let answer = caller.commit(tx, StatusCode::OK, &person).await?;
    stop_here(&caller, stopped);
    Ok(answer)
}
