//! Approves a proposed change of the rules, which is in force from then on.

use super::{ProposalDetail, detail, live};
use crate::auth::{Answer, Caller};
use crate::cli::chain;
use crate::extract::{Id, Json};
use crate::openapi::Doc;
use crate::wiring::adopt::adopt;
use http::StatusCode;
use serde::Deserialize;
use steward_core::{Digest, GovernanceChangeId};
use steward_office::changes::{self, Approval, ChangeKind};
use steward_office::people;
use tracing::error;
use utoipa::ToSchema;

/// What one says yes to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Yes {
    /// `content_digest` of what was shown.
    #[schema(value_type = String)]
    pub(crate) content_digest: Digest,
    /// In words, for the record.
    #[serde(default)]
    pub(crate) reason: String,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Approve a proposed change of the rules")
        .about("Never by who proposed it. Needs a proof of who one is, given within four hours (`POST /api/v1/session/prove`). The rules are in force in this process with the answer, in every other within a second or two; held actions that were approved under the rules of before are judged anew and wait again.")
        .body::<Yes>()
        .answers::<ProposalDetail>("200", "It is in force.")
        .refuses("409", "It is already decided, stale, did not pass its checks, or is not what was shown.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<GovernanceChangeId>, Json(yes): Json<Yes>) -> Answer {
    let mut tx = caller.begin().await?;
    // What is not there is missing, whoever proved what.
    changes::get(&mut tx, ChangeKind::Policy, id).await?;
    let proven = people::proven(&mut tx, caller.office()).await?;
    let said = Approval { content_digest: yes.content_digest, live: live(&caller), reason: &yes.reason };
    let row = changes::approve(&mut tx, caller.office(), ChangeKind::Policy, id, said, proven).await?;
    let shown: ProposalDetail = detail(&mut tx, &caller, &row).await?;
    let answer = caller.commit(tx, StatusCode::OK, &shown).await?;
    let state = caller.state();
    if let Err(err) = adopt(&state.store, caller.office(), &state.host.specs(), &state.rules).await {
        error!(tenant.id = %caller.actor().tenant, error = chain(&err), "approved rules are in force a moment later here: the database did not answer");
    }
    state.live.wake();
    Ok(answer)
}
