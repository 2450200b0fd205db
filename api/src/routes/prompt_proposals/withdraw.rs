//! Takes one's own proposal to move a prompt label back.

use super::{LabelProposalDetail, detail};
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, ChangeKind};

pub(crate) fn doc() -> Doc {
    Doc::new("Withdraw one's own proposed move of a prompt label")
        .answers::<LabelProposalDetail>("200", "It is over, and the label points where it did.")
        .refuses("409", "It is already decided.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::withdraw(&mut tx, caller.office(), ChangeKind::PromptLabel, id).await?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
