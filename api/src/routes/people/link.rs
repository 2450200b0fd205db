//! Makes a one-time link for somebody who cannot get in.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_core::PersonId;
use steward_office::people;
use utoipa::ToSchema;

/// A one-time link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkMade {
    /// Shown now and never again; null when the answer is repeated.
    sign_in_link: Option<String>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Make a one-time sign-in link for a person")
        .about("It works once, within 24 hours; links made for them earlier stop working.")
        .answers::<LinkMade>("201", "The link, shown once.")
        .refuses("422", "The account is disabled.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>) -> Answer {
    let mut tx = caller.begin().await?;
    let link = people::new_link(&mut tx, caller.office(), id).await?;
    let answer = LinkMade { sign_in_link: Some(caller.state().site.sign_in_link(&link)) };
    caller.commit_secret(tx, StatusCode::CREATED, &answer, &LinkMade { sign_in_link: None }).await
}
