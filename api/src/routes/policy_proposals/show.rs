//! Shows a proposed change of the rules.

use super::{ProposalDetail, detail};
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, ChangeKind};

pub(crate) fn doc() -> Doc {
    Doc::new("Show a proposed change of the rules")
        .about("How it differs by rule and by cell of the matrix, whether the safety properties hold and the cases pass, and what it would have said to what is on record.")
        .answers::<ProposalDetail>("200", "The proposal.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::get(&mut tx, ChangeKind::Policy, id).await?;
    json(StatusCode::OK, &detail(&mut tx, &caller, &row).await?)
}
