//! Takes one's own proposal back.

use super::{ChangeDetail, detail};
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes;

pub(crate) fn doc() -> Doc {
    Doc::new("Withdraw one's own proposed change of what governs")
        .answers::<ChangeDetail>("200", "It is over, and what governs is as it was.")
        .refuses("409", "It is already decided.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::withdraw(&mut tx, caller.office(), id).await?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
