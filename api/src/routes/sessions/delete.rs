//! Ends one of one's own sessions.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::SessionId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("End one of one's own sessions").answers_nothing("The session is over.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<SessionId>) -> Answer {
    let mut tx = caller.begin().await?;
    people::revoke_session(&mut tx, caller.office(), caller.person()?, id).await?;
    caller.commit_empty(tx).await
}
