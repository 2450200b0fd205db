//! Takes one's own proposal of rules back.

use super::{ProposalDetail, detail};
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, ChangeKind};

pub(crate) fn doc() -> Doc {
    Doc::new("Withdraw one's own proposed change of the rules")
        .answers::<ProposalDetail>("200", "It is over, and the rules are as they were.")
        .refuses("409", "It is already decided.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::withdraw(&mut tx, caller.office(), ChangeKind::Policy, id).await?;
    let shown: ProposalDetail = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
