//! Shows a proposed move of a prompt label.

use super::{LabelProposalDetail, detail};
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, ChangeKind};

pub(crate) fn doc() -> Doc {
    Doc::new("Show a proposed move of a prompt label").answers::<LabelProposalDetail>("200", "The proposal, with how the texts differ.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::get(&mut tx, ChangeKind::PromptLabel, id).await?;
    json(StatusCode::OK, &detail(&mut tx, &caller, &row).await?)
}
