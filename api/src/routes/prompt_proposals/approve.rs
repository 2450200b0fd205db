//! Approves a proposed move of a prompt label: runs that begin from then on have the other version.

use super::{LabelProposalDetail, detail};
use crate::auth::{Answer, Caller};
use crate::extract::{Id, Json};
use crate::label_moves::live;
use crate::openapi::Doc;
use crate::routes::policy_proposals::approve::Yes;
use http::StatusCode;
use steward_core::GovernanceChangeId;
use steward_office::changes::{self, Approval, ChangeKind};
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Approve a proposed move of a prompt label")
        .about("Never by who proposed it. Needs a proof of who one is, given within four hours (`POST /api/v1/session/prove`).")
        .body::<Yes>()
        .answers::<LabelProposalDetail>("200", "The label points there for every run that begins from now on.")
        .refuses("409", "It is already decided, stale, or is not what was shown.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>, Json(yes): Json<Yes>) -> Answer {
    let mut tx = caller.begin().await?;
    // What is not there is missing, whoever proved what.
    let before = changes::get(&mut tx, ChangeKind::PromptLabel, id).await?;
    let proven = people::proven(&mut tx, caller.office()).await?;
    let live = live(&mut tx, caller.office(), &caller.state().prompts, &before.subject).await?;
    let said = Approval { content_digest: yes.content_digest, live, reason: &yes.reason };
    let row = changes::approve(&mut tx, caller.office(), ChangeKind::PromptLabel, id, said, proven).await?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::OK, &shown).await
}
