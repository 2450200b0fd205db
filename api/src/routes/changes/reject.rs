//! Refuses a change that somebody else proposed.

use super::{ChangeDetail, Words, detail};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes;

pub(crate) fn doc() -> Doc {
    Doc::new("Reject a proposed change of what governs")
        .body::<Words>()
        .answers::<ChangeDetail>("200", "It is over, and what governs is as it was.")
        .refuses("409", "It is already decided.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>, Json(words): Json<Words>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::reject(&mut tx, caller.office(), id, &words.reason).await?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
