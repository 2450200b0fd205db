//! Refuses a move of a prompt label that somebody else proposed.

use super::{LabelProposalDetail, detail};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::routes::policy_proposals::Words;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, ChangeKind};

pub(crate) fn doc() -> Doc {
    Doc::new("Reject a proposed move of a prompt label")
        .body::<Words>()
        .answers::<LabelProposalDetail>("200", "It is over, and the label points where it did.")
        .refuses("409", "It is already decided.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>, Json(words): Json<Words>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::reject(&mut tx, caller.office(), ChangeKind::PromptLabel, id, &words.reason).await?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
