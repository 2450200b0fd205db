//! Shows a proposed change of what governs.

use super::{ChangeDetail, detail};
use crate::auth::{Answer, Caller, json};
use crate::extract::Id;
use crate::openapi::Doc;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes;

pub(crate) fn doc() -> Doc {
    Doc::new("Show a proposed change of what governs")
        .about("Of rules: how they differ by rule and by cell of the matrix, whether the safety properties hold and the cases pass, and what they would have said to what is on record. Of a prompt's label: how the texts differ. Of a grant that an agent asks for: what it would have let through. Of a server's tools: each definition before and after, with what the configuration makes of it.")
        .answers::<ChangeDetail>("200", "The change.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>) -> Answer {
    let mut tx = caller.begin().await?;
    let row = changes::get(&mut tx, id).await?;
    json(StatusCode::OK, &detail(&mut tx, &caller, &row).await?)
}
