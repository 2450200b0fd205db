//! Revokes one of one's own API tokens.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::ApiTokenId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Revoke one of one's own API tokens").answers_nothing("The token is refused from now on.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<ApiTokenId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::revoke_token(&mut tx, caller.office(), caller.person()?, id).await?;
    caller.commit_empty(tx).await
}
