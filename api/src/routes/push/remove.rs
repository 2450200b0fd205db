//! Removes one of one's own browsers.

use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::PushSubscriptionId;
use steward_office::notices;

pub(crate) fn doc() -> Doc {
    Doc::new("Be told in a browser no longer").answers_nothing("Nothing is sent there any more.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PushSubscriptionId>) -> Answer {
    let mut tx = caller.begin().await?;
    notices::remove_place(&mut tx, caller.office(), id).await?;
    caller.commit_empty(tx).await
}
