//! Refuses a change of the rules that somebody else proposed.

use super::{ProposalDetail, Words, detail};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, ChangeKind};

pub(crate) fn doc() -> Doc {
    Doc::new("Reject a proposed change of the rules")
        .body::<Words>()
        .answers::<ProposalDetail>("200", "It is over, and the rules are as they were.")
        .refuses("409", "It is already decided.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>, Json(words): Json<Words>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::reject(&mut tx, caller.office(), ChangeKind::Policy, id, &words.reason).await?;
    let shown: ProposalDetail = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
