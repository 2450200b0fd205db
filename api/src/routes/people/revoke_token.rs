//! Revokes one of a person's API tokens.

use crate::auth::{Answer, Caller};
use crate::extract::Ids;
use crate::openapi::Doc;
use steward_core::{ApiTokenId, PersonId};
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Revoke one of a person's API tokens")
        .about("As when a program was left behind with somebody's key: their sessions and other tokens stay.")
        .answers_nothing("The token is refused from now on.")
}

pub(crate) async fn handle(caller: Caller, Ids(id, token_id): Ids<PersonId, ApiTokenId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::revoke_token(&mut tx, caller.office(), id, token_id).await?;
    caller.commit_empty(tx).await
}
