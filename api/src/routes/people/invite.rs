//! Lets a person in: roles and a one-time link, shown once.

use super::{PersonView, RoleGrant};
use crate::auth::{Answer, Caller};
use crate::extract::Json;
use crate::openapi::Doc;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use steward_office::people::{self, Grant, Invitation};
use utoipa::ToSchema;

/// Whom to let in, as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    /// The address they will sign in with.
    #[schema(example = "ben@example.org")]
    email: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 200)]
    display_name: String,
    /// At least one role; the same in each workspace named.
    roles: Vec<RoleGrant>,
}

/// Somebody who was let in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PersonInvited {
    #[serde(flatten)]
    person: PersonView,
    /// The one-time link to give them. Shown now and never again; null when the answer is repeated.
    sign_in_link: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Invite a person")
        .about("Nothing is sent: give them the link yourself. It works once, within 24 hours.")
        .body::<NewPerson>()
        .answers::<PersonInvited>("201", "The person and their link.")
        .refuses("409", "Somebody with this address is here already.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewPerson>) -> Answer {
    let mut tx = caller.begin().await?;
    let invitation = Invitation { email: new.email, display_name: new.display_name, grants: new.roles.into_iter().map(Grant::from).collect() };
    let invited = people::invite(&mut tx, caller.office(), &invitation).await?;
    let person = PersonView::from(people::describe(&mut tx, caller.office(), invited.person).await?);
    let answer = PersonInvited { person, sign_in_link: Some(caller.state().site.sign_in_link(&invited.link)) };
    let remembered = PersonInvited { sign_in_link: None, ..answer.clone() };
    caller.commit_secret(tx, StatusCode::CREATED, &answer, &remembered).await
}
